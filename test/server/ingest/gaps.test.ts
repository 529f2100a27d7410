/** Reports the server does not hold in full: what it notes, and what a device may account for. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gap } from '../../../agent/contract/report.ts';
import type { SignedReport } from '../../../agent/signing/report-frame.ts';
import { describeDevice } from '../../../server/fleet/devices.ts';
import { everything } from '../../../server/fleet/scope.ts';
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

async function enrolled(): Promise<TestAgent> {
  const agent = await createTestAgent(server);
  await agent.enrol();
  return agent;
}

const bare = (report: SignedReport): SignedReport => ({ ...report, body: new Uint8Array() });
const gapsOf = async (agent: TestAgent) =>
  (await describeDevice(server.context, everything, agent.state.deviceId)).gaps.map(
    ({ from, to, reports, reason, standing }) => ({ from, to, reports, reason, standing }),
  );
const tell = (agent: TestAgent, gaps: readonly Gap[]) =>
  agent.report([], { body: { gaps }, envelope: { class: 'gap' } });

/** Reports 2 to 4 come without their bodies, 5 in full. */
async function thinned(): Promise<{ agent: TestAgent; gone: SignedReport[]; gap: Gap }> {
  const agent = await enrolled();
  await agent.report();
  const gone = [await agent.makeReport(), await agent.makeReport(), await agent.makeReport()];
  for (const report of gone) expect((await agent.sendReport(bare(report))).status).toBe(201);
  expect((await agent.report()).status).toBe(201);
  const gap: Gap = {
    storeEpoch: agent.state.epoch,
    from: 2,
    to: 4,
    firstHash: gone[0]!.envelopeHash,
    lastHash: gone[2]!.envelopeHash,
    counts: { full: 3 },
    firstAt: gone[0]!.envelope.createdAt,
    lastAt: gone[2]!.envelope.createdAt,
    reason: 'outbox-full',
  };
  return { agent, gone, gap };
}

describe('an envelope without its body', () => {
  test('is taken at its place with a receipt, keeps the chain whole, and changes no fact', async () => {
    const { agent, gone } = await thinned();
    const again = await agent.sendReport(bare(gone[0]!));
    expect(again.status).toBe(200);
    expect(again.receipt).toMatchObject({ sequence: 2, envelopeHash: gone[0]!.envelopeHash, need: [] });
    expect((await stored.reportsOf(agent)).map(({ sequence, body }) => [sequence, body.byteLength > 0])).toEqual([
      [1, true],
      [2, false],
      [3, false],
      [4, false],
      [5, true],
    ]);
    expect(await stored.eventsOf(agent)).toEqual([]);
    expect((await stored.sectionsOf(agent)).get('memory')?.facts_held).toBe(1);
  });

  test('is undeclared until a gap report accounts for it', async () => {
    const { agent, gap } = await thinned();
    expect(await gapsOf(agent)).toEqual([{ from: 2, to: 4, reports: 3, reason: 'undeclared', standing: 'undeclared' }]);
    expect((await tell(agent, [gap])).status).toBe(201);
    expect(await gapsOf(agent)).toEqual([{ from: 2, to: 4, reports: 3, reason: 'outbox-full', standing: 'declared' }]);
  });

  test('lengthens what is left of a range that was accounted for in part, and all of it is counted', async () => {
    const agent = await enrolled();
    await agent.report();
    const gone = [];
    for (let made = 0; made < 4; made += 1) gone.push(await agent.makeReport());
    for (const report of gone.slice(0, 3)) expect((await agent.sendReport(bare(report))).status).toBe(201);
    const [{ envelopeHash: hash }] = gone as [SignedReport];
    const part = { storeEpoch: agent.state.epoch, from: 2, to: 2, firstHash: hash, lastHash: hash };
    expect((await tell(agent, [{ ...part, counts: { full: 1 }, reason: 'outbox-full' }])).status).toBe(201);
    // The last of them had been held up.
    expect((await agent.sendReport(bare(gone[3]!))).status).toBe(201);
    expect((await gapsOf(agent)).map(({ from, to, reports }) => [from, to, reports]).sort()).toEqual([
      [2, 2, 1],
      [3, 5, 3],
    ]);
  });

  test('of a stranger is refused', async () => {
    const [agent, other] = [await enrolled(), await enrolled()];
    const report = await agent.makeReport(undefined, { signWith: other.key });
    const refused = await agent.sendReport(bare(report));
    expect([refused.status, refused.code]).toEqual([422, 'signature-invalid']);
    expect(await stored.reportsOf(agent)).toEqual([]);
  });

  test('with half a body is no such thing', async () => {
    const agent = await enrolled();
    const report = await agent.makeReport();
    const refused = await agent.sendReport({ ...report, body: report.body.subarray(0, 40) });
    expect([refused.status, refused.code]).toEqual([422, 'signature-invalid']);
  });
});

