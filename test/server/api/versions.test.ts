/** Versions of the agent: counted where they run, by ring and by how updates stand; nobody sees another municipality. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AgentFacts } from '../../../agent/contract/facts/operation.ts';
import { policyFor } from '../../../server/fleet/policies.ts';
import { updateRingsOf } from '../../../server/fleet/update-rings.ts';
import { officeFacts } from '../../fakes/test-agent.ts';
import { agentIn } from './fleet-agents.ts';
import { addDevice, type Client, type StaffedServer, startOfTime, startStaffedServer } from './staffed-server.ts';

const dayMs = 86_400_000;
let kits: StaffedServer;
let all: Client;
let local: Client;
beforeEach(async () => {
  kits = await startStaffedServer();
  all = (await kits.script('technician')).client;
  local = (await kits.script('viewer', kits.wasungen)).client;
});
afterEach(() => kits.close());

const day = (days: number): string => new Date(startOfTime + days * dayMs).toISOString();

async function saying(municipality: string, hostname: string, change: Partial<AgentFacts>): Promise<void> {
  const agent = await agentIn(kits, municipality, hostname);
  const { status, detail } = await agent.report(
    agent.sections({ agent: { ...officeFacts(hostname).agent, ...change } }),
  );
  expect({ status, detail }).toMatchObject({ status: 201 });
}

async function release(
  sequence: number,
  expiresAt: string,
  change: { platform?: 'linux' | 'win32'; version?: string; minimum_version?: string; published_at?: string } = {},
) {
  await kits.context.db
    .insertInto('releases')
    .values({
      sequence,
      platform: 'win32',
      version: `1.${sequence}.0`,
      minimum_version: '1.0.0',
      sha256: createHash('sha256').update(String(sequence)).digest('hex'),
      size: 1,
      file_name: 'setup.exe',
      expires_at: expiresAt,
      jws: 'x',
      published_at: day(-1),
      published_by: 'test',
      ...change,
    })
    .execute();
}

test('devices are counted by version, municipality, ring and what they said of their update', async () => {
  await saying(kits.wasungen, 'a', { update: { state: 'ready', failures: 0, version: '7.0.0' } });
  await saying(kits.wasungen, 'b', {
    update: { state: 'failed', failures: 2, reason: 'hash' },
    lastUpgrade: { to: '0.2.0', from: '0.1.0', state: 'rolled-back' },
  });
  await saying(kits.grabfeld, 'c', { update: { state: 'stale', failures: 0 } });
  await saying(kits.grabfeld, 'd', {});
  await addDevice(kits.context, kits.grabfeld, { agent_version: '0.10.0' });
  await addDevice(kits.context, kits.grabfeld, { agent_version: 'built by hand' });
  await addDevice(kits.context, kits.grabfeld, { agent_version: '0.10.0', state: 'retired' });

  const { status, body } = await all.get('versions');
  expect(status).toBe(200);
  expect(body.devices).toBe(6);
  expect(body.versions.map(({ version }: { version: string }) => version)).toEqual([
    '0.10.0',
    '0.1.0',
    'built by hand',
  ]);
  expect(body.versions[0].update.unknown).toBe(1);
  expect(body.versions[1]).toEqual({
    version: '0.1.0',
    devices: 4,
    rings: { early: 0, regular: 4, late: 0 },
    update: { settled: 0, waiting: 1, failed: 1, stale: 1, byOthers: 1, unknown: 0 },
    rolledBack: 1,
    municipalities: [
      { id: kits.grabfeld, name: 'Grabfeld', devices: 2, rings: { early: 0, regular: 2, late: 0 } },
      { id: kits.wasungen, name: 'Wasungen', devices: 2, rings: { early: 0, regular: 2, late: 0 } },
    ],
  });

  // What went wrong stays known; that all was well does not.
  kits.advance(15 * 86_400);
  const later = (await all.get('versions')).body.versions[1];
  expect(later.update).toEqual({ settled: 0, waiting: 0, failed: 1, stale: 1, byOthers: 0, unknown: 2 });

  const listed = await all.get('devices?version=0.10.0');
  expect(listed.body.total).toBe(1);
});

test('a release that has run out is an alarm for the PC only where somebody keeps another one from it', async () => {
  await saying(kits.grabfeld, 'c', { update: { state: 'stale', failures: 0 } });
  const { agent_version: own, platform } = await kits.context.db
    .selectFrom('devices')
    .select(['agent_version', 'platform'])
    .executeTakeFirstOrThrow();
  const standing = async () => {
    const { body } = await all.get('versions');
    const { settled, waiting, stale, unknown } = body.versions[0].update;
    return {
      settled,
      waiting,
      stale,
      unknown,
      releases: body.releases.map((one: Record<string, unknown>) => one['standing']),
    };
  };
  const none = { settled: 0, waiting: 0, stale: 0, unknown: 0 };
  // Nobody here has ever released anything for it.
  expect(await standing()).toEqual({ ...none, stale: 1, releases: [] });
  // It runs what was released last; that this has run out is said once, of the release.
  await release(1, day(-1), { platform, version: own, minimum_version: '0.0.1' });
  expect(await standing()).toEqual({ ...none, settled: 1, releases: ['expired'] });
  // KITS has signed it anew: nothing to be offered to a PC that has it.
  await release(2, day(60), { platform, version: own, minimum_version: '0.0.1' });
  expect(await standing()).toEqual({ ...none, settled: 1, releases: ['valid', 'expired'] });
  // A newer one that is not for this PC yet.
  await release(3, day(60), { platform, version: '1.3.0', minimum_version: '0.0.1', published_at: day(-1) });
  expect(await standing()).toMatchObject({ ...none, waiting: 1 });
  // It was for this PC before it said that it has none, and it did not take it.
  await kits.context.db
    .insertInto('release_rollouts')
    .values({ sequence: 3, municipality_id: '', ring: '', percent: 100 })
    .execute();
  expect(await standing()).toMatchObject({ ...none, stale: 1 });
  // Published after its last word, it may be on its way.
  await kits.context.db
    .updateTable('releases')
    .set({ published_at: day(1) })
    .where('sequence', '=', 3)
    .execute();
  expect(await standing()).toMatchObject({ ...none, waiting: 1 });
  // That all is well is believed for a while only.
  await kits.context.db.deleteFrom('releases').where('sequence', '=', 3).execute();
  kits.advance(15 * 86_400);
  expect(await standing()).toMatchObject({ ...none, unknown: 1 });
});

test('whoever looks after one municipality sees nothing of another', async () => {
  await addDevice(kits.context, kits.grabfeld, { agent_version: '9.9.9' });
  await addDevice(kits.context, kits.wasungen, { agent_version: '0.1.0' });
  await release(3, day(60));
  const rollout = { sequence: 3, ring: '' as const, percent: 10 };
  await kits.context.db
    .insertInto('release_rollouts')
    .values([
      { ...rollout, municipality_id: '' },
      { ...rollout, municipality_id: kits.grabfeld, percent: 77 },
      { ...rollout, municipality_id: kits.wasungen, percent: 50 },
    ])
    .execute();
  const { body } = await local.get('versions');
  expect(body.devices).toBe(1);
  expect(body.versions.map(({ version }: { version: string }) => version)).toEqual(['0.1.0']);
  expect(body.releases[0].rollouts).toEqual([
    { municipality: null, ring: null, percent: 10 },
    { municipality: { id: kits.wasungen, name: 'Wasungen' }, ring: null, percent: 50 },
  ]);
  // With its key: an id may hold any two digits.
  expect(JSON.stringify(body)).not.toMatch(/Grabfeld|9\.9\.9|"percent":77/);
  expect((await local.get(`versions?municipality=${kits.grabfeld}`)).body).toMatchObject({ devices: 0, versions: [] });
  expect((await local.get('devices?version=9.9.9')).body.total).toBe(0);
});

test('a release says when it has run out or soon will, and which one is the last', async () => {
  await release(1, day(-1));
  await release(2, day(14), { platform: 'linux' });
  await release(3, day(60));
  const { body } = await all.get('versions');
  expect(
    body.releases.map(({ sequence, standing, newest }: Record<string, unknown>) => [sequence, standing, newest]),
  ).toEqual([
    [3, 'valid', true],
    [2, 'expires-soon', true],
    [1, 'expired', false],
  ]);
});

test('the ring of a device is the one its whole policy says', async () => {
  const { db } = kits.context;
  const put = (path: string, ring: string) =>
    all.send('PUT', `policies/${path}`, { expectedVersion: 0, settings: { updateRing: ring } });
  const near = await addDevice(kits.context, kits.wasungen, { hostname: 'near' });
  const member = await addDevice(kits.context, kits.wasungen, { hostname: 'member' });
  const plain = await addDevice(kits.context, kits.wasungen, { hostname: 'plain' });
  const far = await addDevice(kits.context, kits.grabfeld, { hostname: 'far' });
  const group = (await all.send('POST', 'groups', { municipalityId: kits.wasungen, name: 'Bürgerbüro' })).body.id;
  await all.send('POST', `groups/${group}/members`, { add: [member] });
  const answers = [
    await put(`municipality-${kits.wasungen}`, 'late'),
    await put(`group-${group}`, 'early'),
    await put(`device-${near}`, 'regular'),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  const ringOf = await updateRingsOf(db);
  const rows = await db.selectFrom('devices').select(['id', 'municipality_id']).execute();
  const rings = Object.fromEntries(rows.map((row) => [row.id, ringOf(row)]));
  expect(rings).toEqual({ [near]: 'regular', [member]: 'early', [plain]: 'late', [far]: 'regular' });
  for (const row of rows) {
    expect((await policyFor(db, row)).settings.updateRing ?? 'regular').toBe(rings[row.id]);
  }
});
