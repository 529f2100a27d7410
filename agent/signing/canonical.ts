/** Canonical JSON (RFC 8785), so that equal facts have equal hashes on every machine. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** Throws on what JSON cannot say exactly: NaN, infinities, lone surrogates, cycles. */
export function canonicalJson(value: unknown): string {
  const json = canonicalize(value);
  if (json === undefined) throw new TypeError('undefined has no canonical JSON');
  return json;
}

/** SHA-256 as 43 characters of unpadded base64url. */
export function hashBytes(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

/** The first 16 characters of `hashBytes`: tells whether two sides hold the same, never who said it. */
export function shortHash(bytes: Uint8Array | string): string {
  return hashBytes(bytes).slice(0, 16);
}

/** SHA-256 over the canonical JSON of a value. */
export function canonicalHash(value: unknown): string {
  return hashBytes(canonicalJson(value));
}
