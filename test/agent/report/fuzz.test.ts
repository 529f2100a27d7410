/** What comes to an agent from the network, damaged: a failure with its code, nothing believed that nobody signed. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ZodError } from 'zod';
import { contractVersion } from '../../../agent/contract/report.ts';
import { jwsTypes, proofHeader, type Receipt, type SignedAnswer, streamEvents } from '../../../agent/contract/wire.ts';
import { createLog } from '../../../agent/log.ts';
import { systemClock } from '../../../agent/platform/clock.ts';
import { enrol } from '../../../agent/report/enrol.ts';
import { createEventReader, NotEvents, type RawEvent } from '../../../agent/report/event-lines.ts';
import { createEventStream, type HeardEvent } from '../../../agent/report/event-stream.ts';
import { refusalOf, ServerRefused } from '../../../agent/report/refusal.ts';
import { afterFailure } from '../../../agent/report/retry.ts';
import { ServerUnreachable } from '../../../agent/report/server-client.ts';
import { createServerLink } from '../../../agent/report/server-link.ts';
import { createSignedWords, type SignedWords } from '../../../agent/report/signed-words.ts';
import { JwsError, signJws } from '../../../agent/signing/jws.ts';
import { signKeySet } from '../../../agent/signing/key-set.ts';
import { signReport } from '../../../agent/signing/report-frame.ts';
import { noticesHash } from '../../../agent/signing/words.ts';
import { type AgentStore, type Enrolment, openStore } from '../../../agent/store/agent-store.ts';
import { noWords } from '../../../agent/store/words.ts';
import { type Asked, scriptedClient } from '../../fakes/scripted-client.ts';
import { damagedBytes, damagedJson, damagedText, damagedValue, fuzz, fuzzTime } from '../../fixtures/mutations.ts';
import { fc } from '../../fixtures/properties.ts';
import { type Authority, authority, now } from '../signing/authority.ts';

const log = createLog('error', () => undefined);
let dir: string;
let store: AgentStore;
let kits: Authority;
let enrolment: Enrolment;
let words: SignedWords;
beforeAll(async () => {
  // In memory where there is such a place: thousands of small writes, and that they last is not what is tested.
  dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'kits-fuzz-'));
  store = openStore(dir);
  kits = await authority();
  enrolment = {
    serverUrl: 'http://127.0.0.1:9',
    deviceId: kits.holder.device,
    municipality: 'Wasungen',
    municipalityId: kits.holder.municipality,
    state: 'active',
    serverKey: kits.server.publicKey,
    serverKeyThumbprint: kits.server.thumbprint,
    enrolledAt: now.toISOString(),
  };
  startAnew();
  words = createSignedWords({
    store,
    enrolment: () => store.readEnrolment(),
    recoveryKey: () => kits.recovery.thumbprint,
    now: () => now,
    log,
  });
});
afterAll(() => {
  store.close();
  rmSync(dir, { recursive: true });
});

/** What was taken before must not decide about what is taken next. */
function startAnew(): void {
  store.writeEnrolment(enrolment);
  store.writeWords({ ...noWords, trust: kits.trust, groups: kits.holder.groups });
}

const ok = (text: string) => ({ status: 200, headers: {}, body: Buffer.from(text) });
/** What stands for the answer to a request that has not been made yet. */
const later = 'to-be-signed';
const jtiOf = ({ headers }: Asked): string =>
  JSON.parse(Buffer.from(headers?.[proofHeader]?.split('.')[1] ?? '', 'base64url').toString()).jti;

const answerOf = (change: Partial<SignedAnswer> = {}): SignedAnswer => ({
  nonce: later,
  serverTime: now.toISOString(),
  state: 'active',
  acknowledged: 0,
  checkInSeconds: 900,
  policyVersion: 7,
  need: ['storage'],
  reportNow: ['os'],
  ...change,
});

/** What may be wrong with an answer: it is no JSON, does not fit, or is not signed. Anything else is a fault of ours. */
async function outcomeOf<T>(work: Promise<T>): Promise<T | 'refused'> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ServerRefused) return 'refused';
    const { cause } = error as Error;
    const isExpected = cause instanceof JwsError || cause instanceof ZodError || cause instanceof SyntaxError;
    if (!(error instanceof ServerUnreachable && (cause === undefined || isExpected))) throw error;
    return 'refused';
  }
}

