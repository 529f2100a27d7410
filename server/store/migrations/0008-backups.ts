/** How each device is backed up, its runs, what backup servers say of it, and restore tests. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  const columns = [
    'backup_presence',
    'backup_products',
    'backup_success_at',
    'backup_rule',
    'backup_reason',
    'backup_two_sided',
    'backup_restore',
    'restore_tested_at',
  ] as const;
  for (const column of columns) await db.schema.alterTable('devices').addColumn(column, 'text').execute();
  // 2 = unknown, which every device is until it was judged.
  await db.schema
    .alterTable('devices')
    .addColumn('backup_rank', 'integer', (column) => column.notNull().defaultTo(2))
    .execute();
  // Answers the overview by itself: the day, not the moment, so that equal devices fall into few groups.
  await db.schema
    .createIndex('devices_by_backup')
    .on('devices')
    .expression(
      sql`municipality_id, state, backup_rank, backup_rule, backup_reason, backup_presence, backup_two_sided, backup_restore, backup_products, substr(coalesce(backup_success_at, ''), 1, 10)`,
    )
    .execute();
  // The list, worst first, of all municipalities and of one; with what it is filtered by, so that rows are read only for
  // what is shown.
  const order = sql`backup_rank, coalesce(backup_success_at, ''), id`;
  const filters = sql`state, backup_presence, backup_two_sided, backup_restore, backup_reason, backup_products`;
  await db.schema
    .createIndex('devices_by_backup_order')
    .on('devices')
    .expression(sql`${order}, municipality_id, ${filters}`)
    .execute();
  await db.schema
    .createIndex('devices_by_own_backup_order')
    .on('devices')
    .expression(sql`municipality_id, ${order}, ${filters}`)
    .execute();
  await db.schema
    .createTable('backup_runs')
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('product_id', 'text', (column) => column.notNull())
    .addColumn('job_id', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('product_name', 'text', (column) => column.notNull())
    .addColumn('job_name', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text')
    .addColumn('ended_at', 'text')
    .addColumn('result', 'text', (column) => column.notNull())
    .addColumn('code', 'text')
    .addColumn('evidence', 'text', (column) => column.notNull())
    .addColumn('first_seen_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('backup_runs_key', ['device_id', 'product_id', 'job_id', 'at'])
    .execute();
  await db.schema.createIndex('backup_runs_by_time').on('backup_runs').columns(['device_id', 'at']).execute();
  await db.schema
    .createTable('backup_servers')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('municipality_id', 'text', (column) => column.notNull().references('municipalities.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('secret_hash', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('last_used_at', 'text')
    .addColumn('revoked_at', 'text')
    .execute();
  await db.schema
    .createIndex('backup_servers_by_name')
    .unique()
    .on('backup_servers')
    .columns(['municipality_id', 'name'])
    .where(sql.ref('revoked_at'), 'is', null)
    .execute();
  await db.schema
    .createTable('backup_evidence')
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('server_id', 'text', (column) => column.notNull().references('backup_servers.id'))
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('newest_at', 'text', (column) => column.notNull())
    .addColumn('restore_points', 'bigint')
    .addColumn('bytes', 'bigint')
    .addColumn('received_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('backup_evidence_key', ['device_id', 'server_id', 'source'])
    .execute();
  await db.schema.createIndex('backup_evidence_by_server').on('backup_evidence').column('server_id').execute();
  await db.schema
    .createTable('restore_tests')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('tested_by', 'text')
    .addColumn('product_id', 'text')
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('sample', 'text')
    .addColumn('result', 'text', (column) => column.notNull())
    .addColumn('files', 'bigint', (column) => column.notNull())
    .addColumn('different', 'bigint', (column) => column.notNull())
    .addColumn('bytes', 'bigint')
    .addColumn('duration_seconds', 'bigint')
    .addColumn('note', 'text')
    .addColumn('entered_at', 'text', (column) => column.notNull())
    .addColumn('entered_by', 'text')
    .addColumn('withdrawn_at', 'text')
    .addColumn('withdrawn_by', 'text')
    .execute();
  await db.schema.createIndex('restore_tests_by_device').on('restore_tests').columns(['device_id', 'at']).execute();
  // Sections from before are asked for once more, because these tables are filled when a section arrives.
  await sql`update sections set data = null, facts_held = 0 where section_id = 'backup' and data is not null`.execute(
    db,
  );
  await sql`update devices set judged_at = null`.execute(db);
}
