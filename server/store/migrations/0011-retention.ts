/** What may be removed once it has served its purpose, and which reports have lost their body that way. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('retention')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('swept_on', 'text')
    .addColumn('removed', 'text', (column) => column.notNull())
    .execute();
  await sql`insert into retention (id, settings, removed) values (1, '{}', '{}')`.execute(db);
  await db.schema.alterTable('reports').addColumn('body_removed_at', 'text').execute();
  await db.schema
    .createIndex('reports_with_body')
    .on('reports')
    .columns(['class', 'received_at', 'id'])
    .where('body_removed_at' as never, 'is', null)
    .execute();
  await db.schema.createIndex('notice_answers_by_time').on('notice_answers').column('received_at').execute();
  await db.schema.createIndex('suspicions_by_time').on('suspicions').column('received_at').execute();
}
