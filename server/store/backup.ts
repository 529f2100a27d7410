/** Consistent copies of the database, and the way back. Keys are files of their own and stay out of both. */
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { keyFilesIn } from '../keys.ts';
import { syncDirectory } from '../whole-file.ts';
import { isOlder } from './database.ts';

/** What was asked for was not done; nothing was changed. The message says why and what to do. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused';
}

export interface DatabaseSummary {
  /** Which installation it belongs to; null for one of a version that did not note it. */
  readonly installation: string | null;
  readonly devices: number;
  readonly reports: number;
  /** Server time; null when there is no report yet. */
  readonly newestReportAt: string | null;
  readonly bytes: number;
}

/**
 * Writes a copy as of one moment, also beside a running server, and reads it through before it gets its name. Throws
 * `BackupRefused` when the target is there already.
 */
export function backUp(databaseFile: string, target: string): DatabaseSummary {
  const file = resolve(target);
  if (existsSync(file))
    throw new BackupRefused(`${file} is there already and is not overwritten. Choose another name.`);
  if (!existsSync(dirname(file))) throw new BackupRefused(`The folder ${dirname(file)} is not there.`);
  const draft = `${file}.part`;
  rmSync(draft, { force: true });
  // Made first, readable by its owner only: SQLite fills an empty file and keeps its mode.
  closeSync(openSync(draft, 'wx', 0o600));
  try {
    const database = new DatabaseSync(databaseFile, { timeout: 5000 });
    try {
      database.prepare('VACUUM INTO ?').run(draft);
    } finally {
      database.close();
    }
    const summary = inspect(draft);
    sync(draft);
    renameSync(draft, file);
    syncDirectory(dirname(file));
    return summary;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Reads every page. Throws `BackupRefused` for what is no whole database of a KITS server, or `NewerDatabase`. */
export function inspect(file: string): DatabaseSummary {
  const noBackup = (why: string): BackupRefused =>
    new BackupRefused(`${file} is no usable backup of a KITS server: ${why}. Nothing was changed.`);
  if (!existsSync(file)) throw noBackup('the file is not there');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    const [found] = database.prepare('PRAGMA integrity_check(1)').all();
    if (found?.['integrity_check'] !== 'ok') throw noBackup(`it is damaged (${String(found?.['integrity_check'])})`);
    isOlder(file);
    const one = (sql: string): unknown => database?.prepare(sql).get()?.['value'];
    const hasInstallation = one("SELECT count(*) AS value FROM sqlite_master WHERE name = 'installation'") === 1;
    const newest = one('SELECT max(received_at) AS value FROM reports');
    return {
      installation: hasInstallation ? String(one('SELECT id AS value FROM installation')) : null,
      devices: Number(one('SELECT count(*) AS value FROM devices')),
      reports: Number(one('SELECT count(*) AS value FROM reports')),
      newestReportAt: typeof newest === 'string' ? newest : null,
      bytes: statSync(file).size,
    };
  } catch (error) {
    if (error instanceof BackupRefused || (error as Error).name === 'NewerDatabase') throw error;
    throw noBackup((error as Error).message);
  } finally {
    database?.close();
  }
}

export interface RestoreOptions {
  /** The database that is there may be replaced, with all it got since the backup. */
  readonly replace: boolean;
  /** … also when the backup is of another installation. */
  readonly otherInstallation: boolean;
}

export interface Restored {
  readonly backup: DatabaseSummary;
  /** Where the database that was there lies now. */
  readonly replacedTo: string | undefined;
}

/**
 * Puts a backup in the place of the database; no server may be running on it (the caller holds the directory). The backup
 * is read through, copied and read through again before anything is replaced, and what is replaced is kept. Throws
 * `BackupRefused` or `NewerDatabase`; then nothing was changed.
 */
export function restore(backupFile: string, dataDir: string, now: Date, options: RestoreOptions): Restored {
  const backup = inspect(resolve(backupFile));
  const file = join(dataDir, 'kits.db');
  if (existsSync(file)) mayReplace(file, backup, options);
  const draft = `${file}.restoring`;
  rmSync(draft, { force: true });
  copyFileSync(resolve(backupFile), draft, constants.COPYFILE_EXCL);
  inspect(draft);
  sync(draft);
  const replacedTo = existsSync(file) ? setAside(file, now) : undefined;
  renameSync(draft, file);
  // Proofs that were used since the backup are not known to it: with a new key none of their nonces counts any more.
  rmSync(keyFilesIn(dataDir).nonce, { force: true });
  syncDirectory(dataDir);
  return { backup, replacedTo };
}

function mayReplace(file: string, backup: DatabaseSummary, { replace, otherInstallation }: RestoreOptions): void {
  let there: DatabaseSummary | undefined;
  try {
    there = inspect(file);
  } catch (error) {
    // The likeliest reasons to restore at all: it is damaged, or a newer server has been at it.
    if (replace) return;
    throw new BackupRefused(
      `The database that is there cannot be compared with the backup. ${(error as Error).message} ` +
        'Add --replace to put the backup in its place; it is kept under another name.',
    );
  }
  if (there.installation !== backup.installation && !otherInstallation) {
    throw new BackupRefused(
      `The backup belongs to another installation than ${file}: its devices are not those of this server. ` +
        'Nothing was changed. Add --other-installation if that is what you want.',
    );
  }
  if (replace) return;
  const since = there.newestReportAt !== null && there.newestReportAt > (backup.newestReportAt ?? '');
  throw new BackupRefused(
    `${file} holds ${there.devices} devices and ${there.reports} reports, the newest of ${there.newestReportAt ?? 'never'}; ` +
      `the backup holds ${backup.devices} and ${backup.reports}, the newest of ${backup.newestReportAt ?? 'never'}. ` +
      (since ? 'What came since would be gone from this server; agents send again what they still keep. ' : '') +
      'Nothing was changed. Add --replace to go on; the database that is there is kept under another name.',
  );
}

/** The old one keeps all it had and a name; the place itself is never empty, or a start would begin a new database there. */
function setAside(file: string, now: Date): string {
  const aside = `${file}.replaced-${now.toISOString().replaceAll(/[:.]/g, '-')}`;
  try {
    const database = new DatabaseSync(file, { timeout: 5000 });
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
  } catch {
    // Damaged: kept as it is, with what belongs to it.
  }
  linkSync(file, aside);
  for (const ending of ['-wal', '-shm']) {
    if (existsSync(`${file}${ending}`)) renameSync(`${file}${ending}`, `${aside}${ending}`);
  }
  return aside;
}

function sync(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
