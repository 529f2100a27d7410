/** What staff ask devices to report at once, and which installation a database belongs to. */
import { randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('report_requests')
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('section_id', 'text', (column) => column.notNull())
    .addColumn('requested_at', 'text', (column) => column.notNull())
    .addColumn('requested_by', 'text', (column) => column.notNull())
    .addColumn('told_epoch', 'text')
    .addColumn('told_sequence', 'bigint')
    .addPrimaryKeyConstraint('report_requests_key', ['device_id', 'section_id'])
    .execute();
  await db.schema
    .createTable('installation')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .execute();
  await sql`insert into installation (id) values (${randomUUID()})`.execute(db);
}
