/**
 * Signing and verifying compact JWS with Ed25519, one kind (`typ`) at a time.
 *
 * The algorithm is fixed here and never taken from a header; the key is chosen by the caller, never by the message.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import type { z } from 'zod';
import { maxStatement } from '../contract/history.ts';
import { maxManifest } from '../contract/release.ts';
import { type JwsType, maxWords, type PublicKey, publicKey } from '../contract/wire.ts';
import type { SigningKey } from './keys.ts';

const algorithm = 'Ed25519';
/** A longer one of its kind is refused before anything of it is decoded. */
const maxCharacters: Readonly<Record<JwsType, number>> = {
  'kits-report': 4096,
  'kits-enrolment': 16_384,
  'kits-proof': 4096,
  'kits-answer': 8192,
  'kits-receipt': 8192,
  'kits-policy': maxWords.policy,
  'kits-notice': maxWords.notice,
  'kits-keys': maxWords.keys,
  'kits-history': maxStatement,
  'kits-refusal': 2048,
  'kits-release': maxManifest,
};
/** The longest header there is names a key of 43 characters. */
const maxHeaderCharacters = 512;
const knownHeaders: ReadonlySet<string> = new Set(['alg', 'typ', 'kid', 'jwk']);
/** Kinds that go to and fro with each check-in: who verifies one knows the only key there can be, so it is not named. */
const keyUnnamed: ReadonlySet<JwsType> = new Set(['kits-proof', 'kits-answer', 'kits-refusal']);

/**
 * Why signed words do not count. Stable: devices report them. `malformed`: not a JWS of this kind. `key`: signed by a key
 * that is unknown, withdrawn or for another use. `signature`: the bytes do not fit. `payload`: outside its schema.
 * `audience`: for somebody else. `expired` and `premature`: not now. `older`: what is known already is newer.
 */
export const jwsRefusals = [
  'malformed',
  'key',
  'signature',
  'payload',
  'audience',
  'expired',
  'premature',
  'older',
] as const;
export type JwsRefusal = (typeof jwsRefusals)[number];

export class JwsError extends Error {
  override readonly name = 'JwsError';
  readonly reason: JwsRefusal;

