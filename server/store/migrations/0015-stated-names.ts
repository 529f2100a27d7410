/** Under which name a notice was acknowledged, where it asks for that. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('notice_answers').addColumn('stated_name', 'text').execute();
  // Few answers have one: the list of a notice, and what has to go.
  await db.schema
    .createIndex('notice_answers_named')
    .on('notice_answers')
    .columns(['notice_id', 'issued_at', 'device_id'])
    .where('stated_name' as never, 'is not', null)
    .execute();
}
