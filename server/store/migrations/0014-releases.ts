/** Releases of the agent as their maker signed them, and who is offered them. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('releases')
    .addColumn('sequence', 'integer', (column) => column.primaryKey())
    .addColumn('platform', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('minimum_version', 'text', (column) => column.notNull())
    .addColumn('sha256', 'text', (column) => column.notNull())
    .addColumn('size', 'integer', (column) => column.notNull())
    .addColumn('file_name', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'text', (column) => column.notNull())
    .addColumn('jws', 'text', (column) => column.notNull())
    .addColumn('published_at', 'text', (column) => column.notNull())
    .addColumn('published_by', 'text', (column) => column.notNull())
    .execute();
  // '' stands for all of them: a primary key holds no null.
  await db.schema
    .createTable('release_rollouts')
    .addColumn('sequence', 'integer', (column) => column.notNull().references('releases.sequence').onDelete('cascade'))
    .addColumn('municipality_id', 'text', (column) => column.notNull())
    .addColumn('ring', 'text', (column) => column.notNull())
    .addColumn('percent', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('release_rollouts_key', ['sequence', 'municipality_id', 'ring'])
    .execute();
}