  constructor(reason: JwsRefusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** `embedKey` puts the public key into the header; used for enrolment only, where the server does not know it yet. */
export async function signJws(
  type: JwsType,
  payload: unknown,
  key: SigningKey,
  options: { embedKey?: boolean } = {},
): Promise<string> {
  const named = keyUnnamed.has(type) ? {} : { kid: key.thumbprint };
  const header = options.embedKey === true ? { jwk: { ...key.publicKey } } : named;
  const input = `${encode({ alg: algorithm, typ: type, ...header })}.${encode(payload)}`;
  return `${input}.${sign(null, Buffer.from(input), key.privateKey).toString('base64url')}`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/**
 * Verifies with one of the keys given: the one whose thumbprint is the header's `kid`. Proofs, answers and refusals name none and are
 * verified with the one key that is given.
 */
export async function verifyJws<T extends z.ZodType>(
  type: JwsType,
  jws: string,
  keys: readonly { readonly publicKey: PublicKey; readonly thumbprint: string }[],
  schema: T,
): Promise<z.infer<T>> {
  const header = readHeader(type, jws);
  const only = header.kid === undefined && keyUnnamed.has(type) && keys.length === 1 ? keys[0] : undefined;
  const key = only ?? keys.find(({ thumbprint }) => thumbprint === header.kid);
  if (key === undefined) throw new JwsError('key', `the key ${shown(header.kid)} does not count for a ${type}`);
  return verifyWith(key.publicKey, jws, schema);
}

/** Verifies with the key inside the header and returns it: proves possession, nothing about whose key it is. */
export async function verifyEmbeddedKey<T extends z.ZodType>(
  type: JwsType,
  jws: string,
  schema: T,
): Promise<{ payload: z.infer<T>; key: PublicKey }> {
  const key = publicKey.safeParse(readHeader(type, jws).jwk);
  if (!key.success) throw new JwsError('malformed', `a ${type} carries no Ed25519 key`);
  return { payload: await verifyWith(key.data, jws, schema), key: key.data };
}

/** Of the kinds that name no key: as `signJws` makes them, with the point behind, so that most need no decoding. */
const usualHeaders: ReadonlyMap<JwsType, string> = new Map(
  [...keyUnnamed].map((type) => [type, `${encode({ alg: algorithm, typ: type })}.`]),
);

function readHeader(type: JwsType, jws: string): { kid?: unknown; jwk?: unknown } {
  if (jws.length > maxCharacters[type]) {
    throw new JwsError('malformed', `a ${type} of ${jws.length} characters is too large`);
  }
  if (!(jws.indexOf('.') <= maxHeaderCharacters))
    throw new JwsError('malformed', `the header of a ${type} is too large`);
  const usual = usualHeaders.get(type);
  if (usual !== undefined && jws.startsWith(usual)) return {};
  let header: Record<string, unknown>;
  try {
    header = decodeProtectedHeader(jws);
  } catch (cause) {
    throw new JwsError('malformed', `not a ${type}: no readable JWS header`, { cause });
  }
  // "typ" keeps kinds apart: a receipt must never pass for a policy although the same key signs both.
  if (header['typ'] !== type) throw new JwsError('malformed', `expected a ${type}, got ${shown(header['typ'])}`);
  if (header['alg'] !== algorithm) throw new JwsError('malformed', `a ${type} must be signed with ${algorithm}`);
  // Among what is refused: "crit", "b64", and every header that points to a key somewhere else (jku, x5u, x5c).
  const unknown = Object.keys(header).find((name) => !knownHeaders.has(name));
  if (unknown !== undefined) throw new JwsError('malformed', `a ${type} has no header "${shown(unknown)}"`);
  if (header['kid'] !== undefined && header['jwk'] !== undefined) {
    throw new JwsError('malformed', `a ${type} names one key, not two`);
  }
  return header;
}

/** A stranger's value in a message: short, and nothing that could end a line of the log. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)).slice(1, -1) : typeof value;
}

/** Ed25519 alone, whatever the header says. */
function verifyWith<T extends z.ZodType>(key: PublicKey, jws: string, schema: T): z.infer<T> {
  const end = jws.lastIndexOf('.');
  const start = jws.indexOf('.') + 1;
  const [payloadPart, signaturePart] = [jws.slice(start, end), jws.slice(end + 1)];
  const bytes = exactly(payloadPart);
  const signature = exactly(signaturePart);
  if (!(start > 0 && start <= end) || bytes === undefined || signature === undefined)
    throw new JwsError('malformed', 'not a compact JWS');
  if (!isSigned(Buffer.from(jws.slice(0, end)), signature, key)) {
    throw new JwsError('signature', 'the signature does not fit');
  }
  let payload: unknown;
  try {
    payload = JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new JwsError('payload', 'the signed payload is not JSON', { cause });
  }
  const parsed = schema.safeParse(payload);
  if (!parsed.success)
    throw new JwsError('payload', parsed.error.issues[0]?.message ?? 'invalid', { cause: parsed.error });
  return parsed.data;
}

/** Base64url that says these bytes in the one way there is; undefined for any other text. */
function exactly(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

function isSigned(input: Uint8Array, signature: Uint8Array, key: PublicKey): boolean {
  try {
    return verify(null, input, importKey(key), signature);
  } catch {
    // No point on the curve: nothing is signed with it.
    return false;
  }
}

const imported = new Map<string, KeyObject>();

/** Importing costs as much as verifying; the bound keeps a flood of enrolments from filling memory. */
function importKey({ kty, crv, x }: PublicKey): KeyObject {
  const known = imported.get(x);
  if (known !== undefined) return known;
  if (imported.size >= 50_000) imported.clear();
  const made = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
  imported.set(x, made);
  return made;
}
