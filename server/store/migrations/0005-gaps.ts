/** What the server does not hold of a device's reports, and what the device says about it. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('device_gaps')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('store_epoch', 'text')
    .addColumn('from_sequence', 'integer')
    .addColumn('to_sequence', 'integer')
    .addColumn('counts', 'text')
    .addColumn('first_at', 'text')
    .addColumn('last_at', 'text')
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('fits', 'integer')
    .addColumn('noted_at', 'text', (column) => column.notNull())
    .addColumn('report_id', 'text', (column) => column.references('reports.id'))
    .execute();
  await db.schema
    .createIndex('device_gaps_by_place')
    .on('device_gaps')
    .columns(['device_id', 'store_epoch', 'from_sequence'])
    .execute();
}
