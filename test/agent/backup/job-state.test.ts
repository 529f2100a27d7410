/** Records of one job become one answer. */
import { describe, expect, test } from 'vitest';
import { describeJob, type JobMemory } from '../../../agent/backup/job-state.ts';
import type { JobRecord, RunRecord } from '../../../agent/backup/product.ts';
import { backupJob as backupJobSchema, runResults } from '../../../agent/contract/facts/backup.ts';
import { fc, tries } from '../../fixtures/properties.ts';

const now = new Date('2026-11-24T09:00:00.000Z');
const hour = 3_600_000;
const ago = (hours: number): Date => new Date(now.getTime() - hours * hour);
const evidence = { kind: 1, source: 'record' } as const;
const run = (hours: number, change: Partial<RunRecord> = {}): RunRecord => ({
  endedAt: ago(hours),
  result: 'success',
  evidence,
  ...change,
});
const record = (change: Partial<JobRecord> = {}): JobRecord => ({
  id: 'job',
  name: 'Job',
  writableBy: 'administrator',
  targets: [],
  runs: [],
  history: 'whole',
  ...change,
});
const described = (change: Partial<JobRecord>, memory: JobMemory = {}) =>
  backupJobSchema.parse(describeJob(record(change), memory, now));

describe('the state', () => {
  test.each(runResults)('is that of the newest run: %s', (result) => {
    expect(described({ runs: [run(1, { result }), run(30)] }).state).toBe(result);
  });
  test.each([
    ['whole', 'never'],
    ['window', 'log-too-short'],
    ['unreadable', 'unknown'],
  ] as const)('without a run in a history that is %s: %s', (history, state) => {
    expect(described({ history }).state).toBe(state);
  });
  test('without a run that counts it is unknown, never "never"', () => {
    const job = described({ runs: [run(-48)] });
    expect(job).toMatchObject({ state: 'unknown', reasons: ['time-in-future'] });
    expect(job.lastSuccess).toBeUndefined();
  });
  test('a stated success without runs is no run of today', () => {
    expect(described({ statedSuccess: { endedAt: ago(5), evidence } })).toMatchObject({
      state: 'unknown',
      lastSuccess: { endedAt: ago(5).toISOString() },
    });
  });
});

describe('the last success', () => {
  const lastSuccess = (change: Partial<JobRecord>, memory?: JobMemory) =>
    described(change, memory).lastSuccess?.endedAt;
  test('is searched for behind the failures after it', () => {
    const runs = [run(1, { result: 'failed' }), run(2, { result: 'cancelled' }), run(30), run(60)];
    expect(lastSuccess({ runs })).toBe(ago(30).toISOString());
  });
  test('is found in whatever order the records stand', () => {
    expect(lastSuccess({ runs: [run(60), run(2, { result: 'failed' }), run(30)] })).toBe(ago(30).toISOString());
  });
  test.each([
    ['is still to be retried', { retryPending: true as const }],
    ['put nothing into safety', { provesNothing: true as const }],
    ['has no end', { endedAt: undefined }],
  ])('is not a run that %s', (_name, change) => {
    const { endedAt, ...rest } = { ...run(1), ...change };
    expect(lastSuccess({ runs: [{ ...rest, ...(endedAt === undefined ? {} : { endedAt }) }, run(30)] })).toBe(
      ago(30).toISOString(),
    );
  });
  test.each([
    ['from the future', new Date(now.getTime() + 11 * 60_000)],
    ['of a year before there were PCs', new Date(0)],
    ['that is no time', new Date(Number.NaN)],
  ])('is not one %s', (_name, endedAt) => {
    const job = described({ runs: [run(0, { endedAt }), run(30)] });
    expect(job.lastSuccess?.endedAt).toBe(ago(30).toISOString());
    expect(job.reasons).toContain('time-in-future');
    expect(described({ statedSuccess: { endedAt, evidence } }).lastSuccess).toBeUndefined();
  });
  test('ten minutes ahead are a clock, not the future', () => {
    expect(lastSuccess({ runs: [run(-0.1)] })).toBe(ago(-0.1).toISOString());
  });
  test('survives in memory when the log was rotated, and only the newer one counts', () => {
    const remembered = (hours: number): JobMemory => ({
      lastSuccess: { endedAt: ago(hours).toISOString(), result: 'success', evidence },
    });
    expect(described({ history: 'window' }, remembered(20))).toMatchObject({
      state: 'log-too-short',
      lastSuccess: { endedAt: ago(20).toISOString() },
    });
    expect(lastSuccess({ runs: [run(5)] }, remembered(20))).toBe(ago(5).toISOString());
    expect(lastSuccess({ runs: [run(30)] }, remembered(20))).toBe(ago(20).toISOString());
    expect(lastSuccess({}, remembered(-20))).toBeUndefined();
  });
});

