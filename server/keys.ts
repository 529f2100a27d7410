/** The server's own keys: files beside the database, never in it, readable by their owner only. */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateKey, parsePrivateKey, privateKeyPem, type SigningKey } from '../agent/signing/keys.ts';

const nonceKeyBytes = 32;

/** A key file is damaged or gone; the message says which and what to do. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

export interface ServerKeys {
  /** Signs answers and receipts; agents pin its thumbprint. */
  readonly signingKey: SigningKey;
  /** Makes the nonces of transport proofs. Losing it costs each agent one more request. */
  readonly nonceKey: Uint8Array;
}

/**
 * Reads the keys below `dataDir`, or makes them on the very first start. `inUse`: a database exists already, so devices
 * may have pinned the key and a new one would lock them out. Throws `KeyFileError`.
 */
export async function loadServerKeys(dataDir: string, inUse: boolean): Promise<ServerKeys> {
  const signingFile = join(dataDir, 'keys', 'server-signing.pem');
  const nonceFile = join(dataDir, 'keys', 'nonce.key');
  mkdirSync(dirname(signingFile), { recursive: true, mode: 0o700 });
  if (!existsSync(signingFile)) {
    if (inUse) {
      throw new KeyFileError(
        `${signingFile} is missing although there is a database: the devices trust that key and no other. ` +
          'Restore the file from a backup.',
      );
    }
    writeWhole(signingFile, privateKeyPem(await generateKey()));
  }
  if (!existsSync(nonceFile)) writeWhole(nonceFile, randomBytes(nonceKeyBytes));
  // The folder of the keys may be new itself.
  syncDirectory(dataDir);
  return { signingKey: await readSigningKey(signingFile), nonceKey: readNonceKey(nonceFile) };
}

async function readSigningKey(file: string): Promise<SigningKey> {
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

/** After a crash the file is complete or not there. */
function writeWhole(file: string, content: string | Uint8Array): void {
  const draft = `${file}.new`;
  const descriptor = openSync(draft, 'w', 0o600);
  try {
    writeSync(descriptor, typeof content === 'string' ? Buffer.from(content) : content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, file);
  syncDirectory(dirname(file));
}

/** A name that was just given has reached the disk. */
function syncDirectory(directory: string): void {
  // Windows opens no directories as files; there the file system sees to it.
  if (process.platform === 'win32') return;
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
