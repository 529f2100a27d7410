import { randomBytes, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, createZstdCompress, gzip, zstdCompress } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  jwsTypes,
  nonceHeader,
  problemDocument,
  proofHeader,
  reportMediaType,
  signedRefusal,
} from '../../../agent/contract/wire.ts';
import { verifyJws } from '../../../agent/signing/jws.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { encodeFrame, signReport } from '../../../agent/signing/report-frame.ts';
import { createTestAgent, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

const hourMs = 3_600_000;
let server: TestServer;
/** Moves the clock of the server. */
let ahead = 0;
/** Where it stands still, however long the test takes; undefined = it runs. */
let standing: number | undefined;
beforeAll(async () => {
  server = await startTestServer({ now: () => new Date((standing ?? Date.now()) + ahead) });
});
afterAll(() => server.close());

async function enrolled(): Promise<TestAgent> {
  const agent = await createTestAgent(server);
  await agent.enrol();
  return agent;
}

const checkInPath = '/agent/v1/check-in';
const checkInBody = (agent: TestAgent) =>
  Buffer.from(
    JSON.stringify({
      contractVersion: 1,
      agentVersion: '0.1.0',
      storeEpoch: agent.state.epoch,
      sequence: 0,
      waiting: 0,
      policyVersion: 0,
    }),
  );

/** One check-in with exactly this proof, never repeated. */
function checkInWith(agent: TestAgent, proof: string | undefined, body = checkInBody(agent)) {
  const headers = { 'content-type': 'application/json', ...(proof === undefined ? {} : { [proofHeader]: proof }) };
  return agent.post(checkInPath, headers, body);
}

describe('a transport proof', () => {
  test('works once', async () => {
    const agent = await enrolled();
    const body = checkInBody(agent);
    const { proof } = await agent.proofFor(checkInPath, body);
    expect((await checkInWith(agent, proof)).status).toBe(200);
    const replayed = await checkInWith(agent, proof);
    expect([replayed.status, replayed.code]).toEqual([401, 'use-nonce']);
    expect(replayed.headers.get(nonceHeader)).toMatch(/^[\w-]{32}$/);
  });

  test('sent many times at once works once', async () => {
    const agent = await enrolled();
    const { proof } = await agent.proofFor(checkInPath, checkInBody(agent));
    const all = await Promise.all(Array.from({ length: 8 }, () => checkInWith(agent, proof)));
    expect(all.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401, 401, 401, 401]);
  });

  test('with a counter that was used is refused, with a higher one it works', async () => {
    const agent = await enrolled();
    const proofWith = async (counter: number) =>
      (await agent.proofFor(checkInPath, checkInBody(agent), { counter })).proof;
    expect((await checkInWith(agent, await proofWith(7))).status).toBe(200);
    const { nonce } = agent.state;
    expect((await checkInWith(agent, await proofWith(8))).status).toBe(200);
    expect((await checkInWith(agent, await proofWith(7))).code).toBe('use-nonce');
    // The answer to that brought a nonce; the former one counts on all the same.
    agent.state.nonce = nonce;
    expect((await checkInWith(agent, await proofWith(9))).status).toBe(200);
  });

  test.each([
    ['none', 'none'],
    ['made up', randomBytes(24).toString('base64url')],
    ['empty', '_'],
  ])('with a nonce that is %s gets a fresh one, and that one works', async (_name, nonce) => {
    const agent = await enrolled();
    const body = checkInBody(agent);
    const refused = await checkInWith(agent, (await agent.proofFor(checkInPath, body, { nonce })).proof);
    expect([refused.status, refused.code]).toEqual([401, 'use-nonce']);
    expect((await checkInWith(agent, (await agent.proofFor(checkInPath, body)).proof)).status).toBe(200);
  });

  test('with the nonce of another device is refused', async () => {
    const [agent, other] = [await enrolled(), await enrolled()];
    const { proof } = await agent.proofFor(checkInPath, checkInBody(agent), { nonce: other.state.nonce });
    expect((await checkInWith(agent, proof)).code).toBe('use-nonce');
  });

  test('with a nonce older than 26 hours is refused; after 13 hours an answer brings a new one', async () => {
    const agent = await enrolled();
    try {
      const first = await agent.checkIn();
      expect(first.headers.get(nonceHeader)).toBeNull();
      const { nonce } = agent.state;
      ahead = 13 * hourMs + 60_000;
      const later = await agent.checkIn();
      expect([later.status, later.headers.get(nonceHeader)]).toEqual([200, expect.any(String)]);
      ahead = 26 * hourMs + 60_000;
      const { proof } = await agent.proofFor(checkInPath, checkInBody(agent), { nonce, counter: 99 });
      expect((await checkInWith(agent, proof)).code).toBe('use-nonce');
    } finally {
      ahead = 0;
    }
  });

  test('survives a server clock that was set back', async () => {
    const agent = await enrolled();
    try {
      ahead = 48 * hourMs;
      expect((await agent.checkIn()).status).toBe(200);
    } finally {
      ahead = 0;
    }
    expect((await agent.checkIn()).status).toBe(200);
    // The nonce it is given anew is good as well.
    agent.state.nonce = 'none';
    expect((await agent.checkIn()).status).toBe(200);
    expect((await agent.checkIn()).status).toBe(200);
  });

  test('that is used up is refused before the body is looked at', async () => {
    const agent = await enrolled();
    agent.state.counter = 10;
    expect((await agent.checkIn()).status).toBe(200);
    const garbage = Buffer.from('garbage');
    const { proof } = await agent.proofFor('/agent/v1/reports', garbage, { counter: 5 });
    const headers = { 'content-type': reportMediaType, [proofHeader]: proof };
    expect((await agent.post('/agent/v1/reports', headers, garbage)).code).toBe('use-nonce');
  });

  test.each<[string, (agent: TestAgent) => Promise<string | undefined>]>([
    ['is missing', async () => undefined],
    ['is no JWS', async () => 'a.b.c'],
    [
      'is signed by another key',
      async (agent) => (await agent.proofFor(checkInPath, checkInBody(agent), { key: await generateKey() })).proof,
    ],
  ])('that %s is refused', async (_name, make) => {
    const agent = await enrolled();
    const refused = await checkInWith(agent, await make(agent));
    expect([refused.status, refused.code]).toEqual([401, 'proof-invalid']);
    expect(refused.headers.get(nonceHeader)).toBeNull();
  });

  test.each<[string, string, Uint8Array | undefined]>([
    ['another path', '/agent/v1/reports', undefined],
    ['another body', checkInPath, Buffer.from('{}')],
  ])('for %s is refused, and its device is told so by signed words', async (_name, path, body) => {
    const agent = await enrolled();
    const { proof, jti } = await agent.proofFor(path, body ?? checkInBody(agent));
    const refused = await checkInWith(agent, proof);
    expect([refused.status, refused.code]).toEqual([401, 'request-altered']);
    const { refusal } = problemDocument.parse(refused.body);
    const { publicKey, thumbprint } = server.context.signingKey;
    expect(await verifyJws(jwsTypes.refusal, refusal ?? '', [{ publicKey, thumbprint }], signedRefusal)).toEqual({
      nonce: jti,
      status: 401,
      code: 'request-altered',
    });
    const db = server.context.db;
    const events = () =>
      db.selectFrom('device_events').select('code').where('device_id', '=', agent.state.deviceId).execute();
    expect(await events()).toEqual([{ code: 'request-altered' }]);
    // However often, it is noted once a day; and a proof that was used up gets no word of the server.
    expect((await checkInWith(agent, proof)).code).toBe('request-altered');
    expect(await events()).toHaveLength(1);
    expect((await agent.checkIn()).status).toBe(200);
    expect((await checkInWith(agent, proof)).code).toBe('use-nonce');
  });

  test('of a device nobody knows is refused', async () => {
    const agent = await enrolled();
    agent.state.deviceId = randomUUID();
    const refused = await agent.report();
    expect([refused.status, refused.code]).toEqual([404, 'unknown-device']);
  });
});

