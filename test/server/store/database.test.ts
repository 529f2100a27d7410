import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../../server/store/database.ts';
import { isStorageFull } from '../../../server/store/sqlite.ts';

let dir: string;
let file: string;
let db: Database;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kits-database-'));
  file = join(dir, 'kits.db');
  db = await openDatabase(file);
});
afterEach(async () => {
  await db.destroy();
  rmSync(dir, { recursive: true, force: true });
});

const municipality = (name: string) => ({
  id: name,
  name,
  approval_required: 0 as const,
  created_at: '2026-01-01T00:00:00Z',
});

test('each commit reaches the disk, and references hold', async () => {
  const pragma = async (name: string) =>
    Object.values((await sql.raw(`PRAGMA ${name}`).execute(db)).rows[0] as object)[0];
  expect(await pragma('journal_mode')).toBe('wal');
  expect(await pragma('synchronous')).toBe(2);
  await expect(
    db
      .insertInto('enrolment_tokens')
      .values({
        id: 't',
        municipality_id: 'nowhere',
        secret_hash: 'h',
        created_at: '',
        created_by: '',
        expires_at: '',
        uses_left: 1,
        revoked_at: null,
      })
      .execute(),
  ).rejects.toThrow(/FOREIGN KEY/);
});

test('transactions of one process run one after the other, and one that fails leaves nothing', async () => {
  const insert = (name: string) =>
    db.transaction().execute(async (trx) => {
      await trx.insertInto('municipalities').values(municipality(name)).execute();
      await trx.selectFrom('municipalities').selectAll().execute();
      if (name === 'b') throw new Error('changed its mind');
    });
  const ends = await Promise.allSettled(['a', 'b', 'c'].map(insert));
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  const rows = await db.selectFrom('municipalities').select('name').orderBy('name').execute();
  expect(rows.map(({ name }) => name)).toEqual(['a', 'c']);
});

test('what a transaction has read, another process cannot change before it writes', async () => {
  const other = new DatabaseSync(file, { timeout: 0 });
  const insert = other.prepare("INSERT INTO municipalities VALUES (?, ?, 0, '2026-01-01T00:00:00Z')");
  await db.transaction().execute(async (trx) => {
    await trx.selectFrom('municipalities').selectAll().execute();
    expect(() => insert.run('x', 'x')).toThrow(/locked/);
    await trx.insertInto('municipalities').values(municipality('a')).execute();
  });
  insert.run('x', 'x');
  other.close();
  expect(await db.selectFrom('municipalities').select('name').execute()).toHaveLength(2);
});

test('opening it again keeps what is there', async () => {
  await db.insertInto('municipalities').values(municipality('a')).execute();
  await db.destroy();
  db = await openDatabase(file);
  expect(await db.selectFrom('municipalities').select('name').execute()).toEqual([{ name: 'a' }]);
});

test.each([
  ['a full disk', { errcode: 13 }, true],
  ['a write that failed', { errcode: 10 | (3 << 8) }, true],
  ['a broken rule', { errcode: 19 }, false],
  ['another error', new Error('full'), false],
  ['nothing', null, false],
])('%s is told apart', (_name, error, expected) => {
  expect(isStorageFull(error)).toBe(expected);
});
