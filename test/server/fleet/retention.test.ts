/** What has served its purpose goes, in small batches and on record; the chain of each device is still proven. */
import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main as serverMain } from '../../../server/cli.ts';
import { countsFor } from '../../../server/fleet/notice-answers.ts';
import {
  createHoldWatch,
  createSweep,
  type Removed,
  readRetention,
  vouchForClock,
} from '../../../server/fleet/retention.ts';
import { everything } from '../../../server/fleet/scope.ts';
import { createApiToken } from '../../../server/staff/api-tokens.ts';
import { noticeOf, publish } from '../../fakes/office-words.ts';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

const day = 86_400_000;
let server: TestServer;
let agent: TestAgent;
let ahead = 0;
const now = () => new Date(Date.parse('2026-01-05T09:00:00Z') + ahead);

beforeEach(async () => {
  ahead = 0;
  server = await startTestServer({ now });
  agent = await createTestAgent({ url: server.url, token: server.token, hostname: 'rathaus-01', now });
  await agent.enrol();
  for (const name of ['full', 'routine', 'incident', 'routine', 'gap', 'routine'] as const) {
    expect((await agent.report(undefined, { envelope: { class: name } })).status).toBe(201);
  }
});
afterEach(() => server.close());

async function run(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await serverMain([...args, '--data-dir', server.dataDir], {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    signal: new AbortController().signal,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** As if it had been done day by day until then. */
async function followed(): Promise<void> {
  const swept_at = new Date(now().getTime() - day).toISOString();
  await server.context.db.updateTable('retention').set({ swept_at }).execute();
}

/** To its end, as the minute tick does. */
async function sweepAll(rows = 200): Promise<{ calls: number; removed: Removed }> {
  const sweep = createSweep(server.context, { rows, batches: 3 });
  const removed: Record<string, number> = {};
  for (let calls = 0; ; calls += 1) {
    const some = await sweep();
    if (some === undefined) return { calls, removed };
    for (const [kind, count] of Object.entries(some)) removed[kind] = (removed[kind] ?? 0) + count;
  }
}

const held = async (): Promise<string[]> => {
  const rows = await server.context.db.selectFrom('reports').select(['class', 'body']).orderBy('sequence').execute();
  return rows.map(({ class: name, body }) => (body.byteLength > 0 ? name : '-'));
};
const deeds = () =>
  server.context.db.selectFrom('audit').selectAll().where('action', 'like', 'retention.%').orderBy('id').execute();

test('young reports stay', async () => {
  ahead = 399 * day;
  await followed();
  expect((await sweepAll()).removed).toEqual({});
  expect(await held()).toEqual(['full', 'routine', 'incident', 'routine', 'gap', 'routine']);
  expect(await deeds()).toEqual([]);
});

test('bodies of routine reports go first, incidents and accounts of gaps stay, and so does what is in force', async () => {
  ahead = 401 * day;
  await followed();
  // One row a batch: what one call does not come to is left to the next.
  const { calls, removed } = await sweepAll(1);
  expect(calls).toBeGreaterThan(1);
  // The first report brought the facts that are still in force.
  expect(await held()).toEqual(['full', '-', 'incident', '-', 'gap', '-']);
  expect(removed).toEqual({ reportBodies: 3 });
  expect(await sweepAll()).toEqual({ calls: 0, removed: {} });
  const [deed, ...more] = await deeds();
  expect(more).toEqual([]);
  expect(deed).toMatchObject({ actor: 'retention', action: 'retention.removed' });
  expect(JSON.parse(deed?.detail ?? '')).toMatchObject({ reportBodies: 3, settings: { reportDays: 400 } });
  ahead = 1462 * day;
  await followed();
  expect((await sweepAll()).removed).toMatchObject({ incidentBodies: 1 });
  expect(await held()).toEqual(['full', '-', '-', '-', 'gap', '-']);
});

test('the chain is proven all the same, and the thinning is named', async () => {
  ahead = 401 * day;
  await followed();
  await sweepAll();
  const proven = await run('verify');
  expect(proven).toMatchObject({ code: 0, out: expect.stringMatching(/6 reports in 1 epochs, complete/) });
  expect(proven.out).toMatch(/only envelopes: 2 to 2 of \S+ \(removed by retention until 2026-01-05T09:00:00/);
  expect(proven.out).toMatch(/only envelopes: 4 to 4 of \S+ \(removed by retention until/);
  expect(proven.out).toMatch(/only envelopes: 6 to 6 of/);
  // Another body that is gone is still a gap.
  await server.context.db.updateTable('reports').set({ body: new Uint8Array() }).where('sequence', '=', 3).execute();
  const holed = await run('verify');
  expect(holed.code).toBe(3);
  expect(holed.out).toMatch(/only envelopes: 3 to 3 of \S+ \(not declared\)/);
});

test('a report that comes once more gets a receipt, and no gap report can explain away what was held', async () => {
  const report = await agent.makeReport(undefined, { envelope: { class: 'routine' } });
  expect((await agent.sendReport(report)).status).toBe(201);
  await agent.report();
  ahead = 401 * day;
  await followed();
  await sweepAll();
  const again = await agent.sendReport(report);
  expect(again.status).toBe(200);
  expect(again.receipt).toMatchObject({ reportId: report.envelope.reportId, receivedAt: '2026-01-05T09:00:00.000Z' });
  const { envelope_hash: hash } = await server.context.db
    .selectFrom('reports')
    .select('envelope_hash')
    .where('sequence', '=', 2)
    .executeTakeFirstOrThrow();
  const range = { storeEpoch: agent.state.epoch, from: 2, to: 2, firstHash: hash, lastHash: hash };
  const gaps = [{ ...range, counts: { routine: 1 }, reason: 'outbox-full' }];
  expect((await agent.report(undefined, { envelope: { class: 'gap' }, body: { gaps } })).status).toBe(201);
  const told = await server.context.db.selectFrom('device_gaps').select(['fits', 'reason']).execute();
  expect(told).toEqual([{ fits: 0, reason: 'outbox-full' }]);
});

test('events, answers, suspicions, accounted gaps and deliveries go with their time', async () => {
  const { db } = server.context;
  const { deviceId } = agent.state;
  const at = now().toISOString();
  await db.insertInto('device_events').values({ device_id: deviceId, at, code: 'clock-jump', detail: 'x' }).execute();
  const spoken = { device_id: deviceId, at, received_at: at, report_id: randomUUID() };
  await db
    .insertInto('suspicions')
    .values({ ...spoken, request_id: randomUUID(), text: 'Seltsame Mail' })
    .execute();
  const gap = { device_id: deviceId, store_epoch: null, from_sequence: null, to_sequence: null, counts: null };
  const times = { first_at: null, last_at: null, fits: null, noted_at: at };
  const { id } = await db.selectFrom('reports').select('id').limit(1).executeTakeFirstOrThrow();
  for (const report_id of [id, null]) {
    await db
      .insertInto('device_gaps')
      .values({ ...gap, ...times, reason: 'outbox-full', report_id })
      .execute();
  }
  const notice = { issued_at: at, valid_from: at, valid_until: at, jws: 'x', published_at: at, published_by: 'test' };
  for (const [noticeId, until] of [
    ['old', at],
    ['in-force', '2099-01-01T00:00:00Z'],
  ] as const) {
    const row = { id: noticeId, municipality_id: server.municipalityId, recalled: 0 as const };
    await db
      .insertInto('notices')
      .values({ ...notice, ...row, valid_until: until })
      .execute();
    const number = { number: 1, delivered_at: at };
    await db
      .insertInto('notice_deliveries')
      .values({ notice_id: noticeId, device_id: deviceId, ...number })
      .execute();
  }
  ahead = 401 * day;
  await followed();
  expect((await sweepAll()).removed).toMatchObject({ deliveries: 1 });
  expect(await db.selectFrom('notice_deliveries').select('notice_id').execute()).toEqual([{ notice_id: 'in-force' }]);
  expect(await db.selectFrom('device_events').select('code').execute()).toHaveLength(1);
  ahead = 1462 * day;
  await followed();
  expect((await sweepAll()).removed).toMatchObject({ events: 1, spoken: 1, gaps: 1 });
  // A loss nobody has accounted for is never forgotten.
  expect(await db.selectFrom('device_gaps').select('report_id').execute()).toEqual([{ report_id: null }]);
  expect(await db.selectFrom('suspicions').select('text').execute()).toEqual([]);
});

describe('names in answers', () => {
  const name = 'k.mueller';
  const answeredBy = async () => {
    const validUntil = new Date(now().getTime() + 10 * day).toISOString();
    const said = noticeOf(server.municipalityId, { mustAcknowledge: true, answers: 'named', validUntil }, now());
    await publish(server, said);
    const at = said.issuedAt;
    const answer = {
      requestId: randomUUID(),
      noticeId: said.id,
      issuedAt: at,
      kind: 'acknowledged',
      at,
      statedName: name,
    };
    const { status } = await agent.report([], {
      body: { noticeAnswers: [answer] },
      envelope: { class: 'acknowledgement' },
    });
    expect(status).toBe(201);
    return said;
  };
  const names = async () =>
    (await server.context.db.selectFrom('notice_answers').select('stated_name').execute()).map(
      (row) => row.stated_name,
    );

  test('go 90 days after the end of the notice, with the body that brought them; the answer and the proof stay', async () => {
    const said = await answeredBy();
    ahead = 100 * day;
    await followed();
    expect((await sweepAll()).removed).toEqual({});
    expect([await names(), (await held()).at(-1)]).toEqual([[name], 'acknowledgement']);
    ahead = 101 * day;
    await followed();
    expect((await sweepAll(1)).removed).toEqual({ names: 1 });
    expect([await names(), (await held()).at(-1)]).toEqual([[null], '-']);
    expect((await countsFor(server.context.db, said.id)).acknowledged).toEqual({ devices: 1, answers: 1 });
    expect(await run('verify')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/7 reports in 1 epochs, complete/),
    });
    const deed = (await deeds()).at(-1);
    expect(JSON.parse(deed?.detail ?? '')).toMatchObject({ names: 1, settings: { nameDays: 90 } });
  });

  test('go at once where their wording was corrected, and their period is that of the server', async () => {
    const said = await answeredBy();
    await publish(server, { ...said, issuedAt: new Date(Date.parse(said.issuedAt) + 1).toISOString(), recalled: true });
    await answeredBy();
    await followed();
    expect((await sweepAll()).removed).toEqual({ names: 1 });
    expect(await names()).toEqual([null, name]);
    await run('retention', '--name-days', '1');
    ahead = 12 * day;
    await followed();
    expect((await sweepAll()).removed).toEqual({ names: 1 });
    expect(await names()).toEqual([null, null]);
    for (const days of ['forever', '0', '367', '1.5']) {
      expect(await run('retention', '--name-days', days)).toMatchObject({
        code: 2,
        err: expect.stringMatching(/1 to 366/),
      });
    }
  });
});

test('periods are shown, changed and on record', async () => {
  expect((await run('retention')).out).toMatch(/400 days[\s\S]*1461 days[\s\S]*never/);
  expect(
    JSON.parse((await run('retention', '--report-days', 'forever', '--incident-days', 'forever', '--json')).out),
  ).toEqual({
    reportDays: null,
    incidentDays: null,
    eventDays: 1461,
    deliveryDays: 400,
    nameDays: 90,
    sweptOn: null,
    held: null,
  });
  expect((await deeds()).map(({ action, actor }) => [action, actor.split(':')[0]])).toEqual([
    ['retention.change', 'cli'],
  ]);
  ahead = 5000 * day;
  await followed();
  await sweepAll();
  expect(await held()).not.toContain('-');
  // Changed periods count at once, not with the next day.
  await run('retention', '--report-days', '30');
  expect(await readRetention(server.context.db)).toMatchObject({ settings: { reportDays: 30 }, sweptOn: null });
  await sweepAll();
  expect(await held()).toEqual(['full', '-', 'incident', '-', 'gap', '-']);
});

describe('a clock that does not follow on the last sweep', () => {
  const fiveYears = 5 * 365 * day;
  const audit = async () =>
    server.context.db.selectFrom('audit').select(['action', 'detail']).where('action', 'like', 'retention.%').execute();

  test('the first sweep is the measure of those to come and removes nothing, however wrong its clock is', async () => {
    ahead = fiveYears;
    expect((await sweepAll()).removed).toEqual({});
    expect(await held()).not.toContain('-');
    expect(await readRetention(server.context.db)).toMatchObject({ sweptAt: now().toISOString() });
  });

  test('years ahead: nothing goes, day after day, until somebody says what day it is', async () => {
    await sweepAll();
    ahead = fiveYears;
    const said: string[] = [];
    const log = { error: (_hold: unknown, words: string) => void said.push(words) } as unknown as FastifyBaseLogger;
    const watch = createHoldWatch({ ...server.context, log });
    for (let days = 0; days < 3; days += 1, ahead += day) {
      expect(await sweepAll()).toEqual({ calls: 0, removed: {} });
      for (let minutes = 0; minutes < 3; minutes += 1) await watch();
    }
    expect(said).toHaveLength(3);
    expect(said[0]).toMatch(/^Nothing is removed: the clock of this server says 2031-.* --today YYYY-MM-DD$/);
    expect(await held()).not.toContain('-');
    await vouchForClock(server.context, { name: 'test', scope: everything });
    expect((await sweepAll()).removed).toEqual({ reportBodies: 3, incidentBodies: 1 });
    expect((await audit()).map(({ action }) => action)).toEqual(['retention.clock', 'retention.removed']);
  });

  test('a server that was off for a month goes on by itself, after that somebody has to look', async () => {
    await sweepAll();
    ahead = 31 * day;
    expect((await sweepAll()).calls).toBeGreaterThan(0);
    ahead = 62 * day + 1;
    expect((await sweepAll()).calls).toBe(0);
  });

  test('behind it: waits, and goes on when the clock has been set right', async () => {
    ahead = 450 * day;
    await sweepAll();
    ahead = 440 * day;
    await run('retention', '--report-days', '30');
    expect((await sweepAll()).calls).toBe(0);
    ahead = 451 * day;
    expect((await sweepAll()).removed).toEqual({ reportBodies: 3 });
  });

  test('the command says so, asks for the day of today, and wants it to be that of its own clock', async () => {
    const swept_at = '2020-01-01T00:00:00.000Z';
    await server.context.db.updateTable('retention').set({ swept_at }).execute();
    const { token } = await createApiToken(server.context, 'test', { role: 'viewer', municipalityId: undefined });
    const asked = await fetch(`${server.url}/api/v1/retention`, { headers: { authorization: `Bearer ${token}` } });
    expect(await asked.json()).toMatchObject({ held: { clock: 'ahead', sweptAt: swept_at } });
    expect((await run('retention')).out).toMatch(/Nothing is removed: the clock .* far ahead of .*2020-01-01/);
    expect(JSON.parse((await run('retention', '--json')).out).held).toEqual({ clock: 'ahead', sweptAt: swept_at });
    for (const wrong of ['2020-01-02', 'today', '']) {
      expect(await run('retention', '--today', wrong)).toMatchObject({ code: 2 });
    }
    const today = (): string => new Date().toISOString().slice(0, 10);
    const before = today();
    let said = await run('retention', '--today', before);
    // It was midnight in between.
    if (today() !== before) said = await run('retention', '--today', today());
    expect(said.code).toBe(0);
    expect(said.out).not.toContain('Nothing is removed');
  });

  test('where it was ahead, to admit that ends it as well', async () => {
    const swept_at = '2135-01-01T00:00:00.000Z';
    await server.context.db.updateTable('retention').set({ swept_at, swept_on: '2135-01-01' }).execute();
    expect((await run('retention')).out).toContain('behind the last sweep');
    expect((await run('admit-wrong-time', '--until', '2135-01-02T00:00:00Z')).code).toBe(0);
    expect(JSON.parse((await run('retention', '--json')).out)).toMatchObject({ held: null, sweptOn: null });
  });

  test('what came while it was behind is as young as its device says', async () => {
    const { db } = server.context;
    const made = now();
    ahead = -6 * 365 * day;
    const device = await createTestAgent({ url: server.url, token: server.token, now: () => made });
    await device.enrol();
    const { receipt } = await device.report(undefined, { envelope: { class: 'routine' } });
    await device.report();
    expect(receipt?.receivedAt).toMatch(/^2020/);
    const event = { device_id: agent.state.deviceId, code: 'clock-jump', detail: 'x' };
    for (const at of ['2026-01-04T00:00:00Z', '2020-01-04T00:00:00Z', '2099-01-01T00:00:00Z', '2020-01-05T00:00:00Z']) {
      await db
        .insertInto('device_events')
        .values({ ...event, at, detail: at })
        .execute();
    }
    ahead = day;
    await followed();
    expect((await sweepAll()).removed).toEqual({});
    // By then it is old by both, and so is what stands before it.
    ahead = 1500 * day;
    await followed();
    expect((await sweepAll()).removed).toMatchObject({ reportBodies: 4, events: 3 });
  });
});
