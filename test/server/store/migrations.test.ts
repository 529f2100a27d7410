import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../../server/store/database.ts';
import * as start from '../../../server/store/migrations/0001-start.ts';
import type { Schema } from '../../../server/store/schema.ts';
import { sqliteDialect } from '../../../server/store/sqlite.ts';
import { deviceRow } from '../api/staffed-server.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kits-migrations-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a database of the first version keeps its devices, which are judged anew', async () => {
  const file = join(dir, 'kits.db');
  const old = new Kysely<Schema>({ dialect: sqliteDialect(file) });
  const migrations = { '0001-start': start };
  const { error } = await new Migrator({
    db: old,
    provider: { getMigrations: async () => migrations },
  }).migrateToLatest();
  expect(error).toBeUndefined();
  await old
    .insertInto('municipalities')
    .values({ id: 'm', name: 'Wasungen', approval_required: 0, created_at: '2026-01-01T00:00:00Z' })
    .execute();
  await old
    .insertInto('devices')
    .values(deviceRow('m', { hostname: 'pc-01', judged_at: '2026-11-24T08:59:00.000Z' }))
    .execute();
  await old.destroy();

  const db = await openDatabase(file);
  const devices = await db.selectFrom('devices').selectAll().execute();
  expect(devices).toMatchObject([
    { hostname: 'pc-01', judged_at: null, pattern_id: null, security_missing: null, restart_due: null, scan_on: null },
  ]);
  await db.destroy();
});
