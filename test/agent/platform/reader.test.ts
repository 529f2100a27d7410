/** Real processes, real databases, a real account without rights. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { DatabaseView, ReadError, Reader } from '../../../agent/platform/machine.ts';
import { createReader, type ReaderOptions } from '../../../agent/platform/reader.ts';
import { isOwn, openForeign } from '../../../agent/platform/reader-database.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';

/** The account `nobody` of every Debian. */
const nobody = { uid: 65_534, gid: 65_534 };

function folder(owner?: { uid: number; gid: number }): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-reader-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  if (owner !== undefined) chownSync(dir, owner.uid, owner.gid);
  return dir;
}

/** Copies go to a folder of the test, so that it sees what stays behind. */
function bench(options: ReaderOptions = {}): { reader: Reader; left: () => string[] } {
  const tempRoot = folder();
  chmodSync(tempRoot, 0o1777);
  const reader = createReader({ tempRoot, ...options });
  onTestFinished(() => reader.close());
  return { reader, left: () => readdirSync(tempRoot) };
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: ReadError) => `${error.name === 'ReadError' ? '' : `${error.name} ${error.message} `}${error.code}`,
  );
}

function database(script: string, file = join(folder(), 'data.db')): string {
  const made = new DatabaseSync(file);
  made.exec(script);
  made.close();
  return file;
}

/** Processes of ours that run the reader's program, as /proc lists them. */
function children(): string[] {
  const isOurs = (pid: string): boolean => {
    try {
      const parent = /\) \S+ (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
      return parent === String(process.pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('reader-child');
    } catch {
      // Ended meanwhile.
      return false;
    }
  };
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isOurs(name));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await wait(10);
}

