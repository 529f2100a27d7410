/** Which notices each device has said it holds. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('notice_deliveries')
    .addColumn('notice_id', 'text', (column) => column.notNull())
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('delivered_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('notice_deliveries_key', ['notice_id', 'device_id'])
    .execute();
  await db.schema.alterTable('devices').addColumn('notices_noted', 'text').execute();
  // The list of one municipality, youngest first.
  await db.schema.createIndex('notices_by_place').on('notices').columns(['municipality_id', 'number']).execute();
}
