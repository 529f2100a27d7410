/** What the server announces about its keys, and the file that keeps every announcement there was. */
import { readFileSync } from 'node:fs';
import { type KeySet, keySet, type Trust, type TrustedKey } from '../agent/contract/keys.ts';
import { jwsTypes, type PublicKey } from '../agent/contract/wire.ts';
import { hashBytes } from '../agent/signing/canonical.ts';
import { verifyEmbeddedKey } from '../agent/signing/jws.ts';
import { signKeySet } from '../agent/signing/key-set.ts';
import type { SigningKey } from '../agent/signing/keys.ts';
import { writeWhole } from './whole-file.ts';

/** One line each, oldest first. */
export function readAnnouncements(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** A device that knows only the keys of older ones has to be enrolled anew: 60 are 30 rotations. */
const maxAnnouncements = 60;

export function writeAnnouncements(file: string, announcements: readonly string[]): void {
  const kept = announcements.slice(-maxAnnouncements);
  writeWhole(file, kept.map((jws) => `${jws}\n`).join(''));
}

/** What a device trusts that has heard everything; undefined before the first. Throws `JwsError` for a damaged one. */
export async function newestTrust(announcements: readonly string[]): Promise<Trust | undefined> {
  const sets = await setsOf(announcements);
  const newest = sets.at(-1);
  if (newest === undefined) return undefined;
  const { version, keys, noticeKeyKept } = newest;
  const announcement = hashBytes(announcements.at(-1) ?? '');
  return { generation: highestGeneration(sets), version, keys, noticeKeyKept, announcement };
}

/** 0 until the recovery key has spoken. */
export function highestGeneration(sets: readonly KeySet[]): number {
  return Math.max(0, ...sets.map(({ generation }) => generation ?? 0));
}

/** What they say, whoever signed them. Throws `JwsError` for a damaged one. */
export function setsOf(announcements: readonly string[]): Promise<KeySet[]> {
  return Promise.all(announcements.map(async (jws) => (await verifyEmbeddedKey(jwsTypes.keys, jws, keySet)).payload));
}

export interface AnnouncedKeys {
  readonly server: PublicKey;
  /** Undefined when the server has none: then no notices can be published. */
  readonly notice: PublicKey | undefined;
  readonly noticeKeyKept: KeySet['noticeKeyKept'];
  readonly retired: readonly TrustedKey[];
}

/** Also by the clock: a count that was lost with its file does not begin below what devices have heard. */
export function countAfter(count: number, now: Date): number {
  return Math.max(count + 1, Math.floor(now.getTime() / 1000));
}

const maxKeys = 8;

/** `generation`: for the recovery key only. */
export function announce(
  { server, notice, noticeKeyKept, retired }: AnnouncedKeys,
  place: Pick<KeySet, 'version' | 'generation'>,
  signer: SigningKey,
  now: Date,
): Promise<string> {
  const current: TrustedKey[] = [
    { use: 'server', key: server },
    ...(notice === undefined ? [] : [{ use: 'notice' as const, key: notice }]),
  ];
  // Those that end last, should there be more of them than devices take.
  const old = retired.toSorted((a, b) => Date.parse(b.until ?? '') - Date.parse(a.until ?? ''));
  const keys = [...current, ...old].slice(0, maxKeys);
  return signKeySet({ ...place, issuedAt: now.toISOString(), keys, noticeKeyKept }, signer);
}
