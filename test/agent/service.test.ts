import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Agent, openAgent } from '../../agent/agent.ts';
import { createLog } from '../../agent/log.ts';
import type { Clock } from '../../agent/platform/clock.ts';
import { createTick, startService } from '../../agent/service.ts';
import { loadSettings } from '../../agent/settings/settings.ts';
import { recordedMachine } from '../fakes/recorded-machine.ts';
import { startTestServer } from '../fakes/test-server.ts';
import { vm } from '../fixtures/vm.ts';

/** A clock that stands until it is moved. */
function standingClock(start: string): Clock & { forward(minutes: number): void; set(minutes: number): void } {
  let at = Date.parse(start);
  let passed = 0;
  return {
    now: () => new Date(at),
    monotonicMs: () => passed,
    sinceBootMs: () => passed,
    forward: (minutes) => {
      at += minutes * 60_000;
      passed += minutes * 60_000;
    },
    /** Somebody sets the clock; no time passes. */
    set: (minutes) => {
      at += minutes * 60_000;
    },
  };
}

async function service(start = '2026-11-24T07:00:00Z') {
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-service-'));
  const lines: { event: string; task?: string }[] = [];
  const clock = standingClock(start);
  const settings = loadSettings();
  const log = createLog('debug', (line) => lines.push(JSON.parse(line)));
  const agent: Agent = await openAgent({ dataDir, settings, machine: recordedMachine(vm), log, clock });
  onTestFinished(() => {
    agent.close();
    rmSync(dataDir, { recursive: true });
  });
  return {
    agent,
    dataDir,
    clock,
    lines,
    log,
    tick: createTick({ agent, log, clock }),
  };
}

const rounds = (lines: readonly { event: string; task?: string }[]): string[] =>
  lines.filter(({ event }) => event === 'collected').map(({ task }) => task ?? '');

test('collects at once, then cheaply about every hour and in full about every four', async () => {
  const { tick, clock, lines } = await service();
  for (let minute = 0; minute < 9 * 60; minute += 1) {
    await tick();
    clock.forward(1);
  }
  const done = rounds(lines);
  expect(done[0]).toBe('full-round');
  expect(done.filter((task) => task === 'full-round')).toHaveLength(3);
  expect(done.filter((task) => task === 'cheap-round').length).toBeGreaterThanOrEqual(5);
  expect(done.filter((task) => task === 'cheap-round').length).toBeLessThanOrEqual(8);
});

test('what a round took is given back when its report is on the way, once for each round, also one that fails', async () => {
  const collect = vi.fn();
  vi.stubGlobal('gc', collect);
  onTestFinished(() => void vi.unstubAllGlobals());
  const { agent, clock, log, tick } = await service();
  for (let minute = 0; minute < 30; minute += 1) {
    await tick();
    clock.forward(1);
  }
  expect(collect).toHaveBeenCalledExactlyOnceWith({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  clock.forward(24 * 60);
  const failing = createTick({ agent: { ...agent, round: () => Promise.reject(new Error('disk full')) }, log, clock });
  for (let minute = 0; minute < 9; minute += 1) {
    await failing();
    clock.forward(1);
  }
  // Full and cheap round are both due, and are tried again after ten minutes only.
  expect(collect).toHaveBeenCalledTimes(2);
});

test('a weekend asleep is one full round, not forty-two', async () => {
  const { tick, clock, lines } = await service();
  await tick();
  clock.forward(60 * 62);
  for (let minute = 0; minute < 10; minute += 1) {
    await tick();
    clock.forward(1);
  }
  expect(rounds(lines)).toEqual(['full-round', 'full-round']);
});

test('a clock set back by years does not stop the service', async () => {
  const { tick, clock, lines } = await service();
  await tick();
  clock.set(-60 * 24 * 365 * 5);
  for (let minute = 0; minute < 10; minute += 1) {
    await tick();
    clock.forward(1);
  }
  expect(rounds(lines)).toEqual(['full-round', 'full-round']);
});

test('a round that fails is logged and tried again after ten minutes, the others go on', async () => {
  const { agent, clock, lines, log } = await service();
  let broken = true;
  let tries = 0;
  const failing: Agent = {
    ...agent,
    round: (kind) => {
      tries += 1;
      return broken ? Promise.reject(new Error('disk full')) : agent.round(kind);
    },
  };
  const tick = createTick({ agent: failing, log, clock });
  const minutes = async (count: number): Promise<void> => {
    for (let minute = 0; minute < count; minute += 1) {
      await tick();
      clock.forward(1);
    }
  };
  await minutes(10);
  expect(lines).toContainEqual(
    expect.objectContaining({ event: 'task-failed', task: 'full-round', error: 'disk full' }),
  );
  expect(tries).toBe(1);
  expect(agent.store.lastRuns().has('status')).toBe(true);
  broken = false;
  await minutes(2);
  expect(tries).toBe(2);
  expect(rounds(lines)).toEqual(['full-round']);
});

test('a store that turns out to be damaged is said at once, so that the agent is opened anew; a full disk is not', async () => {
  const { agent, log, clock } = await service();
  const failing = (errcode: number): Agent => ({
    ...agent,
    round: () => Promise.reject(Object.assign(new Error('database disk image is malformed'), { errcode })),
  });
  const [full, damaged] = [13, 11].map((code) => startService({ agent: failing(code), log, clock }));
  const first = await Promise.race([damaged!.damaged.then(() => 'damaged'), full!.damaged.then(() => 'full')]);
  expect(first).toBe('damaged');
  await Promise.all([full!.stop(), damaged!.stop()]);
});

test('the status says with each look what the way to the server is like, not minutes later', async () => {
  const { agent, dataDir, tick, clock } = await service();
  const server = await startTestServer({ now: clock.now });
  await agent.enrol({ server: server.url, token: server.token, serverKey: server.keyThumbprint });
  const seen = new Set<string | undefined>();
  const minutes = async (count: number): Promise<void> => {
    for (let minute = 0; minute < count; minute += 1) {
      await tick();
      const { reporting } = JSON.parse(readFileSync(join(dataDir, 'public', 'status.json'), 'utf8'));
      const { failure, lastAcceptedAt } = agent.store.readExchange();
      expect([reporting.failure, reporting.lastAcceptedAt]).toEqual([failure, lastAcceptedAt]);
      seen.add(failure);
      clock.forward(1);
    }
  };
  await minutes(40);
  expect(agent.store.readExchange().lastAcceptedAt).toBeDefined();
  expect([...seen]).toEqual([undefined]);
  await server.close();
  await minutes(40);
  expect([...seen]).toEqual([undefined, 'refused']);
});

test('without an enrolment nothing is sent and no report is made for nobody', async () => {
  const { agent, tick, clock } = await service();
  for (let minute = 0; minute < 60; minute += 1) {
    await tick();
    clock.forward(1);
  }
  expect(agent.store.queue().waiting).toBe(0);
  expect(agent.store.lastRuns().has('check-in')).toBe(false);
  expect(agent.store.readSections().length).toBeGreaterThan(10);
});
