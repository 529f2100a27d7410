/** Configuration and log of rsnapshot. */
import type { BackupReason, RunResult } from '../../contract/facts/backup.ts';
import { localInstant, parseLocalIso } from '../local-time.ts';

export interface RsnapshotConfig {
  readonly root?: string;
  readonly log?: string;
  readonly lock?: string;
  /** The interval that copies; all others only rotate what is there. */
  readonly lowest?: string;
}

/** Fields stand behind tabs; the first `retain` (older: `interval`) is the lowest. */
export function parseRsnapshotConfig(text: string): RsnapshotConfig {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [key = '', value = ''] = line.trimEnd().split(/\t+/);
    if (key === '' || key.startsWith('#') || value.trim() === '') continue;
    const name = key.trim() === 'interval' ? 'retain' : key.trim();
    if (!(name === 'retain' && values.has(name))) values.set(name, value.trim());
  }
  const path = (name: string): string | undefined => {
    const value = values.get(name);
    return value?.startsWith('/') === true ? value.replace(/(?<=.)\/+$/, '') : undefined;
  };
  const [root, log, lock] = [path('snapshot_root'), path('logfile'), path('lockfile')];
  const lowest = values.get('sync_first') === '1' ? 'sync' : values.get('retain');
  return {
    ...(root === undefined ? {} : { root }),
    ...(log === undefined ? {} : { log }),
    ...(lock === undefined ? {} : { lock }),
    ...(lowest === undefined ? {} : { lowest }),
  };
}

export interface RsnapshotRun {
  readonly startedAt?: Date;
  readonly endedAt?: Date;
  /** `running`: begun and not ended; whether it still runs the lock file tells. */
  readonly result: RunResult;
  readonly code?: string;
  readonly reasons: readonly BackupReason[];
  /** Line of the log, from 1. */
  readonly line: number;
}

const maxRuns = 400;
const endings: readonly [RegExp, RunResult][] = [
  [/^completed successfully$/, 'success'],
  [/^completed, but with some warnings$/, 'warning'],
  [/^completed, but with some errors$/, 'failed'],
];

/**
 * Runs of the interval that copies, as one configuration's command lines name it. `undefined` when no line has the form of
 * this log.
 */
export function parseRsnapshotLog(
  log: string,
  { lowest, config }: { lowest: string; config: string },
): RsnapshotRun[] | undefined {
  const runs: RsnapshotRun[] = [];
  let known = false;
  let open: { startedAt?: Date; line: number } | undefined;
  /** Still open when the newest one began: two at once, or the PC went off in the middle. */
  let overtaken: { startedAt?: Date; line: number } | undefined;
  let refused = false;
  let reasons = new Set<BackupReason>();
  for (const [index, text] of log.split('\n').entries()) {
    const match = /^\[([^\]]{8,40})\] (.*)$/.exec(text.trimEnd());
    if (match === null) continue;
    known = true;
    const [, stamp = '', rest = ''] = match;
    const at = stampOf(stamp);
    const line = index + 1;
    const said = /^(?:(?:WARNING|ERROR): )?(\S*rsnapshot(?: .*?)?) ([\w-]+): (started|completed.*|ERROR: .*)$/.exec(
      rest,
    );
    if (said === null) {
      if (open !== undefined) for (const reason of reasonsIn(rest)) reasons.add(reason);
      continue;
    }
    const [, command = '', interval, words = ''] = said;
    if (interval !== lowest || configOf(command) !== config) continue;
    if (words === 'started') {
      overtaken = open;
      open = { ...(at === undefined ? {} : { startedAt: at }), line };
      reasons = new Set();
      refused = false;
      continue;
    }
    if (/^ERROR: Lockfile .* exists and so does its process/.test(words)) {
      // Nothing began: the run before still goes on.
      open = overtaken;
      overtaken = undefined;
      continue;
    }
    if (overtaken !== undefined) runs.push({ ...overtaken, result: 'failed', reasons: ['interrupted'] });
    overtaken = undefined;
    // An error of the whole program takes several lines.
    if (refused && words.startsWith('ERROR')) continue;
    refused = words.startsWith('ERROR');
    const result = endings.find(([pattern]) => pattern.test(words))?.[1] ?? (refused ? 'failed' : 'unknown');
    for (const reason of reasonsIn(words)) reasons.add(reason);
    runs.push({
      ...(open?.startedAt === undefined ? {} : { startedAt: open.startedAt }),
      ...(at === undefined ? {} : { endedAt: at }),
      result,
      code: words,
      reasons: result === 'success' ? [] : [...reasons],
      line,
    });
    open = undefined;
    reasons = new Set();
  }
  if (open !== undefined) {
    if (overtaken !== undefined) runs.push({ ...overtaken, result: 'failed', reasons: ['interrupted'] });
    runs.push({ ...open, result: 'running', reasons: [...reasons] });
  }
  return known || log.trim() === '' ? runs.slice(-maxRuns) : undefined;
}

function configOf(command: string): string {
  return /\s-c\s*(\S+)/.exec(command)?.[1] ?? '/etc/rsnapshot.conf';
}

/** Numbers are exit codes of rsync. */
function reasonsIn(text: string): BackupReason[] {
  const reasons: BackupReason[] = [];
  if (/No space left on device/i.test(text)) reasons.push('target-full');
  if (/\bcode 2[34]\b|returned 2[34]\b|only transferred partially|vanished/.test(text)) reasons.push('files-skipped');
  if (/was sent \w+ signal/.test(text)) reasons.push('interrupted');
  if (/returned (?:255|10|12|30|35)\b|Connection (?:refused|timed out)|No route to host/i.test(text)) {
    reasons.push('target-unreachable');
  }
  return reasons;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** "2026-11-24T06:00:01", or "24/Nov/2026:06:00:01" before version 1.4. */
function stampOf(text: string): Date | undefined {
  const match = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2})$/.exec(text);
  if (match === null) return parseLocalIso(text);
  const [, day, month = '', year, hour, minute, second] = match;
  return localInstant(
    Number(year),
    months.indexOf(month) + 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
}
