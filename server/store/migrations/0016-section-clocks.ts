/** How far the clock of a device was off when it said what a section holds: it may have been set since. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sections').addColumn('clock_offset_seconds', 'bigint').execute();
}
