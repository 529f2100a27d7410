/** A service that hangs is ended and started anew; one that slept, is slow or has ended is not. With real processes, stopped for real. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../../agent/log.ts';
import { AgentRunning } from '../../../agent/store/sqlite.ts';
import { createLifeSign, endHungService, lastHangOn } from '../../../agent/upgrade/hung-service.ts';
import { serviceTask } from '../../../agent/upgrade/task-xml.ts';
import { holdUpgrade } from '../../../agent/upgrade/trial-file.ts';
import { createWindowsVersions } from '../../../agent/upgrade/windows-versions.ts';

const source = (path: string): string => JSON.stringify(join(import.meta.dirname, '../../../agent', path));
const minuteMs = 60_000;

/** Tasks of Windows that start a real process, which holds the data directory and turns all the time. */
async function machine({ ends = true } = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-hung-'));
  mkdirSync(join(dataDir, 'private'));
  const sign = join(dataDir, 'private', 'turned');
  const code = `
    const { lockDirectory } = await import(${source('store/sqlite.ts')});
    const { createLifeSign } = await import(${source('upgrade/hung-service.ts')});
    const held = lockDirectory(${JSON.stringify(join(dataDir, 'private', 'lock.db'))}, 10_000);
    const turned = createLifeSign(${JSON.stringify(dataDir)});
    await turned();
    setInterval(() => turned(held), 5);
    process.stdout.write('turns');`;
  const started: ChildProcess[] = [];
  const asked: string[] = [];
  const start = async (): Promise<void> => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.push(child);
    await once(child.stdout as NodeJS.EventEmitter, 'data');
  };
  const end = async (child: ChildProcess | undefined): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  onTestFinished(async () => {
    for (const child of started) await end(child);
    rmSync(dataDir, { recursive: true });
  });
  const versions = createWindowsVersions({
    root: join(dataDir, 'root'),
    dataDir,
    run: async (command, args) => {
      asked.push([command, ...args].join(' '));
      if (args[0] === '/end' && ends) await end(started.at(-1));
      if (args[0] === '/run' && ends) await start();
      return { kind: 'exited', exitCode: 0, stdout: '', stderr: '' };
    },
    pause: async () => undefined,
  });
  await start();
  const said: { event: string }[] = [];
  const log = createLog('info', (line) => said.push(JSON.parse(line)));
  const pauses: number[] = [];
  const look = ({ later = 0, during = async (_pause: number) => undefined as unknown } = {}) =>
    endHungService({
      dataDir,
      versions,
      log,
      now: () => new Date(Date.now() + later),
      signal: new AbortController().signal,
      pause: async (ms) => {
        pauses.push(ms);
        await during(pauses.length);
      },
    });
  /** Resolves when nothing of it moves any more. */
  const stop = async (): Promise<void> => {
    const child = started.at(-1);
    child?.kill('SIGSTOP');
    while (!/^State:\s*T/m.test(readFileSync(`/proc/${child?.pid}/status`, 'utf8'))) await setTimeout(1);
  };
  return { dataDir, sign, started, asked, said, pauses, look, stop, end };
}

const endedAnew = [`schtasks /end /tn ${serviceTask}`, `schtasks /run /tn ${serviceTask}`];

test('a service that hangs is ended by its task after twenty watched minutes, started anew, and both is told', async () => {
  const { look, stop, started, asked, pauses, said, dataDir } = await machine();
  await stop();
  const later = 31 * minuteMs;
  expect(await look({ later })).toBe('restarted');
  expect(asked).toEqual(endedAnew);
  expect(started).toHaveLength(2);
  expect(started[0]?.signalCode).toBe('SIGKILL');
  expect(started[1]?.exitCode).toBeNull();
  // 80 while it hangs, the rest for the first sign of the new one.
  expect(pauses.slice(0, 80).reduce((sum, ms) => sum + ms, 0)).toBe(20 * minuteMs);
  expect(said).toMatchObject([{ level: 'error', event: 'service-hung', lastSign: expect.stringMatching(/Z$/) }]);
  expect(lastHangOn(dataDir)).toBe(new Date(Date.now() + later).toISOString().slice(0, 10));
  expect(statSync(join(dataDir, 'private', 'hung.json')).mode & 0o777).toBe(0o600);
});

