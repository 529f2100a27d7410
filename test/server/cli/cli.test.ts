import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createListener } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../../server/cli.ts';
import { openDatabase } from '../../../server/store/database.ts';

const cli = join(import.meta.dirname, '../../../server/cli.ts');
let dir: string;
let dataDir: string;
const children = new Set<ChildProcess>();

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kits-cli-'));
  dataDir = join(dir, 'server');
});
afterEach(async () => {
  for (const child of children) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(dir, { recursive: true });
});

function start(...args: string[]) {
  const child = spawn(process.execPath, [cli, ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** Runs a command to its end. */
async function bare(...args: string[]) {
  const child = start(...args);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, out: out.trimEnd(), err };
}

/** A command line without the start of a process around it. */
async function inside(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code: number = await main(args, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(`${line}\n`),
    signal: new AbortController().signal,
  });
  return { code, out: out.join('\n').trimEnd(), err: err.join('') };
}

/** What serves is a process of its own, as everywhere. */
const run = (...args: string[]) => (args[0] === 'start' ? bare : inside)(...args, '--data-dir', dataDir);
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).out);

/** The file of a database in the data directory, which is made. */
function emptyDatabase(): string {
  mkdirSync(dataDir, { mode: 0o700 });
  return join(dataDir, 'kits.db');
}

/** Starts the server and waits for its line. */
async function startServer(...args: string[]) {
  const child = start('start', '--data-dir', dataDir, '--port', '0', ...args);
  const err: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk.toString()));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await once(reader, 'line');
  return { child, lines, err: () => err.join('') };
}

