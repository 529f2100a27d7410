/**
 * Replaces keys of the server so that devices follow: the announcement reaches the disk before the new key is used.
 * Only while no server runs on the directory. Why and how: docs/decisions/0006-keys-and-rotation.md.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { KeySet, TrustedKey } from '../agent/contract/keys.ts';
import type { PublicKey } from '../agent/contract/wire.ts';
import { generateKey, privateKeyPem, type SigningKey } from '../agent/signing/keys.ts';
import {
  type AnnouncedKeys,
  announce,
  countAfter,
  highestGeneration,
  readAnnouncements,
  setsOf,
  writeAnnouncements,
} from './key-announcements.ts';
import { KeyFileError, type KeyFiles, keyFilesIn, loadServerKeys, readSigningKey } from './keys.ts';
import { writeWhole } from './whole-file.ts';

const dayMs = 86_400_000;

export interface Rotation {
  /** RFC 7638 thumbprints. */
  readonly from: string | undefined;
  readonly to: string;
  /** The online notice key was replaced as well: notices signed with the old one do not count any more. */
  readonly noticeKeyReplaced: boolean;
}

/**
 * A new server key. The old one announces it and stays good for what it signed, for `overlapDays`. With `recoveryKey`
 * that one announces it, and the old key, lost or stolen, counts for nothing from then on; nor does a notice key that
 * lay beside it. Throws `KeyFileError`.
 */
export async function rotateServerKey(
  dataDir: string,
  options: { readonly overlapDays: number; readonly recoveryKey?: SigningKey; readonly now: Date },
): Promise<Rotation> {
  const { overlapDays, recoveryKey, now } = options;
  const files = keyFilesIn(dataDir);
  const next = await generateKey();
  if (recoveryKey !== undefined) return recover(files, next, recoveryKey, now);
  const { signingKey, announcements } = await loadServerKeys(dataDir, true);
  const set = await currentSet(files.announcements, announcements);
  const retired = [...stillGood(set, now), ...retiring('server', signingKey.publicKey, overlapDays, now)];
  const keys: AnnouncedKeys = { ...noticeOf(set), server: next.publicKey, retired };
  const version = countAfter(set.version, now);
  await switchTo(files, next, [
    ...announcements,
    await announce(keys, { version }, signingKey, now),
    // For devices enrolled from now on: they know the new key and nothing of the old one.
    await announce(keys, { version: version + 1 }, next, now),
  ]);
  return { from: signingKey.thumbprint, to: next.thumbprint, noticeKeyReplaced: false };
}

async function recover(files: KeyFiles, next: SigningKey, recoveryKey: SigningKey, now: Date): Promise<Rotation> {
  // Whatever is left of the folder will do, nothing too.
  mkdirSync(dirname(files.signing), { recursive: true, mode: 0o700 });
  const announcements = existsSync(files.announcements) ? readAnnouncements(files.announcements) : [];
  const sets = await setsIn(files.announcements, announcements);
  const set = sets.at(-1);
  const lost = existsSync(files.signing) ? (await readSigningKey(files.signing)).thumbprint : undefined;
  const keptOffline = set?.noticeKeyKept === 'offline' ? noticeOf(set) : undefined;
  const online = keptOffline === undefined ? await generateKey() : undefined;
  const keys: AnnouncedKeys = {
    server: next.publicKey,
    retired: [],
    ...(keptOffline ?? { notice: online?.publicKey, noticeKeyKept: 'online' }),
  };
  const version = countAfter(set?.version ?? 0, now);
  const generation = countAfter(highestGeneration(sets), now);
  const made = [
    ...announcements,
    await announce(keys, { version, generation }, recoveryKey, now),
    await announce(keys, { version: version + 1 }, next, now),
  ];
  // Cut off here, the old notice key is gone and the old server key is not: the command is simply run again.
  if (online !== undefined) writeWhole(files.notice, privateKeyPem(online));
  await switchTo(files, next, made);
  return { from: lost, to: next.thumbprint, noticeKeyReplaced: online !== undefined };
}

/**
 * From now on notices are signed with `noticeKey`, which does not lie on this server. The server key announces that once;
 * after that only the recovery key can. The notice key before it stays good for what it signed, for `overlapDays`.
 * Throws `KeyFileError`.
 */
export async function moveNoticeKeyOffline(
  dataDir: string,
  options: {
    readonly noticeKey: PublicKey;
    readonly overlapDays: number;
    readonly recoveryKey?: SigningKey;
    readonly now: Date;
  },
): Promise<void> {
  const { noticeKey, overlapDays, recoveryKey, now } = options;
  const files = keyFilesIn(dataDir);
  const { signingKey, announcements } = await loadServerKeys(dataDir, true);
  const set = await currentSet(files.announcements, announcements);
  if (set.noticeKeyKept === 'offline' && recoveryKey === undefined) {
    throw new KeyFileError(
      'The notice key is kept offline already: devices accept another one from the recovery key only. ' +
        'Give it with --recovery-key FILE.',
    );
  }
  const { notice } = noticeOf(set);
  const keys: AnnouncedKeys = {
    server: signingKey.publicKey,
    notice: noticeKey,
    noticeKeyKept: 'offline',
    retired: [...stillGood(set, now), ...(notice === undefined ? [] : retiring('notice', notice, overlapDays, now))],
  };
  const version = countAfter(set.version, now);
  const made: string[] = [];
  if (recoveryKey !== undefined) {
    const generation = countAfter(highestGeneration(await setsIn(files.announcements, announcements)), now);
    made.push(await announce(keys, { version, generation }, recoveryKey, now));
  }
  made.push(await announce(keys, { version: version + 1 }, signingKey, now));
  writeAnnouncements(files.announcements, [...announcements, ...made]);
  rmSync(files.notice, { force: true });
}

/** In this order a cut leaves the old key in use, or the new one found at the next start. */
async function switchTo(files: KeyFiles, next: SigningKey, announcements: readonly string[]): Promise<void> {
  writeWhole(files.next, privateKeyPem(next));
  writeAnnouncements(files.announcements, announcements);
  renameSync(files.next, files.signing);
}

/** Throws `KeyFileError` for a damaged file. */
async function setsIn(file: string, announcements: readonly string[]): Promise<KeySet[]> {
  try {
    return await setsOf(announcements);
  } catch (cause) {
    throw new KeyFileError(`${file} is damaged. Restore the folder "keys" from a backup.`, { cause });
  }
}

async function currentSet(file: string, announcements: readonly string[]): Promise<KeySet> {
  const set = (await setsIn(file, announcements)).at(-1);
  if (set === undefined) throw new TypeError('no announcement although the keys were read');
  return set;
}

function noticeOf(set: KeySet): Pick<AnnouncedKeys, 'notice' | 'noticeKeyKept'> {
  const current = set.keys.find(({ use, until }) => use === 'notice' && until === undefined);
  return { notice: current?.key, noticeKeyKept: set.noticeKeyKept };
}

function stillGood(set: KeySet, now: Date): TrustedKey[] {
  return set.keys.filter(({ until }) => until !== undefined && now.getTime() < Date.parse(until));
}

function retiring(use: TrustedKey['use'], key: PublicKey, days: number, now: Date): TrustedKey[] {
  return days > 0 ? [{ use, key, until: new Date(now.getTime() + days * dayMs).toISOString() }] : [];
}
