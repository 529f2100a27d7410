/** What was remembered of one job never speaks for another. */
import { expect, test } from 'vitest';
import { collectBackups } from '../../../agent/backup/collector.ts';
import { createBackupMemory } from '../../../agent/backup/memory.ts';
import type { BackupProduct, JobRecord, RunRecord } from '../../../agent/backup/product.ts';
import { noBackupSources } from '../../../agent/backup/sources.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { contextOf } from '../collectors/context.ts';

const now = new Date('2026-11-24T09:00:00.000Z');
const ended = (hours: number, result: RunRecord['result']): RunRecord => ({
  endedAt: new Date(now.getTime() - hours * 3_600_000),
  result,
  evidence: { kind: 1, source: 'record' },
});
const job = (change: Partial<JobRecord>): JobRecord => ({
  id: 'profile default',
  name: 'default',
  writableBy: 'administrator',
  targets: [],
  runs: [],
  history: 'window',
  ...change,
});

/** What each of the rounds, one after the other on one memory, reports as last success of its jobs. */
async function rounds(...found: JobRecord[][]) {
  const values = new Map<string, unknown>();
  const memory = createBackupMemory({
    recall: (key) => values.get(key),
    remember: (key, value) => values.set(key, value),
  });
  const reported: (string | undefined)[][] = [];
  for (const jobs of found) {
    const product: BackupProduct = {
      id: 'restic',
      name: 'restic',
      kind: 'backup',
      platforms: ['linux'],
      read: async () => ({ installed: true, answers: 'here', jobs }),
    };
    const { products } = await collectBackups(
      {
        ...contextOf(recordedMachine({})),
        now,
        signal: new AbortController().signal,
        problem: (_code, detail) => {
          throw new Error(detail);
        },
        backup: { sources: noBackupSources, memory },
      },
      [product],
    );
    reported.push(products[0]?.jobs.map(({ lastSuccess }) => lastSuccess?.endedAt) ?? []);
  }
  return reported;
}

const fresh = '2026-11-24T08:00:00.000Z';

test('a success outlives its record', async () => {
  expect(await rounds([job({ runs: [ended(1, 'success')] })], [job({})])).toEqual([[fresh], [fresh]]);
});

test('what a user wrote is never remembered for the job of an administrator', async () => {
  const written = job({ writableBy: 'user', runs: [ended(1, 'success')] });
  expect(await rounds([written], [job({ runs: [ended(2, 'failed')] })])).toEqual([[fresh], [undefined]]);
});

test('two jobs of one id do not lend each other their successes', async () => {
  const both = [job({ runs: [ended(1, 'success')] }), job({ runs: [ended(2, 'failed')] })];
  expect(await rounds(both, both)).toEqual([
    [fresh, undefined],
    [fresh, undefined],
  ]);
});

test('nor does one that came before there were two', async () => {
  const old = job({ runs: [ended(1, 'success')] });
  expect((await rounds([old], [job({}), job({ runs: [ended(2, 'failed')] })]))[1]).toEqual([undefined, undefined]);
});
