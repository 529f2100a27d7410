/**
 * The way back for the store. Before a new version changes its layout, a copy is kept; when that version has failed and an
 * older one cannot read what is there now, the copy comes back, the newer file is set aside, and a gap record tells what
 * the copy does not hold. See docs/decisions/0012-versions-side-by-side.md.
 */
import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Gap } from '../contract/report.ts';
import { syncFolder } from '../platform/write-file.ts';
import { knownStoreVersion, noteGapIn } from './agent-store.ts';
import { whatWaited } from './quarantine.ts';
import { isDamaged, keepPrivate, lockDirectory } from './sqlite.ts';

const copyOf = (privateDir: string, version: string): string => join(privateDir, `store.before-${version}.db`);

/** The layout of a store; undefined when there is none that can be read. */
export function storeVersion(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  try {
    return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  } catch (error) {
    if (isDamaged(error)) return undefined;
    throw error;
  } finally {
    db.close();
  }
}

/**
 * Copies the store as it is before `version` opens it for the first time, together with what waits in its log. False when a
 * copy is there already or nothing can be copied. Throws `AgentRunning`, or what the disk says.
 */
export function copyStore(privateDir: string, version: string): boolean {
  const [file, copy] = [join(privateDir, 'agent.db'), copyOf(privateDir, version)];
  if (existsSync(copy) || storeVersion(file) === undefined) return false;
  const lock = lockDirectory(join(privateDir, 'lock.db'));
  const draft = `${copy}.part`;
  try {
    rmSync(draft, { force: true });
    keepPrivate(draft);
    const db = new DatabaseSync(file, { timeout: 5000 });
    try {
      db.prepare('VACUUM INTO ?').run(draft);
    } finally {
      db.close();
    }
    sync(draft);
    renameSync(draft, copy);
    syncFolder(privateDir);
    return true;
  } finally {
    rmSync(draft, { force: true });
    lock.release();
  }
}

/** A copy that is still needed, because the store has gone on beyond it and nobody has come back yet, stays. */
export function discardCopy(dataDir: string, version: string): void {
  const privateDir = join(dataDir, 'private');
  const copy = copyOf(privateDir, version);
  const [now, then] = [storeVersion(join(privateDir, 'agent.db')), storeVersion(copy)];
  const isNeeded = now !== undefined && then !== undefined && now > then && now > knownStoreVersion;
  if (!isNeeded) rmSync(copy, { force: true });
}

/** Points at which a test kills the way back. */
export type SetBackPoint = 'copy-prepared' | 'newer-aside' | 'store-back';

export interface BroughtBack {
  /** Where the newer store is now. */
  readonly aside: string;
  /** Reports that only the newer store held and the server had not got; undefined when there were none. */
  readonly lost: Gap | undefined;
}

/**
 * Puts the copy made before `failed` in the place of a store this version cannot read. Undefined when that is not necessary
 * or there is no copy. Killed at any point it goes on the next time.
 */
export function bringStoreBack(
  privateDir: string,
  failed: string,
  now: Date,
  reached: (point: SetBackPoint) => void = () => undefined,
): BroughtBack | undefined {
  const [file, copy] = [join(privateDir, 'agent.db'), copyOf(privateDir, failed)];
  const back = `${file}.back`;
  const aside = `${file}.newer-${failed}`;
  if (!existsSync(file) && existsSync(back)) {
    // Killed between the two renames.
    for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true });
    renameSync(back, file);
    syncFolder(privateDir);
    return { aside, lost: undefined };
  }
  const found = storeVersion(file);
  if (found === undefined || found <= knownStoreVersion || !existsSync(copy)) return undefined;
  const lock = lockDirectory(join(privateDir, 'lock.db'));
  try {
    const part = `${back}.part`;
    copyFileSync(copy, part);
    const lost = lostBeyond(part, file, now);
    if (lost !== undefined) noteGapIn(part, lost);
    sync(part);
    renameSync(part, back);
    reached('copy-prepared');
    // What stands in its log belongs to the newer store.
    const newer = new DatabaseSync(file, { timeout: 5000 });
    newer.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    newer.close();
    for (const old of readdirSync(privateDir).filter((name) => name.startsWith('agent.db.newer-'))) {
      rmSync(join(privateDir, old), { force: true });
    }
    renameSync(file, aside);
    reached('newer-aside');
    for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true });
    renameSync(back, file);
    syncFolder(privateDir);
    reached('store-back');
    return { aside, lost };
  } finally {
    lock.release();
  }
}

/** What waits in the newer store and is not in the copy. */
function lostBeyond(copy: string, newer: string, now: Date): Gap | undefined {
  const db = new DatabaseSync(copy, { readOnly: true });
  try {
    const last = db.prepare('SELECT epoch, sequence FROM outbox ORDER BY rowid DESC LIMIT 1').get();
    const beyond =
      last === undefined ? undefined : { epoch: String(last['epoch']), sequence: Number(last['sequence']) };
    const lost = whatWaited(newer, beyond);
    const known = Object.values(lost.counts ?? {}).some((count) => (count ?? 0) > 0);
    const readable = lost.counts !== undefined;
    if (readable && !known) return undefined;
    return { firstAt: now.toISOString(), lastAt: now.toISOString(), ...lost, reason: 'rolled-back' };
  } finally {
    db.close();
  }
}

function sync(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
