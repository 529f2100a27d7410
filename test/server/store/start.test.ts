import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KeyFileError } from '../../../server/keys.ts';
import { AddressUnavailable, createServer } from '../../../server/server.ts';
import { NewerDatabase } from '../../../server/store/database.ts';
import { AlreadyRunning } from '../../../server/store/sqlite.ts';
import { createTestAgent } from '../../fakes/test-agent.ts';
import { startTestServer } from '../../fakes/test-server.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'kits-start-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const start = (dir = dataDir) => createServer({ dataDir: dir, logLevel: 'silent' });
const mode = (path: string) => statSync(path).mode & 0o777;

test('the data directory and the keys are for their owner only', async () => {
  const fresh = join(dataDir, 'new', 'server');
  const server = await start(fresh);
  expect(mode(fresh)).toBe(0o700);
  expect(mode(join(fresh, 'keys'))).toBe(0o700);
  expect(mode(join(fresh, 'keys', 'server-signing.pem'))).toBe(0o600);
  expect(mode(join(fresh, 'keys', 'nonce.key'))).toBe(0o600);
  expect(readFileSync(join(fresh, 'kits.db')).includes('PRIVATE KEY')).toBe(false);
  await server.close();
});

test('the database is for its owner only, also in a directory others may enter', async () => {
  chmodSync(dataDir, 0o755);
  const server = await start();
  for (const name of ['kits.db', 'kits.db-wal', 'kits.db-shm', 'lock.db']) {
    expect(mode(join(dataDir, name)), name).toBe(0o600);
  }
  await server.close();
});

test('a restart keeps key, devices and nonces', async () => {
  const first = await startTestServer({ dataDir });
  const agent = await createTestAgent(first);
  await agent.enrol();
  await agent.checkIn();
  const { nonce } = agent.state;
  await first.close();
  const second = await start();
  expect(second.keyThumbprint).toBe(first.keyThumbprint);
  const again = await createTestAgent({ url: second.url, token: first.token, key: agent.key });
  expect((await again.enrol()).deviceId).toBe(agent.state.deviceId);
  again.state.nonce = nonce;
  again.state.counter = 50;
  expect((await again.checkIn()).status).toBe(200);
  expect(again.state.nonce).toBe(nonce);
  await second.close();
});

test('a second server on the same directory is refused with a sentence, until the first one has ended', async () => {
  const first = await start();
  const refusal = await start().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(AlreadyRunning);
  expect(String(refusal)).toMatch(/Another KITS server works on this data directory.*--data-dir/);
  expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
  await first.close();
  await (await start()).close();
});

test('the directory is free again when the process that held it was killed', async () => {
  const module = new URL('../../../server/server.ts', import.meta.url).href;
  const script = `
    const { createServer } = await import(${JSON.stringify(module)});
    await createServer({ dataDir: ${JSON.stringify(dataDir)}, logLevel: 'silent' });
    process.stdout.write('started');`;
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  await expect(start()).rejects.toBeInstanceOf(AlreadyRunning);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await start()).close();
});

test('a database of a newer server is refused and not a byte of it is changed', async () => {
  await (await start()).close();
  const file = join(dataDir, 'kits.db');
  const database = new DatabaseSync(file);
  database.exec("INSERT INTO kysely_migration (name, timestamp) VALUES ('0999-future', '2030-01-01T00:00:00Z')");
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  const before = readFileSync(file);
  const refusal = await start().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(NewerDatabase);
  expect(String(refusal)).toContain('0999-future');
  expect(readFileSync(file).equals(before)).toBe(true);
  // Nothing is held on to after the refusal.
  await expect(start()).rejects.toBeInstanceOf(NewerDatabase);
});

test('a missing signing key beside a database is refused: a new one would lock every device out', async () => {
  await (await start()).close();
  const file = join(dataDir, 'keys', 'server-signing.pem');
  const pem = readFileSync(file);
  unlinkSync(file);
  const refusal = await start().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(KeyFileError);
  expect(String(refusal)).toContain(file);
  expect(existsSync(file)).toBe(false);
  writeFileSync(file, pem, { mode: 0o600 });
  await (await start()).close();
});

test.each([
  ['server-signing.pem', 'not a key'],
  ['nonce.key', 'short'],
])('a damaged %s is refused and left as it is', async (name, content) => {
  await (await start()).close();
  const file = join(dataDir, 'keys', name);
  writeFileSync(file, content);
  const refusal = await start().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(KeyFileError);
  expect(String(refusal)).toContain(file);
  expect(readFileSync(file, 'utf8')).toBe(content);
});

test('a taken port is named, and the directory is free afterwards', async () => {
  const other = createTcpServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const refusal = await createServer({ dataDir, port, logLevel: 'silent' }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(AddressUnavailable);
  expect(String(refusal)).toContain(`127.0.0.1:${port}`);
  other.close();
  await (await start()).close();
});

test('closing twice is closing once, and what is under way is answered', async () => {
  const server = await start();
  const answers = Promise.all(Array.from({ length: 5 }, () => fetch(`${server.url}/readyz`)));
  const statuses = (await answers).map(({ status }) => status);
  await Promise.all([server.close(), server.close()]);
  expect(statuses).toEqual([200, 200, 200, 200, 200]);
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
});
