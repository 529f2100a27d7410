import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { proofHeader } from '../../../agent/contract/wire.ts';
import { canonicalHash } from '../../../agent/signing/canonical.ts';
import { createTestAgent, newMarks, officeFacts, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';
import { storedBy } from './stored.ts';

let server: TestServer;
let stored: ReturnType<typeof storedBy>;
beforeAll(async () => {
  server = await startTestServer();
  stored = storedBy(server);
});
afterAll(() => server.close());

async function enrolled(options: { token?: string } = {}): Promise<TestAgent> {
  const agent = await createTestAgent({ url: server.url, token: server.token, ...options });
  await agent.enrol();
  return agent;
}

const db = () => server.context.db;

describe('what does not follow', () => {
  test('the same id with other bytes is refused and kept as evidence', async () => {
    const agent = await enrolled();
    const first = await agent.report();
    const forged = await agent.report(agent.sections({ memory: { totalBytes: 1 } }), {
      reportId: first.report.envelope.reportId,
      sequence: 2,
    });
    expect([forged.status, forged.code]).toEqual([409, 'report-conflict']);
    expect((await agent.sendReport(forged.report)).status).toBe(409);
    expect(await stored.eventsOf(agent)).toEqual(['report-conflict']);
    expect(await stored.reportsOf(agent)).toHaveLength(1);
    expect(JSON.parse((await stored.sectionsOf(agent)).get('memory')?.data ?? '')).toEqual(officeFacts('').memory);
  });

  test('the same place with other bytes is refused: two machines may share one store', async () => {
    const agent = await enrolled();
    await agent.report();
    const twin = await agent.report(agent.sections(), { sequence: 1, previousHash: undefined });
    expect([twin.status, twin.code]).toEqual([409, 'report-conflict']);
    expect(await stored.eventsOf(agent)).toEqual(['report-conflict', 'clone-suspected']);
  });

  test('the id of another device’s report is refused, and that device is not touched', async () => {
    const [owner, other] = [await enrolled(), await enrolled()];
    const { report } = await owner.report();
    const taken = await other.report(undefined, { reportId: report.envelope.reportId });
    expect([taken.status, taken.code]).toEqual([409, 'report-conflict']);
    const noted = await db()
      .selectFrom('device_events')
      .select('detail')
      .where('device_id', '=', other.state.deviceId)
      .where('code', '=', 'report-conflict')
      .executeTakeFirstOrThrow();
    expect(noted.detail).toContain('a report of another device');
    expect(noted.detail + taken.detail).not.toContain(report.envelopeHash);
    expect(await stored.eventsOf(owner)).toEqual([]);
    expect(await stored.reportsOf(other)).toEqual([]);
  });

  test('a store set back is told so at the check-in and at the report', async () => {
    const agent = await enrolled();
    await agent.report();
    await agent.report(undefined, { sequence: 5 });
    const checked = await agent.checkIn({ sequence: 3 });
    expect(checked.answer).toMatchObject({ rewound: true, acknowledged: 5 });
    const old = await agent.report(undefined, { sequence: 4 });
    expect([old.status, old.code]).toEqual([409, 'sequence-rewound']);
    expect(await stored.eventsOf(agent)).toEqual(['sequence-gap', 'sequence-rewound']);
    agent.renewEpoch();
    expect((await agent.report()).status).toBe(201);
    expect((await agent.checkIn()).answer).toMatchObject({ acknowledged: 1 });
    expect((await agent.checkIn()).answer?.rewound).toBeUndefined();
    expect(await stored.eventsOf(agent)).toEqual(['sequence-gap', 'sequence-rewound', 'store-epoch-new']);
  });

  test('a hole in the sequence is noted and what follows is taken', async () => {
    const agent = await enrolled();
    await agent.report();
    expect((await agent.report(undefined, { sequence: 4 })).status).toBe(201);
    const [event] = await db()
      .selectFrom('device_events')
      .selectAll()
      .where('device_id', '=', agent.state.deviceId)
      .execute();
    expect(event).toMatchObject({ code: 'sequence-gap' });
    expect(event?.detail).toContain('2 to 3');
  });

  test('a report behind a hole that follows on none is a broken chain', async () => {
    const agent = await enrolled();
    await agent.report();
    expect((await agent.report(undefined, { sequence: 3, previousHash: undefined })).status).toBe(201);
    expect(await stored.eventsOf(agent)).toEqual(['sequence-gap', 'chain-broken']);
  });

  test('a broken chain is noted and the report is taken', async () => {
    const agent = await enrolled();
    await agent.report();
    expect((await agent.report(undefined, { previousHash: canonicalHash('other') })).status).toBe(201);
    expect((await agent.report(undefined, { previousHash: undefined })).status).toBe(201);
    expect(await stored.eventsOf(agent)).toEqual(['chain-broken', 'chain-broken']);
  });

  test('an older report of another epoch joins the history and overwrites nothing', async () => {
    const agent = await enrolled();
    const late = new Date(Date.now() - 60_000);
    await agent.report(agent.sections({ memory: { totalBytes: 222 } }), { createdAt: late });
    agent.renewEpoch();
    const early = new Date(Date.now() - 3_600_000);
    const older = await agent.report(agent.sections({ memory: { totalBytes: 111 } }), { createdAt: early });
    expect(older.status).toBe(201);
    expect(older.receipt?.need).toContain('memory');
    expect(JSON.parse((await stored.sectionsOf(agent)).get('memory')?.data ?? '')).toEqual({ totalBytes: 222 });
    expect(
      await db()
        .selectFrom('device_hardware')
        .select('memory_bytes')
        .where('device_id', '=', agent.state.deviceId)
        .execute(),
    ).toEqual([{ memory_bytes: 222 }]);
    await agent.report(agent.sections({ memory: { totalBytes: 333 } }), { createdAt: new Date() });
    expect(JSON.parse((await stored.sectionsOf(agent)).get('memory')?.data ?? '')).toEqual({ totalBytes: 333 });
    expect(await stored.reportsOf(agent)).toHaveLength(3);
  });

  const memoryOf = async (agent: TestAgent) =>
    JSON.parse((await stored.sectionsOf(agent)).get('memory')?.data ?? 'null') as unknown;

  test('within an epoch the sequence decides, whatever the clock of the device said', async () => {
    const agent = await enrolled();
    await agent.report(agent.sections({ memory: { totalBytes: 111 } }));
    const yesterday = new Date(Date.now() - 86_400_000);
    await agent.report(agent.sections({ memory: { totalBytes: 222 } }), { createdAt: yesterday });
    expect(await memoryOf(agent)).toEqual({ totalBytes: 222 });
  });

  test('a clock that is years behind does not make new facts look old, where the device knew the server’s time', async () => {
    const agent = await enrolled();
    const now = new Date(Date.now() - 60_000);
    await agent.report(agent.sections({ memory: { totalBytes: 111 } }), {
      createdAt: now,
      body: { serverTime: now.toISOString() },
    });
    agent.renewEpoch();
    const behind = new Date('2009-01-01T00:00:00Z');
    await agent.report(agent.sections({ memory: { totalBytes: 222 } }), {
      createdAt: behind,
      body: { serverTime: new Date().toISOString() },
    });
    expect(await memoryOf(agent)).toEqual({ totalBytes: 222 });
  });

  test('a clock that ran years ahead does not make the reports of the next epoch look old', async () => {
    const agent = await enrolled();
    const ahead = new Date('2135-01-01T00:00:00Z');
    await agent.report(agent.sections({ memory: { totalBytes: 111 } }), { createdAt: ahead });
    agent.renewEpoch();
    await agent.report(agent.sections({ memory: { totalBytes: 222 } }), { createdAt: new Date(Date.now() + 1000) });
    expect(await memoryOf(agent)).toEqual({ totalBytes: 222 });
  });

  test('a report that was signed anew behind younger ones joins the history and overwrites nothing', async () => {
    const agent = await enrolled();
    const ago = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
    const before = { storeEpoch: agent.state.epoch, sequence: 7 };
    agent.renewEpoch();
    await agent.report(agent.sections({ memory: { totalBytes: 222 } }), { createdAt: ago(1) });
    const again = await agent.report(agent.sections({ memory: { totalBytes: 111 } }), {
      createdAt: ago(2),
      envelope: { first: before },
    });
    expect(again.status).toBe(201);
    expect(again.receipt?.need).toContain('memory');
    expect(await memoryOf(agent)).toEqual({ totalBytes: 222 });
    // Nor does it become the measure for what is new.
    await agent.report(agent.sections({ memory: { totalBytes: 333 } }), { createdAt: ago(3) });
    expect(await memoryOf(agent)).toEqual({ totalBytes: 333 });
    await agent.report(agent.sections({ memory: { totalBytes: 444 } }), {
      createdAt: ago(2.5),
      envelope: { first: { ...before, sequence: 8 } },
    });
    expect(await memoryOf(agent)).toEqual({ totalBytes: 333 });
  });

  test('a report that was signed anew and is the newest there is brings its facts', async () => {
    const agent = await enrolled();
    await agent.report(agent.sections({ memory: { totalBytes: 111 } }), { createdAt: new Date(Date.now() - 60_000) });
    const before = { storeEpoch: agent.state.epoch, sequence: 2 };
    agent.renewEpoch();
    await agent.report(agent.sections({ memory: { totalBytes: 222 } }), { envelope: { first: before } });
    expect(await memoryOf(agent)).toEqual({ totalBytes: 222 });
  });

  test('a report from a clock that was set right since is as old as it is', async () => {
    const agent = await enrolled();
    const day = 86_400_000;
    const [made, byItsClock] = [new Date(Date.now() - 40 * day), new Date()];
    const sections = agent.sections().map((section) => ({ ...section, collectedAt: byItsClock.toISOString() }));
    const verdictOn = async (rule: string) =>
      db()
        .selectFrom('verdicts')
        .select(['verdict', 'reason'])
        .where('device_id', '=', agent.state.deviceId)
        .where('rule_id', '=', rule)
        .executeTakeFirst();
    await agent.report(sections, { createdAt: byItsClock, body: { serverTime: made.toISOString() } });
    expect((await stored.deviceOf(agent)).clock_offset_seconds).toBe(0);
    expect(await verdictOn('storage-free')).toEqual({ verdict: 'unknown', reason: 'facts-stale' });
    // A server's time that has not come yet was never said by a server.
    const ahead = new Date(Date.now() + 40 * day).toISOString();
    await agent.report(sections, { body: { serverTime: ahead } });
    expect(await verdictOn('storage-free')).toMatchObject({ verdict: 'met' });
  });

  test('what was stored while the clock of the server was years ahead holds nothing back', async () => {
    const agent = await enrolled();
    await agent.report(agent.sections({ memory: { totalBytes: 111 } }));
    await db()
      .updateTable('devices')
      .set({ facts_created_at: '2135-01-01T00:00:00.000Z' })
      .where('id', '=', agent.state.deviceId)
      .execute();
    agent.renewEpoch();
    await agent.report(agent.sections({ memory: { totalBytes: 222 } }));
    expect(await memoryOf(agent)).toEqual({ totalBytes: 222 });
  });
});

describe('a clone', () => {
  test('with the key on other hardware is quarantined and the facts stay', async () => {
    const agent = await enrolled();
    await agent.report();
    const before = await stored.sectionsOf(agent);
    const clone = await agent.report(agent.sections({ memory: { totalBytes: 1 } }), { fingerprint: newMarks() });
    expect([clone.status, clone.code]).toEqual([403, 'device-not-active']);
    // Red at once: nothing new is known of it, so what was green counts no more.
    expect(await stored.deviceOf(agent)).toMatchObject({
      state: 'quarantined',
      light: 'critical',
      worst_rule: 'device-trusted',
      worst_reason: 'quarantined',
    });
    expect(await stored.eventsOf(agent)).toEqual(['clone-suspected']);
    expect(await stored.sectionsOf(agent)).toEqual(before);
    expect(await stored.reportsOf(agent)).toHaveLength(1);
    const original = await agent.report();
    expect([original.status, original.code]).toEqual([403, 'device-not-active']);
    expect((await agent.checkIn()).answer?.state).toBe('quarantined');
  });

  test('after release: the machine that reports first counts, the other one is caught again', async () => {
    const agent = await enrolled();
    const replaced = newMarks();
    await agent.report(undefined, { fingerprint: replaced });
    await db().updateTable('devices').set({ state: 'active' }).where('id', '=', agent.state.deviceId).execute();
    agent.renewEpoch();
    expect((await agent.report(undefined, { fingerprint: replaced })).status).toBe(201);
    expect((await agent.report()).code).toBe('device-not-active');
    expect(await stored.deviceOf(agent)).toMatchObject({ state: 'quarantined' });
  });

  describe('is told from a PC whose hardware was replaced, and which sends again what it kept', () => {
    const ago = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
    /** Released by staff on the hardware it has now; what it made on the old one lies in an epoch before. */
    async function replaced() {
      const agent = await enrolled();
      const [old, first] = [agent.state.fingerprint, { storeEpoch: agent.state.epoch, sequence: 2 }];
      await agent.report(undefined, { createdAt: ago(5) });
      await db().updateTable('devices').set({ fingerprint: '{}' }).where('id', '=', agent.state.deviceId).execute();
      agent.renewEpoch();
      agent.state.fingerprint = newMarks();
      await agent.report(undefined, { createdAt: ago(1) });
      return { agent, old, first };
    }

    test('signed anew behind younger ones: it joins the history, and the marks of now stay', async () => {
      const { agent, old, first } = await replaced();
      const facts = await stored.sectionsOf(agent);
      for (const sequence of [2, 3]) {
        const options = { createdAt: ago(4), fingerprint: old, envelope: { first: { ...first, sequence } } };
        const again = await agent.report(agent.sections({ memory: { totalBytes: 1 } }), options);
        expect(again.status).toBe(201);
      }
      expect(await stored.deviceOf(agent)).toMatchObject({ state: 'active' });
      expect(JSON.parse((await stored.deviceOf(agent)).fingerprint)).toEqual(agent.state.fingerprint);
      expect(await stored.sectionsOf(agent)).toEqual(facts);
      expect(await stored.eventsOf(agent)).toEqual(['store-epoch-new', 'hardware-before']);
      // What is made there today is a copy at work.
      expect((await agent.report(undefined, { fingerprint: old, createdAt: ago(4) })).code).toBe('device-not-active');
      expect(await stored.deviceOf(agent)).toMatchObject({ state: 'quarantined' });
    });

    test.each<[string, object]>([
      ['is the newest there is', { createdAt: ago(0), sequence: 2 }],
      ['claims a first place where another report is held', { createdAt: ago(4), sequence: 1 }],
    ])('not where it %s', async (_, { createdAt, sequence }: { createdAt?: Date; sequence?: number }) => {
      const { agent, old, first } = await replaced();
      const options = { createdAt, fingerprint: old, envelope: { first: { ...first, sequence } } } as object;
      expect((await agent.report(undefined, options)).code).toBe('device-not-active');
      expect(await stored.deviceOf(agent)).toMatchObject({ state: 'quarantined' });
    });

    test('late, where the report behind it is chained to it, and only there', async () => {
      const { agent, old } = await replaced();
      const late = [];
      for (const _ of [1, 2]) late.push(await agent.makeReport(undefined, { fingerprint: old, createdAt: ago(3) }));
      await agent.report();
      expect((await agent.sendReport(late[1]!)).status).toBe(201);
      expect((await agent.sendReport(late[0]!)).status).toBe(201);
      const other = await agent.makeReport(undefined, { fingerprint: old, createdAt: ago(3) });
      await agent.makeReport();
      await agent.report();
      expect((await agent.sendReport(other)).code).toBe('device-not-active');
    });
  });

  test('is not a PC whose parts are exchanged one after the other: each new part is learned', async () => {
    const agent = await enrolled();
    const [old, young] = [agent.state.fingerprint, newMarks()];
    const halfWay = { ...old, disks: young.disks, macs: young.macs };
    expect((await agent.report(undefined, { fingerprint: halfWay })).status).toBe(201);
    expect(JSON.parse((await stored.deviceOf(agent)).fingerprint)).toEqual(halfWay);
    expect((await agent.report(undefined, { fingerprint: young })).status).toBe(201);
    expect(await stored.deviceOf(agent)).toMatchObject({ state: 'active' });
  });

  test('marks a report could not read stay known', async () => {
    const agent = await enrolled();
    const { firmware: _unread, ...read } = agent.state.fingerprint;
    await agent.report(undefined, { fingerprint: read });
    expect(JSON.parse((await stored.deviceOf(agent)).fingerprint)).toEqual(agent.state.fingerprint);
  });

  test('is not judged by one mark alone', async () => {
    const agent = await enrolled();
    await agent.report(undefined, { fingerprint: { macs: newMarks().macs } });
    expect(await stored.deviceOf(agent)).toMatchObject({ state: 'active' });
  });
});

describe('two machines whose marks say nothing', () => {
  /** A copy of the disk with the key, and with a store that has begun an epoch of its own. */
  async function copyOf(agent: TestAgent): Promise<TestAgent> {
    const copy = await createTestAgent({ url: server.url, token: server.token, key: agent.key });
    Object.assign(copy.state, { deviceId: agent.state.deviceId, fingerprint: agent.state.fingerprint });
    return copy;
  }

  test('are found out when their stores go on in turn, and nothing is overwritten from then on', async () => {
    const agent = await enrolled();
    const copy = await copyOf(agent);
    const sent = [];
    for (const one of [agent, copy, agent, copy]) sent.push((await one.report()).status);
    expect(sent).toEqual([201, 201, 201, 201]);
    const before = await stored.sectionsOf(agent);
    const third = await agent.report(agent.sections({ memory: { totalBytes: 1 } }));
    expect([third.status, third.code]).toEqual([403, 'device-not-active']);
    expect(await stored.deviceOf(agent)).toMatchObject({ state: 'quarantined', light: 'critical' });
    expect(await stored.sectionsOf(agent)).toEqual(before);
    // The marks told nothing apart: they stay known.
    expect(JSON.parse((await stored.deviceOf(agent)).fingerprint)).toEqual(agent.state.fingerprint);
    expect(await stored.reportsOf(agent)).toHaveLength(4);
    expect((await stored.eventsOf(agent)).slice(1)).toEqual([
      'store-epoch-returned',
      'store-epoch-returned',
      'store-epoch-returned',
      'clone-suspected',
    ]);
  });

  test('are found out by their check-ins alone, and the answer says so', async () => {
    const agent = await enrolled();
    const copy = await copyOf(agent);
    for (const one of [agent, copy]) await one.report();
    const stream = await copy.listen();
    onTestFinished(() => stream.close());
    expect((await stream.next())?.name).toBe('ready');
    const states = [];
    for (const one of [agent, copy, agent]) states.push((await one.checkIn()).answer?.state);
    expect(states).toEqual(['active', 'active', 'quarantined']);
    // What there is to say to this municipality is said to neither of them.
    expect(await stream.next()).toBeUndefined();
  });

  test('after release, what was judged before counts no more', async () => {
    const agent = await enrolled();
    const copy = await copyOf(agent);
    const release = () =>
      db().updateTable('devices').set({ state: 'active' }).where('id', '=', agent.state.deviceId).execute();
    for (const one of [agent, copy, agent, copy, agent]) await one.report();
    await release();
    expect((await agent.checkIn()).answer?.state).toBe('active');
    expect((await agent.checkIn()).answer?.state).toBe('active');
    // A second time as well: of several judgements the last one counts.
    const states = [];
    for (const one of [copy, agent, copy]) states.push((await one.checkIn()).answer?.state);
    expect(states).toEqual(['active', 'active', 'quarantined']);
    await release();
    expect((await agent.checkIn()).answer?.state).toBe('active');
    expect((await stored.eventsOf(agent)).filter((code) => code === 'clone-suspected')).toHaveLength(2);
  });

  test('are not one machine that is set back to an image now and then', async () => {
    const agent = await enrolled();
    await agent.report();
    const image = { ...agent.state };
    for (let day = 0; day < 5; day += 1) {
      // As every night in a training room: back to the same store, which is told that it was set back.
      const { epoch, sequence, previousHash } = image;
      Object.assign(agent.state, { epoch, sequence, previousHash });
      if (day > 0)
        expect((await agent.checkIn({ sequence: sequence - (day > 1 ? 1 : 0) })).answer?.state).toBe('active');
      agent.renewEpoch();
      expect((await agent.report()).status).toBe(201);
    }
    expect(await stored.deviceOf(agent)).toMatchObject({ state: 'active' });
  });
});

test('two devices with one serial number are pointed out to the municipality they share, and to no other', async () => {
  const elsewhere = await server.addToken(await server.addMunicipality('Floh-Seligenthal'));
  const agents = [await enrolled(), await enrolled(), await enrolled({ token: elsewhere })];
  const system = { ...officeFacts('pc').system, serialNumber: `SN-${randomUUID()}` };
  for (const agent of agents) expect((await agent.report(agent.sections({ system }))).status).toBe(201);
  expect(await Promise.all(agents.map(stored.eventsOf))).toEqual([['same-hardware'], ['same-hardware'], []]);
  await agents[0]!.report(agents[0]!.sections({ system }));
  expect(await stored.eventsOf(agents[0]!)).toEqual(['same-hardware']);
});

test('a PC that is set up anew after its agent was removed is pointed out, for staff to decide; a settled one is not', async () => {
  const [gone, settled] = [await enrolled(), await enrolled()];
  const system = { ...officeFacts('pc').system, serialNumber: `SN-${randomUUID()}` };
  for (const agent of [gone, settled]) await agent.report(agent.sections({ system }));
  const path = '/agent/v1/retire';
  const body = Buffer.from(JSON.stringify({ contractVersion: 1, agentVersion: '0.1.0', waiting: 0 }));
  const { proof } = await gone.proofFor(path, body);
  const headers = { 'content-type': 'application/json', [proofHeader]: proof };
  expect((await gone.post(path, headers, body)).status).toBe(200);
  await db().updateTable('devices').set({ state: 'retired' }).where('id', '=', settled.state.deviceId).execute();
  const anew = await enrolled();
  await anew.report(anew.sections({ system }));
  const said = await db()
    .selectFrom('device_events')
    .select('detail')
    .where('device_id', '=', anew.state.deviceId)
    .where('code', '=', 'same-hardware')
    .execute();
  expect(said).toEqual([
    {
      detail: expect.stringMatching(
        new RegExp(`${gone.state.deviceId}\\), whose agent was removed\\. This device can replace it`),
      ),
    },
  ]);
  expect(await stored.deviceOf(gone)).toMatchObject({ state: 'retired' });
});
