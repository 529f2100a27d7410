/** Notices through the API: who may, what is refused, what becomes of them, and how far they have come. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { readNotice } from '../../../agent/signing/words.ts';
import { composeNotice } from '../../../server/notices/compose.ts';
import { dropRefused, publishNotice } from '../../../server/notices/publish.ts';
import { noticeOf } from '../../fakes/office-words.ts';
import { createTestAgent } from '../../fakes/test-agent.ts';
import {
  addDevice,
  auditOf,
  type Client,
  type StaffedServer,
  startOfTime,
  startStaffedServer,
} from './staffed-server.ts';

let kits: StaffedServer;
let technician: Client;
let by: string;
beforeEach(async () => {
  kits = await startStaffedServer();
  const script = await kits.script('technician', kits.wasungen);
  technician = script.client;
  by = `api-token:${script.id}`;
});
afterEach(() => kits.close());

const hours = (count: number): string => new Date(startOfTime + count * 3_600_000).toISOString();
const draft = (change: object = {}) => ({
  audience: { municipality: kits.wasungen },
  severity: 'warning',
  title: { de: 'Wartung am Freitag', en: 'Maintenance on Friday' },
  body: { de: 'Ab 14 Uhr wird das Netz gewartet.' },
  validUntil: hours(48),
  ...change,
});
const post = (change: object = {}, client = technician) => client.send('POST', 'notices', draft(change));
const published = async (change: object = {}): Promise<{ id: string }> => {
  const { status, body } = await post(change);
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
};
const groupWith = async (...devices: string[]): Promise<string> => {
  const { id } = (await technician.send('POST', 'groups', { municipalityId: kits.wasungen, name: 'Notebooks' })).body;
  await technician.send('POST', `groups/${id}/members`, { add: devices });
  return id;
};
const ids = (answer: { body: { items: { id: string }[] } }) => answer.body.items.map(({ id }) => id);

describe('publishing', () => {
  test('signs with the notice key, lists, and stands in the record', async () => {
    await addDevice(kits.context, kits.wasungen);
    await addDevice(kits.context, kits.wasungen, { state: 'retired' });
    await addDevice(kits.context, kits.wasungen, { state: 'pending' });
    await addDevice(kits.context, kits.grabfeld);
    const links = ['https://www.kits.example/wartung'];
    const { id } = await published({ title: { de: '  Wartung am Freitag ', en: ' ' }, links, mustAcknowledge: true });
    expect((await technician.get(`notices/${id}`)).body).toEqual({
      id,
      issuedAt: hours(0),
      severity: 'warning',
      title: { de: 'Wartung am Freitag' },
      body: { de: 'Ab 14 Uhr wird das Netz gewartet.' },
      sender: 'KITS',
      validFrom: hours(0),
      validUntil: hours(48),
      links,
      mustAcknowledge: true,
      municipality: { id: kits.wasungen, name: 'Wasungen' },
      audience: { level: 'municipality', id: kits.wasungen, name: 'Wasungen' },
      state: 'active',
      replaces: null,
      replacedBy: null,
      publishedAt: hours(0),
      publishedBy: by,
      // Heard of before the publication, not since.
      progress: {
        devices: 1,
        delivered: 0,
        waiting: 0,
        unreachable: 1,
        seen: 0,
        acknowledged: 0,
        deferred: 0,
        notShown: 0,
      },
    });
    const { jws } = await kits.context.db.selectFrom('notices').select('jws').executeTakeFirstOrThrow();
    expect(await readNotice(jws, kits.context.trust, kits.context.now())).toMatchObject({ id, mustAcknowledge: true });
    expect(await auditOf(kits.context, 'notice.publish')).toMatchObject([
      { actor: by, municipality_id: kits.wasungen, target: id },
    ]);
  });

  test('for a group or a device, and what the number of devices will be', async () => {
    const [first, second] = [
      await addDevice(kits.context, kits.wasungen, { hostname: 'was-pc-1' }),
      await addDevice(kits.context, kits.wasungen, { last_heard_at: hours(-30) }),
    ];
    const group = await groupWith(first, second);
    const audience = { municipality: kits.wasungen };
    const reach = async (more: string) =>
      (await technician.get(`notices/reach?municipality=${kits.wasungen}${more}`)).body;
    expect(await reach('')).toEqual({ devices: 2, heardToday: 1 });
    expect(await reach(`&group=${group}`)).toEqual({ devices: 2, heardToday: 1 });
    expect(await reach(`&device=${second}`)).toEqual({ devices: 1, heardToday: 0 });
    const toGroup = await published({ audience: { ...audience, group } });
    const toDevice = await published({ audience: { ...audience, device: first } });
    expect((await technician.get(`notices/${toGroup.id}`)).body).toMatchObject({
      audience: { level: 'group', id: group, name: 'Notebooks' },
      progress: { devices: 2 },
    });
    expect((await technician.get(`notices/${toDevice.id}`)).body).toMatchObject({
      audience: { level: 'device', id: first, name: 'was-pc-1' },
      progress: { devices: 1 },
    });
  });

  test.each([
    ['a link that is not https', { links: ['http://www.kits.example'] }],
    ['a script as a link', { links: ['javascript:alert(1)'] }],
    ['too many links', { links: Array(6).fill('https://www.kits.example') }],
    ['no German title', { title: { en: 'Maintenance' } }],
    ['a blank title', { title: { de: '   ' } }],
    ['a title that is too long', { title: { de: 'x'.repeat(121) } }],
    ['a text that is too long', { body: { de: 'x'.repeat(2001) } }],
    ['an unknown severity', { severity: 'panic' }],
    ['an end that is past', { validUntil: hours(-1) }],
    ['an end before the beginning', { validFrom: hours(10), validUntil: hours(9) }],
    ['an end too far away', { validUntil: hours(367 * 24) }],
    ['names where nothing is acknowledged', { answers: 'named' }],
    ['another kind of answers', { mustAcknowledge: true, answers: 'signed' }],
    ['an id of its own', { id: '8b6ce0c5-0d3b-4f6b-9a53-0d9c0d2c4a11' }],
    ['a recall from the start', { recalled: true }],
    ['an unknown key', { colour: 'red' }],
  ])('refuses %s', async (_, change) => {
    const { status, body } = await post(change);
    expect([status, body.code]).toEqual([400, 'invalid']);
    expect(ids(await technician.get('notices'))).toEqual([]);
  });

  test('refuses signs that nobody can see, in the language of who sent them', async () => {
    const title = { de: 'Wartung \u202egatierF ma' };
    const { status, body } = await post({ title });
    expect([status, body.code]).toEqual([400, 'invalid']);
    expect(body.detail).toMatch(/„title\.de“.*Schreiben Sie diese Stelle neu/);
    const link = await post({ links: ['https://kits.example/\u200bx'] });
    expect([link.status, link.body.detail]).toEqual([400, expect.stringContaining('„links.0“')]);
    expect(ids(await technician.get('notices'))).toEqual([]);
    await published({ body: { de: 'Ab 14 Uhr:\n\n- Netz\r\n- Telefon' } });
  });

  test('one with hidden signs that was signed before they were refused is listed, and does not go out again', async () => {
    const said = { ...noticeOf(kits.wasungen, {}, kits.context.now()), title: { de: 'Wartung \u202e' } };
    const jws = await signJws(jwsTypes.notice, said, kits.context.noticeKey!);
    const actor = { name: 'test', scope: { role: 'admin', municipalities: 'all' } } as const;
    await expect(publishNotice(kits.context, actor, jws, kits.context.trust)).rejects.toMatchObject({
      code: 'invalid',
      words: { de: expect.stringContaining('„title.de“') },
    });
    const row = {
      id: said.id,
      group_id: null,
      device_id: null,
      replaces: null,
      municipality_id: kits.wasungen,
      recalled: 0 as const,
      published_by: 'test',
      jws,
    };
    const times = { issued_at: said.issuedAt, valid_from: said.validFrom, valid_until: said.validUntil };
    await kits.context.db
      .insertInto('notices')
      .values({ ...row, ...times, published_at: said.issuedAt })
      .execute();
    const { status, body } = await technician.get('notices');
    expect([status, body.items[0].title.de]).toEqual([200, 'Wartung \u202e']);
    expect((await technician.send('POST', `notices/${said.id}/recall`, {})).status).toBe(400);
    expect(await dropRefused(kits.context.db, kits.context.trust, kits.context.now())).toBe(1);
  });

  test('refuses a misspelt audience: it must not become a wider one', async () => {
    const audience = { municipality: kits.wasungen, devise: await addDevice(kits.context, kits.wasungen) };
    expect((await post({ audience })).status).toBe(400);
  });

  test('where the key is kept offline, or lost, it says so and publishes nothing', async () => {
    const { context } = kits;
    const actor = { name: 'test', scope: { role: 'technician', municipalities: [kits.wasungen] } } as const;
    const request = { ...draft(), sender: 'KITS', links: [], mustAcknowledge: false } as never;
    const offline = {
      ...context,
      noticeKey: undefined,
      trust: { ...context.trust, noticeKeyKept: 'offline' as const },
    };
    await expect(composeNotice(offline, actor, request)).rejects.toMatchObject({ code: 'notice-key-offline' });
    const missing = { ...context, noticeKey: undefined };
    await expect(composeNotice(missing, actor, request)).rejects.toMatchObject({ code: 'notice-key-missing' });
    expect((await technician.get('notices/signing')).body).toEqual({ key: 'online' });
    expect(ids(await technician.get('notices'))).toEqual([]);
  });
});

describe('answers with names', () => {
  const joined = async (hostname: string) => {
    const { body } = await (await kits.script('admin')).client.send('POST', 'tokens', {
      municipalityId: kits.wasungen,
      uses: 5,
      expiresInDays: 5,
    });
    const agent = await createTestAgent({ url: kits.server.url, token: body.token, hostname });
    await agent.enrol();
    return agent;
  };
  const say = (agent: Awaited<ReturnType<typeof joined>>, id: string, ...names: (string | undefined)[]) =>
    agent.report([], {
      body: {
        noticeAnswers: names.map((statedName) => ({
          requestId: randomUUID(),
          noticeId: id,
          issuedAt: hours(0),
          kind: 'acknowledged',
          at: hours(0),
          ...(statedName === undefined ? {} : { statedName }),
        })),
      },
      envelope: { class: 'acknowledgement' },
    });
  const named = { mustAcknowledge: true, answers: 'named' };

  test('are signed as such, stand in the record, and are listed by device', async () => {
    const [one, other] = [await joined('was-pc-1'), await joined('was-pc-2')];
    const { id } = await published(named);
    const { jws } = await kits.context.db.selectFrom('notices').select('jws').executeTakeFirstOrThrow();
    expect(await readNotice(jws, kits.context.trust, kits.context.now())).toMatchObject(named);
    const [deed] = await auditOf(kits.context, 'notice.publish');
    expect(JSON.parse(deed?.detail ?? '')).toMatchObject({ answers: 'named' });
    await say(other, id, 'k.mueller', undefined);
    await say(one, id, 'b.schmidt', 'b.schmidt', 'a.weiß');
    const listed = async (query = '') => (await technician.get(`notices/${id}/acknowledgements${query}`)).body;
    const all = [
      { id: one.state.deviceId, hostname: 'was-pc-1', statedName: 'a.weiß' },
      { id: one.state.deviceId, hostname: 'was-pc-1', statedName: 'b.schmidt' },
      { id: other.state.deviceId, hostname: 'was-pc-2', statedName: null },
      { id: other.state.deviceId, hostname: 'was-pc-2', statedName: 'k.mueller' },
    ];
    expect(await listed()).toEqual({ items: all, nextCursor: null });
    const { items, nextCursor } = await listed('?limit=3');
    expect([...items, ...(await listed(`?cursor=${nextCursor}`)).items]).toEqual(all);
    expect((await technician.get(`notices/${id}/acknowledgements?cursor=nonsense`)).body.code).toBe('invalid-cursor');
    // Counts are as ever.
    expect((await technician.get(`notices/${id}`)).body).toMatchObject({
      answers: 'named',
      progress: { acknowledged: 2 },
    });
    // Recalled, nobody needs to know any more.
    await technician.send('POST', `notices/${id}/recall`);
    expect((await listed()).items).toEqual([]);
  });

  test('are for those who may see the municipality, and there are none of a notice that counts', async () => {
    const agent = await joined('was-pc-1');
    const { id } = await published(named);
    await say(agent, id, 'k.mueller');
    const [abroad, viewer] = [
      (await kits.script('admin', kits.grabfeld)).client,
      (await kits.script('viewer', kits.wasungen)).client,
    ];
    const refused = await abroad.get(`notices/${id}/acknowledgements`);
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([404, expect.not.stringContaining('k.mueller')]);
    expect((await kits.anonymous.get(`notices/${id}/acknowledgements`)).status).toBe(401);
    expect((await viewer.get(`notices/${id}/acknowledgements`)).body.items).toHaveLength(1);
    const counted = await published({ mustAcknowledge: true });
    await say(agent, counted.id, undefined);
    expect((await viewer.get(`notices/${counted.id}/acknowledgements`)).body.items).toEqual([]);
  });
});

describe('states', () => {
  test('scheduled, in force, over; each is found by its state', async () => {
    const later = await published({ validFrom: hours(10) });
    const now = await published({ validUntil: hours(5) });
    const listed = async (state: string) => ids(await technician.get(`notices?state=${state}`));
    expect([await listed('scheduled'), await listed('active'), await listed('ended')]).toEqual([
      [later.id],
      [now.id],
      [],
    ]);
    kits.advance(11 * 3600);
    expect([await listed('scheduled'), await listed('active'), await listed('ended')]).toEqual([
      [],
      [later.id],
      [now.id],
    ]);
  });

  test('one that is replaced gives way, and only in its own municipality', async () => {
    const old = await published();
    const elsewhere = await kits.script('admin');
    const foreign = draft({ audience: { municipality: kits.grabfeld }, replaces: old.id });
    expect((await elsewhere.client.send('POST', 'notices', foreign)).status).toBe(409);
    const fresh = await published({ replaces: old.id });
    expect((await technician.get(`notices/${old.id}`)).body).toMatchObject({ state: 'replaced', replacedBy: fresh.id });
    expect((await technician.get(`notices/${fresh.id}`)).body).toMatchObject({ state: 'active', replaces: old.id });
    expect((await post({ replaces: old.id })).status).toBe(409);
  });

  test('a recall is signed, told, recorded and done once', async () => {
    const { id } = await published();
    const recalled = await technician.send('POST', `notices/${id}/recall`);
    expect([recalled.status, recalled.body.state]).toEqual([200, 'recalled']);
    expect((await technician.send('POST', `notices/${id}/recall`)).status).toBe(200);
    const { jws } = await kits.context.db.selectFrom('notices').select('jws').executeTakeFirstOrThrow();
    expect(await readNotice(jws, kits.context.trust, kits.context.now())).toMatchObject({ id, recalled: true });
    expect(await auditOf(kits.context, 'notice.recall')).toHaveLength(1);
  });

  test('what is over is not recalled', async () => {
    const { id } = await published({ validUntil: hours(1) });
    kits.advance(2 * 3600);
    const { status, body } = await technician.send('POST', `notices/${id}/recall`);
    expect([status, body.code]).toEqual([409, 'conflict']);
  });
});

describe('whose it is', () => {
  test('others see nothing of it and change nothing', async () => {
    const device = await addDevice(kits.context, kits.grabfeld);
    const admin = (await kits.script('admin')).client;
    const { body: theirs } = await admin.send('POST', 'notices', draft({ audience: { municipality: kits.grabfeld } }));
    expect(ids(await technician.get('notices'))).toEqual([]);
    const out = await Promise.all([
      technician.get(`notices/${theirs.id}`),
      technician.get(`notices/${theirs.id}/devices`),
      technician.send('POST', `notices/${theirs.id}/recall`),
      technician.get(`notices/reach?municipality=${kits.grabfeld}`),
      technician.get(`notices/reach?municipality=${kits.wasungen}&device=${device}`),
      post({ audience: { municipality: kits.grabfeld } }),
      post({ audience: { municipality: kits.wasungen, device } }),
      post({ replaces: theirs.id }),
    ]);
    expect(out.map(({ status }) => status)).toEqual(Array(8).fill(404));
    expect((await admin.get(`notices/${theirs.id}`)).body.state).toBe('active');
    expect(ids(await admin.get(`notices?municipality=${kits.wasungen}`))).toEqual([]);
  });

  test('whoever only reads reads, whoever is not signed in does not', async () => {
    const { id } = await published();
    const viewer = (await kits.script('viewer', kits.wasungen)).client;
    expect(ids(await viewer.get('notices'))).toEqual([id]);
    expect((await post({}, viewer)).status).toBe(403);
    expect((await viewer.send('POST', `notices/${id}/recall`)).status).toBe(403);
    expect((await kits.anonymous.get('notices')).status).toBe(401);
  });

  test('pages join up', async () => {
    const made: string[] = [];
    for (let count = 0; count < 5; count += 1) made.unshift((await published()).id);
    const first = await technician.get('notices?limit=3');
    const second = await technician.get(`notices?limit=3&cursor=${first.body.nextCursor}`);
    expect([...ids(first), ...ids(second)]).toEqual(made);
    expect(second.body.nextCursor).toBeNull();
    expect((await technician.get('notices?cursor=nonsense')).body.code).toBe('invalid-cursor');
    expect((await technician.get('notices?limit=101')).status).toBe(400);
  });
});

test('a device that names what it holds counts as delivered, once, and anew after a recall', async () => {
  const { body } = await (await kits.script('admin')).client.send('POST', 'tokens', {
    municipalityId: kits.wasungen,
    uses: 5,
    expiresInDays: 5,
  });
  const agent = await createTestAgent({ url: kits.server.url, token: body.token, hostname: 'was-pc-1' });
  await agent.enrol();
  await addDevice(kits.context, kits.wasungen, { hostname: 'was-pc-2' });
  kits.advance(1);
  const { id } = await published();
  const progress = async () => (await technician.get(`notices/${id}`)).body.progress;
  kits.advance(1);
  const notices = (await agent.checkIn()).answer?.notices;
  expect(await progress()).toMatchObject({ devices: 2, delivered: 0, waiting: 1, unreachable: 1 });
  await agent.checkIn({ notices: 'AAAAAAAAAAAAAAAA' });
  expect(await progress()).toMatchObject({ delivered: 0 });
  await agent.checkIn({ notices });
  expect(await progress()).toMatchObject({ delivered: 1, waiting: 0, unreachable: 1 });
  const devices = await technician.get(`notices/${id}/devices`);
  expect(devices.body.items).toMatchObject([
    { hostname: 'was-pc-1', state: 'delivered', deliveredAt: hours(2 / 3600) },
    { hostname: 'was-pc-2', state: 'unreachable', deliveredAt: null },
  ]);
  const open = await technician.get(`notices/${id}/devices?state=unreachable&limit=1`);
  expect(open.body.items.map(({ hostname }: { hostname: string }) => hostname)).toEqual(['was-pc-2']);

  await technician.send('POST', `notices/${id}/recall`);
  expect(await progress()).toMatchObject({ delivered: 0 });
  const again = (await agent.checkIn({ notices })).answer?.notices;
  await agent.checkIn({ notices: again });
  expect(await progress()).toMatchObject({ delivered: 1 });

  // By the stream it may be there, and answered, before the next check-in.
  kits.advance(1);
  const urgent = await technician.get(`notices/${(await published()).id}`);
  const said = (kind: string) => ({
    requestId: randomUUID(),
    noticeId: urgent.body.id,
    issuedAt: urgent.body.issuedAt,
    kind,
    at: urgent.body.issuedAt,
  });
  await agent.report([], {
    body: { noticeAnswers: [said('delivered'), said('seen'), said('acknowledged')] },
    envelope: { class: 'acknowledgement' },
  });
  expect((await technician.get(`notices/${urgent.body.id}`)).body.progress).toEqual({
    devices: 2,
    delivered: 1,
    waiting: 0,
    unreachable: 1,
    seen: 1,
    acknowledged: 1,
    deferred: 0,
    notShown: 0,
  });
});
