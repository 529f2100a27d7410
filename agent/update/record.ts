/** What is known of releases between two starts: `private/updates/update.json`, written by the service and by the guard. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { instant } from '../contract/field.ts';
import { releaseJws, releaseVersion, updateReason, updateStates } from '../contract/release.ts';
import { writeAtomically } from '../platform/write-file.ts';

const updateRecord = z.object({
  state: z.enum(updateStates),
  reason: updateReason.optional(),
  /** The manifest on offer, as it was signed. */
  manifest: releaseJws.optional(),
  /** When it was first offered, device time. */
  offeredAt: instant.optional(),
  /** The highest ever accepted: nothing before it counts any more. */
  highestSequence: z.int().min(0),
  highestVersion: releaseVersion.optional(),
  /** When the manifest of `highestSequence` runs out; kept once that is installed or withdrawn. */
  highestExpiresAt: instant.optional(),
  failures: z.int().min(0).max(1000),
  /** After three failures: nothing before then, ms since 1970. */
  notBefore: z.number().min(0),
});
export type UpdateRecord = z.infer<typeof updateRecord>;

/** Three failures in a row, then a day of rest. */
export const failuresInARow = 3;
const restMs = 86_400_000;
/** Counted no further: the record and the report have room for a thousand. A multiple of the above, so that each one rests. */
const mostFailures = 999;

export function updateFolder(dataDir: string): string {
  return join(dataDir, 'private', 'updates');
}

/** Nothing is known before the first offer. Throws for a record that cannot be read: what it guards must not begin anew. */
export function readUpdate(dataDir: string): UpdateRecord {
  let text: string;
  try {
    text = readFileSync(join(updateFolder(dataDir), 'update.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { state: 'none', highestSequence: 0, failures: 0, notBefore: 0 };
  }
  return updateRecord.parse(JSON.parse(text));
}

export function writeUpdate(dataDir: string, value: UpdateRecord): void {
  mkdirSync(updateFolder(dataDir), { recursive: true, mode: 0o700 });
  writeAtomically(join(updateFolder(dataDir), 'update.json'), `${JSON.stringify(value, null, 2)}\n`, 0o600);
}

export function failed(before: UpdateRecord, reason: string, now: Date): UpdateRecord {
  const failures = Math.min(before.failures + 1, mostFailures);
  const rests = failures % failuresInARow === 0;
  return {
    ...before,
    state: 'failed',
    reason: reason.slice(0, 60),
    failures,
    notBefore: rests ? now.getTime() + restMs : before.notBefore,
  };
}

/**
 * Whether the last word on releases has run out. A failure of another kind says more; what is being installed was good when
 * that began.
 */
export function isStale({ state, reason, highestExpiresAt }: UpdateRecord, now: Date): boolean {
  if (highestExpiresAt === undefined || state === 'installing') return false;
  if (state === 'failed' && reason !== 'expired') return false;
  return !(now.getTime() < Date.parse(highestExpiresAt));
}

/** A clock that was set back by more than the rest lasts ends it. */
export function isResting({ notBefore }: UpdateRecord, now: Date): boolean {
  const left = notBefore - now.getTime();
  return left > 0 && left <= restMs;
}