test('a PC that slept has an old sign, and a service that renews it', async () => {
  const { look, asked, pauses, dataDir, sign } = await machine();
  const renewed = async (): Promise<void> => {
    const { mtimeMs } = statSync(sign);
    while (statSync(sign).mtimeMs === mtimeMs) await setTimeout(1);
  };
  expect(await look({ later: 8 * 60 * minuteMs, during: renewed })).toBe('turns');
  expect([asked, pauses.length]).toEqual([[], 1]);
  expect(lastHangOn(dataDir)).toBeUndefined();
});

test('a long look, such as the first on a slow PC, is not even watched; a sign in the last moment counts', async () => {
  const { look, stop, asked, pauses, sign } = await machine();
  await stop();
  expect(await look({ later: 29 * minuteMs })).toBe('turns');
  expect(pauses).toEqual([]);
  const during = async (pause: number) => pause === 80 && utimesSync(sign, new Date(1), new Date(1));
  expect(await look({ later: 31 * minuteMs, during })).toBe('turns');
  expect([asked, pauses.length]).toEqual([[], 80]);
});

test('a sign of the future protects nobody', async () => {
  const { look, stop, asked } = await machine();
  await stop();
  expect(await look({ later: -60 * minuteMs })).toBe('restarted');
  expect(asked).toEqual(endedAnew);
});

test('a service that has ended is not hung: no other process is ended for it, whatever number it has', async () => {
  const { look, started, end, asked, pauses } = await machine();
  await end(started[0]);
  expect(await look({ later: 31 * minuteMs })).toBe('turns');
  expect([asked, pauses]).toEqual([[], []]);
});

test('one that ends during the watch, or whose installer is at work by then, is left alone', async () => {
  const { look, stop, started, end, asked, dataDir, said } = await machine();
  await stop();
  const later = 31 * minuteMs;
  const hold = holdUpgrade(dataDir);
  await expect(look({ later })).rejects.toThrow(AgentRunning);
  hold.release();
  expect(await look({ later, during: async () => end(started[0]) })).toBe('turns');
  expect([asked, said, lastHangOn(dataDir)]).toEqual([[], [], undefined]);
});

test('a program that Windows does not end is told, with what to do', async () => {
  const { look, stop, said } = await machine({ ends: false });
  await stop();
  expect(await look({ later: 31 * minuteMs })).toBe('unended');
  expect(said.map(({ event }) => event)).toEqual(['service-hung', 'service-still-hung']);
});

test('where the guard cannot write, nobody could renew a sign, and nothing is ended', async () => {
  const { look, stop, asked, said, dataDir } = await machine();
  await stop();
  // What an unwritable disk says to root as well: the place of the file is taken.
  mkdirSync(join(dataDir, 'private', `hung.json.${process.pid}.tmp`));
  expect(await look({ later: 31 * minuteMs })).toBe('turns');
  expect([asked, said.map(({ event }) => event)]).toEqual([[], ['sign-not-judged']]);
});

test('a sign takes no room, is for its owner alone, and never fails; what is no record of a hang says nothing', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-hung-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  mkdirSync(join(dataDir, 'private'));
  await createLifeSign(dataDir, () => new Date(5000))();
  const { size, mode, mtimeMs } = statSync(join(dataDir, 'private', 'turned'));
  expect([size, mode & 0o777, mtimeMs]).toEqual([0, 0o600, 5000]);
  await createLifeSign(join(dataDir, 'nowhere'))();
  expect(existsSync(join(dataDir, 'nowhere'))).toBe(false);
  writeFileSync(join(dataDir, 'private', 'hung.json'), '{"format":1,"at":"yesterday"}');
  expect(lastHangOn(dataDir)).toBeUndefined();
});
