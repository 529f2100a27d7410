/** What is particular in the products read from tasks, files, profiles and words. */
import { expect, test } from 'vitest';
import { parseBackupInfo } from '../../../../agent/backup/windows/arcserve-udp.ts';
import { detectedRows } from '../../../../agent/backup/windows/detected.ts';
import { parseFileHistory } from '../../../../agent/backup/windows/file-history.ts';
import { parsePlans } from '../../../../agent/backup/windows/msp360.ts';
import { retrospectResult } from '../../../../agent/backup/windows/retrospect.ts';
import { recordedWindows } from '../../../fakes/recorded-windows.ts';
import { eventLog, service, task, windowsPc } from '../../../fixtures/backup/windows.ts';
import { arcservePc, backupInfo, plans, spxDatabase, spxPc } from '../../../fixtures/backup/windows-by-files.ts';
import { config, fileTime, profile, profilesSection } from '../../../fixtures/backup/windows-profiles.ts';
import { fc, tries } from '../../../fixtures/properties.ts';
import { englishNotebook, germanDesktop, having } from '../../../fixtures/windows/documents.ts';
import { damagedText } from '../damaged.ts';
import { jobOn, productOn } from './collected.ts';

test.each([
  ['robocopy.exe', 3, 'success'],
  ['ROBOCOPY', 8, 'failed'],
  ['restic.exe', 3, 'warning'],
  ['cmd.exe', 3, 'failed'],
  ['cmd.exe', 0, 'success'],
  ['7z.exe', 1, 'warning'],
  ['cmd.exe', 0x41306, 'unknown'],
])('a task of %s that ended with %i is %s, on weak evidence', async (program, result, state) => {
  const machine = windowsPc({ tasks: [task('Ablage', '\\', { programs: [program], result })] });
  const job = await jobOn('scheduled-task', machine);
  expect(job).toMatchObject({ state, reasons: ['weak-evidence'], lastRun: { evidence: { kind: 4 } } });
});

test('who can change a task is told from its rights', async () => {
  for (const [rights, writableBy] of [
    [{ runLevel: 1, logonType: 3 }, 'administrator'],
    [{ runLevel: 0, logonType: 5 }, 'administrator'],
    [{ runLevel: 0, logonType: 3 }, 'user'],
    [{ runLevel: null, logonType: null }, 'user'],
  ] as const) {
    expect((await jobOn('scheduled-task', windowsPc({ tasks: [task('x', '\\', rights)] }))).writableBy).toBe(
      writableBy,
    );
  }
});

test('Macrium: the exit code counts only where the task waits, and an error in the log is the newer word', async () => {
  const machine = (changes: Record<string, unknown>, events = {}) =>
    windowsPc({
      services: [service('MacriumService', 'C:\\x.exe')],
      tasks: [task('Image', '\\', { programs: ['reflect.exe'], ...changes })],
      events,
    });
  expect((await jobOn('macrium-reflect', machine({ waits: false }))).state).toBe('unknown');
  const error = { id: 99, level: 2, record: 5, at: '2026-11-23T20:30:00.0000000Z' };
  const job = await jobOn('macrium-reflect', machine({ waits: true }, { macrium: eventLog([error], 2) }));
  expect(job.state).toBe('failed');
  expect(job.lastSuccess).toBeUndefined();
});

test.each([
  ['Script "x" completed successfully', 4, 'success'],
  ['Script "x" completed with 3 errors', 3, 'warning'],
  ['Script "x" completed successfully', 2, 'failed'],
  ['Skript "x" erfolgreich abgeschlossen', 4, undefined],
  ['Skript "x" fehlgeschlagen', 2, 'failed'],
])('Retrospect: %s at level %i', (text, level, result) => {
  expect(retrospectResult({ level, fields: [text] })).toBe(result);
});

