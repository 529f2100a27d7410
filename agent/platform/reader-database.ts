/**
 * An SQLite database of another program, and perhaps of somebody who means harm: opened without changing anything at its
 * place, and asked only for rows of real tables. Runs inside the reader's process.
 */
import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync, constants as sqlite } from 'node:sqlite';
import type { EncodedValue } from './reader-child.ts';

/** Refused here; `code` in the words of the system. */
export class RefusedRead extends Error {
  override readonly name = 'RefusedRead';
  readonly code: string;
  constructor(code: string, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
  }
}

export interface ForeignDatabase {
  columns(table: string): string[];
  /** Names of the columns, then the rows in their order. */
  rows(
    sql: string,
    params: readonly EncodedValue[],
    bounds: { readonly maxRows: number; readonly maxBytes: number },
  ): { columns: string[]; rows: EncodedValue[][] };
  close(): void;
}

const magic = 'SQLite format 3\0';
const writeAheadLog = 2;
/** Bytes of one value; a database can state a length of a gigabyte that nobody wrote. */
const maxValueBytes = 4 * 1024 * 1024;
const maxTables = 10_000;
/** How long the owner of a database may hold it before a copy is made. */
const lockWaitMs = 200;
const copyTries = 5;
const betweenTriesMs = 100;

/** Throws `RefusedRead`, or what the file system throws. */
export function openForeign(path: string, options: { maxBytes: number; tempFolder: string }): ForeignDatabase {
  // With a write-ahead log even a reader creates files beside the database: only a copy leaves its place as it is.
  if (inspect(path, options.maxBytes) === 'write-ahead') return openCopy(path, options);
  let current: ForeignDatabase | undefined;
  let isCopy = false;
  const asked = <T>(question: (database: ForeignDatabase) => T): T => {
    try {
      current ??= guarded(() => new DatabaseSync(path, { ...openOptions, readOnly: true, timeout: lockWaitMs }));
      return question(current);
    } catch (error) {
      // Held by its owner, or left by a crash in a state only a writer can clean up.
      if (isCopy || !(error instanceof RefusedRead) || error.code !== 'EBUSY') throw error;
      current?.close();
      current = openCopy(path, options);
      isCopy = true;
      return question(current);
    }
  };
  asked(() => undefined);
  return {
    columns: (table) => asked((database) => database.columns(table)),
    rows: (...question) => asked((database) => database.rows(...question)),
    close: () => current?.close(),
  };
}

function openCopy(path: string, options: { maxBytes: number; tempFolder: string }): ForeignDatabase {
  const copy = copied(path, options);
  try {
    // Not read-only: log and journal of the copy are worked into it. The copy is ours.
    const database = guarded(() => new DatabaseSync(copy.file, openOptions));
    const close = (): void => {
      database.close();
      copy.remove();
    };
    return { ...database, close };
  } catch (error) {
    copy.remove();
    throw error;
  }
}

const openOptions = {
  allowExtension: false,
  defensive: true,
  readBigInts: true,
  returnArrays: true,
  limits: { length: maxValueBytes, attach: 0 },
} as const;

/** Looks at the first bytes without opening it as a database. */
function inspect(path: string, maxBytes: number): 'rollback' | 'write-ahead' {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const header = Buffer.alloc(20);
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new RefusedRead('EINVAL');
    if (found.size > maxBytes) throw new RefusedRead('EFBIG');
    const length = readSync(descriptor, header, 0, header.length, 0);
    if (length < header.length || header.toString('latin1', 0, magic.length) !== magic) throw new RefusedRead('EINVAL');
    return header[18] === writeAheadLog || header[19] === writeAheadLog ? 'write-ahead' : 'rollback';
  } finally {
    closeSync(descriptor);
  }
}

let copies = 0;

/** Its name can be read from the list of processes, and everybody may make folders beside it: somebody may have been faster. */
function makeOwn(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    if (!isOwn(folder)) throw new RefusedRead('EPERM', { cause });
  }
}

/** A folder, and nobody else's. Windows has no number to go by: there its list of rights decides. */
export function isOwn(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  const self = process.geteuid?.();
  return found?.isDirectory() === true && (self === undefined || (found.uid === self && (found.mode & 0o077) === 0));
}

/**
 * The database with its log or journal, all from one moment: copied again as long as somebody wrote meanwhile ("EBUSY" in
 * the end). The index of the log (-shm) is left out: SQLite makes it anew, and one of another moment would be wrong.
 */
function copied(path: string, { maxBytes, tempFolder }: { maxBytes: number; tempFolder: string }) {
  copies += 1;
  makeOwn(tempFolder);
  const folder = join(tempFolder, String(copies));
  mkdirSync(folder, { mode: 0o700 });
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
    try {
      rmdirSync(tempFolder);
    } catch {
      // Another copy lies in it.
    }
  };
  const file = join(folder, 'copy');
  const parts = ['', '-wal', '-journal'];
  const stamp = (): string =>
    parts
      .map((part) => statSync(path + part, { throwIfNoEntry: false, bigint: true }))
      .map((found) => (found === undefined ? '-' : `${found.ino} ${found.size} ${found.mtimeNs}`))
      .join();
  try {
    for (let tries = 0; tries < copyTries; tries += 1) {
      if (tries > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, betweenTriesMs);
      const before = stamp();
      for (const part of parts) copyPart(path + part, file + part, maxBytes);
      if (stamp() === before) return { file, remove };
    }
    throw new RefusedRead('EBUSY');
  } catch (error) {
    remove();
    throw error;
  }
}