/** A process that does something to a database and then stays; `ready` when it has. */
async function other(script: string): Promise<ChildProcess> {
  const code = `const { DatabaseSync } = require('node:sqlite'); ${script}; console.log('ready'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  if (child.stdout === null) throw new Error('no output');
  await once(child.stdout, 'data');
  return child;
}

const threeThousandRows = `CREATE TABLE n (i INTEGER);
  WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000) INSERT INTO n SELECT i FROM c`;
/** A join without an index is no recursion, and takes days all the same. */
const daysOfWork = 'SELECT count(*) AS n FROM n a, n b, n c, n d WHERE a.i + b.i + c.i + d.i = 1';

const rows = (sql: string) => (view: DatabaseView) => view.rows(sql);

test('text, names and facts of files come from another process, and their errors have codes', async () => {
  const { reader } = bench();
  const dir = folder();
  writeFileSync(join(dir, 'b'), 'Grüße\u0000\n');
  mkdirSync(join(dir, 'a'));
  expect(await reader.readText(join(dir, 'b'))).toBe('Grüße\u0000\n');
  expect(await reader.list(dir)).toEqual(['a', 'b']);
  expect(await reader.stat(join(dir, 'b'))).toMatchObject({
    kind: 'file',
    sizeBytes: 9,
    modifiedAt: statSync(join(dir, 'b')).mtime,
  });
  expect((await reader.stat(join(dir, 'a'))).kind).toBe('directory');
  expect(await codeOf(reader.readText(join(dir, 'c')))).toBe('ENOENT');
  expect(await codeOf(reader.readText(dir))).toMatch(/EINVAL|EISDIR/);
  expect(await codeOf(reader.readText(join(dir, 'b'), { maxBytes: 8 }))).toBe('EFBIG');
  expect(await reader.readText(join(dir, 'b'), { maxBytes: 9 })).toHaveLength(7);
  expect(children()).toHaveLength(1);
});

test('questions asked at once are answered one by one, each its own', async () => {
  const { reader } = bench();
  const dir = folder();
  const names = Array.from({ length: 30 }, (_, index) => String(index));
  for (const name of names) writeFileSync(join(dir, name), name.repeat(1000));
  expect(await Promise.all(names.map((name) => reader.readText(join(dir, name))))).toEqual(
    names.map((name) => name.repeat(1000)),
  );
});

test('a closed reader leaves no process, and one that was never asked starts none', async () => {
  // The one of the test before may still be ending.
  await until(() => children().length === 0);
  const { reader } = bench();
  expect(children()).toEqual([]);
  await reader.stat('/');
  expect(children()).toHaveLength(1);
  reader.close();
  expect(await codeOf(reader.stat('/'))).toBe('ECANCELED');
  await until(() => children().length === 0);
});

test('rows and columns of a table, with every kind of value', async () => {
  const file = database(`
    CREATE TABLE runs (id INTEGER PRIMARY KEY, big INTEGER, share REAL, note TEXT, raw BLOB, "__proto__" TEXT);
    INSERT INTO runs VALUES (1, 9223372036854775807, 9e999, 'Grüße', x'00ff', 'x'), (2, -5, 0.5, NULL, NULL, NULL)`);
  const { reader } = bench();
  await reader.database(file, async (view) => {
    expect(await view.columns('RUNS')).toEqual(['id', 'big', 'share', 'note', 'raw', '__proto__']);
    expect(await view.columns('nothing')).toEqual([]);
    const [first, second] = await view.rows('SELECT * FROM runs WHERE id >= ? ORDER BY id', [1n]);
    expect(first).toMatchObject({
      id: 1,
      big: 9_223_372_036_854_775_807n,
      share: Number.POSITIVE_INFINITY,
      note: 'Grüße',
    });
    expect(Buffer.from(first?.['raw'] as Uint8Array)).toEqual(Buffer.from([0, 255]));
    expect(second).toMatchObject({ id: 2, big: -5, share: 0.5, note: null, raw: null });
    expect(await codeOf(view.rows('SELECT id FROM runs', [], { maxRows: 1 }))).toBe('EFBIG');
    expect(await view.rows('SELECT count(*) AS n FROM runs r JOIN runs s ON r.id = s.id')).toEqual([{ n: 2 }]);
  });
});

test('nothing but reading columns of real tables is done for anybody', async () => {
  const file = database(`
    CREATE TABLE runs (id INTEGER); INSERT INTO runs VALUES (1);
    CREATE VIEW nice AS SELECT id FROM runs;
    CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS i FROM n;
    CREATE VIRTUAL TABLE words USING fts5(text)`);
  const { reader } = bench();
  await reader.database(file, async (view) => {
    for (const table of ['nice', 'endless', 'words']) {
      expect(await codeOf(view.rows(`SELECT * FROM ${table}`)), table).toBe('EINVAL');
    }
    expect(await view.columns('endless')).toEqual([]);
    for (const sql of [
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9) SELECT max(i) FROM n',
      'DELETE FROM runs',
      'PRAGMA journal_mode = WAL',
      "ATTACH '/etc/passwd' AS more",
      'SELECT * FROM sqlite_master',
      'SELECT * FROM pragma_table_list',
      'SELECT missing FROM runs',
      'nonsense',
    ]) {
      expect(await codeOf(view.rows(sql)), sql).toBe('EINVAL');
    }
    expect(await view.rows('SELECT max(id) AS id FROM (SELECT id FROM runs) own')).toEqual([{ id: 1 }]);
  });
});

test('a table that turns into a view while it is read is refused from then on', async () => {
  const file = database('CREATE TABLE runs (id INTEGER); CREATE TABLE other (id INTEGER)');
  const { reader } = bench();
  await reader.database(file, async (view) => {
    expect(await view.rows('SELECT id FROM runs')).toEqual([]);
    const owner = new DatabaseSync(file);
    owner.exec('DROP TABLE runs; CREATE VIEW runs AS SELECT id FROM other');
    owner.close();
    expect(await codeOf(view.rows('SELECT id FROM runs'))).toBe('EINVAL');
  });
});

test('a table that lies about its size is refused, whole rows and single values', async () => {
  const file = database(`
    CREATE TABLE wide (text TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
      INSERT INTO wide SELECT printf('%.*c', 1000000, 'x') FROM n;
    CREATE TABLE bomb (id INTEGER, blob AS (zeroblob(900000000)));
    INSERT INTO bomb (id) VALUES (1)`);
  const { reader } = bench();
  await reader.database(file, async (view) => {
    expect(await codeOf(view.rows('SELECT text FROM wide'))).toBe('EFBIG');
    expect(await codeOf(view.rows('SELECT blob FROM bomb'))).toBe('EFBIG');
    expect(await view.rows('SELECT id FROM bomb')).toEqual([{ id: 1 }]);
  });
  expect(await codeOf(reader.database(file, rows('SELECT id FROM bomb'), { maxBytes: 1_000_000 }))).toBe('EFBIG');
});

test('what is no database is said to be none', async () => {
  const dir = folder();
  const { reader } = bench();
  const file = join(dir, 'x');
  for (const [content, code] of [
    ['', 'EINVAL'],
    ['SQLite format 3', 'EINVAL'],
    ['root:*:19000:0:99999:7:::\n'.repeat(100), 'EINVAL'],
    [`SQLite format 3\0${'\u0001'.repeat(5000)}`, 'EINVAL'],
  ] as const) {
    writeFileSync(file, content);
    expect(await codeOf(reader.database(file, rows('SELECT 1'))), JSON.stringify(content.slice(0, 20))).toBe(code);
  }
  expect(await codeOf(reader.database(dir, rows('SELECT 1')))).toMatch(/EINVAL|EISDIR/);
  expect(await codeOf(reader.database(join(dir, 'none'), rows('SELECT 1')))).toBe('ENOENT');
});

test('a damaged database is an error, never a part of its rows', async () => {
  const file = database(`CREATE TABLE runs (text TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
      INSERT INTO runs SELECT printf('%.*c', 500, 'x') FROM n`);
  const bytes = readFileSync(file);
  bytes.fill(0xa5, 4096 * 20, 4096 * 30);
  writeFileSync(file, bytes);
  const { reader } = bench();
  expect(await codeOf(reader.database(file, rows('SELECT text FROM runs')))).toBe('EIO');
});

test('the log of a writer that holds the database open is read, and its folder stays as it is', async () => {
  const dir = folder();
  const file = join(dir, 'live.db');
  await other(`globalThis.db = new DatabaseSync(${JSON.stringify(file)});
    db.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE runs (id INTEGER); INSERT INTO runs VALUES (1)");
    db.exec("BEGIN IMMEDIATE; INSERT INTO runs VALUES (2)")`);
  const before = readdirSync(dir).map((name) => `${name} ${statSync(join(dir, name)).mtimeMs}`);
  const { reader, left } = bench();
  expect(await reader.database(file, rows('SELECT id FROM runs'))).toEqual([{ id: 1 }]);
  expect(readdirSync(dir).map((name) => `${name} ${statSync(join(dir, name)).mtimeMs}`)).toEqual(before);
  expect(left()).toEqual([]);
});

test('a database its owner holds exclusively is read from a copy', async () => {
  const file = database('CREATE TABLE runs (id INTEGER); INSERT INTO runs VALUES (7)');
  await other(`globalThis.db = new DatabaseSync(${JSON.stringify(file)}); db.exec("BEGIN EXCLUSIVE")`);
  const { reader, left } = bench();
  await reader.database(file, async (view) => {
    expect(await view.rows('SELECT id FROM runs')).toEqual([{ id: 7 }]);
    expect(left()).toHaveLength(1);
  });
  expect(left()).toEqual([]);
});

test('what a crash left half done is undone in the copy, not in the original', async () => {
  const dir = folder();
  const file = database('CREATE TABLE runs (id INTEGER); INSERT INTO runs VALUES (7)', join(dir, 'crashed.db'));
  // A small cache spills pages into the file before the commit, as a large transaction does.
  const writer = await other(`const db = new DatabaseSync(${JSON.stringify(file)}); globalThis.db = db;
    db.exec("PRAGMA cache_size = 5; BEGIN; UPDATE runs SET id = 8");
    db.exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO runs SELECT i FROM n")`);
  writer.kill('SIGKILL');
  await once(writer, 'exit');
  expect(existsSync(`${file}-journal`)).toBe(true);
  const before = readFileSync(file);
  const { reader, left } = bench();
  expect(await reader.database(file, rows('SELECT id FROM runs'))).toEqual([{ id: 7 }]);
  expect(readFileSync(file)).toEqual(before);
  expect(existsSync(`${file}-journal`)).toBe(true);
  expect(left()).toEqual([]);
});

