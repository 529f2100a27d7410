/** Updates across the fleet, what the verdicts of a device say in short, exceptions, and changes of software. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  const numbered = 'integer';
  for (const column of ['scan_on', 'restart_since'] as const)
    await db.schema.alterTable('devices').addColumn(column, 'text').execute();
  for (const column of ['security_missing', 'restart_due', 'pattern_id'] as const)
    await db.schema.alterTable('devices').addColumn(column, 'integer').execute();
  // Each answers its overview by itself.
  await db.schema
    .createIndex('devices_by_patches')
    .on('devices')
    .columns(['municipality_id', 'state', 'security_missing', 'scan_on', 'restart_due', 'restart_since'])
    .execute();
  await db.schema
    .createIndex('devices_by_pattern')
    .on('devices')
    .columns(['municipality_id', 'state', 'pattern_id'])
    .execute();
  await db.schema
    .createTable('verdict_patterns')
    .addColumn('id', numbered, (column) => column.primaryKey().autoIncrement())
    .addColumn('pattern', 'text', (column) => column.notNull().unique())
    .execute();
  await db.schema
    .createTable('update_variants')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('update_id', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('candidate_version', 'text', (column) => column.notNull())
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('security_rank', 'integer', (column) => column.notNull())
    .addColumn('severity_rank', 'integer', (column) => column.notNull())
    .addColumn('search_text', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('device_updates')
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('update_id', 'text', (column) => column.notNull())
    .addColumn('variant_id', 'text', (column) => column.notNull().references('update_variants.id'))
    .addColumn('installed_version', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('since', 'text', (column) => column.notNull())
    .addColumn('held', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('device_updates_key', ['device_id', 'update_id'])
    .execute();
  await db.schema
    .createIndex('device_updates_by_update')
    .on('device_updates')
    .columns(['update_id', 'since', 'device_id'])
    .execute();
  await db.schema
    .createTable('update_counts')
    .addColumn('municipality_id', 'text', (column) => column.notNull().references('municipalities.id'))
    .addColumn('variant_id', 'text', (column) => column.notNull().references('update_variants.id'))
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('since', 'text', (column) => column.notNull())
    .addColumn('update_id', 'text', (column) => column.notNull())
    .addColumn('security_rank', 'integer', (column) => column.notNull())
    .addColumn('severity_rank', 'integer', (column) => column.notNull())
    .addColumn('devices', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('update_counts_key', ['municipality_id', 'variant_id', 'state', 'since'])
    .execute();
  // Answers the list of updates by itself, one update after the other.
  await db.schema
    .createIndex('update_counts_by_update')
    .on('update_counts')
    .columns(['update_id', 'municipality_id', 'state', 'since', 'security_rank', 'severity_rank', 'devices'])
    .execute();
  await db.schema
    .createTable('exceptions')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('rule_id', 'text', (column) => column.notNull())
    .addColumn('municipality_id', 'text', (column) => column.notNull().references('municipalities.id'))
    .addColumn('device_id', 'text', (column) => column.references('devices.id'))
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('approved_by', 'text', (column) => column.notNull())
    .addColumn('approved_at', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'text', (column) => column.notNull())
    .addColumn('entered_by', 'text', (column) => column.notNull())
    .addColumn('withdrawn_at', 'text')
    .addColumn('withdrawn_by', 'text')
    .execute();
  await db.schema
    .createIndex('exceptions_by_holder')
    .on('exceptions')
    .columns(['municipality_id', 'device_id'])
    .execute();
  await db.schema.createIndex('exceptions_by_time').on('exceptions').columns(['approved_at', 'id']).execute();
  await db.schema.createIndex('exceptions_by_end').on('exceptions').column('expires_at').execute();
  await db.schema
    .createTable('software_changes')
    .addColumn('id', numbered, (column) => column.primaryKey().autoIncrement())
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('report_id', 'text', (column) => column.notNull())
    .addColumn('received_at', 'text', (column) => column.notNull())
    .addColumn('compared_with', 'text', (column) => column.notNull())
    .addColumn('changes', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('software_changes_by_device')
    .on('software_changes')
    .columns(['device_id', 'id'])
    .execute();
  await db.schema
    .createTable('software_baselines')
    .addColumn('device_id', 'text', (column) => column.primaryKey().references('devices.id'))
    .addColumn('data', 'text', (column) => column.notNull())
    .addColumn('received_at', 'text', (column) => column.notNull())
    .execute();
  // Judged anew in the next minute, which gives every device its pattern.
  await sql`update devices set judged_at = null`.execute(db);
}
