import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sectionIds } from '../../../agent/contract/facts/index.ts';
import { section } from '../../../agent/contract/report.ts';
import { openStore } from '../../../agent/store/agent-store.ts';

const cli = join(import.meta.dirname, '../../../agent/cli.ts');

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The real program as a process of its own. */
async function agent(...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-cli-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('a reader who has seen enough is no error', async () => {
  const child = spawn(process.execPath, [cli, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const [err, [code]] = await Promise.all([child.stderr.toArray(), once(child, 'close') as Promise<[number | null]>]);
  expect({ code, err: Buffer.concat(err).toString() }).toEqual({ code: 0, err: '' });
});

test('collect prints one JSON report of this machine and nothing else', async () => {
  const { code, out, err } = await agent('collect');
  expect([0, 6]).toContain(code);
  expect(err).toBe('');
  const report = JSON.parse(out);
  expect(report).toMatchObject({ contractVersion: 1, platform: 'linux', hostname: hostname() });
  expect(report.sections.map(({ id }: { id: string }) => id)).toEqual([...sectionIds].sort());
  for (const one of report.sections) expect(section.safeParse(one).success).toBe(true);
  const gaps = report.sections.filter(
    (one: { state: string; problems: { code: string }[] }) =>
      one.state !== 'complete' && one.problems.some(({ code: why }) => why !== 'not-present'),
  );
  expect(code).toBe(gaps.length > 0 ? 6 : 0);
});

test('collect --section takes only what was asked for', async () => {
  const { out, code } = await agent('collect', '--section', 'memory', '--section', 'os');
  expect(JSON.parse(out).sections.map(({ id }: { id: string }) => id)).toEqual(['memory', 'os']);
  expect([0, 6]).toContain(code);
});

test.each([
  [['collect', '--section', 'nonsense'], /no such section\. There are: .*memory/],
  [['collect', '--format', 'xml'], /writes "kits" only/],
  [['colect'], /There is no command "colect"/],
  [['collect', '--sections', 'os'], /Unknown option '--sections'/],
  [['run', '--log-level', 'loud'], /expected one of debug/],
  [['enrol'], /enrol needs --server URL and --token T/],
])('%j is a usage error that says what to do', async (args, message) => {
  const { code, err, out } = await agent(...args, ...(args[0] === 'enrol' ? ['--data-dir', folder()] : []));
  expect(code).toBe(2);
  expect(err).toMatch(message);
  expect(out).toBe('');
});

test('help names every command and exit code', async () => {
  const { code, out } = await agent('--help');
  expect(code).toBe(0);
  for (const name of [
    'collect',
    'status',
    'enrol',
    'reset-identity',
    'run',
    'report',
    'doctor',
    'explain-settings',
    'version',
  ]) {
    expect(out).toContain(`  ${name}`);
  }
  expect((await agent('collect', '--help')).out).toMatch(/^kits-agent collect/);
  expect((await agent()).code).toBe(2);
});

test('a broken settings file ends with 2, names file, key and what was expected, and stays as it is', async () => {
  const config = join(folder(), 'agent.json');
  writeFileSync(config, '{"checkInSeconds":"soon"}');
  for (const command of ['run', 'collect', 'explain-settings', 'doctor']) {
    const { code, err } = await agent(command, '--config', config, '--data-dir', folder());
    expect(code, command).toBe(2);
    expect(err, command).toContain(config);
    expect(err, command).toMatch(/checkInSeconds: expected a number of seconds/);
  }
  expect(readFileSync(config, 'utf8')).toBe('{"checkInSeconds":"soon"}');
});

test('without an enrolment report ends with 3 and says how to enrol', async () => {
  const dataDir = join(folder(), 'data');
  const { code, err } = await agent('report', '--data-dir', dataDir);
  expect(code).toBe(3);
  expect(err).toMatch(/not enrolled.*kits-agent enrol/);
  expect((await agent('status', '--data-dir', dataDir)).code).toBe(3);
});

test('a server that is not there ends with 5 and says that nothing is lost', async () => {
  const { code, err } = await agent(
    'enrol',
    '--server',
    'http://127.0.0.1:1',
    '--token',
    'kits-enrol-0000000000000000',
    '--data-dir',
    folder(),
  );
  expect(code).toBe(5);
  expect(err).toMatch(/refused.*Nothing is lost/s);
});

test('the token is taken from standard input, where no list of processes shows it', async () => {
  const enrol = async (said: string) => {
    const args = ['enrol', '--server', 'http://127.0.0.1:1', '--token', '-', '--data-dir', folder()];
    const child = spawn(process.execPath, [cli, ...args], { stdio: ['pipe', 'ignore', 'pipe'] });
    child.stdin.end(said);
    const [err, [code]] = await Promise.all([child.stderr.toArray(), once(child, 'close') as Promise<[number | null]>]);
    return { code, err: Buffer.concat(err).toString() };
  };
  expect(await enrol('kits-enrol-0000000000000000\n')).toMatchObject({ code: 5 });
  expect(await enrol('')).toMatchObject({ code: 2, err: expect.stringContaining('holds no enrolment token') });
});

test('a thumbprint that begins with a hyphen is one all the same', async () => {
  const key = `-${'A'.repeat(42)}`;
  const args = [
    'enrol',
    '--server',
    'https://127.0.0.1:9',
    '--token',
    'kits-enrol-0000000000000000',
    '--data-dir',
    folder(),
  ];
  const { code, err } = await agent(...args, '--server-key', key, '--recovery-key', key);
  expect([code, err]).toEqual([5, expect.stringContaining('cannot be reached')]);
  const chain = await agent('verify-chain', '/nowhere/history', '--device-key', key, '--server-key', key);
  expect([chain.code, chain.err]).toEqual([2, expect.stringContaining('/nowhere/history')]);
});

test('another machine is enrolled with only with its key', async () => {
  const { code, err } = await agent(
    'enrol',
    '--server',
    'https://kits.example',
    '--token',
    'kits-enrol-0000000000000000',
    '--data-dir',
    folder(),
  );
  expect(code).toBe(2);
  expect(err).toMatch(/--server-key/);
  expect(err).not.toMatch(/refused/);
});

test.each(['http://192.0.2.1', 'ftp://127.0.0.1'])('%s is no address to enrol at', async (server) => {
  const dataDir = folder();
  const { code, err } = await agent('enrol', '--server', server, '--token', 'x', '--data-dir', dataDir);
  expect(code).toBe(2);
  expect(err).toMatch(/expected https/);
  expect(err).not.toMatch(/Nothing is lost/);
});

test('everybody at the PC reaches the status, and nobody else the private part', async () => {
  const dataDir = join(folder(), 'agent');
  expect((await agent('report', '--data-dir', dataDir)).code).toBe(3);
  expect(statSync(dataDir).mode & 0o777).toBe(0o755);
  expect(statSync(join(dataDir, 'private')).mode & 0o777).toBe(0o700);
});

test('a second agent on the same data directory is refused', async () => {
  const dataDir = folder();
  const store = openStore(join(dataDir, 'private'));
  onTestFinished(() => store.close());
  const { code, err } = await agent('run', '--data-dir', dataDir);
  expect(code).toBe(2);
  expect(err).toMatch(/Another KITS Agent works on this data directory/);
});

test('the service publishes a status at once and ends in order when asked to', async () => {
  const dataDir = folder();
  const child = spawn(process.execPath, [cli, 'run', '--data-dir', dataDir], { stdio: ['ignore', 'ignore', 'pipe'] });
  const file = join(dataDir, 'public', 'status.json');
  let log = '';
  for await (const chunk of child.stderr) {
    log += String(chunk);
    if (log.includes('"collected"') && !child.killed) child.kill('SIGTERM');
  }
  if (child.exitCode === null) await once(child, 'close');
  expect(child.exitCode).toBe(0);
  expect(log).toMatch(/service-started.*collected.*service-stopped/s);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    device: { state: 'not-enrolled' },
    reporting: { waiting: 0 },
  });
  const shown = await agent('status', '--data-dir', dataDir);
  expect(shown).toMatchObject({ code: 3, out: expect.stringContaining(hostname()) });
});

test('explain-settings says where each value comes from', async () => {
  const config = join(folder(), 'agent.json');
  writeFileSync(config, '{"checkInSeconds": 1, "withoutSections": ["usb"]}');
  const { code, out } = await agent('explain-settings', '--config', config, '--json');
  expect(code).toBe(0);
  const { settings, problems } = JSON.parse(out);
  expect(settings).toContainEqual({ key: 'checkInSeconds', value: 60, origin: 'clamped' });
  expect(settings).toContainEqual({ key: 'withoutSections', value: ['usb'], origin: 'machine-file' });
  expect(settings).toContainEqual({ key: 'fullRoundMinutes', value: 240, origin: 'default' });
  expect(problems).toHaveLength(1);
  expect(
    JSON.parse((await agent('collect', '--config', config)).out).sections.map(({ id }: { id: string }) => id),
  ).not.toContain('usb');
});

test('no password is printed: not that of the proxy, not one in the address of the server', async () => {
  const config = join(folder(), 'agent.json');
  writeFileSync(config, '{"proxy": "http://pc:geheim@proxy:3128"}');
  for (const json of [[], ['--json']]) {
    const { out } = await agent('explain-settings', '--config', config, ...json);
    expect(out).toContain('http://pc:***@proxy:3128/');
    expect(out).not.toContain('geheim');
  }
  const server = 'https://pc:geheim@kits.example';
  const enrolled = await agent('enrol', '--server', server, '--token', 'x', '--data-dir', folder());
  expect(enrolled.code).toBe(2);
  expect(enrolled.err).toContain('without user and password');
  expect(enrolled.err).not.toContain('geheim');
});

test('doctor says what is wrong and what to do', async () => {
  const config = join(folder(), 'agent.json');
  writeFileSync(config, '{"serverUrl": "http://127.0.0.1:1"}');
  const { code, out } = await agent('doctor', '--config', config, '--data-dir', folder());
  expect(code).toBe(1);
  expect(out).toMatch(/problem +key .*kits-agent enrol/);
  expect(out).toMatch(/ok +dns/);
  expect(out).toMatch(/problem +server +refused/);
});
