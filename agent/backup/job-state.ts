/**
 * The state machine: records of one job become one answer. Pure.
 *
 * The last success is searched for by itself, records of the future do not count, a number of the source orders runs
 * before their times do, and whatever contradicts itself falls on the bad side.
 */

import { clean } from '../collectors/text.ts';
import type { BackupJob, BackupReason, JobState } from '../contract/facts/backup.ts';
import type { JobRecord, RunRecord } from './product.ts';

/** Two clocks that are kept right may differ by this much. */
const toleranceMs = 10 * 60_000;
/** A time before the first of these products is no time of a backup. */
const earliestMs = Date.UTC(1995, 0, 1);
const hourMs = 3_600_000;
const dayMs = 86_400_000;
const maxRecentRuns = 10;

export type LastSuccess = NonNullable<BackupJob['lastSuccess']>;

/** What the agent itself knows beside the product's records. */
export interface JobMemory {
  /** Last success seen in an earlier round: records are rotated and databases cleared. */
  readonly lastSuccess?: LastSuccess;
  /** Days (UTC, sorted) on which this PC was seen switched on, and since when that was recorded. */
  readonly daysOn?: { readonly since: string; readonly days: readonly string[] };
}

export function describeJob(record: JobRecord, memory: JobMemory, now: Date): BackupJob {
  const reasons = new Set<BackupReason>(record.reasons ?? []);
  const believable = (time: Date | undefined): boolean =>
    time === undefined || (time.getTime() >= earliestMs && time.getTime() <= now.getTime() + toleranceMs);
  const runs = record.runs.filter(({ startedAt, endedAt }) => {
    const good = believable(startedAt) && believable(endedAt);
    if (!good) reasons.add('time-in-future');
    return good;
  });
  const newestFirst = [...runs].sort(byAge);
  const [last] = newestFirst;
  for (const reason of last?.reasons ?? []) reasons.add(reason);
  if (last?.retryPending === true) reasons.add('retry-pending');
  const success = newestSuccess(record, newestFirst, memory, now, reasons);
  const onDays = success === undefined ? undefined : daysOnAfter(success.endedAt, memory.daysOn, now);
  const written = (run: RunRecord) => describeRun(run, record.writableBy);
  return {
    id: jobId(record),
    name: cut(record.name, 200),
    writableBy: record.writableBy,
    ...(record.enabled === undefined ? {} : { enabled: record.enabled }),
    ...(record.schedule === undefined ? {} : { schedule: cut(record.schedule, 160) }),
    ...(record.nextRunAt === undefined || Number.isNaN(record.nextRunAt.getTime())
      ? {}
      : { nextRunAt: record.nextRunAt.toISOString() }),
    targets: [...record.targets]
      .sort((a, b) => (`${a.kind} ${a.name ?? ''}` < `${b.kind} ${b.name ?? ''}` ? -1 : 1))
      .slice(0, 16)
      .map(({ kind, name }) => ({ kind, ...(name === undefined ? {} : { name: cut(name, 200) }) })),
    ...(record.encrypted === undefined ? {} : { encrypted: record.encrypted }),
    state: stateOf(record, last, runs.length < record.runs.length),
    ...(last === undefined ? {} : { lastRun: written(last) }),
    ...(success === undefined ? {} : { lastSuccess: success }),
    ...(onDays === undefined ? {} : { onDaysSinceSuccess: onDays }),
    recentRuns: newestFirst.slice(0, maxRecentRuns).map(written),
    reasons: [...reasons].sort().slice(0, 16),
  };
}

/** As it is reported and remembered. */
export function jobId({ id }: Pick<JobRecord, 'id'>): string {
  return cut(id, 120);
}

/** By number where both have one, else by time; without either a run is taken for the oldest. Newest first. */
function byAge(a: RunRecord, b: RunRecord): number {
  if (a.sequence !== undefined && b.sequence !== undefined) return b.sequence - a.sequence;
  return timeOf(b) - timeOf(a);
}

function timeOf({ startedAt, endedAt }: RunRecord): number {
  return (endedAt ?? startedAt)?.getTime() ?? 0;
}

