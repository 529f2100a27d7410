import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { runCommand } from '../../../agent/platform/run-command.ts';

const never = new AbortController().signal;
const shell = (script: string, timeoutMs = 50_000, signal = never) =>
  runCommand(['/nowhere/sh', '/bin/sh'], ['-c', script], { timeoutMs, signal });

test('takes the first path that is there and hands back what the program said', async () => {
  expect(await shell('echo out; echo err >&2; exit 3')).toEqual({
    kind: 'exited',
    exitCode: 3,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  expect(await runCommand(['/nowhere/sh'], [], { timeoutMs: 1000, signal: never })).toEqual({ kind: 'not-found' });
});

test('the program sees a fixed environment and no input', async () => {
  process.env['KITS_SECRET'] = 'geheim';
  onTestFinished(() => void delete process.env['KITS_SECRET']);
  const outcome = await shell('env; cat');
  expect(outcome).toMatchObject({ kind: 'exited', exitCode: 0 });
  expect(outcome).not.toMatchObject({ stdout: expect.stringContaining('geheim') });
  expect(outcome).toMatchObject({ stdout: expect.stringContaining('LC_ALL=C') });
});

test('arguments are never a shell’s', async () => {
  expect(await runCommand(['/bin/echo'], ['$(id)', '; id'], { timeoutMs: 50_000, signal: never })).toMatchObject({
    stdout: '$(id) ; id\n',
  });
});

test('at its time limit the program ends with everything it started', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kits-run-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const pidFile = join(dir, 'pid');
  const said = (): string => (existsSync(pidFile) ? readFileSync(pidFile, 'utf8').trim() : '');
  // On a busy machine it may not even have begun by the first limit.
  for (let limitMs = 300; said() === ''; limitMs *= 2) {
    expect(await shell(`sleep 60 & echo $! > ${pidFile}; wait`, limitMs)).toEqual({ kind: 'timeout' });
  }
  const pid = said();
  // The kernel takes a moment to remove the entry; a living process would stay for a minute.
  for (let tries = 0; tries < 100 && isAlive(pid); tries += 1) await wait(20);
  expect(isAlive(pid)).toBe(false);
});

test('a program that left the group and keeps the pipes open does not hold up the end', {
  timeout: 50_000,
}, async () => {
  expect(await shell('setsid sleep 60 & wait', 300)).toEqual({ kind: 'timeout' });
});

test('a flood is allowed as far as the caller says', async () => {
  const flood = (maxOutputBytes: number) =>
    runCommand(['/bin/sh'], ['-c', 'head -c 2000000 /dev/zero'], { timeoutMs: 50_000, signal: never, maxOutputBytes });
  expect(await flood(1_999_999)).toEqual({ kind: 'too-much-output' });
  expect(await flood(2_000_000)).toMatchObject({ kind: 'exited', exitCode: 0 });
});

function isAlive(pid: string): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

test('a program that left the group and holds the output holds up nobody', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kits-run-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const pidFile = join(dir, 'pid');
  const round = new AbortController();
  const running = shell(`setsid sh -c 'echo $$ > ${pidFile}; exec sleep 60' & wait`, 60_000, round.signal);
  const pid = (): string => (existsSync(pidFile) ? readFileSync(pidFile, 'utf8').trim() : '');
  while (pid() === '') await wait(5);
  round.abort();
  expect(await running).toEqual({ kind: 'timeout' });
  expect(isAlive(pid())).toBe(true);
  process.kill(Number(pid()), 'SIGKILL');
});

test('a flood of output is cut off', async () => {
  expect(await shell('while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done')).toEqual({
    kind: 'too-much-output',
  });
});

test('a round that is over ends its programs', async () => {
  const round = new AbortController();
  const running = shell('sleep 60', 60_000, round.signal);
  round.abort();
  expect(await running).toEqual({ kind: 'timeout' });
});
