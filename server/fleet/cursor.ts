/** Cursors of lists: the place after which the next page begins. Opaque to the caller, and checked like any other input. */
import type { z } from 'zod';
import { Refusal } from './refusal.ts';

export function encodeCursor(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Throws `Refusal` invalid-cursor for anything that does not fit the schema of this list. */
export function decodeCursor<T>(cursor: string, schema: z.ZodType<T>): T {
  const place = schema.safeParse(parse(cursor));
  if (place.success) return place.data;
  throw new Refusal('invalid-cursor', {
    de: 'Diese Seite der Liste gibt es so nicht. Beginnen Sie wieder bei der ersten Seite.',
    en: 'The cursor does not belong to this list. Start at the first page again.',
  });
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    // Not JSON: `undefined` fits no schema of a cursor.
    return undefined;
  }
}

/** The rows of one page out of `limit + 1` read, and where the next one begins. */
export function page<Row>(
  rows: readonly Row[],
  limit: number,
  placeOf: (row: Row) => readonly (string | number)[],
): { readonly rows: readonly Row[]; readonly nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { rows: shown, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(placeOf(last)) : null };
}
