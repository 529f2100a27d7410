/** The log of Spectrum Protect's scheduler, in whatever date format it was written. */
import type { BackupReason, RunResult } from '../../contract/facts/backup.ts';
import { localInstant } from '../local-time.ts';

export interface ScheduledEvent {
  readonly schedule: string;
  readonly startedAt?: Date;
  readonly endedAt?: Date;
  readonly result: RunResult;
  /** Message number such as "ANS1512E", or the return code. */
  readonly code?: string;
  readonly reasons: readonly BackupReason[];
  /** Line of the log, from 1, that ended the event (or began it). */
  readonly line: number;
}

type Order = 'year-first' | 'day-first' | 'month-first';
interface Stamp {
  readonly parts: readonly [string, string, string];
  readonly separator: string;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly text: string;
}

const dayMs = 86_400_000;
const maxEvents = 400;
/** What a message number says about the reason; "E" and "S" are errors and severe errors. */
const messages: Readonly<Record<string, BackupReason>> = {
  ANS1017E: 'target-unreachable',
  ANS1029E: 'target-unreachable',
  ANS1311E: 'target-full',
  ANS1025E: 'wrong-password',
  ANS1051I: 'wrong-password',
};

/**
 * Events in the order of the log. `undefined` when no line is one of the scheduler, or when the order of day and month cannot
 * be told: `modifiedAt`, the time of the last line, decides where the log itself leaves it open.
 */
export function parseScheduleLog(log: string, modifiedAt: Date): ScheduledEvent[] | undefined {
  const lines = log.split(/\r?\n/).map((text, index) => ({ stamp: stampOf(text), line: index + 1 }));
  const stamped = lines.flatMap(({ stamp, line }) => (stamp === undefined ? [] : [{ stamp, line }]));
  if (stamped.length === 0) return log.trim() === '' ? [] : undefined;
  const order = orderOf(
    stamped.map(({ stamp }) => stamp),
    modifiedAt,
  );
  if (order === undefined) return undefined;
  const events: ScheduledEvent[] = [];
  let open: { schedule: string; startedAt?: Date; line: number; planned?: string } | undefined;
  /** Ended, and the line that says how is still to come. */
  let closing: { schedule: string; startedAt?: Date } | undefined;
  let failedObjects = 0;
  let reasons = new Set<BackupReason>();
  const close = (event: Omit<ScheduledEvent, 'reasons'>): void => {
    events.push({ ...event, reasons: [...reasons] });
    open = undefined;
    closing = undefined;
    failedObjects = 0;
    reasons = new Set();
  };
  for (const { stamp, line } of stamped) {
    const at = instantOf(stamp, order);
    const text = stamp.text;
    const begin = /^--- SCHEDULEREC OBJECT BEGIN (\S+)/.exec(text)?.[1];
    const end = /^--- SCHEDULEREC OBJECT END (\S+)/.exec(text)?.[1];
    const objects = /^Total number of objects failed:\s*([\d.,]+)\s*$/.exec(text)?.[1];
    const message = /^(ANS\d{4,5}[IWES])\b/.exec(text)?.[1];
    const named = /'([^']{1,120})'/.exec(text)?.[1];
    if (message !== undefined && Object.hasOwn(messages, message)) reasons.add(messages[message] as BackupReason);
    if (begin !== undefined) {
      if (open !== undefined) close({ ...open, result: 'failed', code: 'no end' });
      reasons = new Set();
      failedObjects = 0;
      open = { schedule: begin, ...(at === undefined ? {} : { startedAt: at }), line };
    } else if (end !== undefined) {
      closing = { schedule: end, ...(open?.startedAt === undefined ? {} : { startedAt: open.startedAt }) };
    } else if (objects !== undefined) {
      failedObjects += Number(objects.replace(/[.,]/g, ''));
    } else if (message === 'ANS1512E' && named !== undefined) {
      const code = /=\s*(\d{1,4})\b/.exec(text)?.[1];
      close({
        ...(closing ?? open ?? {}),
        schedule: named,
        ...(at === undefined ? {} : { endedAt: at }),
        result: 'failed',
        code: code === undefined ? message : `${message} ${code}`,
        line,
      });
    } else if (message === undefined && named !== undefined && saysSuccess(text, closing?.schedule === named)) {
      if (failedObjects > 0) reasons.add('files-skipped');
      close({
        ...(closing ?? open ?? {}),
        schedule: named,
        ...(at === undefined ? {} : { endedAt: at }),
        result: failedObjects > 0 ? 'warning' : 'success',
        line,
      });
    }
  }
  if (closing !== undefined) {
    close({ ...closing, result: 'unknown', line: stamped.at(-1)?.line ?? 1 });
  } else if (open !== undefined) close({ ...open, result: 'running' });
  return events.slice(-maxEvents);
}

/** A translated line counts only right behind the end of the schedule it names, and only with a word for success in it. */
function saysSuccess(text: string, expected: boolean): boolean {
  return (
    /^Scheduled event '.*' completed successfully\.?$/.test(text) ||
    (expected && /erfolgreich/i.test(text) && !/nicht/i.test(text))
  );
}

function stampOf(line: string): Stamp | undefined {
  const match =
    /^(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})\.?\s+(\d{1,2})[:.](\d{2})[:.](\d{2})(?:\s?([AP])M)?\s+(\S.*)$/i.exec(line);
  if (match === null) return undefined;
  const [, a = '', separator = '', b = '', c = '', hours = '', minutes = '', seconds = '', half, text = ''] = match;
  const hour = Number(hours);
  const shifted = half === undefined ? hour : (hour % 12) + (half.toUpperCase() === 'P' ? 12 : 0);
  return {
    parts: [a, b, c],
    separator,
    hour: shifted,
    minute: Number(minutes),
    second: Number(seconds),
    text: text.trim(),
  };
}

/** The order in which every date of the log is one; of two the one whose last line is as old as the file. */
function orderOf(stamps: readonly Stamp[], modifiedAt: Date): Order | undefined {
  const orders = (['year-first', 'day-first', 'month-first'] as const).filter((order) =>
    stamps.every((stamp) => instantOf(stamp, order) !== undefined),
  );
  if (orders.length < 2) return orders[0];
  const last = stamps.at(-1);
  const distance = (order: Order): number => {
    const at = last === undefined ? undefined : instantOf(last, order);
    return at === undefined ? Number.POSITIVE_INFINITY : Math.abs(at.getTime() - modifiedAt.getTime());
  };
  const [nearest] = [...orders].sort((a, b) => distance(a) - distance(b));
  return nearest !== undefined && distance(nearest) <= 2 * dayMs ? nearest : undefined;
}

function instantOf({ parts: [a, b, c], separator, hour, minute, second }: Stamp, order: Order): Date | undefined {
  if ((order === 'year-first') !== (a.length === 4)) return undefined;
  // With points the day comes first everywhere.
  if (separator === '.' && order === 'month-first') return undefined;
  const [year, month, day] = order === 'year-first' ? [a, b, c] : order === 'day-first' ? [c, b, a] : [c, a, b];
  if (year.length !== 4 && year.length !== 2) return undefined;
  return localInstant(Number(year.length === 2 ? `20${year}` : year), Number(month), Number(day), hour, minute, second);
}
