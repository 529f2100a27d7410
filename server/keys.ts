/** The server's own keys: files beside the database, never in it, readable by their owner only. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Trust } from '../agent/contract/keys.ts';
import { JwsError } from '../agent/signing/jws.ts';
import { currentServerKey, keysFor } from '../agent/signing/key-set.ts';
import { generateKey, parsePrivateKey, privateKeyPem, type SigningKey } from '../agent/signing/keys.ts';
import { announce, countAfter, newestTrust, readAnnouncements, writeAnnouncements } from './key-announcements.ts';
import { syncDirectory, writeWhole } from './whole-file.ts';

const nonceKeyBytes = 32;

/** A key file is damaged or gone; the message says which and what to do. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

export interface ServerKeys {
  /** Signs answers, receipts, policies and the next announcement; agents pin its thumbprint. */
  readonly signingKey: SigningKey;
  /** Signs notices; undefined where it is kept offline, and when it is lost. */
  readonly noticeKey: SigningKey | undefined;
  /** Makes the nonces of transport proofs. Losing it costs each agent one more request. */
  readonly nonceKey: Uint8Array;
  /** All key announcements there were, oldest first: the way from any key a device may have pinned to this one. */
  readonly announcements: readonly string[];
  /** What a device trusts that has heard them all. */
  readonly trust: Trust;
}

export interface KeyFiles {
  readonly signing: string;
  /** The key being rotated to, until its announcement has reached the disk. */
  readonly next: string;
  readonly notice: string;
  readonly nonce: string;
  readonly announcements: string;
}

export function keyFilesIn(dataDir: string): KeyFiles {
  const file = (name: string): string => join(dataDir, 'keys', name);
  return {
    signing: file('server-signing.pem'),
    next: file('server-signing.next.pem'),
    notice: file('notice-signing.pem'),
    nonce: file('nonce.key'),
    announcements: file('announcements.jws'),
  };
}

/**
 * Reads the keys below `dataDir`, or makes them on the very first start. `inUse`: a database exists already, so devices
 * may have pinned the key and a new one would lock them out. Throws `KeyFileError`.
 */
export async function loadServerKeys(dataDir: string, inUse: boolean): Promise<ServerKeys> {
  const files = keyFilesIn(dataDir);
  mkdirSync(dirname(files.signing), { recursive: true, mode: 0o700 });
  await finishRotation(files);
  if (!existsSync(files.signing)) {
    if (inUse) {
      throw new KeyFileError(
        `${files.signing} is missing although there is a database: the devices trust that key and no other. ` +
          'Restore the folder "keys" from a backup. If it is lost for good, run "kits-server rotate-key --recovery-key FILE": ' +
          'devices that have pinned the recovery key will follow.',
      );
    }
    writeWhole(files.signing, privateKeyPem(await generateKey()));
  }
  if (!existsSync(files.nonce)) writeWhole(files.nonce, randomBytes(nonceKeyBytes));
  const signingKey = await readSigningKey(files.signing);
  if (!existsSync(files.announcements)) await announceFirst(files, signingKey);
  // The folder of the keys may be new itself.
  syncDirectory(dataDir);
  const announcements = readAnnouncements(files.announcements);
  const trust = await trustIn(files, announcements);
  await checkSame(files, signingKey, trust);
  return {
    signingKey,
    noticeKey: await readNoticeKey(files, trust),
    nonceKey: readNonceKey(files.nonce),
    announcements,
    trust,
  };
}

/** The first one tells devices which key signs notices. */
async function announceFirst(files: KeyFiles, signingKey: SigningKey): Promise<void> {
  if (!existsSync(files.notice)) writeWhole(files.notice, privateKeyPem(await generateKey()));
  const noticeKey = await readSigningKey(files.notice);
  const now = new Date();
  const first = await announce(
    { server: signingKey.publicKey, notice: noticeKey.publicKey, noticeKeyKept: 'online', retired: [] },
    { version: countAfter(0, now) },
    signingKey,
    now,
  );
  writeAnnouncements(files.announcements, [first]);
}

/** A rotation that was cut off after its announcement is finished; one that was cut off before it did not happen. */
async function finishRotation(files: KeyFiles): Promise<void> {
  const { signing, next, announcements } = files;
  if (!existsSync(next) || !existsSync(announcements)) return;
  const nextKey = await readSigningKey(next);
  const { thumbprint } = await currentServerKey(await trustIn(files, readAnnouncements(announcements)));
  if (thumbprint === nextKey.thumbprint) renameSync(next, signing);
}

/** Throws `KeyFileError` when there is nothing in the file, or something that is no announcement. */
async function trustIn({ announcements: file }: KeyFiles, announcements: readonly string[]): Promise<Trust> {
  try {
    const trust = await newestTrust(announcements);
    if (trust !== undefined) return trust;
  } catch (cause) {
    if (!(cause instanceof JwsError)) throw cause;
  }
  throw new KeyFileError(`${file} is damaged. Restore the folder "keys" from a backup.`);
}

async function checkSame(files: KeyFiles, signingKey: SigningKey, trust: Trust): Promise<void> {
  const { thumbprint } = await currentServerKey(trust);
  if (thumbprint === signingKey.thumbprint) return;
  throw new KeyFileError(
    `${files.announcements} does not lead to the key in ${files.signing}: devices would not accept it. ` +
      'Restore both from the same backup.',
  );
}

/** Undefined also when it is lost or another one: the server does everything else without it. */
async function readNoticeKey({ notice }: KeyFiles, trust: Trust): Promise<SigningKey | undefined> {
  if (trust.noticeKeyKept === 'offline' || !existsSync(notice)) return undefined;
  const key = await readSigningKey(notice);
  const known = await keysFor(trust, 'notice', new Date());
  return known.some(({ thumbprint }) => thumbprint === key.thumbprint) ? key : undefined;
}

export async function readSigningKey(file: string): Promise<SigningKey> {
  try {
    return await parsePrivateKey(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new KeyFileError(`${file} holds no Ed25519 private key. Restore the file from a backup.`, { cause });
  }
}

function readNonceKey(file: string): Uint8Array {
  const key = readFileSync(file);
  if (key.byteLength !== nonceKeyBytes) {
    throw new KeyFileError(`${file} is damaged. Delete it; the next start makes a new one and no device is lost.`);
  }
  return key;
}
