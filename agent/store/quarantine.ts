/** Opens a database, or puts a damaged one aside under another name and begins a new one in its place. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Gap, gap, reportClasses } from '../contract/report.ts';
import { isDamaged, isStorageFailure, openSqlite, StoreUnavailable } from './sqlite.ts';

/** Evidence for whoever looks into it, not an archive. */
const kept = 2;

export interface Opened {
  readonly db: DatabaseSync;
  /** Where the damaged file went, and what could still be read of what it had not delivered. */
  readonly replaced?: { readonly file: string; readonly lost: Partial<Gap> };
}

/** `damaged`: known to be, whatever a check of it says. Throws `NewerStore` or `StoreUnavailable`. */
export function openOrReplace(file: string, steps: readonly string[], damaged: boolean): Opened {
  if (!damaged || !existsSync(file)) {
    try {
      const db = openSqlite(file, steps);
      if (db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] === 'ok') return { db };
      db.close();
    } catch (error) {
      if (isStorageFailure(error)) throw new StoreUnavailable(file, error);
      if (!isDamaged(error)) throw error;
    }
  }
  const lost = whatWaited(file);
  const aside = `${file}.damaged-${Date.now()}`;
  for (const end of ['-wal', '-shm', ''] as const) {
    if (existsSync(file + end)) renameSync(file + end, aside + end);
  }
  forgetOldest(file);
  return { db: openSqlite(file, steps), replaced: { file: aside, lost } };
}

/**
 * What waits in a store, or of that what stands behind a place in it. A damaged file may still answer; every answer is
 * checked, none is needed.
 */
export function whatWaited(file: string, beyond?: { epoch: string; sequence: number }): Partial<Gap> {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true });
    const place = beyond ?? { epoch: '', sequence: 0 };
    const waiting = (columns: string, rest = ''): Record<string, unknown> | undefined =>
      db
        ?.prepare(`SELECT ${columns} FROM outbox WHERE state = 'waiting' AND NOT (epoch = ? AND sequence <= ?) ${rest}`)
        .get(place.epoch, place.sequence);
    const first = waiting('epoch, sequence, envelope_hash, created_at', 'ORDER BY sequence LIMIT 1');
    const last = waiting('epoch, sequence, envelope_hash, created_at', 'ORDER BY sequence DESC LIMIT 1');
    const counts = Object.fromEntries(
      reportClasses.map((name) => [name, Number(waiting('count(*) AS n', `AND class = '${name}'`)?.['n'])]),
    );
    if (first === undefined) return { counts };
    return gap.omit({ reason: true }).parse({
      storeEpoch: first['epoch'],
      from: first['sequence'],
      to: last?.['sequence'],
      firstHash: first['envelope_hash'],
      lastHash: last?.['envelope_hash'],
      counts,
      firstAt: first['created_at'],
      lastAt: last?.['created_at'],
    });
  } catch {
    return {};
  } finally {
    db?.close();
  }
}

function forgetOldest(file: string): void {
  const name = `${basename(file)}.damaged-`;
  const old = readdirSync(dirname(file))
    .filter((entry) => entry.startsWith(name) && /^\d+$/.test(entry.slice(name.length)))
    .sort()
    .slice(0, -kept);
  for (const entry of old) {
    for (const end of ['', '-wal', '-shm']) rmSync(join(dirname(file), entry + end), { force: true });
  }
}
