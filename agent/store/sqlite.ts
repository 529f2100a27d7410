/** The agent's own files in SQLite. Databases of other programs are read by platform/reader-database.ts. */
import { accessSync, chmodSync, closeSync, constants, lstatSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';

/** The store was written by a newer agent; it was not touched. */
export class NewerStore extends Error {
  override readonly name = 'NewerStore';
  constructor(file: string, found: number, known: number) {
    super(
      `${file} was written by a newer KITS Agent (store version ${found}, this one knows ${known}). ` +
        'Nothing was changed. Install the newer version again.',
    );
  }
}

/** The disk is full or takes no writing, or the directory cannot be used; nothing was changed. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  constructor(file: string, failure: unknown) {
    const cause = readOnlyError(dirname(file)) ?? failure;
    super(
      `${file} cannot be written (${(cause as Error).message}). Make room on the disk, or make it writable again; ` +
        'the agent goes on by itself then.',
      { cause },
    );
  }
}

/** SQLite says only that it cannot open a file where the whole disk is read-only. */
function readOnlyError(directory: string): Error | undefined {
  try {
    accessSync(directory, constants.W_OK);
    return undefined;
  } catch (error) {
    return systemCode(error) === 'EROFS' ? (error as Error) : undefined;
  }
}

/** https://sqlite.org/rescode.html, primary codes. */
const codeOf = (error: unknown): number => Number((error as { errcode?: unknown } | null)?.errcode) & 0xff;
const [busy, readOnly, ioError, corrupt, full, cannotOpen, notADatabase] = [5, 8, 10, 11, 13, 14, 26];

/** The disk and not the data is the reason: full, read-only, gone. It may be better in a minute. */
export function isStorageFailure(error: unknown): boolean {
  if (error instanceof StoreUnavailable || [readOnly, ioError, full, cannotOpen].includes(codeOf(error))) return true;
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'].includes(systemCode(error));
}

const systemCode = (error: unknown): string => String((error as NodeJS.ErrnoException | null)?.code);

/** How the disk fails, as a stable word. */
export function storageFault(error: unknown): 'disk-full' | 'disk-read-only' | 'disk-failed' {
  const cause = error instanceof StoreUnavailable ? error.cause : error;
  if (codeOf(cause) === full || ['ENOSPC', 'EDQUOT'].includes(systemCode(cause))) return 'disk-full';
  if (codeOf(cause) === readOnly || systemCode(cause) === 'EROFS') return 'disk-read-only';
  return 'disk-failed';
}

/** The file holds something else than what was written. It will not get better by itself. */
export function isDamaged(error: unknown): boolean {
  return [corrupt, notADatabase].includes(codeOf(error));
}

/** Another process works on this data directory. */
export class AgentRunning extends Error {
  override readonly name = 'AgentRunning';
  constructor(file: string, options?: ErrorOptions) {
    super(
      `Another KITS Agent works on this data directory (it holds ${file}). ` +
        'If it is the service, end it first ("systemctl stop kits-agent"); otherwise name another directory with --data-dir.',
      options,
    );
  }
}

/**
 * A database for the owner alone, whatever the umask; its journals take the mode of the file. An empty file is a new database
 * for SQLite. Only by its name once it is there: closing a descriptor would let go of the locks this process holds on it.
 */
export function keepPrivate(file: string): void {
  try {
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) closeSync(openSync(file, 'wx', 0o600));
    for (const path of [file, `${file}-wal`, `${file}-shm`]) {
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found?.isFile() === true && (found.mode & 0o077) !== 0) chmodSync(path, 0o600);
    }
  } catch {
    // What stands in the way is said when the file is opened.
  }
}

/**
 * Opens a durable SQLite file and brings it to the version given by the number of `steps` (SQL, applied in order, each in
 * its own transaction). Throws `NewerStore` without a change when the file is ahead.
 */
export function openSqlite(file: string, steps: readonly string[]): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  keepPrivate(file);
  const database = new DatabaseSync(file, { timeout: 2000, enableForeignKeyConstraints: true });
  try {
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (version > steps.length) throw new NewerStore(file, version, steps.length);
    // FULL: a commit has reached the disk before anything is sent because of it.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;');
    for (const [index, step] of steps.entries()) {
      if (index < version) continue;
      database.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT`);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Holds a data directory for this process. The system lets go of it when the process ends, however it ends, so no stale
 * lock is ever left. Throws `AgentRunning` while another process holds it, at most `waitMs` later, and `StoreUnavailable`
 * when nothing can be written.
 */
export function lockDirectory(file: string, waitMs = 0): { release(): void } {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    keepPrivate(file);
    database = new DatabaseSync(file, { timeout: waitMs });
    database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    const held = database;
    return { release: () => held.close() };
  } catch (cause) {
    database?.close();
    if (codeOf(cause) === busy) throw new AgentRunning(file, { cause });
    if (!isDamaged(cause)) throw new StoreUnavailable(file, cause);
  }
  // It holds no data, only the lock; nobody can hold a lock on what is no database.
  rmSync(file, { force: true });
  return lockDirectory(file, waitMs);
}

/** One row as SQLite hands it out. */
export type Row = Readonly<Record<string, SQLOutputValue>>;
export const text = (row: Row, column: string): string => String(row[column]);
export const whole = (row: Row, column: string): number => Number(row[column]);
