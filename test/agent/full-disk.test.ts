/** The agent on a real disk that is full, and on one that is read-only: it goes on, says so, and recovers by itself. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Agent, openAgent } from '../../agent/agent.ts';
import { createLog } from '../../agent/log.ts';
import type { Clock } from '../../agent/platform/clock.ts';
import { createTick, openWhenPossible } from '../../agent/service.ts';
import { loadSettings } from '../../agent/settings/settings.ts';
import { describeDevice } from '../../server/fleet/devices.ts';
import { everything } from '../../server/fleet/scope.ts';
import { recordedMachine } from '../fakes/recorded-machine.ts';
import { startTestServer, type TestServer } from '../fakes/test-server.ts';
import { vm } from '../fixtures/vm.ts';

let disk: string;
let server: TestServer;
beforeEach(async () => {
  disk = mkdtempSync(join(tmpdir(), 'kits-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
  server = await startTestServer();
});
afterEach(async () => {
  await server.close();
  execFileSync('umount', [disk]);
  rmdirSync(disk);
});

let at = Date.parse('2026-11-24T07:00:00Z');
const clock: Clock = { now: () => new Date(at), monotonicMs: () => at, sinceBootMs: () => at };
const lines: { event: string; error?: string; fault?: string }[] = [];
const log = createLog('info', (line) => lines.push(JSON.parse(line)));
const open = (): Promise<Agent> =>
  openAgent({
    dataDir: join(disk, 'agent'),
    settings: loadSettings(),
    machine: recordedMachine(vm),
    log,
    clock,
  });

const filler = (): string => join(disk, 'filler');
function fill(): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filler(), Buffer.alloc(bavail * bsize));
}

test('a full disk loses no word: the service goes on, and what could not be queued is accounted for', async () => {
  const agent = await open();
  try {
    await agent.enrol({ server: server.url, token: server.token, serverKey: server.keyThumbprint });
    const tick = createTick({ agent, log, clock });
    const minutes = async (count: number): Promise<void> => {
      for (let minute = 0; minute < count; minute += 1) {
        at += 60_000;
        await tick();
      }
    };
    await minutes(3);
    const before = await reports();
    expect(before.length).toBeGreaterThanOrEqual(1);
    fill();
    await minutes(200);
    expect(lines.some(({ event, error }) => event === 'task-failed' && error?.includes('full'))).toBe(true);
    expect(lines.some(({ event }) => event === 'tick-failed')).toBe(false);
    // Where there is room for a status at all it says so; none is left half-written.
    expect(readdirSync(join(disk, 'agent', 'public')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    JSON.parse(readFileSync(join(disk, 'agent', 'public', 'status.json'), 'utf8'));
    unlinkSync(filler());
    await minutes(120);
    const device = await describeDevice(server.context, everything, agent.enrolment()?.deviceId ?? '');
    expect(device.gaps).toMatchObject([{ reason: 'storage-failed', standing: 'declared', from: null }]);
    expect(device.gaps[0]?.reports).toBeGreaterThanOrEqual(3);
    const after = await reports();
    expect(after.map(({ sequence }) => sequence)).toEqual(after.map((_, index) => index + 1));
    expect(after.length).toBeGreaterThan(before.length);
    const status = JSON.parse(readFileSync(join(disk, 'agent', 'public', 'status.json'), 'utf8'));
    expect(status.reporting.storage).toBeUndefined();
  } finally {
    agent.close();
  }
});

test('what a full disk kept from being queued is told by the next process, too', async () => {
  const first = await open();
  try {
    await first.enrol({ server: server.url, token: server.token, serverKey: server.keyThumbprint });
    await first.round('cheap');
    await first.exchange();
    fill();
    for (let time = 0; time < 3; time += 1) {
      at += 600_000;
      await expect(first.round('full')).rejects.toThrow();
    }
  } finally {
    first.close();
  }
  unlinkSync(filler());
  const second = await open();
  try {
    await second.round('cheap');
    await second.exchange();
    const device = await describeDevice(server.context, everything, second.enrolment()?.deviceId ?? '');
    expect(device.gaps).toMatchObject([{ reason: 'storage-failed', standing: 'declared', reports: 3 }]);
  } finally {
    second.close();
  }
  // Told once.
  const third = await open();
  await third.round('cheap');
  expect(third.store.undeclaredGaps(9)).toEqual([]);
  third.close();
});

const reports = () => server.context.db.selectFrom('reports').select('sequence').orderBy('sequence').execute();

test('on a read-only disk the service waits, says so, and starts when it may write', async () => {
  (await open()).close();
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  lines.length = 0;
  const stop = new AbortController();
  let [tries, signs] = [0, 0];
  const turned = async (): Promise<void> => {
    signs += 1;
  };
  const agent = await openWhenPossible(
    () => {
      tries += 1;
      if (tries === 3) execFileSync('mount', ['-o', 'remount,rw', disk]);
      return open();
    },
    { log, signal: stop.signal, pauseMs: 1, turned },
  );
  // Whoever waits for room does not hang.
  expect([tries, signs]).toEqual([3, 2]);
  expect(lines.map(({ event, fault }) => [event, fault])).toEqual([
    ['store-unavailable', 'disk-read-only'],
    ['store-unavailable', 'disk-read-only'],
  ]);
  expect(agent?.enrolment()).toBeUndefined();
  agent?.close();
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  const given = await openWhenPossible(
    () => {
      stop.abort();
      return open();
    },
    { log, signal: stop.signal, pauseMs: 60_000 },
  );
  expect(given).toBeUndefined();
});
