import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { StreamEvent } from '../../../agent/contract/wire.ts';
import { streamLimits } from '../../../server/push/device-streams.ts';
import { newMarks } from '../../fakes/office-facts.ts';
import { createTestAgent, type Listening, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

async function enrolled(options: { token?: string } = {}): Promise<TestAgent> {
  const agent = await createTestAgent({ url: server.url, token: server.token, ...options });
  await agent.enrol();
  return agent;
}

async function listen(agent: TestAgent, lastEventId?: string): Promise<Listening> {
  const stream = await agent.listen(lastEventId);
  onTestFinished(() => stream.close());
  return stream;
}

/** The stream is open and has greeted. */
async function greeted(agent: TestAgent, lastEventId?: string) {
  const stream = await listen(agent, lastEventId);
  const ready = await stream.next();
  expect(ready).toMatchObject({ name: 'ready' });
  return { ...stream, ready: ready! };
}

const policy: StreamEvent = { name: 'policy', data: {} };
const report = (section: string): StreamEvent => ({ name: 'report', data: { sections: [section] } });
const tell = (agent: TestAgent, event: StreamEvent): void =>
  server.context.push.publish({ municipalityId: server.municipalityId, deviceIds: [agent.state.deviceId] }, event);

describe('a stream', () => {
  test('is opened by the same proof as any request, and only by one', async () => {
    const agent = await enrolled();
    const stream = await greeted(agent);
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(stream.headers.get('x-content-type-options')).toBe('nosniff');
    expect(stream.ready.data).toEqual({ heartbeatSeconds: 120, resumed: false });

    expect((await fetch(`${server.url}/agent/v1/events`)).status).toBe(401);
    const forPost = await agent.proofFor('/agent/v1/events', Buffer.alloc(0));
    const proof = await agent.proofFor('/agent/v1/events', Buffer.alloc(0), { method: 'GET' });
    const answers: number[] = [];
    for (const jws of [forPost.proof, proof.proof, proof.proof]) {
      const closing = new AbortController();
      const response = await fetch(`${server.url}/agent/v1/events`, {
        headers: { 'kits-proof': jws },
        signal: closing.signal,
      });
      answers.push(response.status);
      closing.abort();
    }
    // Made for POST; good; the same once more.
    expect(answers).toEqual([401, 200, 401]);
  });

  test('a device that nobody has approved hears nothing', async () => {
    const strict = await server.addMunicipality('Fambach', { approvalRequired: true });
    const agent = await enrolled({ token: await server.addToken(strict) });
    expect(await agent.listen()).toMatchObject({ status: 403, code: 'device-not-active' });
    await server.context.db.updateTable('devices').set({ state: 'active' }).execute();
    await greeted(agent);
  });

  test('the stream of a device ends with the report that gets it quarantined', async () => {
    const agent = await enrolled();
    await agent.report();
    const stream = await greeted(agent);
    const clone = await agent.report(agent.sections(), { fingerprint: newMarks() });
    expect(clone.code).toBe('device-not-active');
    expect(await stream.next()).toBeUndefined();
    expect(await agent.listen()).toMatchObject({ status: 403, code: 'device-not-active' });
  });

  test('a retired device gets none, and an open one ends with its retirement', async () => {
    const agent = await enrolled();
    const stream = await greeted(agent);
    server.context.push.deviceMoved(agent.state.deviceId, null);
    expect(await stream.next()).toBeUndefined();
    await server.context.db.updateTable('devices').set({ state: 'retired' }).execute();
    expect(await agent.listen()).toMatchObject({ status: 403, code: 'device-not-active' });
  });

  test('brings what is for this device or its municipality, and nothing that is for others', async () => {
    const elsewhere = await server.addMunicipality('Grabfeld');
    const [mine, neighbour, stranger] = [
      await enrolled(),
      await enrolled(),
      await enrolled({ token: await server.addToken(elsewhere) }),
    ];
    const streams = [await greeted(mine), await greeted(neighbour), await greeted(stranger)];
    tell(mine, report('memory'));
    // A device of another municipality is not reached by naming it.
    server.context.push.publish({ municipalityId: elsewhere, deviceIds: [mine.state.deviceId] }, report('storage'));
    server.context.push.publish({ municipalityId: server.municipalityId }, report('network'));
    server.context.push.publish({ municipalityId: elsewhere }, policy);
    const heard = await Promise.all(streams.map(async (stream) => (await stream.next())?.data));
    expect(heard).toEqual([{ sections: ['memory'] }, { sections: ['network'] }, {}]);
    expect((await streams[0]!.next())?.data).toEqual({ sections: ['network'] });
  });

  test('a device that moves hears its new municipality from then on', async () => {
    const elsewhere = await server.addMunicipality('Grabfeld');
    const agent = await enrolled();
    const stream = await greeted(agent);
    server.context.push.deviceMoved(agent.state.deviceId, elsewhere);
    server.context.push.publish({ municipalityId: server.municipalityId }, report('network'));
    server.context.push.publish({ municipalityId: elsewhere }, policy);
    expect(await stream.next()).toMatchObject({ name: 'policy' });
  });

  test('counts as hearing of the device, and shows in the figures while it is open', async () => {
    const agent = await enrolled();
    const open = async () =>
      /^kits_event_streams (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1];
    const stream = await greeted(agent);
    expect(await open()).toBe('1');
    const { last_heard_at } = await server.context.db.selectFrom('devices').selectAll().executeTakeFirstOrThrow();
    expect(last_heard_at).not.toBeNull();
    stream.close();
    await expect.poll(open).toBe('0');
  });
});

describe('resuming', () => {
  test('brings what was said in between, once, and tells that nothing was missed', async () => {
    const [agent, other] = [await enrolled(), await enrolled()];
    const first = await greeted(agent);
    tell(agent, report('memory'));
    const { id } = (await first.next())!;
    first.close();
    tell(agent, report('storage'));
    tell(other, report('cpu'));
    tell(agent, report('network'));
    const second = await greeted(agent, id);
    expect(second.ready.data).toMatchObject({ resumed: true });
    expect((await second.next())?.data).toEqual({ sections: ['storage'] });
    const newest = (await second.next())!;
    expect(newest.data).toEqual({ sections: ['network'] });
    second.close();
    const third = await greeted(agent, newest.id);
    expect(third.ready.data).toMatchObject({ resumed: true });
    tell(agent, policy);
    expect(await third.next()).toMatchObject({ name: 'policy' });
  });

  test('works for a device nobody had told anything, and again after a break in the middle of it', async () => {
    const agent = await enrolled();
    const first = await greeted(agent);
    first.close();
    tell(agent, report('memory'));
    const second = await greeted(agent, first.ready.id);
    expect(second.ready.data).toMatchObject({ resumed: true });
    second.close();
    // Only the greeting had arrived: what follows it has not been heard yet.
    const third = await greeted(agent, second.ready.id);
    expect((await third.next())?.data).toEqual({ sections: ['memory'] });
  });

  test('behind an event this server does not know says that something may be missing', async () => {
    const agent = await enrolled();
    expect((await greeted(agent, 'of-another-start')).ready.data).toMatchObject({ resumed: false });
  });
});

describe('bounds', () => {
  const restart = async (limits: Partial<typeof streamLimits>) => {
    await server.close();
    server = await startTestServer({ streamLimits: { ...streamLimits, ...limits } });
  };

  test('the oldest connection of a device gives way to the third', async () => {
    const agent = await enrolled();
    const [first, second] = [await greeted(agent), await greeted(agent)];
    const third = await greeted(agent);
    expect(await first.next()).toBeUndefined();
    tell(agent, policy);
    expect([(await second.next())?.name, (await third.next())?.name]).toEqual(['policy', 'policy']);
  });

  test('a full server says so, and check-ins go on', async () => {
    await restart({ total: 1 });
    const [agent, other] = [await enrolled(), await enrolled()];
    await greeted(agent);
    const refused = await other.listen();
    expect(refused).toMatchObject({ status: 503, code: 'no-room' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await other.checkIn()).status).toBe(200);
  });

  test('only so many events are kept; behind an older one a device is told that something may be missing', async () => {
    await restart({ keptEvents: 3 });
    const agent = await enrolled();
    const { ready, close } = await greeted(agent);
    close();
    for (const section of ['memory', 'storage', 'network']) tell(agent, report(section));
    expect((await greeted(agent, ready.id)).ready.data).toMatchObject({ resumed: false });
  });

  test('heartbeats come while nothing else does', async () => {
    await restart({ heartbeatMs: 1000 });
    const stream = await greeted(await enrolled());
    expect(stream.ready.data).toMatchObject({ heartbeatSeconds: 1 });
    expect(await stream.next()).toMatchObject({ name: 'heartbeat' });
    expect(await stream.next()).toMatchObject({ name: 'heartbeat' });
  });

  test('who takes nothing is cut off before it fills the memory', async () => {
    await restart({ unsentBytes: 100_000 });
    const agent = await enrolled();
    await greeted(agent);
    const big: StreamEvent = { name: 'notice', data: { notice: `a.${'b'.repeat(60_000)}.c` } };
    const open = async () =>
      /^kits_event_streams (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1];
    // Nobody reads: the buffers of the system fill first, then ours.
    for (let sent = 0; sent < 1000 && (await open()) === '1'; sent += 1) tell(agent, big);
    expect(await open()).toBe('0');
  });

  test('the end of the server ends the streams instead of waiting for them', async () => {
    const stream = await greeted(await enrolled());
    await server.close();
    expect(await stream.next()).toBeUndefined();
    await restart({});
  });
});
