/** An installation as the installers make it, against a real server; the service then joins by itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openAgent } from '../../../agent/agent.ts';
import { createLog } from '../../../agent/log.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';
import { enrolWaiting, waitingEnrolmentFile, writeWaitingEnrolment } from '../../../agent/setup/waiting-enrolment.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { startTestServer } from '../../fakes/test-server.ts';
import { vm } from '../../fixtures/vm.ts';

const cli = join(import.meta.dirname, '../../../agent/cli.ts');

function folder(): string {
  // As root nothing is set up where others can write.
  const dir = mkdtempSync(join(process.getuid?.() === 0 ? '/var/lib' : tmpdir(), 'kits-set-up-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function setUp(dir: string, args: readonly string[], line = ''): Promise<{ code: number | null; said: string }> {
  const child = spawn(
    process.execPath,
    [cli, 'set-up', '--data-dir', join(dir, 'data'), '--config', join(dir, 'agent.json'), ...args],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, KITS_SETUP_COMMAND_LINE: line } },
  );
  const [out, err, [code]] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, said: Buffer.concat([...out, ...err]).toString() };
}

const settingsIn = (dir: string): unknown => JSON.parse(readFileSync(join(dir, 'agent.json'), 'utf8'));
const tokenIn = (dir: string): string => readFileSync(waitingEnrolmentFile(join(dir, 'data')), 'utf8');

test('writes settings for all and the token for the service alone', async () => {
  const dir = folder();
  const { code, said } = await setUp(dir, [], 'setup.exe /S "/SERVER=http://127.0.0.1:1/" /TOKEN=secret-token-of-16');
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('the token waits for the service') });
  expect(said).not.toContain('secret-token-of-16');
  expect(settingsIn(dir)).toEqual({ serverUrl: 'http://127.0.0.1:1/' });
  expect(tokenIn(dir)).toContain('secret-token-of-16');
  expect(statSync(waitingEnrolmentFile(join(dir, 'data'))).mode & 0o777).toBe(0o600);
  expect(statSync(join(dir, 'data/private')).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir, 'data/public/requests')).mode & 0o777).toBe(0o622);
});

test('a second installation keeps every setting it says nothing about', async () => {
  const dir = folder();
  writeFileSync(
    join(dir, 'agent.json'),
    '\uFEFF{"serverUrl":"http://127.0.0.1:1","proxy":"http://proxy:3128","outboxDays":30}',
  );
  expect((await setUp(dir, [])).code).toBe(0);
  expect(settingsIn(dir)).toEqual({ serverUrl: 'http://127.0.0.1:1', proxy: 'http://proxy:3128', outboxDays: 30 });
  expect(existsSync(waitingEnrolmentFile(join(dir, 'data')))).toBe(false);

  const file = join(dir, 'kits-agent-setup.json');
  writeFileSync(file, JSON.stringify({ token: 'later-token-of-16', settings: { outboxDays: 40 } }));
  expect((await setUp(dir, ['--settings-file-if-there', file])).code).toBe(0);
  expect(settingsIn(dir)).toMatchObject({ proxy: 'http://proxy:3128', outboxDays: 40 });
  expect(tokenIn(dir)).toContain('later-token-of-16');
  expect(existsSync(file)).toBe(true);
});

describe('the self-update', () => {
  const releaseKey = 'r'.repeat(43);
  const withSettings = (settings: object): { dir: string; args: string[] } => {
    const dir = folder();
    const file = join(dir, 'kits-agent-setup.json');
    writeFileSync(file, JSON.stringify({ settings }));
    return { dir, args: ['--settings-file-if-there', file] };
  };

  test('is switched on by the settings file, with the key that signs releases', async () => {
    const { dir, args } = withSettings({ selfUpdate: true, releaseKey });
    const { code, said } = await setUp(dir, args);
    expect({ code, said }).toEqual({ code: 0, said: expect.not.stringContaining('selfUpdate') });
    expect(settingsIn(dir)).toEqual({ selfUpdate: true, releaseKey });
  });

  test('stays off without that key, and says why', async () => {
    const { dir, args } = withSettings({ selfUpdate: true });
    const { code, said } = await setUp(dir, args);
    expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('selfUpdate stays off: "releaseKey" is') });
    expect(settingsIn(dir)).toEqual({ selfUpdate: true });
  });

  test('is not for a package that others replace; what an administrator set before stays', async () => {
    const { dir, args } = withSettings({ selfUpdate: true, releaseKey, outboxDays: 40 });
    const { code, said } = await setUp(dir, ['--managed', ...args]);
    expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('selfUpdate was not taken over') });
    expect(settingsIn(dir)).toEqual({ releaseKey, outboxDays: 40 });
    writeFileSync(join(dir, 'agent.json'), JSON.stringify({ selfUpdate: true, releaseKey }));
    expect((await setUp(dir, ['--managed'])).code).toBe(0);
    expect(settingsIn(dir)).toEqual({ selfUpdate: true, releaseKey });
  });

  test.each([
    ['build/windows/installer.nsh', false],
    ['build/windows/set-up-action.c', true],
    ['build/linux/agent/postinst', true],
  ])('%s says whether others bring new versions: %s', (file, managed) => {
    const calls = readFileSync(join(import.meta.dirname, '../../..', file), 'utf8').match(/set-up .*/g) ?? [];
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.filter((call) => call.includes('--settings-file')).map((call) => call.includes('--managed'))).toEqual([
      managed,
    ]);
  });
});

