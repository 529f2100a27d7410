/** What the agent remembers about backups between rounds: records are rotated, and nobody else knows when the PC was on. */
import { z } from 'zod';
import { backupJob, type RestoreTest, restoreTest } from '../contract/facts/backup.ts';
import { day } from '../contract/field.ts';
import type { JobMemory, LastSuccess } from './job-state.ts';

const keptDays = 400;
const dayMs = 86_400_000;
const maxSuccesses = 512;
const maxRestoreTests = 20;

const lastSuccess = backupJob.shape.lastSuccess.unwrap();

/** As stored; what does not fit is forgotten rather than believed. */
const memory = z.object({
  successes: z.record(z.string().max(200), lastSuccess).catch({}),
  daysOn: z
    .object({ since: day, days: z.array(day).max(keptDays + 1) })
    .optional()
    .catch(undefined),
  restoreTests: z.array(restoreTest).max(maxRestoreTests).catch([]),
});
type Memory = z.infer<typeof memory>;

export interface BackupMemory {
  /** `key`: product and job. */
  of(key: string): JobMemory;
  /** Ids of the jobs of a product of which a success is remembered, sorted. */
  jobsOf(product: string): string[];
  /** Takes the place of what was remembered of these jobs; a job that is not named keeps what it had. */
  keep(successes: ReadonlyMap<string, LastSuccess>): void;
  /** The PC is on today. */
  noteDayOn(now: Date): void;
  restoreTests(): readonly RestoreTest[];
  addRestoreTest(test: RestoreTest): void;
}

/** Over the agent's store; without one (a single `collect`) nothing is remembered. */
export function createBackupMemory(store?: {
  recall(key: string): unknown;
  remember(key: string, value: unknown): void;
}): BackupMemory {
  const key = 'backup';
  const read = (): Memory => {
    const parsed = memory.safeParse(store?.recall(key) ?? {});
    return parsed.success ? parsed.data : { successes: {}, restoreTests: [] };
  };
  const write = (value: Memory): void => store?.remember(key, value);
  return {
    of: (job) => {
      const { successes, daysOn } = read();
      const known = Object.hasOwn(successes, job) ? successes[job] : undefined;
      return { ...(known === undefined ? {} : { lastSuccess: known }), ...(daysOn === undefined ? {} : { daysOn }) };
    },
    jobsOf: (product) =>
      Object.keys(read().successes)
        .filter((job) => job.startsWith(`${product} `))
        .map((job) => job.slice(product.length + 1))
        .sort(),
    keep: (successes) => {
      if (successes.size === 0) return;
      const now = read();
      const all = Object.entries({ ...now.successes, ...Object.fromEntries(successes) });
      all.sort(([, a], [, b]) => (a.endedAt < b.endedAt ? 1 : -1));
      write({ ...now, successes: Object.fromEntries(all.slice(0, maxSuccesses)) });
    },
    noteDayOn: (now) => {
      const known = read();
      const today = now.toISOString().slice(0, 10);
      const oldest = new Date(now.getTime() - keptDays * dayMs).toISOString().slice(0, 10);
      // A record that begins in the future was begun by a wrong clock.
      const usable = known.daysOn !== undefined && known.daysOn.since <= today ? known.daysOn : undefined;
      if (usable?.days.includes(today) === true) return;
      const days = [...(usable?.days ?? []), today].filter((entry) => entry >= oldest && entry <= today).sort();
      const since = usable === undefined ? today : usable.since < oldest ? oldest : usable.since;
      write({ ...known, daysOn: { since, days } });
    },
    restoreTests: () => read().restoreTests,
    addRestoreTest: (test) => {
      const now = read();
      const tests = [test, ...now.restoreTests].sort((a, b) => (a.at < b.at ? 1 : -1));
      write({ ...now, restoreTests: tests.slice(0, maxRestoreTests) });
    },
  };
}
