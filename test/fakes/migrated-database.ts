/** A new server's data directory without the half second in which the tables are made: they are made once, and copied from then on. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { loadServerKeys } from '../../server/keys.ts';
import { openDatabase } from '../../server/store/database.ts';

let migrated: Promise<Uint8Array> | undefined;

async function migrate(): Promise<Uint8Array> {
  const dir = mkdtempSync(join(tmpdir(), 'kits-migrated-'));
  try {
    const file = join(dir, 'kits.db');
    const db = await openDatabase(file);
    // Closing takes what is in the log beside it into the file.
    await db.destroy();
    return readFileSync(file);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Keys of its own and an empty database, all migrations applied; what is there already stays as it is. */
export async function prepareDataDir(dataDir: string): Promise<void> {
  const file = join(dataDir, 'kits.db');
  if (existsSync(file)) return;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  // Before the database: the keys of one that is in use are never made anew.
  await loadServerKeys(dataDir, false);
  migrated ??= migrate();
  writeFileSync(file, await migrated, { mode: 0o600 });
  const db = new DatabaseSync(file);
  // Nobody waits here for the disk: no power fails between this and the server's own first word.
  db.exec('PRAGMA synchronous = OFF');
  // Each server is an installation of its own.
  db.prepare('UPDATE installation SET id = ?').run(randomUUID());
  db.close();
}
