/**
 * A private key in a file that may leave the machine: an encrypted JWK (RFC 7517 §7, PBES2 and AES-256-GCM) under a
 * passphrase. For keys that are kept offline.
 */
import { createPrivateKey } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { sha256 } from '../contract/field.ts';
import { publicKey } from '../contract/wire.ts';
import { describeKey, type SigningKey } from './keys.ts';

const keyManagement = 'PBES2-HS512+A256KW';
const contentEncryption = 'A256GCM';
/** About half a second of work for each guess; OWASP asks for 210,000 with SHA-512 (2023). */
const iterations = 600_000;
/** A file that asks for more would only keep this machine busy. */
const mostIterations = 5_000_000;
const longestFile = 4096;

export const shortestPassphrase = 12;

/** `reason`: "malformed" (no such file), "passphrase" (wrong, or the file was changed). */
export class SealedKeyError extends Error {
  override readonly name = 'SealedKeyError';
  readonly reason: 'malformed' | 'passphrase';

  constructor(reason: SealedKeyError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

const sealedHeader = z.object({ alg: z.literal(keyManagement), enc: z.literal(contentEncryption), kid: sha256 });
const privateJwk = publicKey.extend({ d: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });

/** Throws `TypeError` for a passphrase shorter than `shortestPassphrase`. */
export function sealKey(key: SigningKey, passphrase: string): Promise<string> {
  if (passphrase.length < shortestPassphrase) {
    throw new TypeError(`a passphrase has at least ${shortestPassphrase} characters`);
  }
  const jwk = key.privateKey.export({ format: 'jwk' });
  return new CompactEncrypt(Buffer.from(JSON.stringify(jwk)))
    .setProtectedHeader({ alg: keyManagement, enc: contentEncryption, cty: 'jwk+json', kid: key.thumbprint })
    .setKeyManagementParameters({ p2c: iterations })
    .encrypt(secret(passphrase));
}

/** Throws `SealedKeyError`. */
export async function openSealedKey(text: string, passphrase: string): Promise<SigningKey> {
  const kid = sealedThumbprint(text);
  if (kid === undefined) throw new SealedKeyError('malformed', 'this is no sealed key');
  let key: SigningKey;
  try {
    const { plaintext } = await compactDecrypt(text.trim(), secret(passphrase), {
      keyManagementAlgorithms: [keyManagement],
      contentEncryptionAlgorithms: [contentEncryption],
      maxPBES2Count: mostIterations,
    });
    const jwk = privateJwk.parse(JSON.parse(Buffer.from(plaintext).toString()));
    key = await describeKey(createPrivateKey({ key: jwk, format: 'jwk' }));
  } catch (cause) {
    throw new SealedKeyError('passphrase', 'the passphrase does not open this key', { cause });
  }
  if (key.thumbprint !== kid) throw new SealedKeyError('malformed', 'the file names another key than it holds');
  return key;
}

/** Which key a file claims to hold, without its passphrase; undefined when it is no sealed key. */
export function sealedThumbprint(text: string): string | undefined {
  if (text.length > longestFile) return undefined;
  try {
    return sealedHeader.parse(decodeProtectedHeader(text.trim())).kid;
  } catch {
    // Neither JWE nor header: the same answer as for any other file.
    return undefined;
  }
}

/** The same passphrase typed on two systems is the same bytes. */
function secret(passphrase: string): Uint8Array {
  return Buffer.from(passphrase.normalize('NFC'));
}
