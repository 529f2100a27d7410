/** Notices as they were signed, and the version of the policy each device last named as its own. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('notices')
    // Counts up with every publication, a correction too: whoever looks for news asks for what is beyond the last one.
    .addColumn('number', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('municipality_id', 'text', (column) => column.notNull().references('municipalities.id'))
    .addColumn('group_id', 'text', (column) => column.references('device_groups.id'))
    .addColumn('device_id', 'text', (column) => column.references('devices.id'))
    .addColumn('replaces', 'text')
    .addColumn('recalled', 'integer', (column) => column.notNull())
    .addColumn('issued_at', 'text', (column) => column.notNull())
    .addColumn('valid_from', 'text', (column) => column.notNull())
    .addColumn('valid_until', 'text', (column) => column.notNull())
    .addColumn('jws', 'text', (column) => column.notNull())
    .addColumn('published_at', 'text', (column) => column.notNull())
    .addColumn('published_by', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('notices_by_audience')
    .on('notices')
    .columns(['municipality_id', 'valid_until'])
    .execute();
  await db.schema.alterTable('devices').addColumn('policy_version', 'integer').execute();
}
