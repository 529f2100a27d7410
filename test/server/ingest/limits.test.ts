/** One device, one municipality or one busy moment takes the server away from nobody else. */
import { afterEach, expect, test } from 'vitest';
import { type IngestLimits, ingestLimits } from '../../../server/ingest/limits.ts';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

let server: TestServer;
/** Stands still until it is moved on, however long a test takes: what was used up does not come back by itself. */
let ahead = 0;
const begun = Date.now();
afterEach(async () => {
  ahead = 0;
  await server.close();
});

type Changes = { [Kind in keyof IngestLimits]?: Partial<IngestLimits[Kind]> };

async function start(changes: Changes): Promise<void> {
  const { reports, checkIns, streams, releases, enrolments } = ingestLimits;
  server = await startTestServer({
    now: () => new Date(begun + ahead),
    ingestLimits: {
      reports: { ...reports, ...changes.reports },
      checkIns: { ...checkIns, ...changes.checkIns },
      streams: { ...streams, ...changes.streams },
      releases: { ...releases, ...changes.releases },
      enrolments: { ...enrolments, ...changes.enrolments },
    },
  });
}

async function enrolled(token = server.token): Promise<TestAgent> {
  const agent = await createTestAgent({ url: server.url, token });
  await agent.enrol();
  return agent;
}

const retryAfter = ({ headers }: { headers: Headers }): number => Number(headers.get('retry-after'));

test('a device that checks in too often waits, and others at the same address do not', async () => {
  await start({ checkIns: { device: { burst: 2, perMinute: 1 } } });
  const [eager, calm] = [await enrolled(), await enrolled()];
  expect([(await eager.checkIn()).status, (await eager.checkIn()).status]).toEqual([200, 200]);
  const refused = await eager.checkIn();
  expect([refused.status, refused.code]).toEqual([429, 'too-many-requests']);
  expect(retryAfter(refused)).toBeGreaterThan(0);
  expect((await calm.checkIn()).status).toBe(200);
  // Reports have an allowance of their own.
  expect((await eager.report()).status).toBe(201);
  ahead = retryAfter(refused) * 1000;
  expect((await eager.checkIn()).status).toBe(200);
});

test('a municipality whose devices together are too eager waits, and another one at the same address does not', async () => {
  await start({ reports: { municipality: { burst: 3, perMinute: 1 } } });
  const elsewhere = await server.addToken(await server.addMunicipality('Grabfeld'));
  const [first, second, other] = [await enrolled(), await enrolled(), await enrolled(elsewhere)];
  for (const agent of [first, second, first]) expect((await agent.report()).status).toBe(201);
  const refused = await second.report();
  expect([refused.status, refused.code]).toEqual([429, 'municipality-too-busy']);
  expect((await other.report()).status).toBe(201);
  ahead = 120_000;
  // Nothing is lost: the same report is taken then.
  expect((await second.sendReport(refused.report)).status).toBe(201);
});

test('a device that opens streams again and again waits', async () => {
  await start({ streams: { device: { burst: 1, perMinute: 1 } } });
  const agent = await enrolled();
  const stream = await agent.listen();
  await stream.next();
  stream.close();
  expect(await agent.listen()).toMatchObject({ status: 429, code: 'too-many-requests' });
  expect((await agent.checkIn()).status).toBe(200);
});

test('a stranger with a device’s id uses up nothing of its allowance', async () => {
  await start({ checkIns: { device: { burst: 1, perMinute: 1 } } });
  const [agent, stranger] = [await enrolled(), await enrolled()];
  const body = Buffer.from('{}');
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const { proof } = await agent.proofFor('/agent/v1/check-in', body, { key: stranger.key });
    expect(
      (await agent.post('/agent/v1/check-in', { 'kits-proof': proof, 'content-type': 'application/json' }, body))
        .status,
    ).toBe(401);
  }
  expect((await agent.checkIn()).status).toBe(200);
});

test('when more arrives than can be taken in, the rest is told when to come back and nothing of it is lost or doubled', async () => {
  await start({ reports: { line: { atOnce: 1, maxWaiting: 2 } } });
  const agents = await Promise.all(Array.from({ length: 12 }, () => enrolled()));
  // With a nonce each, so that all of them arrive with their first attempt.
  for (const agent of agents) await agent.checkIn();
  const reports = await Promise.all(agents.map((agent) => agent.makeReport()));
  const first = await Promise.all(agents.map((agent, index) => agent.sendReport(reports[index]!)));
  const refused = first.filter(({ status }) => status !== 201);
  expect(refused.length).toBeGreaterThan(0);
  for (const one of refused) expect([one.status, one.code, retryAfter(one)]).toEqual([503, 'busy', 30]);
  for (const [index, agent] of agents.entries()) await agent.sendReport(reports[index]!);
  const stored = await server.context.db.selectFrom('reports').select('id').execute();
  expect(stored.map(({ id }) => id).sort()).toEqual(reports.map(({ envelope }) => envelope.reportId).sort());
});

const guess = async (token: string, address: string) => {
  const agent = await createTestAgent({ url: server.url, token, forwardedFor: address });
  return (await agent.tryEnrol()).answered;
};
const limits = { address: { burst: 3, perMinute: 1 }, token: { burst: 6, perMinute: 1 } };

test('guessing tokens from one address is soon slow, and goes on when the time is up', async () => {
  await start({ enrolments: limits });
  for (let count = 0; count < 3; count += 1) {
    expect((await guess(`kits-enrol-guess-number-${count}-of-many`, '203.0.113.1')).status).toBe(401);
  }
  const refused = await guess(server.token, '203.0.113.1');
  expect([refused.status, refused.code]).toEqual([429, 'too-many-enrolments']);
  expect(retryAfter(refused)).toBeGreaterThanOrEqual(60);
  expect((await guess(server.token, '203.0.113.2')).status).toBe(201);
  ahead = retryAfter(refused) * 1000;
  expect((await guess(server.token, '203.0.113.1')).status).toBe(201);
});

test('a town hall behind one address enrols as many as it has', async () => {
  await start({ enrolments: limits });
  for (let count = 0; count < 12; count += 1) expect((await guess(server.token, '203.0.113.1')).status).toBe(201);
});

test('one beginning of a token is guessed on from no number of addresses, nor from all those of one IPv6 network', async () => {
  await start({ enrolments: limits });
  const codes: (string | undefined)[] = [];
  for (let count = 0; count < 8; count += 1)
    codes.push((await guess(`kits-enrol-123456789-and-${count}-more`, `203.0.113.${count}`)).code);
  expect(codes).toEqual([...Array(6).fill('token-invalid'), 'too-many-enrolments', 'too-many-enrolments']);
  codes.length = 0;
  for (let count = 0; count < 5; count += 1)
    codes.push((await guess(`kits-enrol-other${count}-${'x'.repeat(20)}`, `2001:db8::${count}:1`)).code);
  expect(codes).toEqual([...Array(3).fill('token-invalid'), 'too-many-enrolments', 'too-many-enrolments']);
});
