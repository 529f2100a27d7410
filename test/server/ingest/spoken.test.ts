/** What people at a PC said, as it reaches the server: counted once, only for the municipality's own notices. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Notice } from '../../../agent/contract/policy.ts';
import type { NoticeAnswer, NoticeAnswerKind, Suspicion } from '../../../agent/contract/report.ts';
import { countsFor } from '../../../server/fleet/notice-answers.ts';
import { noticeOf, publish } from '../../fakes/office-words.ts';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';
import { storedBy } from './stored.ts';

let server: TestServer;
let stored: ReturnType<typeof storedBy>;
beforeAll(async () => {
  server = await startTestServer();
  stored = storedBy(server);
});
afterAll(() => server.close());

async function device(token = server.token): Promise<TestAgent> {
  const agent = await createTestAgent({ url: server.url, token });
  await agent.enrol();
  return agent;
}

async function published(municipality = server.municipalityId): Promise<Notice> {
  const notice = noticeOf(municipality);
  await publish(server, notice);
  return notice;
}

const answer = (notice: Notice, kind: NoticeAnswerKind, change: Partial<NoticeAnswer> = {}): NoticeAnswer => ({
  requestId: randomUUID(),
  noticeId: notice.id,
  issuedAt: notice.issuedAt,
  kind,
  at: '2026-11-24T09:00:00.000Z',
  ...change,
});
const say = async (agent: TestAgent, noticeAnswers: readonly NoticeAnswer[]): Promise<void> => {
  const { status } = await agent.report([], { body: { noticeAnswers }, envelope: { class: 'acknowledgement' } });
  expect(status).toBe(201);
};
const none = { devices: 0, answers: 0 };

test('answers are counted by device and by session, and the same request once', async () => {
  const [one, other] = [await device(), await device()];
  const notice = await published();
  const seen = answer(notice, 'seen');
  await say(one, [answer(notice, 'delivered'), seen, answer(notice, 'seen'), answer(notice, 'acknowledged')]);
  await say(one, [seen, { ...seen, kind: 'acknowledged' }]);
  await say(other, [answer(notice, 'deferred', { until: '2026-11-24T13:00:00.000Z' }), answer(notice, 'seen')]);
  expect(await countsFor(server.context.db, notice.id)).toEqual({
    delivered: { devices: 1, answers: 1 },
    seen: { devices: 2, answers: 3 },
    acknowledged: { devices: 1, answers: 1 },
    deferred: { devices: 1, answers: 1 },
    'not-shown': none,
  });
});

test('a device that was retired does not count any more', async () => {
  const [one, other] = [await device(), await device()];
  const notice = await published();
  for (const agent of [one, other]) await say(agent, [answer(notice, 'seen')]);
  await server.context.db
    .updateTable('devices')
    .set({ state: 'retired' })
    .where('id', '=', one.state.deviceId)
    .execute();
  expect((await countsFor(server.context.db, notice.id)).seen).toEqual({ devices: 1, answers: 1 });
});

test('a device cannot count for a notice of another municipality, nor for one that does not exist', async () => {
  const elsewhere = await server.addMunicipality('Breitungen');
  const theirs = await published(elsewhere);
  const agent = await device();
  await say(agent, [answer(theirs, 'acknowledged'), answer({ ...theirs, id: randomUUID() }, 'acknowledged')]);
  expect((await countsFor(server.context.db, theirs.id)).acknowledged).toEqual(none);
  expect(
    await server.context.db
      .selectFrom('notice_answers')
      .select('kind')
      .where('device_id', '=', agent.state.deviceId)
      .execute(),
  ).toEqual([]);
  const native = await device(await server.addToken(elsewhere));
  await say(native, [answer(theirs, 'acknowledged')]);
  expect((await countsFor(server.context.db, theirs.id)).acknowledged).toEqual({ devices: 1, answers: 1 });
});

test('what was said to an earlier wording does not count for its correction', async () => {
  const agent = await device();
  const notice = await published();
  await say(agent, [answer(notice, 'acknowledged')]);
  const corrected = { ...notice, issuedAt: new Date(Date.parse(notice.issuedAt) + 1).toISOString() };
  await publish(server, corrected);
  expect((await countsFor(server.context.db, notice.id)).acknowledged).toEqual(none);
  await say(agent, [answer(corrected, 'acknowledged')]);
  expect((await countsFor(server.context.db, notice.id)).acknowledged).toEqual({ devices: 1, answers: 1 });
});

test('one device cannot fill the disk with answers', async () => {
  const agent = await device();
  const notice = await published();
  for (let round = 0; round < 9; round += 1) {
    await say(
      agent,
      Array.from({ length: 256 }, () => answer(notice, 'seen')),
    );
  }
  expect((await countsFor(server.context.db, notice.id)).seen).toEqual({ devices: 1, answers: 2000 });
});

test('a suspicion is stored once with its words, and the device history names it without them', async () => {
  const agent = await device();
  const suspicions: Suspicion[] = [
    { requestId: randomUUID(), at: '2026-11-24T09:00:00.000Z', text: 'Seltsame E-Mail von "KITS": <b>Passwort?</b>' },
  ];
  for (let time = 0; time < 2; time += 1) {
    const { status } = await agent.report([], { body: { suspicions }, envelope: { class: 'incident' } });
    expect(status).toBe(201);
  }
  const { db } = server.context;
  const rows = await db.selectFrom('suspicions').selectAll().where('device_id', '=', agent.state.deviceId).execute();
  expect(rows.map(({ text, at }) => ({ text, at }))).toEqual([{ text: suspicions[0]!.text, at: suspicions[0]!.at }]);
  expect(await stored.eventsOf(agent)).toEqual(['suspicion-reported']);
  const events = await db
    .selectFrom('device_events')
    .select('detail')
    .where('device_id', '=', agent.state.deviceId)
    .execute();
  expect(JSON.stringify(events)).not.toContain('Passwort');
});

test.each([
  ['an unknown kind', { noticeAnswers: [{ ...answer(noticeOf(randomUUID()), 'seen'), kind: 'signed' }] }],
  ['too many', { noticeAnswers: Array.from({ length: 257 }, () => answer(noticeOf(randomUUID()), 'seen')) }],
  ['an empty suspicion', { suspicions: [{ requestId: randomUUID(), at: '2026-11-24T09:00:00.000Z', text: '' }] }],
])('%s is refused', async (_, body) => {
  const agent = await device();
  expect((await agent.report([], { body, envelope: { class: 'acknowledgement' } })).status).toBe(422);
});