describe('the first steps, one after the other, before any server has run', () => {
  test('each command prints what the next one needs', async () => {
    const municipality = await run('create-municipality', 'Floh-Seligenthal');
    expect(municipality).toMatchObject({ code: 0, out: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(municipality.err).toContain('new one is made');
    expect(municipality.err).toContain('create-token --municipality "Floh-Seligenthal"');

    const token = await run('create-token', '--municipality', 'Floh-Seligenthal', '--uses', '30', '--expires', '7');
    expect(token).toMatchObject({ code: 0, out: expect.stringMatching(/^kits-enrol-[\w-]{43}$/) });
    expect(token.err).not.toContain(token.out);

    expect((await run('create-user', 'Ada Beispiel', '--role', 'technician')).code).toBe(0);
    const link = await run('sign-in-link', 'Ada Beispiel', '--url', 'https://kits.example/');
    expect(link).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^https:\/\/kits\.example\/anmelden#[\w-]{43}$/),
    });
    expect((await run('sign-in-link', 'Ada Beispiel')).out).toMatch(/^http:\/\/127\.0\.0\.1:7480\/anmelden#[\w-]{43}$/);

    const db = await openDatabase(join(dataDir, 'kits.db'));
    const stored = await db.selectFrom('enrolment_tokens').selectAll().execute();
    expect(stored).toMatchObject([{ municipality_id: municipality.out, uses_left: 30 }]);
    const days = (Date.parse(stored[0]!.expires_at) - Date.parse(stored[0]!.created_at)) / 86_400_000;
    expect(days).toBe(7);
    const audit = await db.selectFrom('audit').selectAll().orderBy('id').execute();
    await db.destroy();
    expect(audit.map(({ action }) => action)).toEqual([
      'municipality.create',
      'token.create',
      'user.create',
      'user.sign-in-link',
      'user.sign-in-link',
    ]);
    expect(new Set(audit.map(({ actor }) => actor))).toEqual(new Set([`cli:${userInfo().username}`]));
    expect(JSON.stringify(audit)).not.toContain(token.out);
  });

  test('the data directory is for its owner only, and has the keys that a server will use', async () => {
    await run('create-municipality', 'Belrieth');
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const key = readFileSync(join(dataDir, 'keys', 'server-signing.pem'), 'utf8');
    const { child } = await startServer();
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect(readFileSync(join(dataDir, 'keys', 'server-signing.pem'), 'utf8')).toBe(key);
  });

  test('without --data-dir everything is in .kits/server', async () => {
    expect((await bare('create-municipality', 'Belrieth')).code).toBe(0);
    expect(existsSync(join(dir, '.kits/server/kits.db'))).toBe(true);
  });
});

describe('--json', () => {
  test('prints one object', async () => {
    const municipality = await json('create-municipality', 'Christes');
    expect(municipality).toEqual({ id: expect.any(String), name: 'Christes' });
    expect(await json('create-token', '--municipality', municipality.id)).toEqual({
      id: expect.any(String),
      token: expect.stringMatching(/^kits-enrol-/),
      municipality,
      expiresAt: expect.stringMatching(/Z$/),
      usesLeft: 1,
    });
    const second = await json('create-municipality', 'Neubrunn');
    expect(
      await json('create-user', 'Vera', '--role', 'viewer', '--municipality', 'Christes', '--municipality', second.id),
    ).toEqual({ id: expect.any(String), name: 'Vera', role: 'viewer', municipalities: [municipality.id, second.id] });
    expect(await json('sign-in-link', 'Vera')).toEqual({
      link: expect.stringContaining('/anmelden#'),
      expiresAt: expect.stringMatching(/Z$/),
    });
    expect(await json('create-api-token', '--role', 'viewer', '--municipality', 'Christes')).toEqual({
      id: expect.any(String),
      token: expect.stringMatching(/^kits_/),
      role: 'viewer',
      municipalityId: municipality.id,
    });
    expect(await json('version')).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });
});

describe('start', () => {
  test('prints one line, serves until SIGTERM, and lets the other commands work beside it', async () => {
    await run('create-municipality', 'Fambach');
    const { child, lines } = await startServer('--json');
    const { url, keyThumbprint } = JSON.parse(lines[0]!);
    expect(keyThumbprint).toMatch(/^[\w-]{43}$/);
    const { token, id } = await json('create-api-token', '--role', 'viewer');
    const ask = () => fetch(`${url}/api/v1/municipalities`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask()).status).toBe(200);
    expect((await run('revoke-api-token', id)).code).toBe(0);
    expect((await ask()).status).toBe(401);

    const second = await run('start', '--port', '0');
    expect(second).toMatchObject({ code: 2, out: '' });
    expect(second.err).toContain('Another KITS server works on this data directory');

    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(lines).toHaveLength(1);
  });

  test('ends cleanly on SIGINT, and its line names address and key', async () => {
    const { child, lines } = await startServer();
    expect(lines[0]).toMatch(/^KITS server: http:\/\/127\.0\.0\.1:\d+ {2}key [\w-]{43}$/);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test.each<[string[], boolean]>([
    [['--host', '0.0.0.0'], true],
    [['--host', '127.0.0.1'], false],
    [[], false],
  ])('%j warns that TLS has to end in front of it: %s', async (host, warned) => {
    const { child, err } = await startServer(...host);
    child.kill('SIGTERM');
    await once(child, 'close');
    const warnings = err()
      .split('\n')
      .filter((line) => line.startsWith('Warning:'));
    expect(warnings).toHaveLength(warned ? 1 : 0);
    if (warned) expect(warnings[0]).toMatch(/TLS has to end in front of it.*cookies/);
  });

  test('tells sign-in-link where it listens, as long as it does', async () => {
    await run('create-municipality', 'Fambach');
    await run('create-user', 'Ada', '--role', 'admin');
    const { child, lines } = await startServer('--json', '--host', '0.0.0.0');
    const { port } = new URL(JSON.parse(lines[0]!).url);
    expect((await run('sign-in-link', 'Ada')).out).toContain(`http://127.0.0.1:${port}/anmelden#`);
    expect((await run('sign-in-link', 'Ada', '--url', 'https://kits.example')).out).toContain('https://kits.example/a');
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect((await run('sign-in-link', 'Ada')).out).toContain('http://127.0.0.1:7480/anmelden#');
  });

  test('keeps the tables to itself: a command of a newer version changes nothing beside it', async () => {
    const { child } = await startServer();
    const database = new DatabaseSync(join(dataDir, 'kits.db'), { timeout: 5000 });
    // As if this version had a migration that the running server does not know.
    database.exec('DELETE FROM kysely_migration');
    const refused = await run('create-municipality', 'Fambach');
    expect([refused.code, refused.out]).toEqual([2, '']);
    expect(refused.err).toMatch(/older version that is still running/);
    expect(database.prepare('SELECT name FROM kysely_migration').all()).toEqual([]);
    database.close();
    child.kill('SIGTERM');
    await once(child, 'exit');
  });

  test('says so when the port is taken', async () => {
    const listener = createListener().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as { port: number };
    const answer = await run('start', '--port', String(port));
    listener.close();
    expect(answer.code).toBe(2);
    expect(answer.err).toContain(`127.0.0.1:${port}`);
    expect(answer.err).not.toContain('    at ');
  });
});

describe('what cannot be carried out ends with 2 and a reason', () => {
  test.each<[string[], RegExp]>([
    [[], /kits-server <command>/],
    [['dance'], /There is no command "dance"[\s\S]*--help/],
    [['toString'], /There is no command "toString"/],
    [['create-municipality'], /name is missing[\s\S]*Usage: kits-server create-municipality NAME/],
    [['create-municipality', 'Bad', 'Salzungen'], /in quotes[\s\S]*Usage/],
    [['create-municipality', ' '], /1 to 120 characters/],
    [['create-token'], /--municipality is missing[\s\S]*Usage: kits-server create-token/],
    [['create-token', '--municipality', 'Nowhere'], /no municipality "Nowhere"[\s\S]*create-municipality "Nowhere"/],
    [['create-token', '--municipality', 'x', '--uses', '0'], /--uses 0: expected a whole number from 1 to 10000/],
    [['create-token', '--municipality', 'x', '--expires', '1e2'], /--expires 1e2: expected a whole number/],
    [['create-user', 'Ada'], /--role is missing[\s\S]*Usage/],
    [['create-user', 'Ada', '--role', 'king'], /--role king: expected one of admin, technician, viewer/],
    [['create-api-token', '--role', 'viewer', '--municipality', 'Nowhere'], /no municipality "Nowhere"/],
    [['revoke-api-token', 'none'], /no such thing/],
    [['create-backup-token', '--name', 'PBS'], /--municipality is missing/],
    [['create-backup-token', '--municipality', 'Nowhere', '--name', 'PBS'], /no municipality "Nowhere"/],
    [['revoke-backup-token', 'none'], /no such thing/],
    [['sign-in-link', 'Nobody'], /no user "Nobody"[\s\S]*create-user/],
    [['sign-in-link', 'Ada', '--url', 'javascript:x'], /--url javascript:x: expected the address/],
    [['start', '--port', '65536'], /--port 65536: expected a whole number from 0 to 65535/],
    [['create-token', 'Wasungen', '--municipality', 'x'], /Wasungen[\s\S]*Usage: kits-server create-token/],
    [['start', 'now'], /now[\s\S]*Usage: kits-server start/],
    [['disable-user', 'Nobody'], /no user "Nobody"/],
    [['enable-user'], /name is missing/],
    [['admit-wrong-time', '--until', 'tomorrow'], /--until tomorrow: expected a time/],
    [['admit-wrong-time', '--until', '2020-01-01T00:00:00Z'], /not ahead of the clock of this server/],
    [['retention', '--report-days', '7'], /--report-days 7: expected a whole number of days from 30/],
    [['retention', '--incident-days', '90'], /do not go together: incidents are never kept for a shorter time/],
    [['version', '--colour'], /--colour[\s\S]*Usage: kits-server version/],
  ])('%j', async (args, message) => {
    await (await openDatabase(emptyDatabase())).destroy();
    const answer = args.length === 0 ? await bare() : await run(...args);
    expect(answer.code).toBe(2);
    expect(answer.out).toBe('');
    expect(answer.err).toMatch(message);
    expect(answer.err).not.toContain('    at ');
  });

  test('a name that is taken', async () => {
    await run('create-municipality', 'Grabfeld');
    expect(await run('create-municipality', 'Grabfeld')).toMatchObject({
      code: 2,
      err: 'kits-server: The municipality "Grabfeld" exists already.\n',
    });
    await run('create-user', 'Ada', '--role', 'admin');
    expect((await run('create-user', 'Ada', '--role', 'admin')).err).toContain('There is a user "Ada" already');
    expect((await run('create-token', '--municipality', 'x')).err).toContain('There are: Grabfeld');
  });
});

test.each([
  ['create-token', '--municipality', 'x'],
  ['create-user', 'Ada', '--role', 'admin'],
  ['disable-user', 'Ada'],
  ['sign-in-link', 'Ada'],
])('%s in a directory without a database makes none and names it', async (...args) => {
  const answer = await run(...args);
  expect([answer.code, answer.out]).toEqual([2, '']);
  expect(answer.err).toContain(`There is no database in ${dataDir}, nor in a folder "server" in it.`);
  expect(existsSync(dataDir)).toBe(false);
});

test('a user is disabled and enabled', async () => {
  await run('create-municipality', 'Grabfeld');
  await run('create-user', 'Ada', '--role', 'admin');
  expect(await json('disable-user', 'Ada')).toEqual({ name: 'Ada', disabled: true });
  const refused = await run('sign-in-link', 'Ada');
  expect([refused.code, refused.out]).toEqual([2, '']);
  expect(refused.err).toContain('kits-server enable-user');
  expect(await json('enable-user', 'Ada')).toEqual({ name: 'Ada', disabled: false });
  expect((await run('sign-in-link', 'Ada')).code).toBe(0);
});

test('what nobody expected ends with 1', async () => {
  writeFileSync(dataDir, 'a file where the directory should be');
  const answer = await run('create-municipality', 'Grabfeld');
  expect([answer.code, answer.out]).toEqual([1, '']);
  expect(answer.err).toContain('kits-server:');
});

describe('help', () => {
  test('of all commands, and of each', async () => {
    const all = await bare('--help');
    expect(all.code).toBe(0);
    const names = [...all.out.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name!);
    expect(names).toEqual([
      'start',
      'backup',
      'restore',
      'export-history',
      'verify',
      'admit-wrong-time',
      'retention',
      'create-municipality',
      'create-token',
      'create-user',
      'disable-user',
      'enable-user',
      'create-api-token',
      'revoke-api-token',
      'create-backup-token',
      'revoke-backup-token',
      'sign-in-link',
      'publish-notice',
      'sign-notice',
      'create-release-key',
      'sign-release',
      'publish-release',
      'roll-out',
      'create-notice-key',
      'create-recovery-key',
      'rotate-key',
      'version',
    ]);
    const each = await Promise.all(names.map((name) => inside(name, '--help')));
    expect(each.map(({ code, out }) => [code, out.split(/\s/)[1]])).toEqual(names.map((name) => [0, name]));
    expect(existsSync(dataDir)).toBe(false);
  });
});

test('what PCs could not start is not signed for them', async () => {
  const file = join(dir, 'kits-agent-1.0.0.msi');
  writeFileSync(file, Buffer.from('d0cf11e0a1b11ae1', 'hex'));
  const release = ['--version', '1.0.0', '--platform', 'win32', '--sequence', '1', '--key', join(dir, 'none.jwe')];
  const { code, err, out } = await bare('sign-release', file, ...release);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain('kits-agent-1.0.0.msi is no program for Windows. PCs that update themselves take setup.exe');
});

test('an installer that holds a stand-in is not signed, under whatever name', async () => {
  const file = join(dir, 'setup.exe');
  writeFileSync(file, `MZ KITS-STAND-IN: not for publishing.`);
  const release = ['--version', '1.0.0', '--platform', 'win32', '--sequence', '1', '--key', join(dir, 'none.jwe')];
  const { code, err, out } = await bare('sign-release', file, ...release);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain('setup.exe holds a stand-in instead of Electron and must not reach a PC');
});