type Signed = (answer: Record<string, unknown>) => Promise<string>;

/** Answers each request with what `make` says; "later" becomes the request's own id in what is signed. */
function linkTo(make: (sign: Signed) => Promise<string>) {
  const client = scriptedClient(async (asked) => {
    const jti = jtiOf(asked);
    const sign: Signed = (said) =>
      signJws(jwsTypes.answer, said?.['nonce'] === later ? { ...said, nonce: jti } : said, kits.server);
    return ok(await make(sign));
  });
  return createServerLink({
    client,
    store,
    key: kits.device,
    enrolment,
    words,
    now: () => now,
    sinceBootMs: () => 0,
    log,
  });
}

test('the answers to an enrolment', fuzzTime, async () => {
  const keys = { keys: [kits.server.publicKey], announcements: [await signKeySet(kits.setOf(), kits.server)] };
  const said = {
    nonce: later,
    serverTime: now.toISOString(),
    deviceId: kits.holder.device,
    state: 'active',
    municipality: { id: kits.holder.municipality, name: 'Wasungen' },
    checkInSeconds: 900,
  };
  const attempt = (shown: string, made: (jws: string) => string, answer: Record<string, unknown>) => {
    const client = scriptedClient(async ({ method, body }) => {
      if (method === 'GET') return ok(shown);
      const request = Buffer.from(body ?? '').toString();
      const { nonce } = JSON.parse(Buffer.from(request.split('.')[1] ?? '', 'base64url').toString());
      const signed = answer?.['nonce'] === later ? { ...answer, nonce } : answer;
      return ok(made(await signJws(jwsTypes.answer, signed, kits.server)));
    });
    const fixed = {
      key: kits.device,
      token: 'T'.repeat(20),
      hostname: 'pc-01',
      platform: 'linux',
      fingerprint: {},
    } as const;
    return outcomeOf(enrol({ ...fixed, client, store, serverKey: kits.server.thumbprint, now: () => now }));
  };
  const whole = (jws: string) => JSON.stringify({ answer: jws });
  const check = async (work: Promise<Enrolment | 'refused'>) => {
    const before = store.readEnrolment();
    const taken = await work;
    if (taken === 'refused') expect(store.readEnrolment()).toEqual(before);
    else expect(taken.serverKeyThumbprint).toBe(kits.server.thumbprint);
  };
  expect(await attempt(JSON.stringify(keys), whole, said)).toMatchObject({ deviceId: said.deviceId });
  await fuzz(damagedJson(keys), (shown) => check(attempt(shown, whole, said)));
  const damaged = fc.oneof(
    damagedText.map((change) => (jws: string) => JSON.stringify({ answer: change(jws) })),
    damagedJson({ answer: later }).map((text) => (jws: string) => text.replace(later, () => jws)),
  );
  await fuzz(damaged, (made) => check(attempt(JSON.stringify(keys), made, said)), 0.5);
  await fuzz(damagedValue(said), (answer) => check(attempt(JSON.stringify(keys), whole, answer)), 0.5);
  startAnew();
});

test('the answer to a check-in, and the words beside it', fuzzTime, async () => {
  const notice = await kits.signNotice();
  const beside = {
    keys: [await signKeySet(kits.setOf(), kits.server)],
    policy: await kits.signPolicy(),
    notices: [notice],
  };
  const said = { ...answerOf(), notices: noticesHash([notice]) };
  const checkIn = (make: (sign: Signed) => Promise<string>) => outcomeOf(linkTo(make).checkIn());
  expect(await checkIn(async (sign) => JSON.stringify({ answer: await sign(said), ...beside }))).toMatchObject({
    policyVersion: 7,
  });
  expect(words.inForce()).toMatchObject({ policy: { version: 7 }, notices: [notice], refused: [] });
  const genuine = (taken: SignedAnswer | 'refused') => {
    if (taken !== 'refused') expect({ ...taken, nonce: later }).toEqual(said);
    const { policy, notices } = words.inForce();
    expect([undefined, 7]).toContain(policy?.version);
    for (const shown of notices) expect(shown).toBe(notice);
    startAnew();
  };
  await fuzz(
    damagedJson({ answer: later, ...beside }),
    async (text) => genuine(await checkIn(async (sign) => text.replaceAll(later, await sign(said)))),
    0.5,
  );
  await fuzz(
    damagedText,
    async (change) =>
      genuine(await checkIn(async (sign) => JSON.stringify({ answer: change(await sign(said)), ...beside }))),
    0.2,
  );
  // A server that is out of its mind, with its own key.
  await fuzz(
    damagedValue(said as Record<string, unknown>),
    async (answer) => {
      await checkIn(async (sign) => JSON.stringify({ answer: await sign(answer), ...beside }));
      startAnew();
    },
    0.3,
  );
});