function stateOf(record: JobRecord, last: RunRecord | undefined, dropped: boolean): JobState {
  if (last !== undefined) return last.result;
  // Records that do not count are records all the same: the job did run, nobody knows when.
  if (record.history === 'unreadable' || dropped || record.statedSuccess !== undefined) return 'unknown';
  return record.history === 'whole' ? 'never' : 'log-too-short';
}

function newestSuccess(
  record: JobRecord,
  newestFirst: readonly RunRecord[],
  memory: JobMemory,
  now: Date,
  reasons: Set<BackupReason>,
): LastSuccess | undefined {
  const candidates: LastSuccess[] = [];
  for (const run of newestFirst) {
    if (run.result !== 'success' && run.result !== 'warning') continue;
    const { endedAt, provesNothing, retryPending } = run;
    if (endedAt === undefined || provesNothing === true || retryPending === true) continue;
    candidates.push(successOf({ ...run, endedAt, result: run.result }, record.writableBy));
  }
  const stated = record.statedSuccess;
  if (stated !== undefined) {
    const at = stated.endedAt.getTime();
    if (at >= earliestMs && at <= now.getTime() + toleranceMs) {
      candidates.push(successOf({ ...stated, result: stated.result ?? 'success' }, record.writableBy));
    } else reasons.add('time-in-future');
  }
  const remembered = memory.lastSuccess;
  // A memory of the future was made by a clock that was wrong then.
  if (remembered !== undefined && Date.parse(remembered.endedAt) <= now.getTime() + toleranceMs) {
    candidates.push(remembered);
  }
  return candidates.reduce<LastSuccess | undefined>(
    (best, next) => (best === undefined || next.endedAt > best.endedAt ? next : best),
    undefined,
  );
}

function successOf(
  run: Pick<RunRecord, 'bytes' | 'evidence'> & { endedAt: Date; result: 'success' | 'warning' },
  writableBy: JobRecord['writableBy'],
): LastSuccess {
  const bytes = run.bytes;
  return {
    endedAt: shownTime(run.endedAt, writableBy),
    result: run.result,
    ...(bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0 ? { bytes } : {}),
    evidence: run.evidence,
  };
}

function describeRun(run: RunRecord, writableBy: JobRecord['writableBy']) {
  return {
    ...(run.startedAt === undefined ? {} : { startedAt: shownTime(run.startedAt, writableBy) }),
    ...(run.endedAt === undefined ? {} : { endedAt: shownTime(run.endedAt, writableBy) }),
    result: run.result,
    ...(run.code === undefined || run.code === '' ? {} : { code: cut(run.code, 60) }),
    ...(run.provesNothing === true ? { provesNothing: true as const } : {}),
    evidence: run.evidence,
  };
}

/** Whole seconds. A job in a user's profile runs while the user works: its times are cut to the hour, always to the past. */
function shownTime(time: Date, writableBy: JobRecord['writableBy']): string {
  const grain = writableBy === 'user' ? hourMs : 1000;
  return new Date(Math.floor(time.getTime() / grain) * grain).toISOString();
}

/** Days on which nobody recorded count as on: not knowing must not make a backup look younger. */
function daysOnAfter(endedAt: string, known: JobMemory['daysOn'], now: Date): number {
  const today = Math.floor(now.getTime() / dayMs);
  const day = Math.floor(Date.parse(endedAt) / dayMs);
  const after = Math.max(0, today - day);
  if (known === undefined) return after;
  const recordedFrom = Math.floor(Date.parse(known.since) / dayMs);
  if (!Number.isFinite(recordedFrom)) return after;
  const unrecorded = Math.min(after, Math.max(0, recordedFrom - day - 1));
  const recorded = known.days.filter((text) => {
    const on = Math.floor(Date.parse(text) / dayMs);
    return on > day && on >= recordedFrom && on <= today;
  }).length;
  return Math.min(after, unrecorded + recorded);
}

function cut(value: string, max: number): string {
  return clean(value, max) ?? '?';
}
