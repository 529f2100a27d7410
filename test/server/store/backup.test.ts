import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../../server/cli.ts';
import { createServer } from '../../../server/server.ts';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

let dir: string;
let dataDir: string;
let server: TestServer;
let agent: TestAgent;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kits-backup-'));
  dataDir = join(dir, 'server');
  server = await startTestServer({ dataDir });
  agent = await createTestAgent({ url: server.url, token: server.token });
  await agent.enrol();
  await agent.report();
});
afterEach(async () => {
  await server.close();
  rmSync(dir, { recursive: true });
});

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const streams = { out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) };
  const code = await main([...args, '--data-dir', dataDir], { ...streams, signal: new AbortController().signal });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const file = (): string => join(dir, 'copy.db');
const countIn = (database: string): number => {
  const db = new DatabaseSync(database, { readOnly: true });
  try {
    return Number(db.prepare('SELECT count(*) AS n FROM reports').get()?.['n']);
  } finally {
    db.close();
  }
};

describe('a backup', () => {
  test('is made beside the running server, as of one moment, whole, and for its owner only', async () => {
    const made = await run('backup', file());
    expect(made).toMatchObject({ code: 0, out: file() });
    expect(made.err).toContain('1 devices and 1 reports');
    await agent.report();
    expect(countIn(file())).toBe(1);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir).sort()).toEqual(['copy.db', 'server']);
  });

  test('holds no key, and says where they are', async () => {
    const { err } = await run('backup', file());
    expect(err).toContain(join(dataDir, 'keys'));
    const bytes = readFileSync(file());
    for (const name of readdirSync(join(dataDir, 'keys'))) {
      const key = readFileSync(join(dataDir, 'keys', name));
      if (name !== 'announcements.jws') expect(bytes.includes(key)).toBe(false);
    }
    expect(bytes.includes('PRIVATE KEY')).toBe(false);
  });

  test('overwrites nothing, and needs a database and a folder', async () => {
    writeFileSync(file(), 'mine');
    expect(await run('backup', file())).toMatchObject({ code: 2, err: expect.stringContaining('not overwritten') });
    expect(readFileSync(file(), 'utf8')).toBe('mine');
    expect(await run('backup', join(dir, 'nowhere', 'x.db'))).toMatchObject({ code: 2 });
    dataDir = join(dir, 'empty');
    expect(await run('backup', join(dir, 'y.db'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('no database'),
    });
    expect(existsSync(join(dir, 'y.db'))).toBe(false);
  });
});

describe('restoring', () => {
  test('while the server runs is refused', async () => {
    await run('backup', file());
    expect(await run('restore', file(), '--replace')).toMatchObject({
      code: 2,
      err: expect.stringContaining('works on this data directory'),
    });
  });

  test('over a newer database says what would be gone, and does it when told so; the old one is kept', async () => {
    await run('backup', file());
    await agent.report();
    await server.close();
    const refused = await run('restore', file());
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/1 devices and 2 reports.*backup holds 1 and 1.*would be gone.*--replace/s);
    expect(countIn(join(dataDir, 'kits.db'))).toBe(2);

    const nonceKey = readFileSync(join(dataDir, 'keys', 'nonce.key'));
    const done = await run('restore', file(), '--replace', '--json');
    expect(done.code).toBe(0);
    const { replacedTo } = JSON.parse(done.out) as { replacedTo: string };
    expect([countIn(join(dataDir, 'kits.db')), countIn(replacedTo)]).toEqual([1, 2]);
    await (await createServer({ dataDir, logLevel: 'silent' })).close();
    // Proofs that were used since the backup cannot be used again.
    expect(readFileSync(join(dataDir, 'keys', 'nonce.key')).equals(nonceKey)).toBe(false);
  });

  test('of another installation needs a word of its own', async () => {
    const other = await startTestServer({ dataDir: join(dir, 'other') });
    await other.close();
    await server.close();
    const mine = dataDir;
    dataDir = join(dir, 'other');
    await run('backup', file());
    dataDir = mine;
    const refused = await run('restore', file(), '--replace');
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('another installation') });
    expect(countIn(join(dataDir, 'kits.db'))).toBe(1);
    expect((await run('restore', file(), '--replace', '--other-installation')).code).toBe(0);
    expect(countIn(join(dataDir, 'kits.db'))).toBe(0);
  });

  test.each([
    ['no database at all', () => Buffer.from('not a database, but long enough to be looked at'.repeat(100))],
    ['a database of something else', (bytes: Buffer) => Buffer.from(bytes).fill('x', 0, 16)],
    ['one that was cut off', (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.byteLength / 2))],
    ['one with damaged pages', (bytes: Buffer) => Buffer.from(bytes).fill(0xff, 8192, 60_000)],
  ])('%s changes nothing', async (_what, spoil) => {
    await run('backup', file());
    await server.close();
    writeFileSync(file(), spoil(readFileSync(file())));
    const before = readdirSync(dataDir).sort();
    expect(await run('restore', file(), '--replace')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no usable backup'),
    });
    expect(readdirSync(dataDir).sort()).toEqual(before);
    expect(countIn(join(dataDir, 'kits.db'))).toBe(1);
  });

  test('one of a newer server changes nothing', async () => {
    await run('backup', file());
    await server.close();
    const db = new DatabaseSync(file());
    db.exec("INSERT INTO kysely_migration VALUES ('9999-later', '2027-01-01')");
    db.close();
    expect(await run('restore', file(), '--replace')).toMatchObject({
      code: 2,
      err: expect.stringContaining('newer KITS server'),
    });
    expect(countIn(join(dataDir, 'kits.db'))).toBe(1);
  });

  test('over a damaged database works when told so', async () => {
    await run('backup', file());
    await server.close();
    writeFileSync(join(dataDir, 'kits.db'), 'damaged');
    expect(await run('restore', file())).toMatchObject({ code: 2, err: expect.stringContaining('--replace') });
    expect(await run('restore', file(), '--replace')).toMatchObject({ code: 0 });
    expect(countIn(join(dataDir, 'kits.db'))).toBe(1);
  });

  test('into an empty directory needs no more words, but the keys', async () => {
    await run('backup', file());
    dataDir = join(dir, 'new-machine');
    const restored = await run('restore', file());
    expect(restored.code).toBe(0);
    expect(restored.err).toContain('There are no keys');
    expect(countIn(join(dataDir, 'kits.db'))).toBe(1);
  });
});
