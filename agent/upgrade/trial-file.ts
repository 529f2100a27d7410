/** The record of the last upgrade on disk. The service, `activate` and the guard write it, one after the other. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { writeAtomically } from '../platform/write-file.ts';
import { AgentRunning, lockDirectory } from '../store/sqlite.ts';
import { type Trial, trial } from './trial.ts';

/** A change takes milliseconds; somebody who was killed holds nothing. */
const waitForOthersMs = 10_000;
const lookEveryMs = 200;

/** Undefined also when it cannot be used: then only the version that is known to be proven counts. */
export function readTrial(dataDir: string): Trial | undefined {
  try {
    return trial.parse(JSON.parse(readFileSync(join(dataDir, 'private', 'upgrade.json'), 'utf8')));
  } catch {
    return undefined;
  }
}

/**
 * Writes what `change` makes of the record, so that no word of another process is lost in between; undefined leaves it as
 * it is. Returns the record that stands now. Throws `StoreUnavailable` on a disk that takes nothing.
 */
export function changeTrial(
  dataDir: string,
  change: (before: Trial | undefined) => Trial | undefined,
): Trial | undefined {
  const privateDir = privateDirOf(dataDir);
  const lock = lockDirectory(join(privateDir, 'upgrade.lock.db'), waitForOthersMs);
  try {
    const before = readTrial(dataDir);
    const after = change(before);
    if (after === undefined) return before;
    writeAtomically(join(privateDir, 'upgrade.json'), `${JSON.stringify(after, null, 2)}\n`, 0o600);
    return after;
  } finally {
    lock.release();
  }
}

/** Held while versions are switched: `activate` and the guard never work at the same time. Throws `AgentRunning`. */
export function holdUpgrade(dataDir: string): { release(): void } {
  return lockDirectory(join(privateDirOf(dataDir), 'activate.lock.db'));
}

/** For an installer: a turn of the guard that is under way must not make it fail. Throws `AgentRunning` after `waitMs`. */
export async function holdUpgradeWhenFree(
  dataDir: string,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<{ release(): void }> {
  const until = performance.now() + waitMs;
  for (;;) {
    try {
      return holdUpgrade(dataDir);
    } catch (error) {
      if (!(error instanceof AgentRunning) || signal.aborted || performance.now() >= until) throw error;
    }
    await setTimeout(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

function privateDirOf(dataDir: string): string {
  // Open to all who walk through it to `public`; what is not for them lies in `private`.
  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  const privateDir = join(dataDir, 'private');
  mkdirSync(privateDir, { recursive: true, mode: 0o700 });
  return privateDir;
}
