/** The runs of a device's backup jobs as a time line: job by job, day by day. Pure. */
import type { BackupRun } from '../api/contract.ts';
import { dayOf, daysLater } from './calendar.ts';

/** What a day came to: its worst run; `none` = none is known. */
export type DayResult = BackupRun['result'] | 'none';

export interface JobLine {
  readonly key: string;
  readonly product: string;
  readonly job: string;
  /** Oldest first; the last one is today. */
  readonly days: readonly { readonly day: string; readonly result: DayResult; readonly runs: number }[];
  /** Of these days, by result. */
  readonly counts: Readonly<Partial<Record<BackupRun['result'], number>>>;
  /** All that are known, youngest first. */
  readonly runs: readonly BackupRun[];
}

/** A day with a success and a failure needs an eye; a run that has not ended says nothing yet. */
const worstFirst: readonly BackupRun['result'][] = ['failed', 'cancelled', 'warning', 'unknown', 'success', 'running'];

/** When it is placed: at its end, or at its beginning while there is none. */
export function momentOf({ startedAt, endedAt }: Pick<BackupRun, 'startedAt' | 'endedAt'>): string {
  return endedAt ?? startedAt ?? '';
}

/** The job that ran last comes first. `runs` in any order; runs of the future have no day here. */
export function jobLines(runs: readonly BackupRun[], now: Date, length = 30): JobLine[] {
  const today = dayOf(now);
  const days = Array.from({ length }, (_, index) => daysLater(today, index - length + 1));
  const sorted = runs.toSorted((a, b) => (momentOf(a) < momentOf(b) ? 1 : -1));
  const jobs = Map.groupBy(sorted, ({ product, job }) => JSON.stringify([product.id, job.id]));
  return [...jobs].map(([key, own]) => {
    const byDay = Map.groupBy(own, (run) => dayOf(new Date(momentOf(run))));
    const shown = days.flatMap((day) => byDay.get(day) ?? []);
    const [newest] = own;
    return {
      key,
      product: newest?.product.name ?? '',
      job: newest?.job.name ?? '',
      days: days.map((day) => ({ day, result: worstOf(byDay.get(day) ?? []), runs: byDay.get(day)?.length ?? 0 })),
      counts: Object.fromEntries(
        [...Map.groupBy(shown, ({ result }) => result)].map(([result, list]) => [result, list.length]),
      ),
      runs: own,
    };
  });
}

function worstOf(runs: readonly BackupRun[]): DayResult {
  return worstFirst.find((result) => runs.some((run) => run.result === result)) ?? 'none';
}