test('a receipt', fuzzTime, async () => {
  let sequence = 0;
  const append = async () => {
    if (store.queue().waiting > 0) return;
    const place = store.nextPlace();
    ({ sequence } = place);
    const createdAt = now.toISOString();
    const fields = {
      contractVersion,
      reportId: randomUUID(),
      deviceId: enrolment.deviceId,
      createdAt,
      storeEpoch: store.epoch,
    };
    store.append(await signReport({ ...fields, ...place, class: 'full' }, Buffer.from('{"sections":[]}'), kits.device));
  };
  const genuine = (): Receipt => {
    const { reportId, envelopeHash } = store.waiting(1)[0]!;
    const place = { deviceId: enrolment.deviceId, storeEpoch: store.epoch, sequence };
    return { reportId, envelopeHash, ...place, receivedAt: now.toISOString(), need: [] };
  };
  const send = async (make: (sign: Signed, receipt: string) => Promise<string>, said: unknown = genuine()) => {
    const receipt = await signJws(jwsTypes.receipt, said, kits.server);
    // After some attempts in a row it would be set aside, which is tried elsewhere.
    store.changeExchange({ heldUp: undefined });
    return outcomeOf(linkTo((sign) => make(sign, receipt)).sendWaiting(1));
  };
  const whole = async (sign: Signed, receipt: string) =>
    JSON.stringify({ receipt, answer: await sign({ ...answerOf() }) });
  await append();
  expect(await send(whole)).toMatchObject({ accepted: 1 });
  await fuzz(
    damagedText,
    async (change) => {
      await append();
      const taken = await send(async (sign, receipt) => whole(sign, change(receipt)));
      // Nothing leaves the queue without its receipt.
      expect(store.queue().waiting).toBe(taken === 'refused' ? 1 : 0);
    },
    0.4,
  );
  await fuzz(
    damagedJson({ receipt: 'receipt-here', answer: later }),
    async (text) => {
      await append();
      const taken = await send(async (sign, receipt) => {
        const answer = await sign({ ...answerOf() });
        return text.replaceAll(later, answer).replaceAll('receipt-here', receipt);
      });
      expect(store.queue().waiting).toBe(taken === 'refused' ? 1 : 0);
    },
    0.3,
  );
  // Really signed: it counts for the one report it names and for no other.
  const template = { ...genuineNames, deviceId: enrolment.deviceId, receivedAt: now.toISOString(), need: ['os'] };
  await fuzz(
    damagedValue<object>(template),
    async (changed) => {
      await append();
      const right = genuine();
      let text = JSON.stringify(changed);
      for (const name of names) text = text.replaceAll(JSON.stringify(genuineNames[name]), JSON.stringify(right[name]));
      const said = JSON.parse(text);
      const taken = await send(whole, said);
      if (taken !== 'refused') for (const name of names) expect(said[name]).toBe(right[name]);
      expect(store.queue().waiting).toBe(taken === 'refused' ? 1 : 0);
    },
    0.3,
  );
});

const names = ['reportId', 'envelopeHash', 'storeEpoch', 'sequence'] as const;
const genuineNames = {
  reportId: 'the-id',
  envelopeHash: 'the-hash',
  storeEpoch: 'the-epoch',
  sequence: 'the-sequence',
};