test('a journal that names another file to be deleted is not followed', async () => {
  const dir = folder();
  const file = database('CREATE TABLE runs (id INTEGER); INSERT INTO runs VALUES (7)', join(dir, 'crashed.db'));
  const precious = join(dir, 'precious');
  writeFileSync(precious, 'x');
  const writer = await other(`const db = new DatabaseSync(${JSON.stringify(file)}); globalThis.db = db;
    db.exec("PRAGMA cache_size = 5; BEGIN");
    db.exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO runs SELECT i FROM n")`);
  writer.kill('SIGKILL');
  await once(writer, 'exit');
  const name = Buffer.from(precious);
  const tail = Buffer.alloc(8);
  tail.writeUInt32BE(name.length, 0);
  tail.writeInt32BE(
    name.reduce((sum, byte) => sum + byte, 0),
    4,
  );
  const journal = readFileSync(`${file}-journal`);
  writeFileSync(
    `${file}-journal`,
    Buffer.concat([journal, Buffer.alloc(4), name, tail, Buffer.from('d9d505f920a163d7', 'hex')]),
  );
  const { reader, left } = bench();
  expect(await codeOf(reader.database(file, rows('SELECT id FROM runs')))).toBe('EBUSY');
  expect(existsSync(precious)).toBe(true);
  expect(left()).toEqual([]);
});

