/** Small files of this user alone, in the tray's own folder: what they say is checked like any stranger's word. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';

/** Nothing kept here comes near it. */
const maxBytes = 1024 * 1024;

/** Undefined when there is none, or none that can be used: whoever asks begins anew. */
export function readUserFile<T>(file: string, schema: z.ZodType<T>): T | undefined {
  try {
    const seen = statSync(file);
    // Not opened at all: reading a pipe somebody put there would never end.
    if (!seen.isFile() || seen.size > maxBytes) return undefined;
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** In one step, so that a reader finds the old content or the new. Throws when it cannot be written. */
export function writeUserFile(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
