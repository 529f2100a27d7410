/**
 * How far the clock of a device was off when it said what a section holds: it may have been set since. And when the last sweep of
 * what is kept no longer was: the measure for the clock of the server.
 */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sections').addColumn('clock_offset_seconds', 'bigint').execute();
  await db.schema.alterTable('retention').addColumn('swept_at', 'text').execute();
  await sql`update retention set swept_at = swept_on || 'T00:00:00.000Z'`.execute(db);
}
