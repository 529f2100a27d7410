/** What devices are told is worked out once and holds until something changes it: by whomever, in whichever process. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noticesHash } from '../../../agent/signing/words.ts';
import { main } from '../../../server/cli.ts';
import { type Database, openDatabase } from '../../../server/store/database.ts';
import { groupOf, noticeOf, publish, setPolicy } from '../../fakes/office-words.ts';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

let server: TestServer;
let agent: TestAgent;
/** As another process has the database open. */
let beside: Database;
let ahead = 0;
const now = () => new Date(Date.now() + ahead);
beforeEach(async () => {
  ahead = 0;
  server = await startTestServer({ now });
  agent = await createTestAgent({ url: server.url, token: server.token, now });
  await agent.enrol();
  beside = await openDatabase(join(server.dataDir, 'kits.db'));
  await checkIn();
});
afterEach(async () => {
  await beside.destroy();
  await server.close();
});

const other = () => ({ db: beside, now });
const checkIn = async (said: Record<string, unknown> = {}) => {
  const { answer } = await agent.checkIn(said);
  if (answer === undefined) throw new Error('the check-in was refused');
  return answer;
};

test('a policy, a group, an exception and a move from elsewhere count with the next check-in', async () => {
  expect(await checkIn()).toMatchObject({ policyVersion: 0, checkInSeconds: 900 });
  await setPolicy(other(), `municipality-${server.municipalityId}`, { checkInSeconds: 300 });
  expect(await checkIn()).toMatchObject({ policyVersion: 1, checkInSeconds: 300 });
  const group = await groupOf(other(), server.municipalityId, [agent.state.deviceId]);
  expect((await checkIn()).membership?.groups).toEqual([group]);
  await beside.updateTable('group_members').set({ removed_at: now().toISOString() }).execute();
  expect((await checkIn()).membership?.groups).toEqual([]);
  await beside
    .insertInto('exceptions')
    .values({
      id: '3b8a2b44-39c5-4f47-9a35-3a4f7e9a7c11',
      rule_id: 'storage-free',
      municipality_id: server.municipalityId,
      device_id: null,
      reason: 'wird ersetzt',
      approved_by: 'KITS',
      approved_at: now().toISOString(),
      expires_at: new Date(now().getTime() + 86_400_000).toISOString(),
      entered_by: 'KITS',
      withdrawn_at: null,
      withdrawn_by: null,
    })
    .execute();
  expect(await checkIn()).toMatchObject({ policyVersion: 2 });
  await beside.deleteFrom('exceptions').execute();
  expect(await checkIn()).toMatchObject({ policyVersion: 3 });
  const elsewhere = await server.addMunicipality('Grabfeld');
  await beside.updateTable('devices').set({ municipality_id: elsewhere }).execute();
  expect(await checkIn()).toMatchObject({
    policyVersion: 4,
    checkInSeconds: 900,
    membership: { municipality: { id: elsewhere } },
  });
});

test('a notice begins, takes the place of another one and ends at its time, with nobody changing anything', async () => {
  const place = { ...server, context: { ...server.context, db: beside } };
  const old = noticeOf(server.municipalityId, {}, now());
  const oldJws = await publish(place, old);
  expect((await checkIn()).notices).toBe(noticesHash([oldJws]));
  const later = new Date(now().getTime() + 3_600_000).toISOString();
  const next = await publish(place, noticeOf(server.municipalityId, { replaces: old.id, validFrom: later }, now()));
  expect((await checkIn()).notices).toBe(noticesHash([oldJws, next]));
  ahead = 3_700_000;
  expect((await checkIn()).notices).toBe(noticesHash([next]));
  ahead = 8 * 86_400_000;
  expect((await checkIn()).notices).toBeUndefined();
});

test('what was worked out in a check-in that came to nothing is not kept', async () => {
  await setPolicy(server.context, `device-${agent.state.deviceId}`, { checkInSeconds: 300 });
  // The second one of two with one proof is undone, and with it the count of versions it may have begun.
  const body = Buffer.from('{"agentVersion":"0.1.0","storeEpoch":"3b8a2b44-39c5-4f47-9a35-3a4f7e9a7c11","sequence":0}');
  const { proof } = await agent.proofFor('/agent/v1/check-in', body);
  const send = () =>
    agent.post('/agent/v1/check-in', { 'kits-proof': proof, 'content-type': 'application/json' }, body);
  expect((await Promise.all([send(), send()])).map(({ status }) => status).sort()).toEqual([200, 401]);
  expect(await checkIn()).toMatchObject({ policyVersion: 1, checkInSeconds: 300 });
});

test('times that were wrong are taken back with each check-in, until they have come', async () => {
  const until = new Date(now().getTime() + 3_600_000).toISOString();
  const corrected = await main(['admit-wrong-time', '--until', until, '--data-dir', server.dataDir], {
    out: () => undefined,
    err: () => undefined,
    signal: new AbortController().signal,
  });
  expect(corrected).toBe(0);
  expect((await checkIn()).wrongTimesUntil).toBe(until);
  ahead = 3_700_000;
  expect((await checkIn()).wrongTimesUntil).toBeUndefined();
});