test('Arcserve: resynchronisation and verification are no backups, unknown words no success', async () => {
  const at = new Date('2026-11-23T20:00:00Z');
  expect(parseBackupInfo(backupInfo('Finished', 'Resync'), at, 'a')).toBeUndefined();
  expect(parseBackupInfo(backupInfo('Finished', 'Verify'), at, 'a')).toBeUndefined();
  expect(parseBackupInfo(backupInfo('Abgeschlossen'), at, 'a')).toMatchObject({
    result: 'unknown',
    code: 'Abgeschlossen',
  });
  expect(parseBackupInfo('<x/>', at, 'a')).toMatchObject({ result: 'unknown', reasons: ['schema-unknown'] });
  const job = await jobOn(
    'arcserve-udp',
    arcservePc({ 'BackupInfo9.xml': ['Finished', '2026-11-23T21:10:00.000Z', 'Resync'] })(),
  );
  expect(job.lastSuccess).toBeUndefined();
});

test('SPX: another layout and a file that is none are unknown, and the events answer', async () => {
  const good = { spx: eventLog([{ id: 3, record: 9, at: '2026-11-23T21:12:00.0000000Z' }], 5) };
  const other = await jobOn(
    'storagecraft-spx',
    spxPc(() => spxDatabase([], 0, 'ALTER TABLE job_event RENAME COLUMN is_completed TO finished'), { events: good })(),
  );
  expect(other).toMatchObject({ state: 'success', reasons: ['schema-unknown'] });
  const none = await jobOn('storagecraft-spx', spxPc(() => '/nonexistent/spx.db3')());
  expect(none.state).toBe('unknown');
  expect(none.reasons).toContain('source-missing');
});

test('SPX: a run that was cut off is a failure once another began', async () => {
  const job = await jobOn(
    'storagecraft-spx',
    spxPc(() =>
      spxDatabase([
        ['2026-11-22T21:10:00Z', 0],
        ['2026-11-23T21:10:00Z', 1],
      ]),
    )(),
  );
  expect(job.recentRuns.map(({ result }) => result)).toEqual(['success', 'failed']);
});

test.each([
  ['shadowprotect', 'shadowProtect', 1120, 'success'],
  ['shadowprotect', 'shadowProtect', 1121, 'failed'],
  ['shadowprotect', 'shadowProtect', 1122, 'failed'],
  ['redstor', 'redstor', 4098, 'success'],
  ['redstor', 'redstor', 4099, 'warning'],
  ['redstor', 'redstor', 4100, 'warning'],
  ['redstor', 'redstor', 4101, 'warning'],
  ['redstor', 'redstor', 4102, 'cancelled'],
  ['redstor', 'redstor', 4103, 'failed'],
  ['redstor', 'redstor', 4105, 'unknown'],
])('%s: of two runs the newer, in the log %s as event %i, is %s', async (id, log, event, state) => {
  const first = { id: id === 'redstor' ? 4098 : 1120, record: 5, at: '2026-11-20T20:10:00.0000000Z' };
  const machine = windowsPc({
    events: { [log]: eventLog([first, { id: event, record: 6, at: '2026-11-23T20:10:00.0000000Z' }]) },
  });
  const job = await jobOn(id, machine);
  expect(job.state).toBe(state);
  const proven = state === 'success' || state === 'warning' ? '2026-11-23' : '2026-11-20';
  expect(job.lastSuccess?.endedAt.slice(0, 10)).toBe(proven);
});

test('MSP360: words nobody knows are unknown, a block without an id is no plan', () => {
  expect(parsePlans(plans('Erfolgreich'))[0]?.runs[0]?.result).toBe('unknown');
  expect(parsePlans(plans('constructor'))[0]?.runs[0]?.result).toBe('unknown');
  expect(parsePlans("Name: 'x'\nLast Result: Success\n")).toEqual([]);
  expect(parsePlans(plans('Success') + plans('Failed')).map(({ runs }) => runs[0]?.result)).toEqual([
    'success',
    'failed',
  ]);
});