test('a question that takes too long ends the process, and later ones are refused', async () => {
  const file = database(`${threeThousandRows}; PRAGMA journal_mode = WAL`);
  let copies: string[] = [];
  let [timeoutMs, { reader, left }] = [2000, bench({ timeoutMs: 2000 })];
  const ask = (): Promise<unknown> =>
    reader.database(file, async (view) => {
      copies = left();
      return view.rows(daysOfWork);
    });
  expect(await codeOf(ask())).toBe('ETIMEDOUT');
  // On a busy machine the start of the process alone may take as long: then it is not the question that did.
  while (copies.length === 0) {
    timeoutMs *= 2;
    ({ reader, left } = bench({ timeoutMs }));
    expect(await codeOf(ask())).toBe('ETIMEDOUT');
  }
  expect(copies).toHaveLength(1);
  expect(await codeOf(reader.stat('/'))).toBe('ETIMEDOUT');
  await until(() => children().length === 0 && left().length === 0);
});

test('a process whose agent was killed ends itself, whatever it is doing', async () => {
  const file = database(`${threeThousandRows}; PRAGMA journal_mode = WAL`);
  const tempRoot = folder();
  const code = `import { createReader } from ${JSON.stringify(join(import.meta.dirname, '../../../agent/platform/reader.ts'))};
    const reader = createReader({ tempRoot: ${JSON.stringify(tempRoot)} });
    reader.database(${JSON.stringify(file)}, (view) => {
      console.log('asked');
      return view.rows(${JSON.stringify(daysOfWork)});
    });`;
  const agent = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void agent.kill('SIGKILL'));
  if (agent.stdout === null) throw new Error('no output');
  await once(agent.stdout, 'data');
  const readers = readFileSync(`/proc/${agent.pid}/task/${agent.pid}/children`, 'utf8').trim().split(' ');
  expect(readers).toHaveLength(1);
  agent.kill('SIGKILL');
  await until(() => readers.every((pid) => !existsSync(`/proc/${pid}`)) && readdirSync(tempRoot).length === 0);
});

test('a recorded tree is read below its root, links included', async () => {
  const file = database('CREATE TABLE runs (id INTEGER); INSERT INTO runs VALUES (7)');
  const machine = recordedMachine({
    '/home/anna/data.db': readFileSync(file),
    '/home/anna/link': { link: '/home/anna/data.db' },
    '/home/anna/out': { link: '/etc/shadow' },
    '/home/anna/closed': { denied: true },
  });
  const reader = machine.reader({ uid: 1000, gid: 1000 });
  onTestFinished(() => reader.close());
  expect(await reader.database('/home/anna/link', rows('SELECT id FROM runs'))).toEqual([{ id: 7 }]);
  expect(await reader.list('/home')).toEqual(['anna']);
  expect(await codeOf(reader.readText('/home/anna/out'))).toBe('ENOENT');
  expect(await codeOf(reader.readText('/home/anna/closed'))).toBe('EACCES');
});

