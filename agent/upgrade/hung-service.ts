/**
 * Windows starts a service anew that has ended, not one that hangs. So the service leaves a sign after each look at what is due, and
 * the guard ends one that leaves none any more. On Linux systemd does both, see platform/watchdog.ts.
 */
import { closeSync, futimesSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import type { Log } from '../log.ts';
import { writeAtomically } from '../platform/write-file.ts';
import { storageFault } from '../store/sqlite.ts';
import type { InstalledVersions } from './installed-versions.ts';
import { holdUpgrade } from './trial-file.ts';

/** As WatchdogSec of the unit. The longest look, a first full round with every program at its limit, takes half of it. */
export const signStaleMs = 30 * 60_000;
/**
 * Whoever slept has an old sign and renews it within the first minute. The watch is counted in pauses and not read from a clock:
 * however long the PC sleeps, that is one pause.
 */
const pauseMs = 15_000;
const watchedPauses = 80;
/** So long the service that was started in its place may take for its own first sign. */
const startPauses = 8;

const signFile = (dataDir: string): string => join(dataDir, 'private', 'turned');
const hangFile = (dataDir: string): string => join(dataDir, 'private', 'hung.json');

/** To be called at the start of the service and whenever it has turned. Takes no room, so a full disk stops no sign; never rejects. */
export function createLifeSign(dataDir: string, now = (): Date => new Date()): () => Promise<void> {
  return async () => {
    try {
      const descriptor = openSync(signFile(dataDir), 'a', 0o600);
      try {
        futimesSync(descriptor, now(), now());
      } finally {
        closeSync(descriptor);
      }
    } catch {
      // The guard finds the same and judges nothing.
    }
  };
}

export interface HungServiceOptions {
  readonly dataDir: string;
  readonly versions: Pick<InstalledVersions, 'isRunning' | 'restart'>;
  readonly log: Log;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  /** Rejects when aborted. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Which process is ended is never said by a number, which the next program may bear: the system ends what it has started as the
 * service, and only while somebody holds the data directory. `unended`: it was asked to, and there is still no new sign.
 *
 * Must not be called while the upgrade is held. Throws `AgentRunning` when an installer is at work by the end of the watch, and
 * `SwitchFailed`.
 */
export async function endHungService(options: HungServiceOptions): Promise<'turns' | 'restarted' | 'unended'> {
  const {
    dataDir,
    versions,
    log,
    now,
    signal,
    pause = (ms, signal) => setTimeout(ms, undefined, { signal }),
  } = options;
  const seen = lastSign(dataDir);
  if (seen === undefined || !(await versions.isRunning())) return 'turns';
  const age = now().getTime() - seen;
  // A sign of the future says nothing: the clock was set.
  if (age >= 0 && age < signStaleMs) return 'turns';
  const isRenewed = async (pauses: number): Promise<boolean> => {
    for (let count = 0; count < pauses && !signal.aborted; count += 1) {
      await pause(pauseMs, signal).catch(() => undefined);
      if (lastSign(dataDir) !== seen) return true;
    }
    return signal.aborted;
  };
  if (await isRenewed(watchedPauses)) return 'turns';
  const hold = holdUpgrade(dataDir);
  try {
    // It may have ended by itself meanwhile, and be about to start.
    if (lastSign(dataDir) !== seen || !(await versions.isRunning())) return 'turns';
    if (!isWritten(dataDir, now())) {
      // Where the guard cannot write, the service could not either, and would be ended for nothing.
      log.error('sign-not-judged', { folder: join(dataDir, 'private') });
      return 'turns';
    }
    log.error('service-hung', { lastSign: new Date(seen).toISOString() });
    await versions.restart();
  } finally {
    hold.release();
  }
  if (await isRenewed(startPauses)) return 'restarted';
  log.error('service-still-hung', { next: 'restart this PC' });
  return 'unended';
}

function isWritten(dataDir: string, now: Date): boolean {
  try {
    writeAtomically(hangFile(dataDir), `${JSON.stringify({ format: 1, at: now.toISOString() })}\n`, 0o600);
    return true;
  } catch (error) {
    // A sign takes no room, this does.
    return storageFault(error) === 'disk-full';
  }
}

const hang = z.strictObject({ format: z.literal(1), at: z.iso.datetime() });

/** Day (UTC) on which a hung service was ended last; undefined when none was, or when it cannot be read. */
export function lastHangOn(dataDir: string): string | undefined {
  try {
    return hang.parse(JSON.parse(readFileSync(hangFile(dataDir), 'utf8'))).at.slice(0, 10);
  } catch {
    return undefined;
  }
}

/** ms since 1970; undefined when there is none. */
function lastSign(dataDir: string): number | undefined {
  return statSync(signFile(dataDir), { throwIfNoEntry: false })?.mtimeMs;
}
