import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { TestAgent } from '../../fakes/test-agent.ts';
import { agentIn } from './fleet-agents.ts';
import { auditOf, type Client, type StaffedServer, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
let technician: Client;
beforeAll(async () => {
  kits = await startStaffedServer();
  technician = await kits.staff('Tilo Technik', 'technician', kits.wasungen);
});
afterAll(() => kits.close());

async function reporting(): Promise<TestAgent> {
  const agent = await agentIn(kits, kits.wasungen, 'rathaus-01');
  await agent.report();
  return agent;
}

const ask = (agent: TestAgent, ...sections: string[]) =>
  technician.send('POST', `devices/${agent.state.deviceId}/report-now`, { sections });
const toldTo = async (agent: TestAgent) => (await agent.checkIn()).answer?.reportNow;
const openOf = async (agent: TestAgent) =>
  (await technician.get(`devices/${agent.state.deviceId}`)).body.requested.map(
    ({ section }: { section: string }) => section,
  );
const only = (agent: TestAgent, ...ids: string[]) => agent.sections().filter(({ id }) => ids.includes(id));

describe('a report asked for', () => {
  test('is told in the signed answer to a check-in, and again until it is here', async () => {
    const agent = await reporting();
    expect(await toldTo(agent)).toBeUndefined();
    const { status, body } = await ask(agent, 'storage', 'memory', 'storage');
    expect([status, body.requested]).toEqual([
      202,
      ['memory', 'storage'].map((section) => ({ section, requestedAt: kits.context.now().toISOString() })),
    ]);
    expect(await toldTo(agent)).toEqual(['memory', 'storage']);
    expect(await toldTo(agent)).toEqual(['memory', 'storage']);
    await agent.report(only(agent, 'memory'));
    expect(await toldTo(agent)).toEqual(['storage']);
    await agent.report(only(agent, 'storage', 'cpu'));
    expect(await toldTo(agent)).toBeUndefined();
    expect(await openOf(agent)).toEqual([]);
  });

  test('is not settled by a report that had been made before the device was told', async () => {
    const agent = await reporting();
    const waited = await agent.makeReport(only(agent, 'memory'));
    await ask(agent, 'memory');
    expect(await toldTo(agent)).toEqual(['memory']);
    expect((await agent.sendReport(waited)).status).toBe(201);
    expect(await openOf(agent)).toEqual(['memory']);
    await agent.report(only(agent, 'memory'));
    expect(await openOf(agent)).toEqual([]);
  });

  test('stays open while nobody was told, and asked for anew it is told anew', async () => {
    const agent = await reporting();
    await ask(agent, 'memory');
    await agent.report(only(agent, 'memory'));
    expect(await openOf(agent)).toEqual(['memory']);
    await agent.checkIn();
    await ask(agent, 'memory');
    await agent.report(only(agent, 'memory'));
    expect(await toldTo(agent)).toEqual(['memory']);
  });

  test('is settled in a new store epoch as well', async () => {
    const agent = await reporting();
    await ask(agent, 'memory');
    await agent.checkIn();
    agent.renewEpoch();
    await agent.report(only(agent, 'memory'));
    expect(await openOf(agent)).toEqual([]);
  });

  test('is settled by a report that was signed anew only where that was made after the device was told', async () => {
    const agent = await reporting();
    await ask(agent, 'memory');
    await agent.checkIn();
    const told = { storeEpoch: agent.state.epoch, sequence: agent.state.sequence };
    agent.renewEpoch();
    const again = (first: typeof told) => agent.report(only(agent, 'memory'), { envelope: { first } });
    await again(told);
    await again({ ...told, storeEpoch: randomUUID(), sequence: 900 });
    expect(await openOf(agent)).toEqual(['memory']);
    await again({ ...told, sequence: told.sequence + 1 });
    expect(await openOf(agent)).toEqual([]);
  });

  test('hurries along to a device that listens', async () => {
    const agent = await reporting();
    const stream = await agent.listen();
    onTestFinished(() => stream.close());
    await stream.next();
    await ask(agent, 'memory');
    expect(await stream.next()).toMatchObject({ name: 'report', data: { sections: ['memory'] } });
  });

  test('is forgotten after a day', async () => {
    const agent = await reporting();
    await ask(agent, 'memory');
    kits.advance(86_400);
    technician = await kits.signIn('Tilo Technik');
    expect(await openOf(agent)).toEqual([]);
    expect(await toldTo(agent)).toBeUndefined();
  });

  test('stands in the audit record with who asked for what', async () => {
    const agent = await reporting();
    await ask(agent, 'memory', 'storage');
    const [deed] = (await auditOf(kits.context, 'device.report-now')).slice(-1);
    expect(deed).toMatchObject({
      actor: 'Tilo Technik',
      municipality_id: kits.wasungen,
      target: agent.state.deviceId,
      detail: JSON.stringify({ hostname: 'rathaus-01', sections: ['memory', 'storage'] }),
    });
  });
});

describe('is refused', () => {
  test('to a viewer, to another municipality, and for what is no list of sections', async () => {
    const agent = await reporting();
    const path = `devices/${agent.state.deviceId}/report-now`;
    const viewer = await kits.staff('Vera Viewer', 'viewer', kits.wasungen);
    const stranger = await kits.staff('Fritz Fremd', 'technician', kits.grabfeld);
    expect((await viewer.send('POST', path, { sections: ['memory'] })).status).toBe(403);
    expect((await stranger.send('POST', path, { sections: ['memory'] })).status).toBe(404);
    for (const sections of [[], ['../../etc'], Array.from({ length: 65 }, () => 'memory'), 'memory', undefined]) {
      expect((await technician.send('POST', path, { sections })).status).toBe(400);
    }
    expect((await technician.send('POST', path, { sections: ['memory'], run: 'x' })).status).toBe(400);
    expect(await toldTo(agent)).toBeUndefined();
  });

  test('for a device whose reports are not taken', async () => {
    const agent = await reporting();
    const devices = kits.context.db.updateTable('devices').where('id', '=', agent.state.deviceId);
    await ask(agent, 'memory');
    await devices.set({ state: 'quarantined' }).execute();
    expect(await ask(agent, 'memory')).toMatchObject({ status: 409, body: { code: 'conflict' } });
    // What was asked for before is not told now.
    expect(await toldTo(agent)).toBeUndefined();
  });
});

test('what staff decide about a device reaches it at once, and its retirement ends the stream', async () => {
  const agent = await reporting();
  const stream = await agent.listen();
  onTestFinished(() => stream.close());
  await stream.next();
  const path = `devices/${agent.state.deviceId}`;
  const all = await kits.staff('Ada Allesamt', 'technician');
  await all.send('PATCH', path, { note: 'kein Anlass' });
  await all.send('PATCH', path, { municipalityId: kits.grabfeld });
  expect(await stream.next()).toMatchObject({ name: 'policy' });
  kits.context.push.publish({ municipalityId: kits.wasungen }, { name: 'report', data: { sections: ['cpu'] } });
  kits.context.push.publish({ municipalityId: kits.grabfeld }, { name: 'report', data: { sections: ['os'] } });
  expect(await stream.next()).toMatchObject({ data: { sections: ['os'] } });
  await all.send('PATCH', path, { state: 'retired' });
  expect(await stream.next()).toBeUndefined();
});
