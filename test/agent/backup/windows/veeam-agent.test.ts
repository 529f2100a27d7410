/** Veeam Agent: words before levels, the cache of a notebook, retries, and settings that never hold more than they should. */
import { expect, test } from 'vitest';
import { parseVeeamExport } from '../../../../agent/backup/windows/veeam-export.ts';
import { finished, settings, started, veeamJob, veeamPc } from '../../../fixtures/backup/veeam-agent-windows.ts';
import { deniedLog, eventLog, noLog, type WindowsEvent } from '../../../fixtures/backup/windows.ts';
import { jobOn, productOn } from './collected.ts';

const at = (day: number) => `2026-11-${String(day).padStart(2, '0')}T11:42:00.0000000Z`;
const job = (events: readonly WindowsEvent[], first = 1) =>
  jobOn('veeam-agent-windows', veeamPc(eventLog(events, first))());

test.each([
  ['Success', 4, 'success', false],
  ['Warning', 3, 'warning', false],
  ['Error', 2, 'failed', false],
  ['Failed', 2, 'failed', false],
  // One observer saw every result written as information.
  ['Failed', 4, 'failed', true],
  ['Warning', 4, 'warning', true],
  ['Success', 2, 'failed', true],
  ['Success', 3, 'warning', true],
] as const)('"%s" at level %i is %s', async (word, level, state, disagree) => {
  const found = await job([finished(5, at(23), word, level)]);
  expect(found.state).toBe(state);
  expect(found.reasons.includes('records-disagree')).toBe(disagree);
  expect(found.lastSuccess?.endedAt).toBe(state === 'failed' ? undefined : '2026-11-23T11:42:00.000Z');
});

test('a word nobody knows is no success, and an error without words is a failure', async () => {
  expect((await job([finished(5, at(23), 'Erfolg', 4)])).state).toBe('unknown');
  expect((await job([finished(5, at(23), 'constructor', 4)])).state).toBe('unknown');
  expect((await job([{ id: 190, level: 2, record: 5, at: at(23), fields: ['', veeamJob, veeamJob] }])).state).toBe(
    'failed',
  );
  expect(
    (await job([{ id: 190, level: 4, record: 5, at: at(23), fields: ['', veeamJob, veeamJob] }])).lastSuccess,
  ).toBeUndefined();
});

test('a failure that will be retried is not the end, and the older success stays', async () => {
  const retried = {
    id: 191,
    level: 3,
    record: 9,
    at: at(23),
    fields: ['7a1e0000-0000-4000-8000-000000000009', veeamJob],
  };
  const found = await job([finished(5, at(20), 'Success', 4), retried]);
  expect(found).toMatchObject({ state: 'failed', reasons: ['retry-pending'] });
  expect(found.lastSuccess?.endedAt).toBe('2026-11-20T11:42:00.000Z');
});

test('in the cache of the notebook nothing is protected until it was synchronised', async () => {
  const away = { id: 196, record: 10, at: at(21) };
  const cached = finished(11, at(21), 'Success', 4);
  expect(await job([finished(5, at(20), 'Success', 4), away, cached])).toMatchObject({
    reasons: ['cache-only'],
    lastSuccess: { endedAt: '2026-11-20T11:42:00.000Z' },
  });
  expect(await job([away, cached, { id: 195, record: 12, at: at(22), level: 4 }])).toMatchObject({
    reasons: [],
    lastSuccess: { endedAt: '2026-11-22T11:42:00.000Z' },
  });
  const broken = await job([away, cached, { id: 195, record: 12, at: at(22), level: 2 }]);
  expect(broken).toMatchObject({ state: 'failed', reasons: ['cache-only'] });
  expect(broken.lastSuccess).toBeUndefined();
});

test('a run that never ended was interrupted', async () => {
  const found = await job([finished(5, at(20), 'Success', 4), started(6, at(21))]);
  expect(found).toMatchObject({ state: 'failed', reasons: ['interrupted'] });
});

test('the number of the record orders the runs when the clock was wrong', async () => {
  const found = await job([finished(5, at(23), 'Success', 4), finished(6, at(2), 'Failed', 2)]);
  expect(found.state).toBe('failed');
});

test('an expired licence and a deleted job are said', async () => {
  const expired = { id: 4030, level: 2, record: 8, at: at(22) };
  expect((await job([finished(5, at(20), 'Success', 4), expired])).reasons).toEqual(['licence-expired']);
  expect((await job([expired, finished(9, at(23), 'Success', 4)])).reasons).toEqual([]);
  const deleted = { id: 23090, record: 8, at: at(22), fields: ['7a1e0000-0000-4000-8000-000000000008', veeamJob] };
  expect((await job([finished(5, at(20), 'Success', 4), deleted])).enabled).toBe(false);
});

test('"never" needs the first record of the log', async () => {
  expect((await job([])).state).toBe('never');
  expect((await job([], 2)).state).toBe('log-too-short');
});

test.each([
  [noLog, 'source-missing'],
  [deniedLog, 'source-denied'],
  [{ state: 'ok' }, 'source-unreadable'],
  [undefined, 'source-unreadable'],
])('a log that cannot be read is unknown', async (log, reason) => {
  const found = await jobOn('veeam-agent-windows', veeamPc(log)());
  expect(found).toMatchObject({ state: 'unknown', reasons: [reason] });
});

test('settings give schedule and target, and nothing of the credentials beside them', async () => {
  const { product } = await productOn(
    'veeam-agent-windows',
    veeamPc(eventLog([finished(5, at(23), 'Success', 4)]), settings())(),
  );
  expect(product?.jobs[0]).toMatchObject({
    name: 'Sicherung "Bürgerbüro" – täglich',
    schedule: 'Weekdays 12:30',
    targets: [{ kind: 'share', name: '\\\\nas01.kreis.example\\sicherung$' }],
  });
  expect(JSON.stringify(product)).not.toMatch(/svc-backup|QWxsZXM|erika/);
  expect(parseVeeamExport(settings({ manual: true }))?.jobs[0]?.manual).toBe(true);
});

test.each(['', 'Zugriff verweigert', '<ExecutionResult ExitCode="1"/>', '<a/>', settings().slice(0, 400)])(
  'what is no export leaves the settings unknown',
  (text) => {
    expect(parseVeeamExport(text)).toBeUndefined();
  },
);

test('a repository of the backup server is named without who signs in', async () => {
  const text = settings().replace(
    /<TargetInfo[\s\S]*?<\/TargetInfo>/,
    "<TargetInfo Type='3' ServerName='svc:geheim@vbr01.kreis.example' RemoteRepositoryName='Rathaus'/>",
  );
  const log = eventLog([finished(5, at(23), 'Success', 4)]);
  const { product } = await productOn('veeam-agent-windows', veeamPc(log, text)());
  expect(product?.jobs[0]?.targets).toEqual([{ kind: 'repository', name: 'vbr01.kreis.example Rathaus' }]);
});