test('a problem document', fuzzTime, async () => {
  const document = { type: 'urn:kits:problem:busy', title: 'Busy', status: 503, code: 'busy', detail: 'Later.' };
  const retryAfter = fc.oneof(
    damagedText.map((change) => change('120')),
    fc.constantFrom('-5', '1e308', 'Infinity', 'NaN', ''),
  );
  await fuzz(
    fc.tuple(damagedJson(document), fc.integer({ min: 300, max: 599 }), retryAfter),
    ([text, status, header]) => {
      const refusal = refusalOf({ status, headers: { 'retry-after': header }, body: Buffer.from(text) });
      expect(refusal).toBeInstanceOf(ServerRefused);
      expect(refusal.code.length).toBeLessThanOrEqual(60);
      expect(refusal.status).toBeGreaterThanOrEqual(300);
      const { retryAfterSeconds } = refusal;
      const { notBefore } = afterFailure(store.readExchange(), { now, random: 0.5, retryAfterSeconds });
      // Nobody on the way silences a device for good.
      expect(notBefore).toBeGreaterThanOrEqual(now.getTime());
      expect(notBefore).toBeLessThanOrEqual(now.getTime() + 2 * 86_400_000);
    },
  );
});

test('server-sent events: bytes, lines and what they say', fuzzTime, async () => {
  const notice = await kits.signNotice();
  const text = [
    'event: ready\nid: AAAA\ndata: {"heartbeatSeconds":120,"resumed":false}\n\n',
    ':\n\n',
    'event: report\nid: BBBB\ndata: {"sections":["os"]}\n\n',
    'event: policy\r\nid: CCCC\r\ndata: {"spreadSeconds":60}\r\n\r\n',
    `event: notice\nid: DDDD\ndata: ${JSON.stringify({ notice })}\n\n`,
  ].join('');
  const cut = (bytes: Uint8Array, size: number): Uint8Array[] =>
    Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
  const read = (chunks: readonly Uint8Array[]): RawEvent[] | undefined => {
    const reader = createEventReader();
    try {
      return chunks.flatMap((chunk) => reader(chunk));
    } catch (error) {
      if (!(error instanceof NotEvents)) throw error;
      return undefined;
    }
  };
  const hear = async (chunks: readonly Uint8Array[]): Promise<HeardEvent[]> => {
    const heard: HeardEvent[] = [];
    const client = scriptedClient(
      () => ok(''),
      () => chunks,
    );
    const options = {
      client,
      store,
      key: kits.device,
      enrolment,
      now: () => now,
      clock: systemClock,
      log,
      random: () => 0.5,
    };
    const stream = createEventStream({ ...options, hear: (event) => heard.push(event) });
    await stream.look(true);
    await stream.stop();
    return heard;
  };
  expect((await hear([Buffer.from(text)])).map(({ name }) => name)).toEqual(['missed', 'report', 'policy', 'notice']);
  const pieces = fc.integer({ min: 1, max: 60 });
  const changes = fc.oneof(
    { weight: 4, arbitrary: damagedBytes.map((change) => change(Buffer.from(text))) },
    { weight: 1, arbitrary: damagedJson({ notice }).map((data) => Buffer.from(`event: notice\ndata: ${data}\n\n`)) },
    { weight: 1, arbitrary: fc.nat(200_000).map((length) => Buffer.from(`data: ${'x'.repeat(length)}`)) },
  );
  await fuzz(fc.tuple(changes, pieces), ([bytes, count]) => {
    const [whole, pieced] = [read([bytes]), read(cut(bytes, Math.ceil(bytes.byteLength / count)))];
    // However it is cut on the way, it says the same.
    expect(pieced).toEqual(whole);
    for (const { data } of whole ?? []) expect(data.length).toBeLessThanOrEqual(128 * 1024);
  });
  await fuzz(
    changes,
    async (bytes) => {
      for (const event of await hear([bytes])) {
        if (event.name === 'policy') streamEvents.policy.parse(event);
        if (event.name !== 'notice') continue;
        // Not believed because it came this way: only its signature counts.
        if (await words.take({ notice: event.notice })) expect(event.notice).toBe(notice);
        startAnew();
      }
    },
    0.3,
  );
});
