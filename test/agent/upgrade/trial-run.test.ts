/** What the service counts as proof of a new version, and what comes back when there is none. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { Agent } from '../../../agent/agent.ts';
import { createLog } from '../../../agent/log.ts';
import { ServerRefused } from '../../../agent/report/refusal.ts';
import { ServerUnreachable } from '../../../agent/report/server-client.ts';
import { knownStoreVersion, openStore } from '../../../agent/store/agent-store.ts';
import { AgentRunning, NewerStore } from '../../../agent/store/sqlite.ts';
import type { Trial } from '../../../agent/upgrade/trial.ts';
import { changeTrial, holdUpgrade, holdUpgradeWhenFree, readTrial } from '../../../agent/upgrade/trial-file.ts';
import { enterTrial, TrialFailed } from '../../../agent/upgrade/trial-run.ts';

const log = createLog('error', () => undefined);
const onTrial: Trial = { format: 1, to: '1.1.0', from: '1.0.0', state: 'trial', attempts: 0 };

function place(record: Trial = onTrial) {
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-trial-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  const privateDir = join(dataDir, 'private');
  mkdirSync(privateDir);
  openStore(privateDir).close();
  changeTrial(dataDir, () => record);
  return {
    dataDir,
    privateDir,
    enter: (version: string) => enterTrial({ dataDir, version, log, now: () => new Date() }),
  };
}

/** An enrolled agent whose exchange ends as told. */
function agentThat(exchange: () => Promise<unknown>, refusedSince?: string): Agent {
  return {
    store: { changeExchange: () => undefined, readExchange: () => ({ refusedSince }) },
    enrolment: () => ({ deviceId: 'x' }),
    round: async () => ({}),
    exchange,
  } as unknown as Agent;
}

test.each([
  ['a check-in that reached the server', async () => ({}), undefined, 'proven'],
  ['no network', async () => Promise.reject(new ServerUnreachable('dns', '')), undefined, 'proven'],
  ['a server that is overloaded', async () => Promise.reject(new ServerRefused(503, 'busy', '')), undefined, 'proven'],
  [
    'a server that had refused this device before',
    async () => Promise.reject(new ServerRefused(403, 'x', '')),
    'then',
    'proven',
  ],
  [
    'a server that refuses what this version says',
    async () => Promise.reject(new ServerRefused(400, 'malformed', '')),
    undefined,
    'trial',
  ],
  [
    'somebody else who answers',
    async () => Promise.reject(new ServerUnreachable('answer-invalid', '')),
    undefined,
    'trial',
  ],
  ['a fault of its own', async () => Promise.reject(new TypeError('undefined is not a function')), undefined, 'trial'],
])('%s', async (_name, exchange, refusedSince, state) => {
  const { dataDir, enter } = place();
  const trial = enter('1.1.0');
  const agent = trial?.watch(agentThat(exchange, refusedSince));
  expect(trial?.wanted()).toEqual(['full-round', 'check-in']);
  await agent?.exchange().catch(() => undefined);
  // Without a round there is no proof, whatever the server says.
  expect(readTrial(dataDir)?.state).toBe('trial');
  await agent?.round('cheap');
  expect(readTrial(dataDir)?.state).toBe('trial');
  await agent?.round('full');
  expect(readTrial(dataDir)?.state).toBe(state);
  trial?.stop();
});

test('the fourth start without proof is the last', () => {
  const { dataDir, enter } = place();
  for (let start = 1; start <= 3; start += 1) enter('1.1.0')?.stop();
  expect(() => enter('1.1.0')).toThrow(TrialFailed);
  expect(readTrial(dataDir)).toMatchObject({ state: 'failed', attempts: 3 });
  expect(() => enter('1.1.0')).toThrow(TrialFailed);
});

test('a version with nothing to go back to is started again and again', () => {
  const { from: _, ...first } = onTrial;
  const { enter } = place(first);
  for (let start = 1; start <= 9; start += 1) enter('1.1.0')?.stop();
});

function makeNewer(privateDir: string): void {
  const db = new DatabaseSync(join(privateDir, 'agent.db'));
  db.exec(`PRAGMA user_version = ${knownStoreVersion + 1};
    INSERT INTO outbox (epoch, sequence, report_id, class, created_at, envelope_jws, envelope_hash, body_bytes, state)
    VALUES ('00000000-0000-4000-8000-000000000001', 1, 'r', 'incident', '2026-11-25T12:00:00.000Z', 'a.b.c', '${'A'.repeat(43)}', 1, 'waiting')`);
  db.close();
}

test('after a failed trial the copy comes back, and what only the newer store held is told', () => {
  const { dataDir, privateDir, enter } = place();
  enter('1.1.0')?.stop();
  expect(statSync(join(privateDir, 'store.before-1.1.0.db')).mode & 0o777).toBe(0o600);
  makeNewer(privateDir);
  changeTrial(dataDir, (before) => before && { ...before, state: 'failed' });
  expect(enter('1.0.0')).toBeUndefined();
  const store = openStore(privateDir);
  expect(store.undeclaredGaps(5)).toMatchObject([{ reason: 'rolled-back', counts: { incident: 1 }, from: 1, to: 1 }]);
  store.close();
  expect(existsSync(join(privateDir, 'agent.db.newer-1.1.0'))).toBe(true);
  expect(readdirSync(privateDir).filter((name) => name.includes('.back'))).toEqual([]);
});

test('without a failed trial an older version refuses a newer store and leaves it', () => {
  const { privateDir, enter } = place({ ...onTrial, state: 'proven' });
  makeNewer(privateDir);
  expect(enter('1.0.0')).toBeUndefined();
  expect(() => openStore(privateDir)).toThrow(NewerStore);
  expect(readdirSync(privateDir).filter((name) => name.includes('newer'))).toEqual([]);
});

test('an installer waits for the turn of the guard, and not without end', async () => {
  const { dataDir, privateDir } = place();
  const guard = holdUpgrade(dataDir);
  const { signal } = new AbortController();
  await expect(holdUpgradeWhenFree(dataDir, { waitMs: 0, signal })).rejects.toThrow(AgentRunning);
  await expect(holdUpgradeWhenFree(dataDir, { waitMs: 600_000, signal: AbortSignal.abort() })).rejects.toThrow(
    AgentRunning,
  );
  const installer = holdUpgradeWhenFree(dataDir, { waitMs: 600_000, signal });
  guard.release();
  (await installer).release();
  expect(readdirSync(privateDir)).toContain('activate.lock.db');
});