describe('the order', () => {
  test('follows the numbers of the source where a clock was wrong', () => {
    const runs = [run(500, { result: 'failed', sequence: 9 }), run(1, { sequence: 8 })];
    expect(described({ runs }).state).toBe('failed');
  });
  test('a run without any time is older than all', () => {
    const { endedAt: _none, ...timeless } = run(0, { result: 'failed' });
    expect(described({ runs: [timeless, run(900)] }).state).toBe('success');
  });
});

describe('days on which the PC was on', () => {
  const days = (memory: JobMemory, hours = 24 * 10): number | undefined =>
    described({ runs: [run(hours)] }, memory).onDaysSinceSuccess;
  const day = (before: number): string =>
    ago(before * 24)
      .toISOString()
      .slice(0, 10);
  test('count after the day of the success', () => {
    expect(days({ daysOn: { since: day(30), days: [day(20), day(10), day(9), day(1), day(0)] } })).toBe(3);
  });
  test('all count when nobody recorded them', () => {
    expect(days({})).toBe(10);
    expect(days({ daysOn: { since: day(0), days: [day(0)] } })).toBe(10);
    expect(days({ daysOn: { since: 'irgendwann', days: [] } })).toBe(10);
  });
  test('those before the record began count as on', () => {
    expect(days({ daysOn: { since: day(4), days: [day(4), day(0)] } })).toBe(5 + 2);
  });
  test('none without a success', () => {
    expect(described({}).onDaysSinceSuccess).toBeUndefined();
  });
});

test('times of a job in a profile are cut to the hour, to the past', () => {
  const at = new Date('2026-11-24T07:59:59.000Z');
  const job = described({ writableBy: 'user', runs: [run(0, { startedAt: at, endedAt: at })] });
  expect(job.lastSuccess?.endedAt).toBe('2026-11-24T07:00:00.000Z');
  expect(job.lastRun?.startedAt).toBe('2026-11-24T07:00:00.000Z');
});

test('whatever the records hold, the answer fits the contract and no success is younger than its run', () => {
  const time = fc.oneof(
    fc.integer({ min: -900, max: 9000 }).map(ago),
    fc.constantFrom(new Date(Number.NaN), new Date(0), new Date(8.64e15)),
  );
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const runs = fc.array(
    fc.record({
      startedAt: optional(time),
      endedAt: optional(time),
      result: fc.constantFrom(...runResults),
      code: optional(fc.string({ maxLength: 90 })),
      bytes: optional(fc.constantFrom(0, -1, 1.5, 2 ** 60, Number.NaN)),
      sequence: optional(fc.nat(5)),
      evidence: fc.constant(evidence),
    }),
    { maxLength: 30 },
  );
  const clean = (value: object): object =>
    Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined));
  fc.assert(
    fc.property(runs, fc.string(), fc.constantFrom('whole', 'window', 'unreadable'), (made, name, history) => {
      const each = made.map((one) => clean(one) as RunRecord);
      const job = described({ runs: each, name, id: name, history });
      if (job.lastSuccess === undefined) return;
      const ends = each
        .filter(({ result }) => result === 'success' || result === 'warning')
        .map(({ endedAt }) => endedAt?.getTime());
      expect(ends).toContain(Date.parse(job.lastSuccess.endedAt));
      expect(Date.parse(job.lastSuccess.endedAt)).toBeLessThanOrEqual(now.getTime() + 600_000);
    }),
    { numRuns: tries(2000) },
  );
});
