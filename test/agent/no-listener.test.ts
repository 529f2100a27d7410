/** With the agent running, nobody can connect to it: no listening socket of any kind is new on the machine, and none is its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { startTestServer } from '../fakes/test-server.ts';

const cli = join(import.meta.dirname, '../../agent/cli.ts');

/** Inode and place of each socket that takes connections or datagrams from others. */
function listeners(): Map<string, string> {
  const found = new Map<string, string>();
  const rows = (file: string): string[][] =>
    readFileSync(`/proc/net/${file}`, 'utf8')
      .split('\n')
      .slice(1)
      .filter((line) => line.trim() !== '')
      .map((line) => line.trim().split(/\s+/));
  // TCP: state 0A listens. UDP has no such state; unconnected (07) takes from anybody.
  for (const [file, state] of [
    ['tcp', '0A'],
    ['tcp6', '0A'],
    ['udp', '07'],
    ['udp6', '07'],
  ] as const) {
    for (const row of rows(file)) if (row[3] === state) found.set(row[9] ?? '', `${file} ${row[1]}`);
  }
  // Unix: the flag SO_ACCEPTCON (00010000).
  for (const row of rows('unix')) if (row[3] === '00010000') found.set(row[6] ?? '', `unix ${row[7] ?? '(no name)'}`);
  return found;
}

function tree(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .flatMap((name) => tree(Number(name)));
  return [pid, ...children];
}

function parentOf(pid: string): number | undefined {
  const stat = orElse(() => readFileSync(`/proc/${pid}/stat`, 'utf8'), '');
  // Behind the name, which may hold anything: state, then the parent.
  return stat === '' ? undefined : Number(stat.replace(/^.*\)/s, '').trim().split(' ')[1]);
}

/** Inodes of the sockets these processes hold. What is gone meanwhile holds none. */
function socketsOf(pids: readonly number[]): Set<string> {
  const inodes = new Set<string>();
  for (const pid of pids) {
    for (const descriptor of orElse(() => readdirSync(`/proc/${pid}/fd`), [])) {
      const target = orElse(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`), '');
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined) inodes.add(inode);
    }
  }
  return inodes;
}

function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

const heldBy = (pids: readonly number[]): string[] => {
  const sockets = socketsOf(pids);
  return [...listeners()].filter(([inode]) => sockets.has(inode)).map(([, place]) => place);
};

test('this test sees listening sockets of a process, on TCP and in the file system', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kits-listener-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const before = heldBy([process.pid]);
  for (const place of [{ port: 0, host: '127.0.0.1' }, { port: 0, host: '::1' }, { path: join(folder, 'pipe') }]) {
    const server = createServer().listen(place);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
  }
  const now = heldBy([process.pid]).filter((place) => !before.includes(place));
  expect(now.map((place) => place.split(' ')[0]).sort()).toEqual(['tcp', 'tcp6', 'unix']);
});

test('the running agent collects, reports and hears events, and nothing new listens on this machine', async () => {
  const server = await startTestServer();
  const folder = mkdtempSync(join(tmpdir(), 'kits-listener-'));
  onTestFinished(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [cli, ...args, '--data-dir', join(folder, 'agent')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  const enrolling = start(
    'enrol',
    '--server',
    server.url,
    '--token',
    server.token,
    // A thumbprint may begin with a dash.
    `--server-key=${server.keyThumbprint}`,
  );
  expect(await once(enrolling, 'exit')).toEqual([0, null]);

  const before = listeners();
  const agent = start('run');
  onTestFinished(async () => {
    agent.kill('SIGKILL');
    if (agent.exitCode === null) await once(agent, 'exit');
  });
  const events: string[] = [];
  const seen = new Set<string>();
  for await (const line of createInterface({ input: agent.stderr! })) {
    events.push((JSON.parse(line) as { event: string }).event);
    // Looked at again and again while it works, not only when all is quiet.
    for (const place of heldBy(tree(agent.pid!))) seen.add(place);
    if (events.at(-1) === 'events-open') break;
  }
  expect(events).toEqual(expect.arrayContaining(['collected', 'reported', 'events-open']));
  expect([...seen]).toEqual([]);
  const sockets = socketsOf(tree(agent.pid!));
  // It does hold sockets, of its own making: the check above did not look at nothing.
  expect(sockets.size).toBeGreaterThan(0);
  const added = [...listeners()].filter(([inode]) => !before.has(inode) && sockets.has(inode));
  expect(added).toEqual([]);
});
