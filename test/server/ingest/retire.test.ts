/** A device that says it is being removed: out of the fleet, history kept, and its key says nothing any more. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { proofHeader } from '../../../agent/contract/wire.ts';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

const path = '/agent/v1/retire';
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

async function enrolled(): Promise<TestAgent> {
  const agent = await createTestAgent(server);
  await agent.enrol();
  return agent;
}

const bodyOf = (change: object = {}) =>
  Buffer.from(JSON.stringify({ contractVersion: 1, agentVersion: '0.1.0', waiting: 0, ...change }));

async function retire(agent: TestAgent, body = bodyOf()) {
  const { proof } = await agent.proofFor(path, body);
  return agent.post(path, { 'content-type': 'application/json', [proofHeader]: proof }, body);
}

const stateOf = async (agent: TestAgent) =>
  (
    await server.context.db
      .selectFrom('devices')
      .select('state')
      .where('id', '=', agent.state.deviceId)
      .executeTakeFirstOrThrow()
  ).state;
const setState = (agent: TestAgent, state: 'active' | 'pending' | 'quarantined') =>
  server.context.db.updateTable('devices').set({ state }).where('id', '=', agent.state.deviceId).execute();
const eventsOf = (agent: TestAgent) =>
  server.context.db
    .selectFrom('device_events')
    .select(['code', 'detail'])
    .where('device_id', '=', agent.state.deviceId)
    .execute();
const deedsOf = (agent: TestAgent) =>
  server.context.db
    .selectFrom('audit')
    .select(['actor', 'action', 'municipality_id'])
    .where('target', '=', agent.state.deviceId)
    .execute();

test('is retired once, with time and source, and what it reported stays', async () => {
  const agent = await enrolled();
  expect((await agent.report()).status).toBe(201);
  expect((await retire(agent, bodyOf({ waiting: 3 }))).status).toBe(200);
  expect(await stateOf(agent)).toBe('retired');
  expect(await eventsOf(agent)).toEqual([
    {
      code: 'removed-by-installation',
      detail: expect.stringMatching(
        /^KITS Agent 0\.1\.0 was removed on 20.*Z\. 3 reports had not reached the server\.$/,
      ),
    },
  ]);
  expect(await deedsOf(agent)).toEqual([
    {
      actor: `device:${agent.state.deviceId}`,
      action: 'device.removed-by-installation',
      municipality_id: server.municipalityId,
    },
  ]);
  const { reports } = await server.context.db
    .selectFrom('reports')
    .select(({ fn }) => fn.countAll<number>().as('reports'))
    .where('device_id', '=', agent.state.deviceId)
    .executeTakeFirstOrThrow();
  expect(Number(reports)).toBe(1);

  const again = await retire(agent);
  expect([again.status, again.code]).toEqual([403, 'device-not-active']);
  expect(await deedsOf(agent)).toHaveLength(1);
});

test('its key neither speaks nor enrols again: whoever stole it cannot bring it back', async () => {
  const agent = await enrolled();
  await retire(agent);
  expect((await agent.checkIn()).code).toBe('device-not-active');
  expect((await agent.report()).code).toBe('device-not-active');
  expect((await agent.tryEnrol()).answered.code).toBe('token-invalid');
  expect(await stateOf(agent)).toBe('retired');
});

test('one proof works once, and a stranger retires nobody', async () => {
  const [agent, other] = [await enrolled(), await enrolled()];
  const body = bodyOf();
  const { proof } = await other.proofFor(path, body);
  const swapped = await agent.post(
    path,
    { 'content-type': 'application/json', [proofHeader]: proof },
    bodyOf({ waiting: 1 }),
  );
  expect(swapped.code).toBe('request-altered');
  const elsewhere = await agent.proofFor('/agent/v1/check-in', body);
  const forged = await agent.post(path, { 'content-type': 'application/json', [proofHeader]: elsewhere.proof }, body);
  expect(forged.code).toBe('request-altered');
  expect((await agent.post(path, { 'content-type': 'application/json' }, body)).status).toBe(401);
  expect((await retire(agent, Buffer.from('{"waiting":-1}'))).code).toBe('malformed');
  expect([await stateOf(agent), await stateOf(other)]).toEqual(['active', 'active']);
});

test('a suspected copy is noted and decides nothing; one that waits for approval goes', async () => {
  const [copy, pending] = [await enrolled(), await enrolled()];
  await setState(copy, 'quarantined');
  await setState(pending, 'pending');
  expect((await retire(copy)).status).toBe(200);
  expect((await retire(pending)).status).toBe(200);
  expect([await stateOf(copy), await stateOf(pending)]).toEqual(['quarantined', 'retired']);
  expect((await eventsOf(copy)).map(({ code }) => code)).toEqual(['removed-by-installation']);
  expect(await deedsOf(copy)).toEqual([]);
});
