/** What products that answer through the event log have in common. */
import type { BackupEvidence, BackupReason, RunResult } from '../../contract/facts/backup.ts';
import type { JobRecord, RunRecord } from '../product.ts';
import { openRun } from '../still-running.ts';
import { type EventEntry, type EventLog, type LogName, logNames } from './records.ts';

const badness: readonly RunResult[] = ['success', 'warning', 'cancelled', 'failed'];

/** The worse of two results; one that says nothing leaves the other only when it is bad. */
export function worse(a: RunResult, b: RunResult): RunResult {
  const [left, right] = [badness.indexOf(a), badness.indexOf(b)];
  if (left < 0) return right > 1 ? b : a;
  if (right < 0) return left > 1 ? a : b;
  return left >= right ? a : b;
}

/** What a level says where a product fixed its meaning. */
export function resultOfLevel(level: number | undefined): RunResult {
  if (level === 1 || level === 2) return 'failed';
  if (level === 3) return 'warning';
  return level === 4 || level === 0 ? 'success' : 'unknown';
}

export function evidenceOf(log: LogName, { id, record }: Pick<EventEntry, 'id' | 'record'>): BackupEvidence {
  return {
    kind: 1,
    source: logNames[log],
    reference: `event ${id}${record === undefined ? '' : `, record ${record}`}`,
  };
}

/** One run of which only the end is recorded. */
export function endedRun(log: LogName, event: EventEntry, result: RunResult, more: Partial<RunRecord> = {}): RunRecord {
  return {
    ...(event.at === undefined ? {} : { endedAt: event.at }),
    ...(event.record === undefined ? {} : { sequence: event.record }),
    result,
    code: String(event.id),
    evidence: evidenceOf(log, event),
    ...more,
  };
}

/** A run that began and has not ended: it runs, or nobody will ever say how it ended. */
export function begunRun(log: LogName, event: EventEntry, now: Date): RunRecord {
  const open: RunRecord = {
    ...(event.at === undefined ? {} : { startedAt: event.at }),
    ...(event.record === undefined ? {} : { sequence: event.record }),
    result: 'running',
    code: String(event.id),
    evidence: evidenceOf(log, event),
  };
  return openRun(open, true, now);
}

/** How far a log reaches back, and why it cannot be read. */
export function reachOf(log: EventLog): Pick<JobRecord, 'history'> & { readonly reasons: readonly BackupReason[] } {
  switch (log.state) {
    case 'read':
      return { history: log.whole ? 'whole' : 'window', reasons: [] };
    case 'absent':
      return { history: 'unreadable', reasons: ['source-missing'] };
    case 'denied':
      return { history: 'unreadable', reasons: ['source-denied'] };
    case 'unreadable':
      return { history: 'unreadable', reasons: ['source-unreadable'] };
  }
}

/** By record number, oldest first; events without one come first and so decide nothing. */
export function oldestFirst(events: readonly EventEntry[]): EventEntry[] {
  return [...events].sort((a, b) => (a.record ?? -1) - (b.record ?? -1));
}
