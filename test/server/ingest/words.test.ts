/** What a check-in brings, to whom, and that it brings it once. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkInResponse, jwsTypes, keysResponse } from '../../../agent/contract/wire.ts';
import { shortHash } from '../../../agent/signing/canonical.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { followAnnouncements, pinnedTrust } from '../../../agent/signing/key-set.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { membershipHash, noticesHash, readNotice, verifyPolicy } from '../../../agent/signing/words.ts';
import { loadServerKeys, type ServerKeys } from '../../../server/keys.ts';
import { dropRefused } from '../../../server/notices/publish.ts';
import { groupOf, noticeOf, publish, setPolicy, staff } from '../../fakes/office-words.ts';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

let server: TestServer;
let keys: ServerKeys;
let elsewhere: string;
beforeAll(async () => {
  server = await startTestServer();
  keys = await loadServerKeys(server.dataDir, true);
  elsewhere = await server.addMunicipality('Breitungen');
});
afterAll(() => server.close());

async function device(token = server.token): Promise<TestAgent> {
  const agent = await createTestAgent({ url: server.url, token });
  await agent.enrol();
  return agent;
}

async function checkIn(of: TestAgent, said: Record<string, unknown> = {}) {
  const { body, answer } = await of.checkIn(said);
  if (answer === undefined) throw new Error('the check-in was refused');
  return { ...checkInResponse.parse(body), answer };
}

const holderOf = (agent: TestAgent, groups: string[] = []) => ({
  municipality: server.municipalityId,
  device: agent.state.deviceId,
  groups,
});

describe('keys', () => {
  test('that lead from the one that is pinned are shown to everybody', async () => {
    const shown = keysResponse.parse(await (await fetch(`${server.url}/agent/v1/keys`)).json());
    const { trust } = await followAnnouncements(pinnedTrust(shown.keys[0]!), shown.announcements, undefined);
    expect(trust.keys.map(({ use, key }) => [use, key.x])).toEqual([
      ['server', keys.signingKey.publicKey.x],
      ['notice', keys.noticeKey?.publicKey.x],
    ]);
  });

  test('come with a check-in to a device that has not heard of them, once', async () => {
    const agent = await device();
    const { keys: brought } = await checkIn(agent);
    expect(brought).toEqual(keys.announcements);
    expect((await checkIn(agent, { keys: shortHash(brought!.at(-1)!) })).keys).toBeUndefined();
    expect((await checkIn(agent, { keys: shortHash('of another server') })).keys).toEqual(keys.announcements);
  });
});

describe('membership', () => {
  test('is told when the device does not say it itself', async () => {
    const agent = await device();
    const group = await groupOf(server.context, server.municipalityId, [agent.state.deviceId]);
    const { answer } = await checkIn(agent);
    expect(answer.membership).toEqual({
      municipality: { id: server.municipalityId, name: 'Wasungen' },
      groups: [group],
    });
    const said = { membership: membershipHash(holderOf(agent, [group])) };
    expect((await checkIn(agent, said)).answer.membership).toBeUndefined();
    const before = { membership: membershipHash(holderOf(agent)) };
    expect((await checkIn(agent, before)).answer.membership?.groups).toEqual([group]);
  });
});

describe('a policy', () => {
  test('comes to a device that has another version, signed for it alone', async () => {
    const [agent, neighbour] = [await device(), await device()];
    await setPolicy(server.context, `device-${agent.state.deviceId}`, { checkInSeconds: 300 });
    const { answer, policy } = await checkIn(agent);
    expect(answer).toMatchObject({ policyVersion: 1, checkInSeconds: 300 });
    const listen = { trust: keys.trust, now: new Date() };
    expect(await verifyPolicy(policy!, { ...listen, holder: holderOf(agent) })).toMatchObject({
      version: 1,
      settings: { checkInSeconds: 300 },
    });
    await expect(verifyPolicy(policy!, { ...listen, holder: holderOf(neighbour) })).rejects.toMatchObject({
      reason: 'audience',
    });
    const other = await checkIn(neighbour);
    expect(other.answer).toMatchObject({ policyVersion: 0, checkInSeconds: 900 });
    expect(other.policy).toBeUndefined();
  });

  test('that the device has comes again only when it asks, or when it has changed', async () => {
    const agent = await device();
    const key = `device-${agent.state.deviceId}`;
    await setPolicy(server.context, key, { checkInSeconds: 300 });
    expect((await checkIn(agent)).policy).toBeDefined();
    expect((await checkIn(agent, { policyVersion: 1 })).policy).toBeUndefined();
    expect((await checkIn(agent, { policyVersion: 1, wantPolicy: true })).policy).toBeDefined();
    await setPolicy(server.context, key, { checkInSeconds: 600 });
    expect((await checkIn(agent, { policyVersion: 1 })).answer).toMatchObject({
      policyVersion: 2,
      checkInSeconds: 600,
    });
  });

  test('is noted by the version the device names', async () => {
    const agent = await device();
    await checkIn(agent, { policyVersion: 3 });
    const row = await server.context.db
      .selectFrom('devices')
      .select('policy_version')
      .where('id', '=', agent.state.deviceId)
      .executeTakeFirstOrThrow();
    expect(row.policy_version).toBe(3);
  });

  test('is numbered beyond what the device has, also after the server forgot that it gave it', async () => {
    const agent = await device();
    await setPolicy(server.context, `device-${agent.state.deviceId}`, { checkInSeconds: 300 });
    const { answer, policy } = await checkIn(agent, { policyVersion: 40 });
    expect(answer.policyVersion).toBe(41);
    const before = { version: 40, issuedAt: new Date(Date.now() - 1000).toISOString() };
    const listener = { trust: keys.trust, holder: holderOf(agent), now: new Date() };
    expect(await verifyPolicy(policy!, listener, before)).toMatchObject({ version: 41 });
    expect((await checkIn(agent, { policyVersion: 41 })).answer.policyVersion).toBe(41);
    // Nobody counts for a device that makes numbers up.
    expect((await checkIn(agent, { policyVersion: Number.MAX_SAFE_INTEGER })).answer.policyVersion).toBe(41);
  });

  test('is told with each receipt too', async () => {
    const agent = await device();
    await setPolicy(server.context, `device-${agent.state.deviceId}`, { checkInSeconds: 300 });
    expect((await agent.report()).answer).toMatchObject({ policyVersion: 1, checkInSeconds: 300 });
  });
});

test('a device that waits for its approval hears nothing of its municipality', async () => {
  const municipality = await server.addMunicipality('Grabfeld', { approvalRequired: true });
  await setPolicy(server.context, `municipality-${municipality}`, { checkInSeconds: 300 });
  await publish(server, noticeOf(municipality));
  const agent = await device(await server.addToken(municipality));
  const { answer, policy, notices } = await checkIn(agent);
  expect(answer).toMatchObject({ state: 'pending', policyVersion: 0, checkInSeconds: 900 });
  expect([answer.membership, answer.notices, policy, notices]).toEqual([undefined, undefined, undefined, undefined]);
});

describe('notices', () => {
  test('reach those they are for, once, and the signed answer names the whole of them', async () => {
    const municipality = await server.addMunicipality('Fambach');
    const token = await server.addToken(municipality);
    const [agent, neighbour, stranger] = [await device(token), await device(token), await device()];
    const group = await groupOf(server.context, municipality, [agent.state.deviceId]);
    const toAll = await publish(server, noticeOf(municipality));
    const toGroup = await publish(server, noticeOf(municipality, { audience: { municipality, group } }));
    const own = { municipality, device: agent.state.deviceId };
    const toOne = await publish(server, noticeOf(municipality, { audience: own }));

    const heard = await checkIn(agent);
    expect(new Set(heard.notices)).toEqual(new Set([toAll, toGroup, toOne]));
    expect(heard.answer.notices).toBe(noticesHash([toAll, toGroup, toOne]));
    expect((await checkIn(agent, { notices: heard.answer.notices })).notices).toBeUndefined();
    expect((await checkIn(neighbour)).notices).toEqual([toAll]);
    expect((await checkIn(stranger)).answer.notices).toBeUndefined();
  });

  test('that are over, or were replaced, are not among them; a recall is', async () => {
    const municipality = await server.addMunicipality('Roßdorf');
    const agent = await device(await server.addToken(municipality));
    const old = noticeOf(municipality);
    await publish(server, old);
    const replacing = await publish(server, noticeOf(municipality, { replaces: old.id }));
    const soon = new Date(Date.now() + 86_400_000).toISOString();
    const planned = noticeOf(municipality);
    const plannedJws = await publish(server, planned);
    const waiting = await publish(server, noticeOf(municipality, { replaces: planned.id, validFrom: soon }));
    expect(new Set((await checkIn(agent)).notices)).toEqual(new Set([replacing, plannedJws, waiting]));

    const recalled = await publish(server, noticeOf(municipality, { id: planned.id, recalled: true }));
    expect(new Set((await checkIn(agent)).notices)).toEqual(new Set([replacing, recalled, waiting]));
    await server.context.db
      .updateTable('notices')
      .set({ valid_until: new Date(Date.now() - 1).toISOString() })
      .where('municipality_id', '=', municipality)
      .execute();
    expect((await checkIn(agent)).answer.notices).toBeUndefined();
  });

  const refused = (code: string) => ({ name: 'Refusal', code });
  test.each<[string, string, () => Promise<unknown>]>([
    ['signed with the server key', 'invalid', () => publish(server, noticeOf(server.municipalityId), keys.signingKey)],
    [
      'signed by a stranger',
      'invalid',
      async () => publish(server, noticeOf(server.municipalityId), await generateKey()),
    ],
    [
      'that is over',
      'invalid',
      () => publish(server, noticeOf(server.municipalityId, {}, new Date(Date.now() - 8 * 86_400_000))),
    ],
    ['for a municipality that is none', 'not-found', () => publish(server, noticeOf(randomUUID()))],
    [
      'for a device of another municipality',
      'not-found',
      async () => {
        const { deviceId } = (await device()).state;
        return publish(server, noticeOf(elsewhere, { audience: { municipality: elsewhere, device: deviceId } }));
      },
    ],
    [
      'for a group of another municipality',
      'not-found',
      async () => {
        const group = await groupOf(server.context, server.municipalityId, []);
        return publish(server, noticeOf(elsewhere, { audience: { municipality: elsewhere, group } }));
      },
    ],
  ])('%s are not published: %s', async (_name, code, publishing) => {
    await expect(publishing()).rejects.toMatchObject(refused(code));
  });

  test('do not go back behind a correction, nor move to another municipality', async () => {
    const municipality = await server.addMunicipality('Belrieth');
    const notice = noticeOf(municipality);
    const issued = (ms: number) => ({ ...notice, issuedAt: new Date(Date.parse(notice.issuedAt) + ms).toISOString() });
    await publish(server, issued(0));
    await expect(publish(server, issued(0))).rejects.toMatchObject(refused('conflict'));
    await expect(publish(server, issued(-1000))).rejects.toMatchObject(refused('conflict'));
    const moved = { ...issued(1000), audience: { municipality: elsewhere } };
    await expect(publish(server, moved)).rejects.toMatchObject(refused('not-found'));
    await publish(server, issued(1000));
  });

  test('of one audience are at most as many as a device can hold', async () => {
    const municipality = await server.addMunicipality('Christes');
    for (let count = 0; count < 50; count += 1) await publish(server, noticeOf(municipality));
    await expect(publish(server, noticeOf(municipality))).rejects.toMatchObject(refused('conflict'));
    const agent = await device(await server.addToken(municipality));
    const own = { municipality, device: agent.state.deviceId };
    const newest = await publish(server, noticeOf(municipality, { audience: own }));
    const { notices } = await checkIn(agent);
    expect(notices).toHaveLength(50);
    expect(notices).toContain(newest);
  });

  test('that no key of this server has signed are taken away at its start', async () => {
    const municipality = await server.addMunicipality('Neubrunn');
    const good = await publish(server, noticeOf(municipality));
    const { id, ...row } = noticeOf(municipality);
    const planted = await signJws(jwsTypes.notice, { id, ...row }, await generateKey());
    await server.context.db
      .insertInto('notices')
      .values({
        id,
        municipality_id: municipality,
        recalled: 0,
        issued_at: row.issuedAt,
        valid_from: row.validFrom,
        valid_until: row.validUntil,
        jws: planted,
        published_at: row.issuedAt,
        published_by: staff.name,
      })
      .execute();
    const agent = await device(await server.addToken(municipality));
    expect((await checkIn(agent)).notices).toHaveLength(2);
    expect(await dropRefused(server.context.db, keys.trust, new Date())).toBe(1);
    expect((await checkIn(agent)).notices).toEqual([good]);
    expect(await readNotice(good, keys.trust, new Date())).toMatchObject({ sender: 'KITS' });
  });

  test('are in the audit record', async () => {
    const municipality = await server.addMunicipality('Ritschenhausen');
    const notice = noticeOf(municipality);
    await publish(server, notice);
    await publish(server, { ...notice, issuedAt: new Date(Date.now() + 1000).toISOString(), recalled: true });
    const deeds = await server.context.db
      .selectFrom('audit')
      .select(['action', 'target', 'actor'])
      .where('municipality_id', '=', municipality)
      .where('action', 'like', 'notice.%')
      .orderBy('id')
      .execute();
    expect(deeds).toEqual([
      { action: 'notice.publish', target: notice.id, actor: 'test' },
      { action: 'notice.recall', target: notice.id, actor: 'test' },
    ]);
  });
});
