/** The one place of the agent that knows `node:sqlite`. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

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
 * Opens a durable SQLite file and brings it to the version given by the number of `steps` (SQL, applied in order, each in
 * its own transaction). Throws `NewerStore` without a change when the file is ahead.
 */
export function openSqlite(file: string, steps: readonly string[]): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
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
 * lock is ever left. Throws `AgentRunning` while another process holds it.
 */
export function lockDirectory(file: string): { release(): void } {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new AgentRunning(file, { cause });
  }
  return { release: () => database.close() };
}
