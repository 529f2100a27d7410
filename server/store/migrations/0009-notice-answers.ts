/** What became of notices at the devices, and suspicions that people at a PC report. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('notice_answers')
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('notice_id', 'text', (column) => column.notNull())
    .addColumn('issued_at', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('until', 'text')
    .addColumn('received_at', 'text', (column) => column.notNull())
    .addColumn('report_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('notice_answers_key', ['device_id', 'request_id'])
    .execute();
  // Counted from the index alone.
  await db.schema
    .createIndex('notice_answers_by_notice')
    .on('notice_answers')
    .columns(['notice_id', 'issued_at', 'kind', 'device_id'])
    .execute();
  await db.schema
    .createTable('suspicions')
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('received_at', 'text', (column) => column.notNull())
    .addColumn('report_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('suspicions_key', ['device_id', 'request_id'])
    .execute();
}
