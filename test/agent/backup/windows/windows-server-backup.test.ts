/** Windows Server Backup: the end marker, causes without a template, codes in every form, and restores that are no backups. */
import { expect, test } from 'vitest';
import { eventLog, type WindowsEvent, windowsPc } from '../../../fixtures/backup/windows.ts';
import { run, serverPc, template } from '../../../fixtures/backup/windows-server-backup.ts';
import { jobOn, productOn } from './collected.ts';

const id = 'windows-server-backup';
const job = (events: readonly WindowsEvent[]) => jobOn(id, serverPc(events)());
const marker = (hresult: string): WindowsEvent => ({
  id: 14,
  record: 9,
  at: '2026-11-23T20:21:01.0000000Z',
  fields: [template, hresult, '0', '%%0', '14', '2026-11-23T20:00:02.0000000Z', '\\\\nas01\\wsb', '1'],
});

test.each([
  ['0', 'success'],
  ['0x0', 'success'],
  ['2155348254', 'failed'],
  ['-2139619042', 'failed'],
  ['0x8078011e', 'failed'],
  ['kein Fehler', 'unknown'],
  ['', 'unknown'],
])('the end marker alone with HRESULT "%s" is %s', async (hresult, state) => {
  const found = await job([marker(hresult)]);
  expect(found.state).toBe(state);
  expect(found.lastSuccess === undefined).toBe(state !== 'success');
  expect(found.targets).toEqual([{ kind: 'share', name: '\\\\nas01\\wsb' }]);
});

test('the worse record of a run counts, and the contradiction is said', async () => {
  const [begin, success] = run(30, '2026-11-23', 4);
  const [, , failure] = run(30, '2026-11-23', 5, '2147942512');
  const found = await job([begin, success, failure].filter((event) => event !== undefined));
  expect(found).toMatchObject({ state: 'failed', lastRun: { code: '14 0x80070070' } });
  expect(found.reasons).toEqual(['records-disagree', 'target-full']);
  expect(found.lastSuccess).toBeUndefined();
});

test('completed with errors is a warning although the end marker says nothing of it', async () => {
  const found = await job(run(30, '2026-11-23', 7));
  expect(found).toMatchObject({ state: 'warning', lastSuccess: { result: 'warning' } });
});

test.each([
  [9, ['2026-11-23T20:00:02.0000000Z', 'x', '2155348010'], 'shadow-copy-failed'],
  [50, ['RATHAUS 2026_01_05 DISK_01', '\\\\?\\Volume{x}'], 'target-full'],
  [49, [], 'target-unreachable'],
])('event %i after a success is a failure of the job', async (event, fields, reason) => {
  const found = await job([
    ...run(30, '2026-11-20', 4),
    { id: event, level: 2, record: 50, at: '2026-11-23T20:01:00.0000000Z', fields },
  ]);
  expect(found).toMatchObject({ state: 'failed', lastSuccess: { endedAt: '2026-11-20T20:21:01.000Z' } });
  expect(found.reasons).toContain(reason);
});

test.each([517, 518, 521, 527, 528, 544, 545, 546, 561, 564, 565])(
  'failure %i in the log of applications counts; two logs are ordered by time',
  async (number) => {
    const failure = {
      id: number,
      level: 2,
      record: 99_001,
      at: '2026-11-23T20:05:00.0000000Z',
      fields: ['2026-11-23T20:00:00.0000000Z', '2155348129'],
    };
    const machine = windowsPc({
      events: { windowsBackup: eventLog(run(30, '2026-11-20', 4)), windowsBackupFailures: eventLog([failure], 90_000) },
    });
    expect(await jobOn(id, machine)).toMatchObject({
      state: 'failed',
      lastSuccess: { endedAt: '2026-11-20T20:21:01.000Z' },
    });
  },
);

test('a one-off backup is a job of its own, and the schedule belongs to the planned template', async () => {
  const other = '99999999-0d0a-4b52-8f6e-2a90c0f3d7aa';
  const oneOff = run(60, '2026-11-22', 4).map((event) => ({
    ...event,
    fields: event.fields?.map((field) => (field === template ? other : field)) ?? [],
  }));
  const planned = {
    id: 99,
    record: 2,
    at: '2026-01-05T08:00:00.0000000Z',
    fields: ['RATHAUS-07\\admin', template, '21:00'],
  };
  const { product } = await productOn(id, serverPc([planned, ...run(30, '2026-11-23', 4), ...oneOff])());
  expect(product?.jobs.map((found) => [found.id, found.enabled, found.nextRunAt])).toEqual([
    [template, true, '2026-11-24T20:00:00.000Z'],
    [other, undefined, undefined],
  ]);
  expect(JSON.stringify(product)).not.toContain('RATHAUS-07');
});

test('a PC that never used it has none', async () => {
  expect(await productOn(id, windowsPc({}))).toEqual({ product: undefined, problems: [] });
});

test.each([
  ['C:', 'local-disk'],
  ['E:', 'removable'],
  ['\\\\?\\Volume{11111111-2222-3333-4444-666666666666}', 'local-disk'],
  ['RATHAUS 2026_01_05 21:00 DISK_01', 'unknown'],
])('the target %s is %s', async (target, kind) => {
  const found = await job(run(30, '2026-11-23', 4, '0', target));
  expect(found.targets).toEqual([{ kind, name: target }]);
});

test('a success event that carries an error code is none', async () => {
  const [, success] = run(30, '2026-11-23', 4, '2155348254');
  const found = await job(success === undefined ? [] : [success]);
  expect(found.state).toBe('failed');
  expect(found.lastSuccess).toBeUndefined();
});

test('a newer success is newer than a failure of the other log, whatever their numbers say', async () => {
  const failure = {
    id: 517,
    level: 2,
    record: 99_001,
    at: '2026-11-20T20:05:00.0000000Z',
    fields: ['2026-11-20T20:00:00.0000000Z', '2155348129'],
  };
  const machine = windowsPc({
    events: { windowsBackup: eventLog(run(30, '2026-11-23', 4)), windowsBackupFailures: eventLog([failure], 90_000) },
  });
  expect((await jobOn(id, machine)).state).toBe('success');
});

test('a field that cannot be read moves no other into its place', async () => {
  const damaged = {
    ...marker('2155348254'),
    fields: [template, { broken: true }, '0', '%%0', '14', '2026-11-23T20:00:02.0000000Z', 'E:', '1'],
  };
  const machine = windowsPc({
    events: { windowsBackup: { ...eventLog([marker('0')]), events: [{ ...damaged, level: 4 }] } },
  });
  const found = await jobOn(id, machine);
  expect(found.state).toBe('unknown');
  expect(found.lastSuccess).toBeUndefined();
});
