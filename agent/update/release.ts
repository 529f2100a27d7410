/** Whether a release may come onto this machine: its manifest, and then its file. */

import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import process from 'node:process';
import { longestReleaseMs, type ReleaseManifest, releaseManifest } from '../contract/release.ts';
import { compareVersions } from '../contract/version-order.ts';
import { jwsTypes } from '../contract/wire.ts';
import { JwsError, verifyEmbeddedKey } from '../signing/jws.ts';
import { thumbprintOf } from '../signing/keys.ts';

/** The clock of the machine that signed may be ahead. */
const aheadMs = 24 * 3_600_000;

export interface ReleaseMeasure {
  /** Thumbprint of the release key. */
  readonly pin: string;
  readonly platform: 'linux' | 'win32';
  /** The version that runs. */
  readonly current: string;
  readonly highestSequence: number;
  readonly highestVersion: string | undefined;
  /** Server time, as near as it is known. */
  readonly now: Date;
}

/**
 * Throws `JwsError`: "malformed", "key", "signature", "payload", "audience" (another platform), "expired", "premature",
 * "older" (not newer than what runs, older than what was offered before, or a step that is too large).
 */
export async function verifyRelease(jws: string, measure: ReleaseMeasure): Promise<ReleaseManifest> {
  const { payload: manifest, key } = await verifyEmbeddedKey(jwsTypes.release, jws, releaseManifest);
  if ((await thumbprintOf(key)) !== measure.pin) {
    throw new JwsError('key', 'the manifest is signed by another key than the pinned release key');
  }
  if (manifest.platform !== measure.platform) {
    throw new JwsError('audience', `the release is for ${manifest.platform}`);
  }
  const [issued, expires, now] = [Date.parse(manifest.issuedAt), Date.parse(manifest.expiresAt), measure.now.getTime()];
  if (!(issued <= now + aheadMs)) throw new JwsError('premature', `the manifest was issued at ${manifest.issuedAt}`);
  if (!(now < expires) || !(expires - issued <= longestReleaseMs)) {
    throw new JwsError('expired', `the manifest was good until ${manifest.expiresAt}`);
  }
  if (!(manifest.sequence >= measure.highestSequence)) {
    throw new JwsError('older', `manifest ${manifest.sequence} comes after ${measure.highestSequence}`);
  }
  const { current, highestVersion = current } = measure;
  if (!(compareVersions(manifest.version, current) > 0) || !(compareVersions(manifest.version, highestVersion) >= 0)) {
    throw new JwsError('older', `${manifest.version} is not newer than ${current} and ${highestVersion}`);
  }
  if (!(compareVersions(current, manifest.minimumVersion) >= 0)) {
    throw new JwsError('older', `${manifest.version} needs at least ${manifest.minimumVersion}, this is ${current}`);
  }
  return manifest;
}

/** Why a file is not that of the manifest; undefined when it is. Reads it in full. */
export function objectionToFile(
  file: string,
  { size, sha256 }: ReleaseManifest,
): 'missing' | 'size' | 'hash' | undefined {
  let descriptor: number;
  try {
    // Never through a link, wherever it leads.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch {
    return 'missing';
  }
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) return 'missing';
    if (found.size !== size) return 'size';
    const hash = createHash('sha256');
    const piece = Buffer.alloc(1024 * 1024);
    for (;;) {
      const length = readSync(descriptor, piece, 0, piece.byteLength, null);
      if (length === 0) break;
      hash.update(piece.subarray(0, length));
    }
    return hash.digest('hex') === sha256 ? undefined : 'hash';
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Whether somebody else than the administrator could change what lies in a folder. On Windows the installer closes the data
 * folder and `doctor` watches over it; here its mode says it.
 */
export function isOnlyOurs(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true) return false;
  return process.platform === 'win32' || (found.uid === process.geteuid?.() && (found.mode & 0o077) === 0);
}
