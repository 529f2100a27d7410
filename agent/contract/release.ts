/**
 * A release of the agent as its maker signs it, with a key that no server holds. What a device believes of a release stands
 * here and nowhere else: the server only hands it on.
 */
import { z } from 'zod';
import { compactJws, instant, shortHash, text } from './field.ts';

/** Longest manifest as a compact JWS, in characters. */
export const maxManifest = 4096;
/** An installer with agent and tray is about 120 MiB. */
export const maxReleaseBytes = 512 * 1024 * 1024;
/** No manifest is good for longer: a server that is held back cannot hold devices on an old version for years. */
export const longestReleaseMs = 400 * 86_400_000;

/** SHA-256 as 64 hexadecimal digits, as `sha256sum` prints it. */
export const fileHash = z.string().regex(/^[0-9a-f]{64}$/);
/** A version such as "1.4.2" or "1.5.0-rc.1"; the order is that of agent/contract/version-order.ts. */
export const releaseVersion = z
  .string()
  .max(40)
  .regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}(?:-[0-9a-z]+(?:\.[0-9a-z]+)*)?$/, 'expected a version such as "1.4.2"');

export const releaseManifest = z.strictObject({
  product: z.literal('kits-agent'),
  version: releaseVersion,
  platform: z.enum(['win32', 'linux']),
  sha256: fileHash,
  /** Bytes. */
  size: z.int().min(1).max(maxReleaseBytes),
  /** For people; never part of a path on its own. */
  fileName: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$/),
  /** Older versions than this one do not take the step directly. */
  minimumVersion: releaseVersion,
  issuedAt: instant,
  expiresAt: instant,
  /** Counts up with each manifest that is signed, over all versions and platforms: none is taken after a later one. */
  sequence: z.int().min(1),
});
export type ReleaseManifest = z.infer<typeof releaseManifest>;

/** What a check-in says of releases; absent when the device does not update itself. */
export const releaseAsked = z.object({
  /** `sequence` of the manifest held; 0 when none. */
  held: z.int().min(0),
});
/** What the signed answer says of the manifest that is offered now; absent when there is none for this device. */
export const releaseOffered = shortHash;
/** The manifest itself, beside the answer; only when the device does not hold it. */
export const releaseJws = compactJws(maxManifest);

/** Where the file of a release is read: only with the proof of an active device; byte ranges as in RFC 9110. */
export const releasesPath = '/agent/v1/releases/';
export function releasePath(sha256: string): string {
  return `${releasesPath}${fileHash.parse(sha256)}`;
}

/**
 * How the update of a device stands; see `agentFacts.update`. `stale`: the last manifest that it accepted has run out and no
 * later one came: nothing was signed for long, or somebody holds it back.
 */
export const updateStates = [
  'none',
  'waiting',
  'downloading',
  'ready',
  'installing',
  'installed',
  'failed',
  'stale',
] as const;
export type UpdateState = (typeof updateStates)[number];
/** Why an update did not go on. Stable; reasons of `JwsRefusal` beside them. */
export const updateReason = text(60);

/** Which devices of a municipality go first; set by policy. */
export const updateRings = ['early', 'regular', 'late'] as const;
export type UpdateRing = (typeof updateRings)[number];
