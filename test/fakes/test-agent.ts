/**
 * A scripted device: speaks the real contract with real signatures over real HTTP, and can be told to misbehave. It
 * keeps no queue; what it sends and whether that is right is for the test to decide.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import {
  contractVersion,
  type Fingerprint,
  type ReportBody,
  type ReportEnvelope,
  type Section,
} from '../../agent/contract/report.ts';
import {
  checkInResponse,
  type EnrolmentAnswer,
  enrolmentAnswer,
  enrolmentResponse,
  eventsPath,
  jwsTypes,
  lastEventHeader,
  nonceHeader,
  problemDocument,
  proofHeader,
  publicKey,
  type Receipt,
  receipt as receiptSchema,
  reportMediaType,
  reportResponse,
  type SignedAnswer,
  signedAnswer,
} from '../../agent/contract/wire.ts';
import { canonicalJson } from '../../agent/signing/canonical.ts';
import { signJws, verifyJws } from '../../agent/signing/jws.ts';
import { generateKey, type SigningKey, thumbprintOf } from '../../agent/signing/keys.ts';
import { makeProof } from '../../agent/signing/proof.ts';
import { encodeFrame, type SignedReport, signReport } from '../../agent/signing/report-frame.ts';
import { newMarks, officeFacts, sectionOf } from './office-facts.ts';

export { byHash, newMarks, officeFacts, sectionOf } from './office-facts.ts';

const zstd = promisify(zstdCompress);
const gz = promisify(gzip);

/** What came back: `code` of the problem document when it was refused. */
export interface Answered {
  readonly status: number;
  readonly code: string | undefined;
  readonly detail: string | undefined;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface Reported extends Answered {
  readonly receipt: Receipt | undefined;
  readonly receiptJws: string | undefined;
  readonly answer: SignedAnswer | undefined;
  readonly report: SignedReport;
}

export interface Heard {
  /** "heartbeat" for the comment that is one. */
  readonly name: string;
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: the data is what the test is about to look into
  readonly data: any;
}

export interface Listening {
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: Headers;
  /** The next event or heartbeat; undefined when the stream has ended. */
  next(): Promise<Heard | undefined>;
  close(): void;
}

export interface ReportOptions {
  readonly reportId?: string;
  readonly sequence?: number;
  readonly epoch?: string;
  readonly createdAt?: Date;
  readonly previousHash?: string | undefined;
  readonly fingerprint?: Fingerprint;
  /** Signs the envelope instead of the device's key. */
  readonly signWith?: SigningKey;
  /** Changes the body before it is signed. */
  readonly body?: Partial<Record<keyof ReportBody, unknown>>;
  readonly envelope?: Partial<ReportEnvelope>;
  readonly encoding?: 'zstd' | 'gzip' | 'identity';
}

export interface TestAgentOptions {
  readonly url: string;
  readonly token: string;
  /** Pinned when given; otherwise whatever the server shows. */
  readonly serverKeyThumbprint?: string;
  readonly hostname?: string;
  /** The device's clock. */
  readonly now?: () => Date;
  readonly key?: SigningKey;
  /** As a proxy on the server's machine names the address a request came from. */
  readonly forwardedFor?: string;
}

export type TestAgent = Awaited<ReturnType<typeof createTestAgent>>;

export async function createTestAgent(options: TestAgentOptions) {
  const { url, token, hostname = `pc-${randomBytes(3).toString('hex')}`, now = () => new Date() } = options;
  const key = options.key ?? (await generateKey());
  const serverKey = await fetchServerKey(url, options.serverKeyThumbprint);
  const state = {
    deviceId: '',
    epoch: randomUUID(),
    /** Highest sequence made so far. */
    sequence: 0,
    previousHash: undefined as string | undefined,
    fingerprint: newMarks() as Fingerprint,
    nonce: 'none',
    counter: 0,
  };

  const remember = (headers: Headers): void => {
    const fresh = headers.get(nonceHeader);
    if (fresh !== null) Object.assign(state, { nonce: fresh, counter: 0 });
  };

  const post = async (path: string, headers: Record<string, string>, body: Uint8Array): Promise<Answered> => {
    const from = options.forwardedFor === undefined ? {} : { 'x-forwarded-for': options.forwardedFor };
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { ...headers, ...from },
      body: Buffer.from(body),
    });
    remember(response.headers);
    return read(response);
  };

  /** One proof for a request, without sending it. */
  const proofFor = (
    path: string,
    body: Uint8Array,
    change: { counter?: number; nonce?: string; key?: SigningKey; method?: 'GET' | 'POST' } = {},
  ) => {
    state.counter += 1;
    return makeProof(
      {
        deviceId: state.deviceId,
        method: change.method ?? 'POST',
        path,
        body,
        nonce: change.nonce ?? state.nonce,
        counter: change.counter ?? state.counter,
        now: now(),
      },
      change.key ?? key,
    );
  };

  /** Sends with a proof; again with a new nonce when the server asks for one. */
  const send = async (path: string, headers: Record<string, string>, body: Uint8Array) => {
    for (let attempt = 1; ; attempt += 1) {
      const { proof, jti } = await proofFor(path, body);
      const answered = await post(path, { ...headers, [proofHeader]: proof }, body);
      if (answered.code !== 'use-nonce' || attempt > 1) return { answered, jti };
    }
  };

  const trust = async (jws: string, jti: string): Promise<SignedAnswer> => {
    const answer = await verifyJws(jwsTypes.answer, jws, [serverKey], signedAnswer);
    if (answer.nonce !== jti) throw new Error('the answer was made for another request');
    return answer;
  };

  /** All sections of an office PC, with changes by id; `undefined` makes a section missing. */
  const office = (changes: Readonly<Record<string, unknown>> = {}): Section[] =>
    Object.entries({ ...officeFacts(hostname, now()), ...changes })
      .map(([id, data]) => sectionOf(id, data, { collectedAt: now().toISOString() }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));

  const agent = {
    key,
    hostname,
    state,
    post,
    proofFor,

    /** Throws when refused; `tryEnrol` tells. */
    enrol: async (): Promise<EnrolmentAnswer> => {
      const { answered, answer } = await agent.tryEnrol();
      if (answer === undefined) throw new Error(`enrolment refused: ${answered.status} ${answered.code}`);
      return answer;
    },

    tryEnrol: async (
      change: { token?: string; key?: SigningKey; tamper?: (jws: string) => string } = {},
    ): Promise<{ answered: Answered; answer: EnrolmentAnswer | undefined }> => {
      const nonce = randomBytes(18).toString('base64url');
      const request = {
        contractVersion,
        nonce,
        token: change.token ?? token,
        hostname,
        platform: 'linux',
        agentVersion: '0.1.0',
        fingerprint: state.fingerprint,
      };
      const jws = await signJws(jwsTypes.enrolment, request, change.key ?? key, { embedKey: true });
      const body = Buffer.from(change.tamper?.(jws) ?? jws);
      const answered = await post('/agent/v1/enrol', { 'content-type': 'application/jose' }, body);
      if (answered.status >= 300) return { answered, answer: undefined };
      const answerJws = enrolmentResponse.parse(answered.body).answer;
      const answer = await verifyJws(jwsTypes.answer, answerJws, [serverKey], enrolmentAnswer);
      if (answer.nonce !== nonce) throw new Error('the answer was made for another enrolment');
      state.deviceId = answer.deviceId;
      return { answered, answer };
    },

    checkIn: async (change: Record<string, unknown> = {}): Promise<Answered & { answer: SignedAnswer | undefined }> => {
      const request = {
        contractVersion,
        agentVersion: '0.1.0',
        storeEpoch: state.epoch,
        sequence: state.sequence,
        waiting: 0,
        policyVersion: 0,
        ...change,
      };
      const body = Buffer.from(JSON.stringify(request));
      const { answered, jti } = await send('/agent/v1/check-in', { 'content-type': 'application/json' }, body);
      const answer = answered.status < 300 ? await trust(checkInResponse.parse(answered.body).answer, jti) : undefined;
      return { ...answered, answer };
    },

    sections: office,

    /** Signs the next report of the epoch without sending it. */
    makeReport: async (sections = office(), change: ReportOptions = {}): Promise<SignedReport> => {
      const createdAt = (change.createdAt ?? now()).toISOString();
      const body = {
        contractVersion,
        deviceId: state.deviceId,
        createdAt,
        agentVersion: '0.1.0',
        platform: 'linux',
        fingerprint: change.fingerprint ?? state.fingerprint,
        sections,
        verdicts: [],
        ...change.body,
      };
      const previousHash = 'previousHash' in change ? change.previousHash : state.previousHash;
      const report = await signReport(
        {
          contractVersion,
          reportId: change.reportId ?? randomUUID(),
          deviceId: state.deviceId,
          storeEpoch: change.epoch ?? state.epoch,
          sequence: change.sequence ?? state.sequence + 1,
          class: 'full',
          createdAt,
          ...(previousHash === undefined ? {} : { previousHash }),
          ...change.envelope,
        },
        Buffer.from(canonicalJson(body)),
        change.signWith ?? key,
      );
      if (report.envelope.storeEpoch === state.epoch) {
        state.sequence = Math.max(state.sequence, report.envelope.sequence);
        state.previousHash = report.envelopeHash;
      }
      return report;
    },

    /** Sends a report as it is, once more if need be. */
    sendReport: async (report: SignedReport, encoding: ReportOptions['encoding'] = 'zstd'): Promise<Reported> => {
      const frame = encodeFrame(report);
      const body = encoding === 'zstd' ? await zstd(frame) : encoding === 'gzip' ? await gz(frame) : frame;
      const headers = { 'content-type': reportMediaType, 'content-encoding': encoding };
      const { answered, jti } = await send('/agent/v1/reports', headers, body);
      if (answered.status >= 300) {
        return { ...answered, report, receipt: undefined, receiptJws: undefined, answer: undefined };
      }
      const { receipt: receiptJws, answer } = reportResponse.parse(answered.body);
      const receipt = await verifyJws(jwsTypes.receipt, receiptJws, [serverKey], receiptSchema);
      return { ...answered, report, receiptJws, receipt, answer: await trust(answer, jti) };
    },

    report: async (sections = office(), change: ReportOptions = {}): Promise<Reported> =>
      agent.sendReport(await agent.makeReport(sections, change), change.encoding),

    /** Sends raw bytes as a report with a valid proof over them. */
    sendBytes: async (body: Uint8Array, headers: Record<string, string> = {}): Promise<Answered> => {
      const sent = await send('/agent/v1/reports', { 'content-type': reportMediaType, ...headers }, body);
      return sent.answered;
    },

    /** Opens the stream of events; `undefined` headers count as none. Close it, or the server waits at its end. */
    listen: async (lastEventId?: string, headers: Record<string, string> = {}): Promise<Listening> => {
      for (let attempt = 1; ; attempt += 1) {
        const { proof } = await proofFor(eventsPath, Buffer.alloc(0), { method: 'GET' });
        const closing = new AbortController();
        const response = await fetch(url + eventsPath, {
          headers: {
            [proofHeader]: proof,
            ...(lastEventId === undefined ? {} : { [lastEventHeader]: lastEventId }),
            ...headers,
          },
          signal: closing.signal,
        });
        remember(response.headers);
        if (response.status === 200) return listening(response, closing);
        const answered = await read(response);
        if (answered.code !== 'use-nonce' || attempt > 1) return { ...answered, next: nothing, close: () => undefined };
      }
    },

    /** Begins a new store, as after "reset" or a restored image that was told so. */
    renewEpoch: (): void => {
      Object.assign(state, { epoch: randomUUID(), sequence: 0, previousHash: undefined });
    },
  };
  return agent;
}

