import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../../server/store/database.ts';
import { GroupCommit } from '../../../server/store/group-commit.ts';

let dir: string;
let db: Database;
let commits: GroupCommit;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kits-commits-'));
  db = await openDatabase(join(dir, 'kits.db'));
  commits = new GroupCommit(db);
});
afterEach(async () => {
  await db.destroy();
  rmSync(dir, { recursive: true });
});

const add = (name: string) => (trx: Database) =>
  trx.insertInto('municipalities').values({ id: name, name, approval_required: 0, created_at: 'now' }).execute();

/** As another process finds them: only what was committed. */
function committed(): unknown[] {
  const other = new DatabaseSync(join(dir, 'kits.db'), { readOnly: true });
  try {
    return other
      .prepare('SELECT name FROM municipalities ORDER BY rowid')
      .all()
      .map((row) => row['name']);
  } finally {
    other.close();
  }
}

test('changes that come together are committed together, in their order, and each is durable when it settles', async () => {
  const seen: unknown[][] = [];
  await Promise.all(
    ['a', 'b', 'c'].map(async (name) => {
      await commits.run(add(name));
      seen.push(committed());
    }),
  );
  expect(seen).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
  ]);
});

test('one that fails takes nobody along, and leaves nothing of itself', async () => {
  const outcomes = await Promise.allSettled([
    commits.run(add('a')),
    commits.run(async (trx) => {
      await add('half')(trx);
      throw new Error('refused');
    }),
    commits.run(async (trx) => {
      await add('a')(trx);
    }),
    commits.run(async (trx) => {
      await add('b')(trx);
      return trx.selectFrom('municipalities').select('name').execute();
    }),
  ]);
  expect(outcomes).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: new Error('refused') },
    { status: 'rejected', reason: expect.objectContaining({ message: expect.stringContaining('UNIQUE') }) },
    { status: 'fulfilled', value: [{ name: 'a' }, { name: 'b' }] },
  ]);
  expect(committed()).toEqual(['a', 'b']);
});

test('when the whole transaction is lost, everybody is told and nobody believes to be stored', async () => {
  const lost = commits.run(async (trx) => {
    await add('b')(trx);
    // What SQLite does by itself when the disk is full.
    await sql`rollback`.execute(trx);
    throw new Error('database or disk is full');
  });
  const outcomes = await Promise.allSettled([commits.run(add('a')), lost, commits.run(add('c'))]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(outcomes[0]).toMatchObject({ reason: new Error('database or disk is full') });
  expect(committed()).toEqual([]);
  await commits.run(add('d'));
  expect(committed()).toEqual(['d']);
});

test('what comes while others are committed has its turn afterwards', async () => {
  const names: string[] = [];
  const first = commits.run(async (trx) => {
    await add('a')(trx);
    names.push('a');
  });
  await first;
  await Promise.all(Array.from({ length: 600 }, (_, index) => commits.run(add(`m-${index}`))));
  expect(committed()).toHaveLength(601);
});
