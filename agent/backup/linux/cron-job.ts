/** Lines of cron that start a backup: a plan, and nothing of how it ended. */
import type { BackupContext, JobRecord } from '../product.ts';
import { type CronEntry, readCron } from './cron.ts';

/** Lines whose command matches. */
export async function cronEntries({ machine }: Pick<BackupContext, 'machine'>, command: RegExp): Promise<CronEntry[]> {
  return (await readCron(machine)).filter((entry) => command.test(entry.command));
}

/**
 * The plan of the only line joins the only job that has none; where nothing else is known of the backup, the lines are a job
 * whose result nobody wrote down.
 */
export function withCron(jobs: readonly JobRecord[], entries: readonly CronEntry[]): readonly JobRecord[] {
  if (entries.length === 0) return jobs;
  const enabled = entries.some(({ active }) => active);
  const schedule = entries.find(({ active }) => active === enabled)?.schedule;
  const plan = { enabled, ...(schedule === undefined ? {} : { schedule }) };
  if (jobs.length > 1) return jobs;
  const [job] = jobs;
  if (job !== undefined) return job.schedule === undefined && job.enabled === undefined ? [{ ...job, ...plan }] : jobs;
  return [
    {
      id: 'cron',
      name: 'cron',
      writableBy: 'administrator',
      ...plan,
      targets: [],
      runs: [],
      history: 'unreadable',
      reasons: ['weak-evidence', 'no-readable-record'],
    },
  ];
}
