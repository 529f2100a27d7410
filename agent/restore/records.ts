/**
 * How a restore test run by hand reaches the service: one file in the private folder, taken at the next round. The store
 * itself belongs to the service alone.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RestoreTest, restoreTest } from '../contract/facts/backup.ts';

const folderOf = (privateDir: string): string => join(privateDir, 'restore-tests');
const ending = '.json';
const maxRecords = 100;

/** Throws the error of the file system when the folder cannot be written. */
export function leaveRecord(privateDir: string, test: RestoreTest): void {
  const folder = folderOf(privateDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${randomUUID()}${ending}`);
  writeFileSync(`${file}.new`, JSON.stringify(restoreTest.parse(test)), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Hands each record to `take` and removes it afterwards; one that does not fit is removed and named in the answer. */
export function takeRecords(privateDir: string, take: (test: RestoreTest) => void): string[] {
  const folder = folderOf(privateDir);
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith(ending));
  } catch {
    // Nobody has run a test yet.
    return [];
  }
  const unusable: string[] = [];
  for (const name of names.slice(0, maxRecords)) {
    const file = join(folder, name);
    const parsed = restoreTest.safeParse(jsonOf(file));
    if (parsed.success) take(parsed.data);
    else unusable.push(name);
    rmSync(file);
  }
  return unusable;
}

function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Torn or no JSON: the schema refuses it.
    return undefined;
  }
}