test.each([
  [['--server', 'ftp://kits.example'], ''],
  [[], 'setup.exe /S /SERVERURL=https://kits.example'],
  [['--settings-file', '/nowhere/kits.json'], ''],
])('what cannot be used changes nothing: %j %s', async (args, line) => {
  const dir = folder();
  const { code, said } = await setUp(dir, args, line);
  expect(code).toBe(2);
  expect(said).toMatch(/Nothing was changed/);
  expect(existsSync(join(dir, 'data'))).toBe(false);
  expect(existsSync(join(dir, 'agent.json'))).toBe(false);
});

test('a damaged agent.json is not overwritten', async () => {
  const dir = folder();
  writeFileSync(join(dir, 'agent.json'), '{"serverUrl":');
  expect((await setUp(dir, ['--server', 'http://127.0.0.1:1'])).code).toBe(2);
  expect(readFileSync(join(dir, 'agent.json'), 'utf8')).toBe('{"serverUrl":');
});

test('the service joins with what waits, reports, and the token is gone', async () => {
  const server = await startTestServer();
  onTestFinished(() => server.close());
  const dir = folder();
  expect((await setUp(dir, ['--server', server.url, '--token', server.token])).code).toBe(0);
  const child = spawn(
    process.execPath,
    [cli, 'run', '--data-dir', join(dir, 'data'), '--config', join(dir, 'agent.json')],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for await (const chunk of child.stderr) {
    said += String(chunk);
    if (/"event":"reported","accepted":[1-9]/.test(said)) break;
  }
  // A round that was under way while it joined may be one more.
  expect(said).toMatch(/"event":"enrolled"/);
  expect(said).toMatch(/"event":"reported","accepted":[1-9]/);
  expect(existsSync(waitingEnrolmentFile(join(dir, 'data')))).toBe(false);
  child.kill('SIGTERM');
  await once(child, 'close');
});

async function waitingAgent() {
  const dataDir = folder();
  const lines: string[] = [];
  const log = createLog('debug', (line) => lines.push(line));
  const agent = await openAgent({ dataDir, settings: loadSettings(), machine: recordedMachine(vm), log });
  onTestFinished(() => agent.close());
  const pauses: number[] = [];
  return { dataDir, lines, log, agent, pauses, signal: new AbortController().signal };
}

test('without a network it tries again, and joins when there is one', async () => {
  const server = await startTestServer();
  onTestFinished(() => server.close());
  const { agent, dataDir, log, lines, pauses, signal } = await waitingAgent();
  writeWaitingEnrolment(dataDir, { server: 'http://127.0.0.1:1', token: server.token });
  const pause = async (ms: number): Promise<void> => {
    pauses.push(ms);
    expect(existsSync(waitingEnrolmentFile(dataDir))).toBe(true);
    if (pauses.length === 3) writeWaitingEnrolment(dataDir, { server: server.url, token: server.token });
  };
  expect(await enrolWaiting({ agent, dataDir, log, signal, random: () => 0.5, pause })).toBe('enrolled');
  expect(pauses).toHaveLength(3);
  for (const ms of pauses) expect(ms).toBeGreaterThan(0);
  expect(lines.join('')).not.toContain(server.token);
  expect(existsSync(waitingEnrolmentFile(dataDir))).toBe(false);
  expect(await enrolWaiting({ agent, dataDir, log, signal })).toBe('none');

  writeWaitingEnrolment(dataDir, { server: `${server.url}/`, token: server.token });
  expect(await enrolWaiting({ agent, dataDir, log, signal })).toBe('known');
  writeWaitingEnrolment(dataDir, { server: 'http://127.0.0.1:1', token: server.token });
  expect(await enrolWaiting({ agent, dataDir, log, signal })).toBe('refused');
  expect(existsSync(waitingEnrolmentFile(dataDir))).toBe(false);
});

test('a token the server does not take is tried once and removed', async () => {
  const server = await startTestServer();
  onTestFinished(() => server.close());
  const { agent, dataDir, log, lines, signal } = await waitingAgent();
  writeWaitingEnrolment(dataDir, { server: server.url, token: 'kits-enrol-of-nobody' });
  expect(await enrolWaiting({ agent, dataDir, log, signal })).toBe('refused');
  expect(lines.join('')).toMatch(/enrolment-refused.*token-invalid/);
  expect(existsSync(waitingEnrolmentFile(dataDir))).toBe(false);
  expect(agent.enrolment()).toBeUndefined();
});

test('a server that cannot show the pinned key may be a stranger on the way: the token waits on', async () => {
  const server = await startTestServer();
  onTestFinished(() => server.close());
  const { agent, dataDir, log, lines } = await waitingAgent();
  writeWaitingEnrolment(dataDir, { server: server.url, token: server.token, serverKey: 'a'.repeat(43) });
  const stop = new AbortController();
  const pause = async (): Promise<void> => stop.abort();
  expect(await enrolWaiting({ agent, dataDir, log, signal: stop.signal, pause })).toBe('aborted');
  expect(lines.join('')).toMatch(/enrolment-waits/);
  expect(existsSync(waitingEnrolmentFile(dataDir))).toBe(true);
});
