/** Building blocks of the contract: bounded values, and the reason why each field leaves the PC. */
import { z } from 'zod';

/** Why a field is collected, in the words shown to the person at the PC; `unit` as in UCUM where there is one. */
export interface FieldPurpose {
  readonly de: string;
  readonly en: string;
  readonly unit?: string;
}

/** Attaches the purpose to a schema; it travels into the JSON Schema and the view "Was wird übermittelt?". */
export function field<T extends z.ZodType>(schema: T, purpose: FieldPurpose): T {
  return schema.meta({ ...purpose }) as T;
}

/** Schemas do not change, and 150 fields share 20 lengths: each is made once. */
const texts = new Map<number, z.ZodString>();

/** Free text from a machine or a person, 1 to `max` UTF-16 code units. Always a stranger's words: never markup, never a path. */
export function text(max: number): z.ZodString {
  const known = texts.get(max);
  if (known !== undefined) return known;
  const schema = z.string().check(z.minLength(1), z.maxLength(max));
  texts.set(max, schema);
  return schema;
}

/** An instant in UTC, ISO 8601 with "Z". */
export const instant = z.iso.datetime().max(35);

/** A calendar day, ISO 8601 (YYYY-MM-DD). Times that would show when a person works are rounded to it. */
export const day = z.iso.date();

/** A whole number of bytes. */
export const bytes = z.int().min(0);

/** SHA-256 as 43 characters of unpadded base64url (RFC 4648 §5). */
export const sha256 = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** The first 96 bits of a SHA-256: tells whether two sides hold the same, in a message that has to stay small. */
export const shortHash = z.string().regex(/^[A-Za-z0-9_-]{16}$/);

/** A compact JWS (RFC 7515 §3.1); `max` bounds its characters. */
export const compactJws = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/);

/** RFC 9562 UUID in lower case. */
export const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);

/** A host by its full name in lower case (RFC 1123), no address and no port. */
export const hostName = z
  .string()
  .max(253)
  .regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/);