describe('a check-in', () => {
  const deviceOf = (agent: TestAgent) =>
    server.context.db
      .selectFrom('devices')
      .selectAll()
      .where('id', '=', agent.state.deviceId)
      .executeTakeFirstOrThrow();

  test('is answered with signed words and noted', async () => {
    const agent = await enrolled();
    const before = Date.now();
    const { answer } = await agent.checkIn({ agentVersion: '9.9.9' });
    expect(answer).toMatchObject({ state: 'active', acknowledged: 0, checkInSeconds: 900, policyVersion: 0, need: [] });
    expect(Date.parse(answer!.serverTime)).toBeGreaterThanOrEqual(before);
    const device = await deviceOf(agent);
    expect(device).toMatchObject({ agent_version: '9.9.9', store_epoch: agent.state.epoch, clock_offset_seconds: 0 });
    expect(Date.parse(device.last_heard_at ?? '')).toBeGreaterThanOrEqual(before);
  });

  test('measures the clock of the device, and a wrong one turns the light at once', async () => {
    let wrong = 0;
    const agent = await createTestAgent({ ...server, now: () => new Date((standing ?? Date.now()) + wrong) });
    await agent.enrol();
    await agent.report();
    expect(await deviceOf(agent)).toMatchObject({ light: 'ok' });
    // On a busy machine seconds pass on the way, which are no fault of either clock.
    standing = Date.now();
    wrong = 2 * hourMs;
    await agent.checkIn().finally(() => (standing = undefined));
    const device = await deviceOf(agent);
    expect(device.clock_offset_seconds).toBe(7200);
    expect(device).toMatchObject({ light: 'critical', light_rank: 0, worst_rule: 'clock-correct' });
  });

  test.each<[string, unknown]>([
    ['sequence', -1],
    ['storeEpoch', 'here'],
    ['agentVersion', ''],
    ['contractVersion', 'one'],
  ])('with a bad %s is refused by name', async (name, value) => {
    const agent = await enrolled();
    const refused = await agent.checkIn({ [name]: value });
    expect([refused.status, refused.code]).toEqual([400, 'malformed']);
    expect(refused.detail).toContain(name);
    expect(await deviceOf(agent)).toMatchObject({ last_heard_at: null });
  });

  test('of a retired device is refused', async () => {
    const agent = await enrolled();
    await server.context.db
      .updateTable('devices')
      .set({ state: 'retired' })
      .where('id', '=', agent.state.deviceId)
      .execute();
    const refused = await agent.checkIn();
    expect([refused.status, refused.code]).toEqual([403, 'device-not-active']);
  });
});