describe('a hole in the sequence', () => {
  test('is undeclared until the device accounts for it and the hashes around it fit', async () => {
    const agent = await enrolled();
    await agent.report();
    const lost = [await agent.makeReport(), await agent.makeReport()];
    await agent.report();
    expect(await stored.eventsOf(agent)).toEqual(['sequence-gap']);
    expect(await gapsOf(agent)).toEqual([{ from: 2, to: 3, reports: 2, reason: 'undeclared', standing: 'undeclared' }]);
    const gap: Gap = {
      storeEpoch: agent.state.epoch,
      from: 2,
      to: 3,
      firstHash: lost[0]!.envelopeHash,
      lastHash: lost[0]!.envelopeHash,
      reason: 'refused',
    };
    await tell(agent, [gap]);
    expect(await stored.eventsOf(agent)).toEqual(['sequence-gap', 'gap-mismatch']);
    await tell(agent, [{ ...gap, lastHash: lost[1]!.envelopeHash }]);
    expect(await gapsOf(agent)).toEqual([
      { from: 2, to: 3, reports: 2, reason: 'refused', standing: 'declared' },
      { from: 2, to: 3, reports: 2, reason: 'refused', standing: 'contradicted' },
    ]);
  });

  test('is filled by the report that belongs there and comes late; the newest facts stay', async () => {
    const agent = await enrolled();
    await agent.report();
    const late = [await agent.makeReport(agent.sections({ memory: { totalBytes: 1 } })), await agent.makeReport()];
    const last = await agent.report();
    const [first, second] = [late[0]!, late[1]!];
    await tell(agent, [
      {
        storeEpoch: agent.state.epoch,
        from: 2,
        to: 3,
        firstHash: first.envelopeHash,
        lastHash: second.envelopeHash,
        reason: 'refused',
      },
    ]);
    const taken = await agent.sendReport(first);
    expect([taken.status, taken.receipt?.sequence]).toEqual([201, 2]);
    expect(taken.answer).toMatchObject({ acknowledged: 5 });
    expect(await gapsOf(agent)).toEqual([{ from: 3, to: 3, reports: 1, reason: 'refused', standing: 'declared' }]);
    expect((await stored.sectionsOf(agent)).get('memory')?.report_id).not.toBe(first.envelope.reportId);
    expect((await agent.sendReport(first)).status).toBe(200);
    expect((await agent.sendReport(second)).status).toBe(201);
    expect(await gapsOf(agent)).toEqual([]);
    expect(await stored.eventsOf(agent)).toEqual(['sequence-gap', 'report-late', 'report-late']);
    expect((await stored.reportsOf(agent)).map(({ sequence }) => Number(sequence)).sort()).toEqual([1, 2, 3, 4, 5]);
    expect((await agent.report()).status).toBe(201);
    expect(last.status).toBe(201);
  });

  test('is asked for at each check-in of its epoch until it came or was accounted for, and for a month', async () => {
    const agent = await enrolled();
    await agent.report();
    const lost = [];
    for (const _ of [2, 3, 4]) lost.push(await agent.makeReport());
    await agent.report();
    await agent.makeReport();
    await agent.report();
    const missing = async (said = {}) => (await agent.checkIn(said)).answer?.missing;
    expect(await missing()).toEqual([
      { from: 2, to: 4 },
      { from: 6, to: 6 },
    ]);
    await agent.sendReport(lost[1]!);
    const { storeEpoch } = lost[0]!.envelope;
    await tell(agent, [
      {
        storeEpoch,
        from: 4,
        to: 4,
        firstHash: lost[2]!.envelopeHash,
        lastHash: lost[2]!.envelopeHash,
        reason: 'refused',
      },
    ]);
    expect(await missing()).toEqual([
      { from: 2, to: 2 },
      { from: 6, to: 6 },
    ]);
    await agent.sendReport(bare(lost[0]!));
    expect(await missing()).toEqual([{ from: 6, to: 6 }]);
    const longAgo = new Date(Date.now() - 31 * 86_400_000).toISOString();
    const gaps = server.context.db.updateTable('device_gaps').where('device_id', '=', agent.state.deviceId);
    await gaps.set({ noted_at: longAgo }).execute();
    expect(await missing()).toBeUndefined();
  });

  test('is not filled by what the reports on either side are not chained to', async () => {
    const agent = await enrolled();
    await agent.report();
    const lost = await agent.makeReport();
    await agent.report();
    const other = await agent.makeReport(undefined, { sequence: 2, previousHash: lost.envelope.previousHash });
    const refused = await agent.sendReport(other);
    expect([refused.status, refused.code]).toEqual([409, 'sequence-rewound']);
    const unchained = await agent.makeReport(undefined, { sequence: 2, previousHash: undefined });
    expect((await agent.sendReport(unchained)).code).toBe('sequence-rewound');
    expect((await agent.sendReport(lost)).status).toBe(201);
  });

  test('accounted for in part stays undeclared in the rest', async () => {
    const agent = await enrolled();
    await agent.report();
    const lost: SignedReport[] = [];
    while (lost.length < 5) lost.push(await agent.makeReport());
    await agent.report();
    const hash = (sequence: number) => lost.find(({ envelope }) => envelope.sequence === sequence)!.envelopeHash;
    await tell(agent, [
      { storeEpoch: agent.state.epoch, from: 3, to: 4, firstHash: hash(3), lastHash: hash(4), reason: 'refused' },
    ]);
    expect(await gapsOf(agent)).toEqual(
      expect.arrayContaining([
        { from: 2, to: 2, reports: 1, reason: 'undeclared', standing: 'undeclared' },
        { from: 5, to: 6, reports: 2, reason: 'undeclared', standing: 'undeclared' },
        { from: 3, to: 4, reports: 2, reason: 'refused', standing: 'declared' },
      ]),
    );
  });
});

