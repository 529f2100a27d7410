/** Opens the server's database: refuses what a newer server wrote, brings an older one up to date. */
import { existsSync } from 'node:fs';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import * as start from './migrations/0001-start.ts';
import * as patchesAndExceptions from './migrations/0002-patches-and-exceptions.ts';
import * as groupsAndPolicies from './migrations/0003-groups-and-policies.ts';
import * as notices from './migrations/0004-notices.ts';
import * as gaps from './migrations/0005-gaps.ts';
import * as ingest from './migrations/0006-ingest.ts';
import * as backups from './migrations/0008-backups.ts';
import * as noticeAnswers from './migrations/0009-notice-answers.ts';
import * as noticesConsole from './migrations/0010-notices-console.ts';
import * as retention from './migrations/0011-retention.ts';
import * as wordsVersion from './migrations/0012-words-version.ts';
import * as timeCorrections from './migrations/0013-time-corrections.ts';
import * as releases from './migrations/0014-releases.ts';
import * as statedNames from './migrations/0015-stated-names.ts';
import * as clocks from './migrations/0016-clocks.ts';
import type { Schema } from './schema.ts';
import { appliedMigrations, sqliteDialect } from './sqlite.ts';

export type Database = Kysely<Schema>;

/** In the order in which they are applied. A migration that has been released is never changed. */
const migrations = {
  '0001-start': start,
  '0002-patches-and-exceptions': patchesAndExceptions,
  '0003-groups-and-policies': groupsAndPolicies,
  '0004-notices': notices,
  '0005-gaps': gaps,
  '0006-ingest': ingest,
  '0008-backups': backups,
  '0009-notice-answers': noticeAnswers,
  '0010-notices-console': noticesConsole,
  '0011-retention': retention,
  '0012-words-version': wordsVersion,
  '0013-time-corrections': timeCorrections,
  '0014-releases': releases,
  '0015-stated-names': statedNames,
  '0016-clocks': clocks,
};

/** The file was written by a newer server; it was not touched. */
export class NewerDatabase extends Error {
  override readonly name = 'NewerDatabase';
  constructor(file: string, unknown: readonly string[]) {
    super(
      `${file} was written by a newer KITS server (it knows ${unknown.join(', ')}, this one does not). ` +
        'Nothing was changed. Start the newer version, or restore a backup made with this one.',
    );
  }
}

/** Whether opening the file would change its tables. Reads only. Throws `NewerDatabase`. */
export function isOlder(file: string): boolean {
  const applied = appliedMigrations(file);
  refuseNewer(file, applied);
  return Object.keys(migrations).some((name) => !applied.includes(name));
}

function refuseNewer(file: string, applied: readonly string[]): void {
  const unknown = applied.filter((name) => !Object.hasOwn(migrations, name));
  if (unknown.length > 0) throw new NewerDatabase(file, unknown);
}

/** Throws `NewerDatabase`, or the first error of a migration; then nothing of that migration was kept. */
export async function openDatabase(file: string): Promise<Database> {
  if (existsSync(file)) refuseNewer(file, appliedMigrations(file));
  const db = new Kysely<Schema>({ dialect: sqliteDialect(file) });
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw error;
  }
  return db;
}
