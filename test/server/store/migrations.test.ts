import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
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

const folder = join(import.meta.dirname, '../../../server/store/migrations');
const names = readdirSync(folder)
  .map((name) => name.replace(/\.ts$/, ''))
  .sort();

/** Every table, index and trigger as it was made, by name. */
function layoutOf(file: string): unknown[] {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db
      .prepare(`SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name`)
      .all();
  } finally {
    db.close();
  }
}

test.each(names.filter((name, index) => index === 0 || name >= '0010'))(
  'a database that has come to %s becomes what a fresh one is',
  async (last) => {
    const file = join(dir, 'kits.db');
    const migrations: Record<string, Migration> = {};
    for (const name of names.filter((each) => each <= last))
      migrations[name] = await import(join(folder, `${name}.ts`));
    const old = new Kysely<Schema>({ dialect: sqliteDialect(file) });
    const { error } = await new Migrator({
      db: old,
      provider: { getMigrations: async () => migrations },
    }).migrateToLatest();
    expect(error).toBeUndefined();
    await old.destroy();
    const fresh = join(dir, 'fresh.db');
    for (const each of [fresh, file]) await (await openDatabase(each)).destroy();
    expect(layoutOf(file)).toEqual(layoutOf(fresh));
    const db = new DatabaseSync(file, { readOnly: true });
    const applied = db.prepare('SELECT name FROM kysely_migration ORDER BY name').all();
    db.close();
    expect(applied.map(({ name }) => name)).toEqual(names);
  },
);
