/** Secrets the server gives out: random, and kept as their SHA-256 only. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { hashBytes } from '../../agent/signing/canonical.ts';

/** 256 random bits as base64url behind a prefix that tells a person (and a secret scanner) what it is. */
export function makeSecret(prefix = ''): { readonly secret: string; readonly hash: string } {
  const secret = prefix + randomBytes(32).toString('base64url');
  return { secret, hash: secretHash(secret) };
}

/** SHA-256, 43 characters of base64url. The secrets have 256 random bits, so a plain hash cannot be guessed back. */
export function secretHash(secret: string): string {
  return hashBytes(secret);
}

/** Compares without telling by its duration where the two differ. */
export function sameSecret(left: string, right: string): boolean {
  return timingSafeEqual(Buffer.from(secretHash(left)), Buffer.from(secretHash(right)));
}
