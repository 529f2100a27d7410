import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Control } from '../../../server/api/contract.ts';
import { evaluateFleet } from '../../../server/fleet/evaluate.ts';
import { agentIn, lacking, reporting, update } from './fleet-agents.ts';
import { addDevice, type Client, type StaffedServer, startOfTime, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
let staff: Client;
beforeEach(async () => {
  kits = await startStaffedServer();
  staff = (await kits.script('technician')).client;
});
afterEach(() => kits.close());

/** Supported by the rules os-supported, restart-due and updates-installed. */
const patching = 'OPS.1.1.3.A15';
const overdue = lacking([update('openssl:amd64', { security: true, firstSeenOn: '2026-10-11' })]);

const list = async (query = '', client = staff) => (await client.get(`controls?${query}`)).body;
const controlOf = async (id: string, query = '', client = staff): Promise<Control> =>
  (await list(query, client)).items.find((item: Control) => item.id === id);
const drill = async (id: string, query = '', client = staff) =>
  (await client.get(`controls/${encodeURIComponent(id)}/devices?${query}`)).body;
const except = (change: object) =>
  staff.send('POST', 'exceptions', {
    municipalityId: kits.wasungen,
    reason: 'Messgerät',
    approvedBy: 'Amtsleitung',
    expiresAt: new Date(startOfTime + 86_400_000).toISOString(),
    ...change,
  });

const none = { met: 0, notMet: 0, unknown: 0, exempt: 0, notApplicable: 0 };

describe('the state of a control', () => {
  test('without devices it is unknown, never met; what no PC can answer is not measurable', async () => {
    const { devices, coverage, items } = await list();
    expect(devices).toBe(0);
    expect(coverage).toMatchObject({ met: 0, notMet: 0, exempt: 0, unknown: coverage.measurable });
    expect(coverage.controls).toBe(items.length);
    expect(coverage.measurable + coverage.notMeasurable).toBe(coverage.controls);
    expect(coverage.notMeasurable).toBeGreaterThan(0);
    for (const item of items as Control[]) {
      expect(item.state).toBe(item.notMeasurable === null ? 'unknown' : 'not-measurable');
      if (item.notMeasurable !== null) {
        expect(item.notMeasurable.de.length).toBeGreaterThan(10);
        expect(item.rules).toEqual([]);
      }
    }
  });

  test('is met when every device meets every rule, and says by which rules', async () => {
    await reporting(kits, kits.wasungen, 'a', lacking([]));
    await reporting(kits, kits.grabfeld, 'b', lacking([]));
    expect(await controlOf(patching)).toMatchObject({
      scheme: 'IT-Grundschutz 2023',
      level: 'B',
      state: 'met',
      devices: { ...none, met: 2 },
      notMeasurable: null,
    });
    const { rules } = await controlOf(patching);
    expect(rules.map(({ id }) => id)).toContain('updates-installed');
    expect(rules.find(({ id }) => id === 'updates-installed')?.title.de).toBe('Aktualisierungen eingespielt');
    expect((await controlOf('WiBA 5.2')).level).toBeNull();
  });

  test('one device that fails one rule makes it fail, and the counts say how many', async () => {
    await reporting(kits, kits.wasungen, 'good', lacking([]));
    await reporting(kits, kits.wasungen, 'bad', overdue);
    expect(await controlOf(patching)).toMatchObject({ state: 'not-met', devices: { ...none, met: 1, notMet: 1 } });
    const { coverage, items } = await list();
    const inState = (state: string) => items.filter((item: Control) => item.state === state).length;
    expect(coverage).toMatchObject({
      met: inState('met'),
      notMet: inState('not-met'),
      unknown: inState('unknown'),
      exempt: 0,
    });
    expect(coverage.met).toBeGreaterThan(0);
    expect(coverage.notMet).toBeGreaterThan(0);
  });

  test('a device whose facts are missing keeps it unknown', async () => {
    await reporting(kits, kits.wasungen, 'good', lacking([]));
    const silent = await agentIn(kits, kits.wasungen, 'silent');
    await silent.report(silent.sections({ patches: undefined }));
    expect(await controlOf(patching)).toMatchObject({ state: 'unknown', devices: { ...none, met: 1, unknown: 1 } });
  });

  test('a device that was never judged is unknown for every control', async () => {
    await addDevice(kits.context, kits.wasungen, { hostname: 'new' });
    expect(await controlOf(patching)).toMatchObject({ state: 'unknown', devices: { ...none, unknown: 1 } });
    expect((await drill(patching)).items).toMatchObject([{ hostname: 'new', verdict: 'unknown', verdicts: [] }]);
  });

  test('an exception shows apart and keeps it from being met; one failed rule outweighs it', async () => {
    const agent = await reporting(kits, kits.wasungen, 'a', overdue);
    await reporting(kits, kits.wasungen, 'b', lacking([]));
    await except({ ruleId: 'updates-installed', deviceId: agent.state.deviceId });
    expect(await controlOf(patching)).toMatchObject({ state: 'exempt', devices: { ...none, met: 1, exempt: 1 } });
    const restart = { required: true, reasons: [{ code: 'kernel' as const, strength: 'strong' as const }] };
    await agent.report(agent.sections({ patches: { ...overdue, restart: { ...restart, since: '2026-10-20' } } }));
    expect(await controlOf(patching)).toMatchObject({ state: 'not-met', devices: { ...none, met: 1, notMet: 1 } });
  });

  test('devices a control does not concern are counted apart, and alone do not meet it', async () => {
    await reporting(kits, kits.wasungen, 'linux', lacking([]));
    const uac = 'SYS.2.2.3.A20';
    expect(await controlOf(uac)).toMatchObject({ state: 'unknown', devices: { ...none, notApplicable: 1 } });
    expect(await drill(uac)).toEqual({ items: [], nextCursor: null, total: 0 });
  });

  test('retired devices do not count', async () => {
    const agent = await reporting(kits, kits.wasungen, 'a', overdue);
    await staff.send('PATCH', `devices/${agent.state.deviceId}`, { state: 'retired' });
    expect(await controlOf(patching)).toMatchObject({ state: 'unknown', devices: none });
    expect((await drill(patching)).total).toBe(0);
  });

  test('time alone changes it', async () => {
    await reporting(kits, kits.wasungen, 'a', lacking([]));
    kits.advance(40 * 86_400);
    await evaluateFleet(kits.context);
    expect((await controlOf(patching)).state).not.toBe('met');
  });
});

test('each municipality by itself, and no other one within sight', async () => {
  await reporting(kits, kits.wasungen, 'a', lacking([]));
  await reporting(kits, kits.grabfeld, 'b', overdue);
  expect(await controlOf(patching, `municipality=${kits.wasungen}`)).toMatchObject({ state: 'met' });
  expect(await controlOf(patching, `municipality=${kits.grabfeld}`)).toMatchObject({ state: 'not-met' });
  const local = (await kits.script('viewer', kits.wasungen)).client;
  expect(await list('', local)).toMatchObject({ devices: 1 });
  expect(await controlOf(patching, '', local)).toMatchObject({ state: 'met', devices: { met: 1 } });
  expect(await list(`municipality=${kits.grabfeld}`, local)).toMatchObject({ devices: 0, coverage: { met: 0 } });
  expect(await drill(patching, '', local)).toMatchObject({ total: 1, items: [{ hostname: 'a' }] });
  expect(await drill(patching, `municipality=${kits.grabfeld}`, local)).toMatchObject({ total: 0, items: [] });
});

describe('the devices behind a control', () => {
  test('come with the verdicts of its rules, explained, with evidence', async () => {
    await reporting(kits, kits.wasungen, 'bad', overdue);
    const { items, total } = await drill(patching, 'verdict=not-met');
    expect(total).toBe(1);
    expect(items).toMatchObject([{ hostname: 'bad', municipality: { name: 'Wasungen' }, verdict: 'not-met' }]);
    const [{ verdicts }] = items;
    const { rules } = await controlOf(patching);
    for (const { ruleId } of verdicts) expect(rules.map(({ id }) => id)).toContain(ruleId);
    const updates = verdicts.find(({ ruleId }: { ruleId: string }) => ruleId === 'updates-installed');
    expect(updates).toMatchObject({ verdict: 'not-met', severity: 'critical', reason: 'security-updates-overdue' });
    expect(updates.explanation.de).toContain('openssl:amd64');
    expect(updates.evidence).toContainEqual({ section: 'patches', path: 'updates[0].id', value: 'openssl:amd64' });
  });

  test('by verdict, by name, by pages', async () => {
    for (const name of ['delta', 'Alpha', 'charlie', 'bravo', 'echo'])
      await reporting(kits, kits.wasungen, name, name === 'echo' ? overdue : lacking([]));
    const first = await drill(patching, 'verdict=met&limit=3');
    const rest = await drill(patching, `verdict=met&limit=3&cursor=${first.nextCursor}`);
    expect([first.total, rest.total, rest.nextCursor]).toEqual([4, 4, null]);
    const names = [...first.items, ...rest.items].map(({ hostname }) => hostname);
    expect(names).toEqual(['Alpha', 'bravo', 'charlie', 'delta']);
    expect((await drill(patching)).total).toBe(5);
    expect((await drill(patching, 'verdict=exempt')).total).toBe(0);
  });

  test.each(['NOTHING.1', 'ORP.5.A5', 'x'.repeat(41)])('%s has none', async (id) => {
    const { status } = await staff.get(`controls/${id}/devices`);
    expect(status).toBe(id.length > 40 ? 400 : 404);
  });

  test.each(['cursor=nonsense', 'verdict=green'])('refuses %s', async (query) => {
    expect((await staff.get(`controls/${patching}/devices?${query}`)).status).toBe(400);
  });
});
