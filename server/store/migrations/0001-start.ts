/** The first schema. A migration names every table and column itself and imports nothing that can change later. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // Auto-numbered ids are the one thing both databases spell differently in their column types.
  const numbered = 'integer';
  await db.schema
    .createTable('municipalities')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('approval_required', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('enrolment_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('municipality_id', 'text', (column) => column.notNull().references('municipalities.id'))
    .addColumn('secret_hash', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'text', (column) => column.notNull())
    .addColumn('uses_left', 'integer', (column) => column.notNull().check(sql`uses_left >= 0`))
    .addColumn('revoked_at', 'text')
    .execute();
  await db.schema
    .createTable('devices')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('municipality_id', 'text', (column) => column.notNull().references('municipalities.id'))
    .addColumn('key_thumbprint', 'text', (column) => column.notNull().unique())
    .addColumn('key_x', 'text', (column) => column.notNull())
    .addColumn('hostname', 'text', (column) => column.notNull())
    .addColumn('platform', 'text', (column) => column.notNull())
    .addColumn('agent_version', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('enrolled_at', 'text', (column) => column.notNull())
    .addColumn('last_heard_at', 'text')
    .addColumn('clock_offset_seconds', 'bigint')
    .addColumn('store_epoch', 'text')
    .addColumn('acknowledged_sequence', 'bigint', (column) => column.notNull())
    .addColumn('facts_epoch', 'text')
    .addColumn('facts_created_at', 'text')
    .addColumn('judged_at', 'text')
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('proof_issued_at', 'bigint', (column) => column.notNull())
    .addColumn('proof_counter', 'bigint', (column) => column.notNull())
    .addColumn('light', 'text', (column) => column.notNull())
    .addColumn('light_rank', 'integer', (column) => column.notNull())
    .addColumn('worst_rule', 'text')
    .addColumn('worst_verdict', 'text')
    .addColumn('worst_reason', 'text')
    .addColumn('inventory_number', 'text')
    .addColumn('location', 'text')
    .addColumn('office', 'text')
    .addColumn('note', 'text')
    .addColumn('os_name', 'text')
    .addColumn('model', 'text')
    .addColumn('serial_number', 'text')
    .addColumn('search_text', 'text', (column) => column.notNull())
    .addColumn('replaced_by', 'text')
    .execute();
  // One for each order of the device list, by exactly the expressions it sorts by.
  const name = sql`lower(substr(hostname, 1, 24))`;
  const orders = {
    devices_by_hostname: [name],
    devices_by_municipality: [sql`municipality_id`, name],
    devices_by_light: [sql`light_rank`, name],
    devices_by_last_heard: [sql`coalesce(last_heard_at, '')`, name],
    devices_by_os: [sql`lower(substr(coalesce(os_name, ''), 1, 24))`, name],
  };
  for (const [index, keys] of Object.entries(orders)) {
    await db.schema
      .createIndex(index)
      .on('devices')
      .expression(sql`${sql.join([...keys, sql`id`])}`)
      .execute();
  }
  // Answers the overview and the counts of the list by itself.
  await db.schema
    .createIndex('devices_by_state')
    .on('devices')
    .columns(['municipality_id', 'state', 'light', 'last_heard_at'])
    .execute();
  await db.schema.createIndex('devices_by_judged').on('devices').columns(['judged_at', 'id']).execute();
  await db.schema
    .createIndex('devices_by_serial_number')
    .on('devices')
    .columns(['municipality_id', 'serial_number'])
    .execute();
  await db.schema
    .createTable('device_epochs')
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('store_epoch', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('envelope_hash', 'text', (column) => column.notNull())
    .addColumn('first_seen_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('device_epochs_key', ['device_id', 'store_epoch'])
    .execute();
  await db.schema
    .createTable('reports')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('municipality_id', 'text', (column) => column.notNull().references('municipalities.id'))
    .addColumn('store_epoch', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('class', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('received_at', 'text', (column) => column.notNull())
    .addColumn('envelope_jws', 'text', (column) => column.notNull())
    .addColumn('envelope_hash', 'text', (column) => column.notNull())
    .addColumn('body', 'blob', (column) => column.notNull())
    .addColumn('body_bytes', 'bigint', (column) => column.notNull())
    .addColumn('wire_bytes', 'bigint', (column) => column.notNull())
    .addColumn('receipt_jws', 'text', (column) => column.notNull())
    .addUniqueConstraint('reports_place', ['device_id', 'store_epoch', 'sequence'])
    .execute();
  await db.schema.createIndex('reports_by_time').on('reports').columns(['device_id', 'received_at', 'id']).execute();
  await db.schema
    .createTable('report_sections')
    .addColumn('report_id', 'text', (column) => column.notNull().references('reports.id').onDelete('cascade'))
    .addColumn('section_id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('changed', 'integer', (column) => column.notNull())
    .addColumn('problems', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('report_sections_key', ['report_id', 'section_id'])
    .execute();
  await db.schema
    .createTable('sections')
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('section_id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('collected_at', 'text', (column) => column.notNull())
    .addColumn('duration_ms', 'integer', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('data', 'text')
    .addColumn('facts_held', 'integer', (column) => column.notNull())
    .addColumn('problems', 'text', (column) => column.notNull())
    .addColumn('received_at', 'text', (column) => column.notNull())
    .addColumn('report_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('sections_key', ['device_id', 'section_id'])
    .execute();
  await db.schema
    .createTable('device_hardware')
    .addColumn('device_id', 'text', (column) => column.primaryKey().references('devices.id'))
    .addColumn('manufacturer', 'text')
    .addColumn('model', 'text')
    .addColumn('serial_number', 'text')
    .addColumn('chassis', 'text')
    .addColumn('virtualization', 'text')
    .addColumn('firmware_version', 'text')
    .addColumn('cpu_model', 'text')
    .addColumn('cpu_cores', 'integer')
    .addColumn('cpu_threads', 'integer')
    .addColumn('memory_bytes', 'bigint')
    .addColumn('os_id', 'text')
    .addColumn('os_name', 'text')
    .addColumn('os_version', 'text')
    .addColumn('kernel', 'text')
    .addColumn('architecture', 'text')
    .addColumn('uptime_days', 'integer')
    .execute();
  await db.schema
    .createTable('device_packages')
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('architecture', 'text', (column) => column.notNull())
    .addColumn('version', 'text')
    .addColumn('publisher', 'text')
    .addColumn('status', 'text')
    .execute();
  // Names can repeat on Windows (two entries of one program), so this is an index and no key.
  await db.schema.createIndex('device_packages_by_device').on('device_packages').column('device_id').execute();
  await db.schema.createIndex('device_packages_by_name').on('device_packages').columns(['name', 'version']).execute();
  await db.schema
    .createTable('device_volumes')
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('mount_point', 'text', (column) => column.notNull())
    .addColumn('file_system', 'text', (column) => column.notNull())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('free_bytes', 'bigint', (column) => column.notNull())
    .addColumn('system', 'integer', (column) => column.notNull())
    .addColumn('remote', 'integer', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('device_volumes_by_device').on('device_volumes').column('device_id').execute();
  await db.schema
    .createTable('device_interfaces')
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('mac_address', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('speed_mbps', 'integer')
    .addColumn('addresses', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('device_interfaces_by_device').on('device_interfaces').column('device_id').execute();
  await db.schema
    .createTable('verdicts')
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('rule_id', 'text', (column) => column.notNull())
    .addColumn('verdict', 'text', (column) => column.notNull())
    .addColumn('severity', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('values', 'text', (column) => column.notNull())
    .addColumn('evidence', 'text', (column) => column.notNull())
    .addColumn('since', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('verdicts_key', ['device_id', 'rule_id'])
    .execute();
  await db.schema
    .createTable('device_events')
    .addColumn('id', numbered, (column) => column.primaryKey().autoIncrement())
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('device_events_by_device').on('device_events').columns(['device_id', 'id']).execute();
  await db.schema
    .createTable('users')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('password_hash', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('disabled_at', 'text')
    .execute();
  await db.schema
    .createTable('user_municipalities')
    .addColumn('user_id', 'text', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('municipality_id', 'text', (column) => column.notNull().references('municipalities.id'))
    .addPrimaryKeyConstraint('user_municipalities_key', ['user_id', 'municipality_id'])
    .execute();
  await db.schema
    .createTable('sign_in_links')
    .addColumn('secret_hash', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'text', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('expires_at', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('sessions')
    .addColumn('secret_hash', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'text', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('csrf_token', 'text', (column) => column.notNull())
    .addColumn('by_link', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('api_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('secret_hash', 'text', (column) => column.notNull().unique())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('municipality_id', 'text', (column) => column.references('municipalities.id'))
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('revoked_at', 'text')
    .execute();
  await db.schema
    .createTable('audit')
    .addColumn('id', numbered, (column) => column.primaryKey().autoIncrement())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('municipality_id', 'text')
    .addColumn('target', 'text')
    .addColumn('detail', 'text')
    .execute();
  await db.schema.createIndex('audit_by_municipality').on('audit').columns(['municipality_id', 'id']).execute();
  await db.schema
    .createTable('readiness')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('at', 'text', (column) => column.notNull())
    .execute();
}
