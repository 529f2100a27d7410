/** Groups of devices, and policies with all their versions. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('device_groups')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('municipality_id', 'text', (column) => column.notNull().references('municipalities.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('deleted_at', 'text')
    .addColumn('deleted_by', 'text')
    .execute();
  await db.schema
    .createIndex('device_groups_by_name')
    .unique()
    .on('device_groups')
    .columns(['municipality_id', 'name'])
    .where(sql.ref('deleted_at'), 'is', null)
    .execute();
  await db.schema
    .createTable('group_members')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('group_id', 'text', (column) => column.notNull().references('device_groups.id'))
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('added_at', 'text', (column) => column.notNull())
    .addColumn('added_by', 'text', (column) => column.notNull())
    .addColumn('removed_at', 'text')
    .addColumn('removed_by', 'text')
    .execute();
  await db.schema
    .createIndex('group_members_by_device')
    .unique()
    .on('group_members')
    .columns(['device_id', 'group_id'])
    .where(sql.ref('removed_at'), 'is', null)
    .execute();
  await db.schema
    .createIndex('group_members_by_group')
    .on('group_members')
    .columns(['group_id', 'removed_at', 'device_id'])
    .execute();
  const policies = (table: string) =>
    db.schema
      .createTable(table)
      .addColumn('level', 'text', (column) => column.notNull())
      .addColumn('audience_id', 'text', (column) => column.notNull())
      .addColumn('municipality_id', 'text', (column) => column.references('municipalities.id'))
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('settings', 'text', (column) => column.notNull())
      .addColumn('changed_at', 'text', (column) => column.notNull())
      .addColumn('changed_by', 'text', (column) => column.notNull());
  await policies('policies').addPrimaryKeyConstraint('policies_key', ['level', 'audience_id']).execute();
  await policies('policy_versions')
    .addColumn('reason', 'text')
    .addColumn('restored_from', 'integer')
    .addPrimaryKeyConstraint('policy_versions_key', ['level', 'audience_id', 'version'])
    .execute();
  await db.schema
    .createTable('device_policies')
    .addColumn('device_id', 'text', (column) => column.primaryKey().references('devices.id'))
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .execute();
}
