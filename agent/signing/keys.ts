/** Ed25519 keys as files: made once, readable by their owner only, never in a database. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { type PublicKey, publicKey } from '../contract/wire.ts';

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
  /** RFC 7638 thumbprint of the public key, SHA-256 base64url: the `kid` of everything it signs. */
  readonly thumbprint: string;
}

export function generateKey(): Promise<SigningKey> {
  return describeKey(generateKeyPairSync('ed25519').privateKey);
}

/** Throws when the text is not an Ed25519 private key in PKCS#8 PEM. */
export function parsePrivateKey(pem: string): Promise<SigningKey> {
  return describeKey(createPrivateKey(pem));
}

export function privateKeyPem(key: SigningKey): string {
  return key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** RFC 7638 thumbprint, SHA-256 base64url (43 characters). */
export function thumbprintOf(key: PublicKey): Promise<string> {
  return calculateJwkThumbprint({ kty: key.kty, crv: key.crv, x: key.x }, 'sha256');
}

/** Throws for any other kind of key. */
export async function describeKey(privateKey: KeyObject): Promise<SigningKey> {
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
  const jwk = publicKey.parse(createPublicKey(privateKey).export({ format: 'jwk' }));
  return { privateKey, publicKey: jwk, thumbprint: await thumbprintOf(jwk) };
}
