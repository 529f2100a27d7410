/**
 * Counts up with everything that may change what devices are told: whoever has worked it out knows whether it still holds.
 * Triggers, so that no way of changing these tables can forget to count.
 */
import { type Kysely, sql } from 'kysely';

const tables = ['policies', 'group_members', 'device_groups', 'exceptions', 'notices'] as const;

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('words_version')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .execute();
  await sql`insert into words_version (id, version) values (1, 1)`.execute(db);
  for (const table of tables) {
    for (const deed of ['insert', 'update', 'delete'] as const) {
      await sql`create trigger ${sql.ref(`${table}_${deed}_counts`)} after ${sql.raw(deed)} on ${sql.table(table)}
        begin update words_version set version = version + 1; end`.execute(db);
    }
  }
}
