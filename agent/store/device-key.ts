/** The device's private key: a file of its own, readable by the service only, never in a database and never sent. */
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { generateKey, parsePrivateKey, privateKeyPem, type SigningKey } from '../signing/keys.ts';

export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/**
 * Reads the key, or undefined when there is none. Throws `KeyFileError` when the file is damaged or readable by others:
 * a key others could copy proves nothing any more.
 */
export async function readDeviceKey(file: string): Promise<SigningKey | undefined> {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new KeyFileError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  // Windows rights stand in access lists that the installer sets; the mode says nothing there.
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
    throw new KeyFileError(
      `${file} is readable by others than its owner. If nobody else had access, set its mode with "chmod 600"; ` +
        'otherwise run "kits-agent reset-identity" and enrol again.',
    );
  }
  try {
    return await parsePrivateKey(pem);
  } catch (cause) {
    throw new KeyFileError(
      `${file} is damaged: it holds no Ed25519 private key. Restore it from a backup, or run "kits-agent reset-identity" and enrol again.`,
      { cause },
    );
  }
}

/** Makes a key and writes it so that the file is either complete or not there; never replaces one. */
export async function createDeviceKey(file: string): Promise<SigningKey> {
  const key = await generateKey();
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.tmp`;
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    writeSync(descriptor, privateKeyPem(key));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    linkSync(draft, file);
  } finally {
    unlinkSync(draft);
  }
  return key;
}