const nothing = async (): Promise<undefined> => undefined;

function listening(response: Response, closing: AbortController): Listening {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Heard | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const [block, rest] = [text.slice(0, end), text.slice(end + 2)];
        text = rest;
        const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
        if (block === ':') return { name: 'heartbeat', id: '', data: undefined };
        return { name: field('event'), id: field('id'), data: JSON.parse(field('data')) };
      }
      const { value, done } = await reader.read().catch(() => ({ value: undefined, done: true }));
      if (done) return undefined;
      text += value;
    }
  };
  return {
    status: 200,
    code: undefined,
    headers: response.headers,
    next,
    close: () => closing.abort(),
  };
}

async function fetchServerKey(url: string, pin: string | undefined) {
  const response = await fetch(`${url}/agent/v1/keys`);
  const { keys } = (await response.json()) as { keys: unknown[] };
  const key = publicKey.parse(keys[0]);
  const thumbprint = await thumbprintOf(key);
  if (pin !== undefined && pin !== thumbprint) throw new Error('the server shows another key than the pinned one');
  return { publicKey: key, thumbprint };
}

async function read(response: Response): Promise<Answered> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  const body: unknown = isJson ? JSON.parse(text) : text;
  const problem = problemDocument.safeParse(body);
  return {
    status: response.status,
    code: problem.success ? problem.data.code : undefined,
    detail: problem.success ? problem.data.detail : undefined,
    headers: response.headers,
    body,
  };
}