describe('words that cannot be true leave what was undeclared so', () => {
  test.each<[string, (gap: Gap) => Gap]>([
    ['another first hash', (gap) => ({ ...gap, firstHash: 'A'.repeat(43) })],
    ['another last hash', (gap) => ({ ...gap, lastHash: 'A'.repeat(43) })],
    ['no hashes at all', ({ firstHash: _first, lastHash: _last, ...gap }) => gap],
    ['a report that is held in full', (gap) => ({ ...gap, to: 5 })],
    ['an end before the beginning', (gap) => ({ ...gap, from: 4, to: 2 })],
    ['reports of the future', (gap) => ({ ...gap, from: 4, to: 4000 })],
  ])('%s', async (_name, change) => {
    const { agent, gap } = await thinned();
    expect((await tell(agent, [change(gap)])).status).toBe(201);
    expect(await gapsOf(agent)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ standing: 'contradicted', reason: 'outbox-full' }),
        { from: 2, to: 4, reports: 3, reason: 'undeclared', standing: 'undeclared' },
      ]),
    );
    expect(await stored.eventsOf(agent)).toEqual(['gap-mismatch']);
  });
});

test('what used up no sequence, or is lost with its store, is shown as the device says it', async () => {
  const agent = await enrolled();
  await tell(agent, [
    { reason: 'storage-failed', counts: { routine: 3 }, firstAt: '2026-11-20T08:00:00.000Z' },
    { reason: 'store-damaged', storeEpoch: agent.state.epoch },
  ]);
  expect(await gapsOf(agent)).toEqual([
    { from: null, to: null, reports: null, reason: 'store-damaged', standing: 'declared' },
    { from: null, to: null, reports: 3, reason: 'storage-failed', standing: 'declared' },
  ]);
});
