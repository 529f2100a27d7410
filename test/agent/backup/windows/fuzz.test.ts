/** Documents damaged at random: no product may fall over, and no success may come out of a PC on which every backup fails. */
import { expect, test } from 'vitest';
import { collectBackups } from '../../../../agent/backup/collector.ts';
import { windowsProducts } from '../../../../agent/backup/windows/index.ts';
import { CollectError } from '../../../../agent/collectors/collector.ts';
import { backupFacts } from '../../../../agent/contract/facts/backup.ts';
import { recordedWindows } from '../../../fakes/recorded-windows.ts';
import { readAt } from '../../../fixtures/backup/scenario.ts';
import { finished, started } from '../../../fixtures/backup/veeam-agent-windows.ts';
import { eventLog, service, task, windowsPc } from '../../../fixtures/backup/windows.ts';
import { config, profile, profilesSection } from '../../../fixtures/backup/windows-profiles.ts';
import { run, template } from '../../../fixtures/backup/windows-server-backup.ts';
import { fuzzTime } from '../../../fixtures/mutations.ts';
import { fc, tries } from '../../../fixtures/properties.ts';
import type { Document } from '../../../fixtures/windows/documents.ts';
import { key } from '../../../fixtures/windows/documents.ts';
import { contextOf } from '../../collectors/context.ts';
import { damaged } from '../../collectors/windows/damaged-document.ts';

const files = {
  'C:\\Users\\erika.muster\\AppData\\Local\\Microsoft\\Windows\\FileHistory\\Configuration\\Config1.xml': {
    content: config(),
  },
};

/** Every product that answers through the document is there, and each of its runs failed or is not over. */
async function failingPc(): Promise<Document> {
  const failed = (id: number, record: number) => ({
    id,
    level: 2,
    record,
    at: '2026-11-23T20:00:00.0000000Z',
    fields: ['Fehler'],
  });
  const machine = windowsPc({
    programs: {
      'Veeam Agent for Microsoft Windows': '6.3',
      'StorageCraft ShadowProtect': '5.2',
      'StorageCraft ShadowProtect SPX': '7.5',
      'Redstor ESE Agent': '22',
      'Arx One Backup': '8.1',
      'Retrospect 19': '19.2',
      'Macrium Reflect': '8.1',
      'Personal Backup 6': '6.3',
      NovaBACKUP: '21',
    },
    services: [
      service('VeeamEndpointBackupSvc', 'C:\\Program Files\\Veeam\\x.exe'),
      service('MacriumService', 'C:\\Program Files\\Macrium\\x.exe'),
    ],
    tasks: [
      task('Microsoft-Windows-WindowsBackup', '\\Microsoft\\Windows\\Backup\\'),
      task('AutomaticBackup', '\\Microsoft\\Windows\\WindowsBackup\\', { programs: ['rundll32.exe'], result: 5 }),
      task('Bürgerbüro', '\\', { programs: ['reflect.exe'], waits: true, result: 1 }),
      task('Vorzimmer', '\\', { programs: ['persbackup.exe'], result: 3 }),
      task('Ablage', '\\', { programs: ['robocopy.exe'], result: 16 }),
    ],
    events: {
      veeam: eventLog([
        finished(4, '2026-11-22T11:42:00.0000000Z', 'Failed', 2),
        started(6, '2026-11-24T08:42:00.0000000Z'),
      ]),
      windowsBackup: eventLog([
        { id: 99, record: 2, at: '2026-01-05T08:00:00.0000000Z', fields: ['x', template] },
        ...run(30, '2026-11-23', 5, '2155348254'),
      ]),
      windowsBackupFailures: eventLog([failed(517, 9)], 4711),
      shadowProtect: eventLog([failed(1121, 3)]),
      spx: eventLog([failed(5, 3)]),
      redstor: eventLog([failed(4103, 3)]),
      arxOne: eventLog([failed(1, 3)]),
      retrospect: eventLog([failed(1, 3)]),
      macrium: eventLog([failed(7, 3)]),
      fileHistoryFailures: eventLog([failed(201, 3)]),
    },
    keys: { veeam: key({ Version: '6.3.2' }) },
    sections: profilesSection(
      profile({
        fileHistory: { state: 'ok', protectedUpTo: '0' },
        oneDrive: [{ account: 'Business1', state: 'ok', protectedNow: 7, foldersInside: 3 }],
      }),
    ),
  });
  return (await machine.windows?.readDocument()) as Document;
}

async function collected(document: unknown) {
  const machine = recordedWindows({ document, files });
  const problems: string[] = [];
  try {
    const facts = await collectBackups(
      {
        ...contextOf(machine),
        now: readAt,
        signal: new AbortController().signal,
        problem: (code, detail) => problems.push(`${code} ${detail}`),
      },
      windowsProducts,
    );
    return { facts: backupFacts.parse(facts), problems };
  } catch (error) {
    expect(error).toBeInstanceOf(CollectError);
    return { facts: undefined, problems: [String(error)] };
  }
}

const seen = [
  'arx-one',
  'file-history',
  'macrium-reflect',
  'novabackup',
  'onedrive',
  'personal-backup',
  'redstor',
  'retrospect',
  'scheduled-task',
  'shadowprotect',
  'storagecraft-spx',
  'veeam-agent-windows',
  'windows-server-backup',
  'windows7-backup',
];

test('on the failing PC every product is seen and none has a success', async () => {
  const { facts, problems } = await collected(await failingPc());
  expect(problems).toEqual([]);
  expect(facts?.products.map(({ id }) => id)).toEqual(seen);
  expect(facts?.products.flatMap(({ jobs }) => jobs).filter(({ lastSuccess }) => lastSuccess !== undefined)).toEqual(
    [],
  );
});

test('no damage makes a product fall over, or a success out of a failure', fuzzTime, async () => {
  await fc.assert(
    fc.asyncProperty(damaged(await failingPc()), async (document) => {
      const { facts, problems } = await collected(document);
      expect(problems.filter((text) => text.startsWith('bug'))).toEqual([]);
      for (const { id, jobs } of facts?.products ?? []) {
        for (const job of jobs) expect(job.lastSuccess, `${id} ${JSON.stringify(job)}`).toBeUndefined();
      }
    }),
    { numRuns: tries(1000) },
  );
});

test('a whole list that cannot be read is never an absence in silence', async () => {
  const base = await failingPc();
  for (const name of ['backupServices', 'backupTasks', 'backupEvents', 'backupProfiles', 'backupKeys']) {
    for (const broken of [
      undefined,
      null,
      'x',
      { ok: false, ms: 1, error: { hresult: -2147024891, category: 'PermissionDenied', id: 'x' }, data: null },
      { ok: true, ms: 1, error: null, data: {} },
    ]) {
      const sections = { ...base.sections, [name]: broken } as Document['sections'];
      const { problems } = await collected({ ...base, sections });
      // An empty object is an answer for keys: none of them could be named.
      const answer =
        (name === 'backupKeys' || name === 'backupEvents') &&
        typeof broken === 'object' &&
        broken !== null &&
        'ok' in broken &&
        broken.ok;
      if (!answer) expect(problems.join('\n'), `${name} ${JSON.stringify(broken)}`).toContain(name);
    }
  }
});

test('without a document nothing is said', async () => {
  for (const document of [null, '', {}, { version: 2 }, new Error('weg')]) {
    expect((await collected(document)).facts).toBeUndefined();
  }
});
