/** The one place that knows `node:sqlite`: opens a database file for Kysely's SQLite dialect. */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';

/** Statements kept prepared; the queries of the server are a few hundred different ones. */
const maxPrepared = 500;

/**
 * A durable SQLite file: write-ahead log, every commit reaches the disk, foreign keys hold.
 * Waits up to 5 s for another process that writes (an administrator's command beside the server).
 */
export function sqliteDialect(file: string): SqliteDialect {
  return new SqliteDialect({ database: async () => open(file) });
}

function open(file: string): SqliteDatabase {
  ownFile(file);
  const database = new DatabaseSync(file, { timeout: 5000, enableForeignKeyConstraints: true });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;');
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const known = prepared.get(sql);
      if (known !== undefined) return known;
      if (prepared.size >= maxPrepared) prepared.clear();
      // A transaction that reads first and writes later must not find that another process wrote in between.
      const made =
        sql === 'rollback' ? rollback(database) : adapt(database.prepare(sql === 'begin' ? 'begin immediate' : sql));
      prepared.set(sql, made);
      return made;
    },
  };
}

/**
 * Makes a missing file readable by its owner only, also in a directory others may enter; SQLite gives its further files
 * the same mode. A file that is there is not opened: closing it again would let go of the locks this process has on it.
 */
function ownFile(file: string): void {
  try {
    closeSync(openSync(file, 'ax', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function adapt(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]): SQLInputValue[] => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}

/** A full disk ends a transaction by itself; rolling back once more would hide that error behind another one. */
function rollback(database: DatabaseSync): SqliteStatement {
  const run = (): { changes: number; lastInsertRowid: number } => {
    if (database.isTransaction) database.exec('rollback');
    return { changes: 0, lastInsertRowid: 0 };
  };
  return { reader: false, all: () => [], run, iterate: () => [].values() };
}

/** The names of applied migrations, read without changing a byte of the file; empty for a new file. */
export function appliedMigrations(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const table = database
      .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'kysely_migration'")
      .get();
    if (table === undefined) return [];
    return database
      .prepare('SELECT name FROM kysely_migration ORDER BY name')
      .all()
      .map((row) => String(row['name']));
  } finally {
    database.close();
  }
}

/** True when SQLite says that the disk, not the request, is the reason: the sender should try again later. */
export function isStorageFull(error: unknown): boolean {
  // SQLITE_FULL, and SQLITE_IOERR: a full disk shows as either, depending on which file could not grow.
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' && ((code & 0xff) === 13 || (code & 0xff) === 10);
}

/**
 * Holds a directory for this process. The system releases it when the process ends, however it ends, so there is no
 * stale lock to clean up. Throws `AlreadyRunning` while another process holds it.
 */
export function lockDirectory(file: string): { release(): void } {
  ownFile(file);
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new AlreadyRunning(file, { cause });
  }
  return { release: () => database.close() };
}

export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';
  constructor(file: string, options?: ErrorOptions) {
    super(
      `Another KITS server works on this data directory (it holds ${file}). ` +
        'End it first, or start this one with another --data-dir.',
      options,
    );
  }
}
