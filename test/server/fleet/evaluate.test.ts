import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { evaluateFleet } from '../../../server/fleet/evaluate.ts';
import { createTestAgent, officeFacts, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

const dayMs = 86_400_000;
let server: TestServer;
let ahead = 0;
const now = () => new Date(Date.now() + ahead);
beforeAll(async () => {
  server = await startTestServer({ now });
});
afterAll(() => server.close());

const deviceOf = (agent: TestAgent) =>
  server.context.db.selectFrom('devices').selectAll().where('id', '=', agent.state.deviceId).executeTakeFirstOrThrow();
const verdictsOf = async (agent: TestAgent) => {
  const rows = await server.context.db
    .selectFrom('verdicts')
    .selectAll()
    .where('device_id', '=', agent.state.deviceId)
    .execute();
  return new Map(rows.map((row) => [row.rule_id, row]));
};

async function reporting(): Promise<TestAgent> {
  const agent = await createTestAgent({ ...server, now });
  await agent.enrol();
  await agent.report();
  return agent;
}

test('a device that was never heard of is unknown, not green', async () => {
  const agent = await createTestAgent(server);
  await agent.enrol();
  expect(await deviceOf(agent)).toMatchObject({ light: 'unknown', light_rank: 2 });
  expect((await verdictsOf(agent)).get('device-heard')).toMatchObject({ verdict: 'unknown', reason: 'never-heard' });
});

test('a device that waits for approval is unknown for that reason', async () => {
  const token = await server.addToken(await server.addMunicipality('Fambach', { approvalRequired: true }));
  const agent = await createTestAgent({ ...server, token });
  await agent.enrol();
  expect((await verdictsOf(agent)).get('device-trusted')).toMatchObject({ verdict: 'unknown', reason: 'pending' });
});

test('a full drive turns the light red with its evidence, and room turns it back', async () => {
  const agent = await reporting();
  const { storage } = officeFacts('');
  const [volume] = storage.volumes;
  const full = { ...storage, volumes: [{ ...volume!, freeBytes: volume!.sizeBytes * 0.01 }] };
  await agent.report(agent.sections({ storage: full }));
  expect(await deviceOf(agent)).toMatchObject({
    light: 'critical',
    light_rank: 0,
    worst_rule: 'storage-free',
    worst_verdict: 'not-met',
    worst_reason: 'storage-full',
  });
  const evidence = JSON.parse((await verdictsOf(agent)).get('storage-free')?.evidence ?? '[]') as { path: string }[];
  expect(evidence.map(({ path }) => path)).toContain('volumes[0].freeBytes');
  await agent.report();
  expect(await deviceOf(agent)).toMatchObject({ light: 'ok', worst_rule: null, worst_reason: null });
});

test('silence turns the light without any request, and word from the device turns it back at once', async () => {
  const [silent, retired] = [await reporting(), await reporting()];
  const { db } = server.context;
  await db.updateTable('devices').set({ state: 'retired' }).where('id', '=', retired.state.deviceId).execute();
  const lightAfter = async (days: number) => {
    ahead = days * dayMs;
    await evaluateFleet(server.context);
    return (await deviceOf(silent)).light;
  };
  try {
    expect(await lightAfter(0.5)).toBe('ok');
    expect(await lightAfter(3.5)).toBe('attention');
    const since = (await verdictsOf(silent)).get('device-heard')?.since;
    expect(await lightAfter(5)).toBe('attention');
    // "silent since" is when it began, not when it was last looked at.
    expect((await verdictsOf(silent)).get('device-heard')?.since).toBe(since);
    expect(await lightAfter(15)).toBe('critical');
    expect((await verdictsOf(silent)).get('device-heard')?.since).not.toBe(since);
    expect((await deviceOf(retired)).light).toBe('ok');
    await silent.checkIn();
    expect((await verdictsOf(silent)).get('device-heard')).toMatchObject({ verdict: 'met' });
  } finally {
    ahead = 0;
  }
});

test('the server does so by itself, minute by minute', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-tick-'));
  try {
    let later = 0;
    const clock = () => new Date(Date.now() + later);
    const own = await startTestServer({ dataDir, now: clock });
    const agent = await createTestAgent({ ...own, now: clock });
    await agent.enrol();
    await agent.report();
    later = 4 * dayMs;
    vi.advanceTimersByTime(60_000);
    // Waits for the round that has begun.
    await own.close();
    const database = new DatabaseSync(join(dataDir, 'kits.db'), { readOnly: true });
    expect(database.prepare('SELECT light FROM devices').all()).toEqual([{ light: 'attention' }]);
    database.close();
  } finally {
    vi.useRealTimers();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test('a round judges each device once an hour and no retired one, over more than one batch', async () => {
  const { db } = server.context;
  const [template] = await db.selectFrom('devices').selectAll().limit(1).execute();
  const many = Array.from({ length: 120 }, (_, index) => ({
    ...template!,
    id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    key_thumbprint: `thumbprint-${index}`,
    state: 'active' as const,
    judged_at: null,
  }));
  for (const row of many) await db.insertInto('devices').values(row).execute();
  ahead = 2 * 3_600_000;
  try {
    const active = await db.selectFrom('devices').select('id').where('state', '!=', 'retired').execute();
    let served = 0;
    const serving = setInterval(() => {
      served += 1;
    }, 0);
    expect(await evaluateFleet(server.context)).toBe(active.length);
    clearInterval(serving);
    // Others had their turn in between.
    expect(served).toBeGreaterThan(0);
    expect(await evaluateFleet(server.context)).toBe(0);
    // Judged at a time that has not come yet: the clock of the server was set back.
    ahead = 0;
    expect(await evaluateFleet(server.context)).toBe(active.length);
  } finally {
    ahead = 0;
  }
});
