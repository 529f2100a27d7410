/** What people at a PC said, as it reaches the server: counted once, only for the municipality's own notices. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

async function published(
  municipality = server.municipalityId,
  change: Parameters<typeof noticeOf>[1] = {},
): Promise<Notice> {
  const notice = noticeOf(municipality, change);
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

describe('a name', () => {
  const named = { mustAcknowledge: true, answers: 'named' } as const;
  /** What the server keeps of the last report of a device: the names beside its answers, and whether its body is there. */
  const kept = async (agent: TestAgent) => {
    const { db } = server.context;
    const report = await db
      .selectFrom('reports')
      .selectAll()
      .where('device_id', '=', agent.state.deviceId)
      .orderBy('sequence', 'desc')
      .executeTakeFirstOrThrow();
    const rows = await db
      .selectFrom('notice_answers')
      .selectAll()
      .where('device_id', '=', agent.state.deviceId)
      .execute();
    const everything = JSON.stringify([rows, { ...report, body: Buffer.from(report.body).toString('latin1') }]);
    return {
      names: rows.map(({ stated_name }) => stated_name).sort(),
      hasBody: report.body.byteLength > 0,
      removedAt: report.body_removed_at,
      everything,
    };
  };
  const statedName = 'k.mueller';

  test('is kept with the acknowledgement of a notice that asks for it', async () => {
    const agent = await device();
    const notice = await published(undefined, named);
    await say(agent, [answer(notice, 'acknowledged', { statedName }), answer(notice, 'seen')]);
    expect(await kept(agent)).toMatchObject({ names: [statedName, null], hasBody: true, removedAt: null });
    expect(await stored.eventsOf(agent)).toEqual([]);
  });

  test.each<[string, (agent: TestAgent) => Promise<NoticeAnswer>]>([
    [
      'of a notice whose answers are counted',
      async () =>
        answer(await published(undefined, { mustAcknowledge: true, answers: 'counted' }), 'acknowledged', {
          statedName,
        }),
    ],
    ['of a notice that says nothing of names', async () => answer(await published(), 'acknowledged', { statedName })],
    ['of having seen it', async () => answer(await published(undefined, named), 'seen', { statedName })],
    [
      'of a notice that nobody published',
      async () => answer(noticeOf(server.municipalityId, named), 'acknowledged', { statedName }),
    ],
    [
      'of another municipality',
      async () =>
        answer(await published(await server.addMunicipality(`Fremd ${randomUUID()}`), named), 'acknowledged', {
          statedName,
        }),
    ],
    [
      'of another device',
      async () => {
        const other = await device();
        const audience = { municipality: server.municipalityId, device: other.state.deviceId };
        return answer(await published(undefined, { ...named, audience }), 'acknowledged', { statedName });
      },
    ],
    ...([{ answers: 'counted' }, { answers: 'named' }] as const).map(
      (after): [string, (agent: TestAgent) => Promise<NoticeAnswer>] => [
        `said to a wording that was corrected since, whose answers are ${after.answers}`,
        async () => {
          const before = await published(undefined, named);
          const issuedAt = new Date(Date.parse(before.issuedAt) + 1).toISOString();
          await publish(server, { ...before, ...after, issuedAt });
          return answer(before, 'acknowledged', { statedName });
        },
      ],
    ),
  ])('%s is stored nowhere: neither beside the answer nor in the report', async (_, make) => {
    const agent = await device();
    const said = await make(agent);
    await say(agent, [said]);
    const { names, hasBody, removedAt, everything } = await kept(agent);
    expect(names.filter((name) => name !== null)).toEqual([]);
    expect([hasBody, typeof removedAt]).toEqual([false, 'string']);
    expect(everything).not.toContain(statedName);
    expect(await stored.eventsOf(agent)).toEqual(['name-discarded']);
    // The device gets its receipt, and has nothing to send again.
    expect((await agent.report([])).status).toBe(201);
  });

  test('in a report that is no acknowledgement, or beside one that nobody asked for, takes its body along', async () => {
    const agent = await device();
    const [asked, counted] = [await published(undefined, named), await published()];
    const noticeAnswers = [answer(asked, 'acknowledged', { statedName })];
    await agent.report([], { body: { noticeAnswers }, envelope: { class: 'routine' } });
    expect(await kept(agent)).toMatchObject({ names: [null], hasBody: false });
    await say(agent, [
      answer(asked, 'acknowledged', { statedName: 'b.schmidt' }),
      answer(counted, 'acknowledged', { statedName: 'b.schmidt' }),
    ]);
    // The one that was asked for is kept.
    expect(await kept(agent)).toMatchObject({ names: ['b.schmidt', null, null], hasBody: false });
  });

  test('that comes once more in another report is kept once', async () => {
    const agent = await device();
    const said = answer(await published(undefined, named), 'acknowledged', { statedName });
    await say(agent, [said]);
    await say(agent, [said]);
    expect(await kept(agent)).toMatchObject({ names: [statedName], hasBody: false });
  });
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
  [
    'a name that is none',
    { noticeAnswers: [{ ...answer(noticeOf(randomUUID()), 'acknowledged'), statedName: 'k\u202Ereleum' }] },
  ],
  ['too many', { noticeAnswers: Array.from({ length: 257 }, () => answer(noticeOf(randomUUID()), 'seen')) }],
  ['an empty suspicion', { suspicions: [{ requestId: randomUUID(), at: '2026-11-24T09:00:00.000Z', text: '' }] }],
])('%s is refused', async (_, body) => {
  const agent = await device();
  expect((await agent.report([], { body, envelope: { class: 'acknowledgement' } })).status).toBe(422);
});