test('File History: the event counts where one person uses it, not where two do', async () => {
  const state = {
    fileHistory: eventLog([
      { id: 100, record: 5, at: '2026-11-24T08:00:00.0000000Z', fields: ['1', '2026-11-24T07:50:00.0000000Z'] },
    ]),
  };
  const one = profile({ fileHistory: { state: 'ok', protectedUpTo: '0' } });
  const two = profile({
    sid: 'S-1-5-21-1-2-3-1002',
    place: { state: 'absent', entries: {}, unreadable: [] },
    fileHistory: { state: 'ok', protectedUpTo: fileTime('2026-11-01T08:00:00Z') },
  });
  expect(
    (await jobOn('file-history', windowsPc({ events: state, sections: profilesSection(one) }))).lastSuccess?.endedAt,
  ).toBe('2026-11-24T07:00:00.000Z');
  const { product } = await productOn(
    'file-history',
    windowsPc({ events: state, sections: profilesSection(one, two) }),
  );
  expect(product?.jobs.map(({ lastSuccess }) => lastSuccess?.endedAt).sort()).toEqual([
    '2026-11-01T08:00:00.000Z',
    undefined,
  ]);
});

test('File History: names of persons stay away', async () => {
  const machine = windowsPc({
    files: {
      'C:\\Users\\erika.muster\\AppData\\Local\\Microsoft\\Windows\\FileHistory\\Configuration\\Config1.xml': {
        content: config(),
      },
    },
    sections: profilesSection(
      profile({ fileHistory: { state: 'ok', protectedUpTo: fileTime('2026-11-24T08:00:00Z') } }),
    ),
  });
  const { product } = await productOn('file-history', machine);
  expect(product?.jobs[0]).toMatchObject({
    targets: [{ kind: 'share', name: '\\\\nas01\\fh$' }],
    schedule: 'every 60 min',
    writableBy: 'user',
  });
  expect(JSON.stringify(product)).not.toMatch(/erika|S-1-5/);
});

test('a file only administrators may read is said', async () => {
  const machine = windowsPc({
    files: {
      'C:\\Users\\erika.muster\\AppData\\Local\\Microsoft\\Windows\\FileHistory\\Configuration\\Config1.xml': 'denied',
    },
  });
  expect((await jobOn('file-history', machine)).reasons).toContain('source-denied');
});

test('English Windows without rights: the same products, the same words of the facts', async () => {
  const added = {
    base: englishNotebook(),
    services: [service('GxCVD(Instance001)', 'C:\\Program Files\\Commvault\\cvd.exe')],
  };
  const { product } = await productOn('commvault', windowsPc(added));
  expect(product).toMatchObject({ answers: 'server', reasons: ['result-on-server'], jobs: [] });
});

test('a service that is switched off is said', async () => {
  for (const row of detectedRows.filter(({ traces }) => traces.serviceName !== undefined)) {
    const name = row.id === 'commvault' ? 'GxCVD(Instance001)' : (row.traces.serviceName ?? '');
    const { product } = await productOn(
      row.id,
      windowsPc({ services: [service(name, 'C:\\x.exe', { started: false })] }),
    );
    expect(product?.reasons, row.id).toContain('service-stopped');
  }
});

test('damaged files are read or refused, never a success that was not there', () => {
  const drives = { drives: [] };
  fc.assert(
    fc.property(damagedText([config(), backupInfo('Failed'), plans('Failed')]), (text) => {
      parseFileHistory(text, drives);
      expect(parseBackupInfo(text, new Date(0), 'x')?.result).not.toBe('success');
      expect(parsePlans(text).flatMap(({ runs }) => runs.map(({ result }) => result))).not.toContain('success');
    }),
    { numRuns: tries(2000) },
  );
});

test('without the lists of services and programs nobody says that a product is not there', async () => {
  const base = having(germanDesktop(), { backupServices: undefined, software: undefined });
  const { product, problems } = await productOn('commvault', recordedWindows({ document: base }));
  expect(product).toBeUndefined();
  expect(problems).toContainEqual(expect.stringMatching(/^unreadable commvault: /));
});