describe('the wire', () => {
  const zeros = Buffer.alloc(70 * 1024 * 1024);

  test.each<[string, () => Promise<Buffer>]>([
    ['zstd', () => promisify(zstdCompress)(zeros)],
    ['gzip', () => promisify(gzip)(zeros)],
  ])('a %s bomb is refused as too large', async (encoding, make) => {
    const agent = await enrolled();
    const bomb = await make();
    expect(bomb.byteLength).toBeLessThan(1024 * 1024);
    const refused = await agent.sendBytes(bomb, { 'content-encoding': encoding });
    expect([refused.status, refused.code]).toEqual([413, 'too-large']);
  });

  test('a good report in a zstd frame that wants a huge window is refused', async () => {
    const agent = await enrolled();
    const frame = encodeFrame(await agent.makeReport());
    const withWindow = (log: number) =>
      new Promise<Buffer>((resolve, reject) => {
        const chunks: Buffer[] = [];
        // As a stream, so that the frame states the window and not the size of its content.
        const stream = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: log } });
        stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
        stream.on('end', () => resolve(Buffer.concat(chunks)));
        stream.write(frame, () => stream.end());
      });
    const refused = await agent.sendBytes(await withWindow(25), { 'content-encoding': 'zstd' });
    expect([refused.status, refused.code]).toEqual([422, 'malformed']);
    expect((await agent.sendBytes(await withWindow(24), { 'content-encoding': 'zstd' })).status).toBe(201);
  });

  /** An envelope for `body`, and `sent` behind it. */
  const frameOf = async (agent: TestAgent, body: Uint8Array, sent: Uint8Array): Promise<Buffer> => {
    const { envelope } = await agent.makeReport();
    const { bodyHash: _hash, bodyBytes: _bytes, ...fields } = envelope;
    const { envelopeJws } = await signReport(fields, body, agent.key);
    return Buffer.from(encodeFrame({ envelopeJws, body: sent }));
  };

  test.each(['zstd', 'gzip', 'identity'])(
    '%s: one byte more than was signed is too large, wherever it ends',
    async (encoding) => {
      const agent = await enrolled();
      const body = Buffer.alloc(200_000, 0x20);
      const long = await frameOf(agent, body, Buffer.alloc(200_001, 0x20));
      const packed =
        encoding === 'zstd'
          ? await promisify(zstdCompress)(long)
          : encoding === 'gzip'
            ? await promisify(gzip)(long)
            : long;
      const refused = await agent.sendBytes(packed, { 'content-encoding': encoding });
      expect([refused.status, refused.code]).toEqual([413, 'too-large']);
      expect(refused.detail).toContain('200000 bytes');
    },
  );

  test('a body is not expanded beyond what was signed', async () => {
    const agent = await enrolled();
    const bomb = await promisify(gzip)(await frameOf(agent, Buffer.alloc(10), zeros));
    // Broken at its end: only who expands to the end finds out.
    const refused = await agent.sendBytes(bomb.subarray(0, bomb.byteLength - 1000), { 'content-encoding': 'gzip' });
    expect([refused.status, refused.code]).toEqual([413, 'too-large']);
  });

  test('a body of 16 MiB may be signed, one byte more may not', async () => {
    const agent = await enrolled();
    const send = async (bytes: number) => {
      const body = Buffer.alloc(bytes, 0x20);
      const frame = await promisify(zstdCompress)(await frameOf(agent, body, body));
      return agent.sendBytes(frame, { 'content-encoding': 'zstd' });
    };
    const [allowed, beyond] = [await send(16 * 1024 * 1024), await send(16 * 1024 * 1024 + 1)];
    expect([allowed.code, allowed.detail]).toEqual(['malformed', 'The body is not JSON in UTF-8.']);
    expect([beyond.status, beyond.code]).toEqual([422, 'malformed']);
    expect(beyond.detail).toContain('This is not a report');
  });

  test('large bodies wait for each other in a short line; small ones pass by', async () => {
    const crowd = await Promise.all(Array.from({ length: 14 }, () => enrolled()));
    const body = Buffer.alloc(12 * 1024 * 1024, 0x20);
    const frames = await Promise.all(
      crowd.map(async (agent) => promisify(zstdCompress)(await frameOf(agent, body, body))),
    );
    for (const agent of crowd) await agent.checkIn();
    const small = await enrolled();
    const answers = await Promise.all([
      ...crowd.map((agent, index) => agent.sendBytes(frames[index]!, { 'content-encoding': 'zstd' })),
      small.report(),
    ]);
    const busy = answers.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThan(0);
    expect(busy[0]).toMatchObject({ code: 'busy' });
    expect(busy[0]?.headers.get('retry-after')).toBe('30');
    expect(answers.at(-1)?.status).toBe(201);
    // Those in the line were served, and the line is free again.
    expect(answers.filter(({ code }) => code === 'malformed').length).toBeGreaterThanOrEqual(9);
    const after = await crowd[0]!.sendBytes(frames[0]!, { 'content-encoding': 'zstd' });
    expect(after.code).toBe('malformed');
  });

  test('a device that sends without end is told to wait, and others are not', async () => {
    const [agent, neighbour] = [await enrolled(), await enrolled()];
    await agent.checkIn();
    standing = Date.now();
    for (let sent = 0; sent < 200; sent += 1) expect((await agent.sendBytes(Buffer.from('x'))).status).toBe(422);
    const refused = await agent.report();
    expect([refused.status, refused.code]).toEqual([429, 'too-many-requests']);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect((await neighbour.report()).status).toBe(201);
    ahead = 61_000;
    try {
      expect((await agent.sendReport(refused.report)).status).toBe(201);
    } finally {
      ahead = 0;
      standing = undefined;
    }
  });

  test('more than 8 MiB is refused', async () => {
    const agent = await enrolled();
    const refused = await agent.sendBytes(Buffer.alloc(8 * 1024 * 1024 + 1));
    expect([refused.status, refused.code]).toEqual([413, 'too-large']);
  });

  test.each(['br', 'deflate', 'zstd, gzip'])('the encoding %s is refused', async (encoding) => {
    const agent = await enrolled();
    const refused = await agent.sendBytes(Buffer.from('x'), { 'content-encoding': encoding });
    expect([refused.status, refused.code]).toEqual([415, 'unsupported-encoding']);
    expect(refused.headers.get('accept-encoding')).toContain('zstd');
  });

  test('bytes that are not what their encoding says are refused', async () => {
    const agent = await enrolled();
    const { body } = await agent.makeReport();
    const refused = await agent.sendBytes(body, { 'content-encoding': 'zstd' });
    expect([refused.status, refused.code]).toEqual([422, 'malformed']);
  });

  test('a refusal is signed only for the bytes of the device, not for a header that was changed on the way', async () => {
    const agent = await enrolled();
    const { envelopeJws, body } = await agent.makeReport();
    const frame = await promisify(zstdCompress)(encodeFrame({ envelopeJws, body }));
    const other = await promisify(zstdCompress)('neither envelope nor body');
    for (const encoding of ['br', 'gzip', 'identity']) {
      const refused = await agent.sendBytes(frame, { 'content-encoding': encoding });
      // Signed as well, and puts nothing aside.
      expect([refused.status, refused.code]).toEqual([401, 'request-altered']);
      expect(refused.body).toHaveProperty('refusal');
    }
    expect((await agent.sendBytes(other, { 'content-encoding': 'zstd' })).body).toHaveProperty('refusal');
    expect((await agent.sendBytes(frame, { 'content-encoding': 'zstd' })).status).toBe(201);
  });

  test('a report under another media type is refused', async () => {
    const agent = await enrolled();
    const frame = encodeFrame(await agent.makeReport());
    const refused = await agent.sendBytes(frame, { 'content-type': 'application/octet-stream' });
    expect([refused.status, refused.code]).toEqual([415, 'unsupported-media-type']);
  });

  test('a stranger is turned away before the body is taken in', async () => {
    const response = await fetch(`${server.url}/agent/v1/reports`, {
      method: 'POST',
      headers: { 'content-type': reportMediaType, [proofHeader]: 'nobody' },
      body: Buffer.alloc(9 * 1024 * 1024),
    });
    // The size was never looked at: who sends is asked first.
    expect(response.status).toBe(401);
  });
});
