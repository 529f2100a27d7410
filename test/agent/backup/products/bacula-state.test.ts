/** The state file of a file daemon: every packing is read, nothing that does not fit in all its parts is believed. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { parseBaculaState } from '../../../../agent/backup/products/bacula-state.ts';
import { fileDaemonFinding } from '../../../../agent/backup/products/bareos.ts';
import { baculaState, type StateEntry } from '../../../fixtures/backup/bacula-state.ts';
import { fc, tries } from '../../../fixtures/properties.ts';
import { damagedBytes } from '../damaged.ts';

const entry = (more: Partial<StateEntry> = {}): StateEntry => ({
  job: 'rathaus-nightly',
  jobId: 4711,
  status: 'T',
  start: '2026-11-24T01:05:02Z',
  end: '2026-11-24T01:09:41Z',
  ...more,
});
const ten = Array.from({ length: 10 }, (_, index) =>
  entry({ jobId: index + 1, job: index % 2 === 0 ? 'even' : 'odd' }),
);

describe.each([false, true])('packed header %s', (packedHeader) => {
  test.each([0, 8, 16] as const)('%i bytes before a record', (lead) => {
    for (const magic of ['Bareos State\n', 'Bacula State\n'] as const) {
      const records = parseBaculaState(baculaState(ten, { magic, packedHeader, lead }));
      expect(records?.map(({ jobId }) => jobId)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(records?.[9]).toEqual({
        errors: 0,
        type: 'B',
        status: 'T',
        level: 'I',
        jobId: 10,
        files: 12,
        bytes: 4096n,
        start: Date.parse('2026-11-24T01:05:02Z') / 1000,
        end: Date.parse('2026-11-24T01:09:41Z') / 1000,
        name: 'odd',
      });
    }
  });
});

test('an empty list is empty, whether its count is written or not', () => {
  expect(parseBaculaState(baculaState([]))).toEqual([]);
  expect(parseBaculaState(baculaState([]).subarray(0, 192))).toEqual([]);
});

test.each<[string, (file: Buffer) => unknown]>([
  ['another magic', (file) => file.write('Borgos State\n')],
  ['another version', (file) => file.writeInt32LE(5, 16)],
  ['a list that begins elsewhere', (file) => file.writeBigUInt64LE(193n, 24)],
  ['an end that is not the end', (file) => file.writeBigUInt64LE(500n, 32)],
  ['more jobs than the daemon keeps', (file) => file.writeUInt32LE(11, 192)],
  ['a count that is not the length', (file) => file.writeUInt32LE(1, 192)],
  ['a file cut short', (file) => file.subarray(0, file.length - 1)],
  ['a job name without its time', (file) => file.fill(0, 196 + 72 + 15, 196 + 72 + 40)],
  ['a status that is no letter', (file) => file.writeInt32LE(7, 196 + 24)],
])('%s is not understood', (_name, spoil) => {
  const file = Buffer.from(baculaState([entry(), entry({ jobId: 2 })]));
  expect(parseBaculaState(file)).toHaveLength(2);
  const spoilt = spoil(file);
  expect(parseBaculaState(spoilt instanceof Uint8Array && spoilt.length < file.length ? spoilt : file)).toBeUndefined();
});

test.each([
  ['T', {}, 'success', undefined],
  ['T', { errors: 1 }, 'warning', ['files-skipped']],
  ['W', {}, 'warning', ['files-skipped']],
  ['E', {}, 'failed', undefined],
  ['e', {}, 'failed', undefined],
  ['f', {}, 'failed', undefined],
  ['I', {}, 'failed', ['interrupted']],
  ['A', {}, 'cancelled', undefined],
  ['R', {}, 'running', undefined],
  ['?', {}, 'unknown', undefined],
] as const)('status %s %o is %s', (status, more, result, reasons) => {
  const records = parseBaculaState(baculaState([entry({ status, ...more })])) ?? [];
  const [job] = fileDaemonFinding({ name: 'Bareos' }, { records }, []).jobs;
  expect(job?.runs[0]).toMatchObject({ result, code: status });
  expect(job?.runs[0]?.reasons).toEqual(reasons);
});

test('restores and verifications are no backups, a full backup of no file proves nothing', () => {
  const records = parseBaculaState(
    baculaState([
      entry({ type: 'R' }),
      entry({ type: 'V', job: 'verify' }),
      entry({ level: 'F', files: 0, job: 'empty' }),
    ]),
  );
  const { jobs } = fileDaemonFinding({ name: 'Bareos' }, { records: records ?? [] }, []);
  expect(jobs.map(({ id, runs }) => [id, runs[0]?.provesNothing])).toEqual([['empty', true]]);
});

test('the order of the list counts, not the times a wrong clock put down', () => {
  const records = parseBaculaState(
    baculaState([entry({ start: '2026-11-24T05:00:00Z', end: '2026-11-24T05:00:00Z' }), entry({ status: 'f' })]),
  );
  const [job] = fileDaemonFinding({ name: 'Bareos' }, { records: records ?? [] }, []).jobs;
  expect(job?.runs.map(({ sequence, result }) => [sequence, result])).toEqual([
    [0, 'success'],
    [1, 'failed'],
  ]);
});

test('no damaged file fails in another way than being not understood, and none gains a job', () => {
  const whole = [baculaState(ten), baculaState([entry({ status: 'f' })], { packedHeader: true, lead: 8 })];
  fc.assert(
    fc.property(damagedBytes(whole), (bytes) => {
      const records = parseBaculaState(bytes);
      expect((records ?? []).length).toBeLessThanOrEqual(10);
      for (const { jobs } of [fileDaemonFinding({ name: 'Bareos' }, { records: records ?? [] }, [])]) {
        expect(jobs.every(({ runs }) => runs.length > 0)).toBe(true);
      }
    }),
    { numRuns: tries(500) },
  );
});

test('published state files, where they lie beside the project', () => {
  const folder = join(
    process.env['KITS_SAMPLES'] ?? join(import.meta.dirname, '../../../../../../shared/samples'),
    'backup',
  );
  for (const [file, failed] of [
    ['bareos-fd-18.2.state', 0],
    ['bareos-fd-18.2-with-error.state', 2],
  ] as const) {
    if (!existsSync(join(folder, file))) continue;
    const records = parseBaculaState(readFileSync(join(folder, file)));
    expect(records).toHaveLength(10);
    const { jobs } = fileDaemonFinding({ name: 'Bareos' }, { records: records ?? [] }, []);
    expect(jobs).toHaveLength(3);
    expect(jobs.flatMap(({ runs }) => runs).filter(({ result }) => result === 'failed')).toHaveLength(failed);
  }
});