test('the process sees a fixed environment', async () => {
  const { reader } = bench();
  const names = (await reader.readText('/proc/self/environ')).split('\0').filter(Boolean);
  expect(names.sort()).toEqual(['LC_ALL=C', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin']);
});

test('nobody but root can take on the rights of a person', async () => {
  vi.spyOn(process, 'geteuid').mockReturnValue(1000);
  onTestFinished(() => void vi.restoreAllMocks());
  // The one of the test before may still be ending.
  await until(() => children().length === 0);
  const { reader } = bench({ person: nobody });
  expect(await codeOf(reader.stat('/'))).toBe('EPERM');
  expect(children()).toEqual([]);
});

describe.runIf(process.geteuid?.() === 0)('as root', () => {
  test('with the rights of a person the process has no others', async () => {
    const before = process.getgroups?.() ?? [];
    process.setgroups?.([0, 4]);
    onTestFinished(() => process.setgroups?.(before));
    const { reader } = bench({ person: nobody });
    const status = await reader.readText('/proc/self/status');
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(status)?.[1];
    expect(field('Uid')).toBe('65534\t65534\t65534\t65534');
    expect(field('Gid')).toBe('65534\t65534\t65534\t65534');
    expect(field('Groups')).toBe('');
    expect(field('CapEff')).toBe('0000000000000000');
    expect(field('CapPrm')).toBe('0000000000000000');
    // What was root once stays closed to the person: nobody can attach to it.
    expect(await codeOf(reader.readText('/proc/self/environ'))).toBe('EACCES');
  });

  test('links in a home lead only where the person could go', async () => {
    const home = folder(nobody);
    const secret = database('CREATE TABLE runs (id INTEGER)');
    chmodSync(secret, 0o600);
    symlinkSync('/etc/shadow', join(home, 'settings'));
    symlinkSync(secret, join(home, 'settings.db'));
    symlinkSync('/root', join(home, 'folder'));
    const { reader } = bench({ person: nobody });
    expect(await codeOf(reader.readText(join(home, 'settings')))).toBe('EACCES');
    expect(await codeOf(reader.database(join(home, 'settings'), rows('SELECT 1')))).toBe('EACCES');
    expect(await codeOf(reader.database(join(home, 'settings.db'), rows('SELECT 1')))).toBe('EACCES');
    expect(await codeOf(reader.list(join(home, 'folder')))).toBe('EACCES');
    // The same with the agent's own rights, so that the refusals above mean something.
    const { reader: root } = bench();
    expect(await root.readText(join(home, 'settings'))).not.toBe('');
  });

  test('the copy of a person’s database belongs to the person alone', async () => {
    const home = folder(nobody);
    const file = database(
      'PRAGMA journal_mode = WAL; CREATE TABLE runs (id INTEGER); INSERT INTO runs VALUES (3)',
      join(home, 'a.db'),
    );
    chownSync(file, nobody.uid, nobody.gid);
    chmodSync(file, 0o600);
    const tempRoot = folder();
    chmodSync(tempRoot, 0o1777);
    const { reader } = bench({ person: nobody, tempRoot });
    await reader.database(file, async (view) => {
      const [name = ''] = readdirSync(tempRoot);
      const made = statSync(join(tempRoot, name));
      expect([made.uid, made.mode & 0o777]).toEqual([nobody.uid, 0o700]);
      expect(await view.rows('SELECT id FROM runs')).toEqual([{ id: 3 }]);
    });
    expect(readdirSync(tempRoot)).toEqual([]);
    expect(readdirSync(home)).toEqual(['a.db']);
  });
});

describe.runIf(process.getuid?.() === 0)('a folder for copies that somebody was faster to make (needs root)', () => {
  const inUse = () => database('PRAGMA journal_mode = wal; CREATE TABLE t(a); INSERT INTO t VALUES (1)');

  test.each<[string, (place: string, target: string) => void]>([
    ['belongs to somebody else', (place) => chownSync(place, nobody.uid, nobody.gid)],
    ['is open to all', (place) => chmodSync(place, 0o777)],
    [
      'is a link',
      (place, target) => {
        rmSync(place, { recursive: true });
        symlinkSync(target, place);
      },
    ],
  ])('and that %s is not used', (_, spoil) => {
    const place = folder();
    const target = folder();
    spoil(place, target);
    onTestFinished(() => rmSync(place, { recursive: true, force: true }));
    expect(() => openForeign(inUse(), { maxBytes: 1_000_000, tempFolder: place })).toThrow('EPERM');
    expect(readdirSync(target)).toEqual([]);
    expect(readdirSync(place)).toEqual([]);
    expect(isOwn(place)).toBe(false);
  });
});