function copyPart(from: string, to: string, maxBytes: number): void {
  rmSync(to, { force: true });
  const found = statSync(from, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isFile()) throw new RefusedRead('EINVAL');
  if (found.size > maxBytes) throw new RefusedRead('EFBIG');
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  // A journal that names a second one makes SQLite delete that other file, whatever it is.
  if (to.endsWith('-journal') && namesAnother(to)) throw new RefusedRead('EBUSY');
}

const journalMagic = Buffer.from('d9d505f920a163d7', 'hex');

function namesAnother(journal: string): boolean {
  const { size } = statSync(journal);
  const tail = Buffer.alloc(journalMagic.length);
  const descriptor = openSync(journal, constants.O_RDONLY);
  try {
    readSync(descriptor, tail, 0, tail.length, Math.max(0, size - tail.length));
  } finally {
    closeSync(descriptor);
  }
  return tail.equals(journalMagic);
}

/** Only SELECT, only columns of real tables, no recursion; what a view or a virtual table would compute is refused. */
function guarded(open: () => DatabaseSync): ForeignDatabase {
  return translated(() => {
    const database = open();
    try {
      database.exec(
        'PRAGMA trusted_schema = OFF; PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;',
      );
      const tables = realTables(database);
      let own = false;
      database.setAuthorizer((action, first, second, databaseName, viewOrTrigger) => {
        if (own) return sqlite.SQLITE_OK;
        if (action === sqlite.SQLITE_SELECT) return sqlite.SQLITE_OK;
        if (action === sqlite.SQLITE_FUNCTION) {
          return second === 'load_extension' ? sqlite.SQLITE_DENY : sqlite.SQLITE_OK;
        }
        const isReal = tables.has((first ?? '').toLowerCase()) && (databaseName ?? 'main') === 'main';
        return action === sqlite.SQLITE_READ && isReal && viewOrTrigger === null
          ? sqlite.SQLITE_OK
          : sqlite.SQLITE_DENY;
      });
      return {
        columns: (table) =>
          translated(() => {
            if (!tables.has(table.toLowerCase())) return [];
            own = true;
            try {
              const rows = database.prepare('SELECT name FROM pragma_table_info(?)').all(table);
              return (rows as unknown as unknown[][]).map(([name]) => String(name));
            } finally {
              own = false;
            }
          }),
        rows: (sql, params, bounds) => translated(() => boundedRows(database, sql, params, bounds)),
        close: () => database.close(),
      };
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** Names in lower case. A virtual table has no page of its own, a view has none either. */
function realTables(database: DatabaseSync): ReadonlySet<string> {
  const sql = `SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 LIMIT ${maxTables}`;
  const rows = database.prepare(sql).all() as unknown as unknown[][];
  return new Set(rows.map(([name]) => String(name).toLowerCase()));
}

function boundedRows(
  database: DatabaseSync,
  sql: string,
  params: readonly EncodedValue[],
  { maxRows, maxBytes }: { readonly maxRows: number; readonly maxBytes: number },
): { columns: string[]; rows: EncodedValue[][] } {
  const statement = database.prepare(sql);
  const columns = statement.columns().map(({ name }) => name);
  const rows: EncodedValue[][] = [];
  let size = 0;
  for (const row of statement.iterate(...params.map(decoded)) as unknown as Iterable<unknown[]>) {
    if (rows.length >= maxRows) throw new RefusedRead('EFBIG');
    const values = row.map(encoded);
    size += JSON.stringify(values).length;
    if (size > maxBytes) throw new RefusedRead('EFBIG');
    rows.push(values);
  }
  return { columns, rows };
}

function encoded(value: unknown): EncodedValue {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : ['integer', String(value)];
  if (typeof value === 'number') return Number.isFinite(value) ? value : ['real', String(value)];
  return ['blob', Buffer.from(value as Uint8Array).toString('base64')];
}

function decoded(value: EncodedValue): string | number | bigint | null {
  return Array.isArray(value) ? BigInt(value[1] as string) : (value as string | number | null);
}

/** Primary result codes of SQLite (the lowest byte) in the words of the system. */
const codes: Readonly<Record<number, string>> = {
  3: 'EACCES',
  5: 'EBUSY',
  6: 'EBUSY',
  7: 'EFBIG',
  // Read-only, cannot open: a journal to be worked in first. Only a copy can have that done to it.
  8: 'EBUSY',
  14: 'EBUSY',
  18: 'EFBIG',
  23: 'EINVAL',
  26: 'EINVAL',
  // No such table or column, or no SELECT: not the database the caller thinks it is.
  1: 'EINVAL',
};

function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const { errcode } = cause as { errcode?: unknown };
    if (typeof errcode !== 'number') throw cause;
    throw new RefusedRead(codes[errcode & 0xff] ?? 'EIO', { cause });
  }
}
