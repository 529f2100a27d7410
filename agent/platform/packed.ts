/**
 * What differs in the single executable: it runs its own bundle only and has no files beside it. So it starts itself for
 * every helper process, and carries scripts of other programs as assets.
 */
import { getAsset, isSea } from 'node:sea';

/** Standing first on the command line of the single executable, it makes a reader of it (see reader-child.ts). */
export const readerWord = 'internal-reader';

export const isPacked = isSea();

/** Throws when this is no single executable or was built without it. */
export function packedText(name: string): string {
  return getAsset(name, 'utf8');
}
