/** The conversation with the server after enrolment: check-ins and reports, each with a transport proof. */
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { z } from 'zod';
import { contractVersion } from '../contract/report.ts';
import {
  aboutTheReport,
  agentErrorCodes,
  type checkInRequest,
  checkInResponse,
  type DeviceState,
  jwsTypes,
  problemDocument,
  type RetireRequest,
  receipt,
  reportMediaType,
  reportResponse,
  retireResponse,
  type SignedAnswer,
  signedAnswer,
  signedRefusal,
} from '../contract/wire.ts';
import type { Log } from '../log.ts';
import { JwsError, verifyJws } from '../signing/jws.ts';
import type { SigningKey } from '../signing/keys.ts';
import { encodeFrame, signAgain } from '../signing/report-frame.ts';
import type { AgentStore, Enrolment, WaitingReport } from '../store/agent-store.ts';
import type { Updater } from '../update/updater.ts';
import { agentVersion } from '../version.ts';
import { jumpSeconds, noteClockJump } from './clock-jumps.ts';
import { type ServerClient, type ServerResponse, ServerUnreachable } from './server-client.ts';
import { floorAfter, toleranceMs } from './server-time-floor.ts';
import { proveRequest, rememberNonce } from './signed-request.ts';
import type { SignedWords } from './signed-words.ts';

/** The server answered and said no; `code` is that of its problem document. */
export class ServerRefused extends Error {
  override readonly name = 'ServerRefused';
  readonly status: number;
  readonly code: string;
  readonly retryAfterSeconds: number | undefined;
  /** `signedRefusal` as it came; proves nothing yet. */
  readonly refusal: string | undefined;
  constructor(status: number, code: string, detail: string, retryAfterSeconds?: number, refusal?: string) {
    // 0: what stands in the way was found here, before the server was asked to do anything.
    super(status === 0 ? `${code}: ${detail}` : `The server refused (${status} ${code}): ${detail}`);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
    this.refusal = refusal;
  }
}

export interface SendResult {
  readonly accepted: number;
  readonly refused: number;
  /** Bytes of request bodies as sent. */
  readonly bytesSent: number;
  /** Sections the server lacked after the last report; undefined when none was sent. */
  readonly need?: readonly string[];
}

export interface ServerLink {
  /** Throws `ServerUnreachable` or `ServerRefused`. */
  checkIn(): Promise<SignedAnswer>;
  /** Sends what waits, oldest first, at most `limit`. Throws as `checkIn`; what was not acknowledged stays. */
  sendWaiting(limit: number): Promise<SendResult>;
  /** Offers once more, once a day each and a few at a time, what was set aside. That it fails stops nothing else: it does not throw. */
  sendAside(): Promise<void>;
  /**
   * Tells the server that this installation is being removed; returns what the device is there from now on. Said before is
   * as good. Throws as `checkIn`.
   */
  retire(): Promise<DeviceState>;
}

export interface LinkOptions {
  readonly client: ServerClient;
  readonly store: AgentStore;
  readonly key: SigningKey;
  readonly enrolment: Enrolment;
  readonly words: SignedWords;
  readonly now: () => Date;
  /** As `Clock.sinceBootMs`. */
  readonly sinceBootMs: () => number;
  readonly log: Log;
  /** Only where the device updates itself. */
  readonly releases?: Pick<Updater, 'asked' | 'offer'>;
  /** A verified receipt came for this report. */
  readonly accepted?: (report: WaitingReport, receivedAt: string) => void;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const reportsPath = '/agent/v1/reports';
/**
 * With the waits in between some hours. A report that does not get through while check-ins do (a filter on the way, its size,
 * its words) must not hold up those behind it for ever.
 */
export const attemptsBeforeAside = 12;
/** Where one was set aside already, the way is known to hold some back. */
const attemptsOfMore = 2;
const asideAtOnce = 10;
/** The server speaks of the device or of this moment, not of the report. */
const notAboutTheReport: ReadonlySet<number> = new Set([401, 403, 404, 429, 503, 507]);
/** How long reports go unpacked after a packed one was altered on the way. */
const unpackedMs = 86_400_000;
const compress = promisify(zstdCompress);

export function createServerLink(options: LinkOptions): ServerLink {
  const { client, store, key, enrolment, words, now, log } = options;

  /** One signed request; fetches a nonce when the server asks for a newer one. */
  async function post(
    path: string,
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ response: ServerResponse; jti: string; sentAt: number }> {
    for (let attempt = 1; ; attempt += 1) {
      const { headers: proof, jti } = await proveRequest(options, { method: 'POST', path, body });
      const sentAt = now().getTime();
      const response = await client.send({ method: 'POST', path, body, headers: { ...headers, ...proof } });
      rememberNonce(options, response.headers);
      if (response.status < 300) return { response, jti, sentAt };
      const refusal = refusalOf(response);
      if (refusal.code !== agentErrorCodes.useNonce || attempt > 1) {
        const needsProof =
          refusal.code === agentErrorCodes.altered || (path === reportsPath && aboutTheReport.has(refusal.status));
        throw needsProof ? await proven(refusal, jti) : refusal;
      }
    }
  }

  /** Whoever breaks TLS could otherwise make this device put its reports aside one by one. */
  async function proven(refusal: ServerRefused, jti: string): Promise<ServerRefused> {
    const { status, code, message, retryAfterSeconds } = refusal;
    try {
      const said = await verifyJws(jwsTypes.refusal, refusal.refusal ?? '', [await words.serverKey()], signedRefusal);
      if (said.nonce === jti && said.status === status && said.code === code) return refusal;
    } catch (error) {
      if (!(error instanceof JwsError)) throw error;
    }
    // 502: the words of somebody between, which say nothing about the report.
    const detail = `the server's signature is missing beside "${message.slice(0, 300)}". The report stays in the queue`;
    return new ServerRefused(502, agentErrorCodes.refusalUnsigned, detail, retryAfterSeconds);
  }

  /** Only an answer signed by the pinned key that echoes this very request counts; it is the one source of time. */
  async function trust(jws: string, jti: string, sentAt: number): Promise<SignedAnswer> {
    const answer = await verifyJws(jwsTypes.answer, jws, [await words.serverKey()], signedAnswer);
    if (answer.nonce !== jti) throw new JwsError('payload', 'the answer was made for another request');
    const serverTime = Date.parse(answer.serverTime);
    const { serverTimeFloor: floorBefore, floorCandidate, behindFloorSince } = store.readExchange();
    const wrongUntil = answer.wrongTimesUntil === undefined ? undefined : Date.parse(answer.wrongTimesUntil);
    const floor = floorAfter(
      { serverTimeFloor: floorBefore, floorCandidate },
      { serverTime, bootMs: options.sinceBootMs(), wrongUntil },
    );
    if (floor.serverTimeFloor < floorBefore) log.warn('server-time-corrected', { from: floorBefore, to: serverTime });
    const middle = (sentAt + now().getTime()) / 2;
    const offset = Math.round((middle - serverTime) / 1000);
    const before = store.readExchange().clockOffsetSeconds;
    // A time below the floor comes from a server whose own clock went back; it says nothing about this one.
    const counts = serverTime >= floor.serverTimeFloor - toleranceMs;
    if (counts && before !== undefined && Math.abs(offset - before) >= jumpSeconds) {
      noteClockJump(store, log, { at: now().toISOString(), seconds: offset - before, noticed: 'server' });
    }
    store.changeExchange({
      serverTimeFloor: floor.serverTimeFloor,
      floorCandidate: floor.floorCandidate,
      behindFloorSince: counts ? undefined : (behindFloorSince ?? now().toISOString()),
      checkInSeconds: answer.checkInSeconds,
      ...(counts ? { clockOffsetSeconds: offset } : {}),
    });
    const enrolled = store.readEnrolment() ?? enrolment;
    if (answer.state !== enrolled.state) store.writeEnrolment({ ...enrolled, state: answer.state });
    store.forgetAcknowledged(answer.need);
    return answer;
  }

  function renewEpoch(): Promise<void> {
    log.warn('store-rewound', { epoch: store.epoch });
    return store.renewEpoch((envelopeJws, place) => signAgain(envelopeJws, place, key));
  }

  async function postPacked(frame: Uint8Array) {
    const body = await compress(frame, { params: { [constants.ZSTD_c_compressionLevel]: 9 } });
    const headers = { 'content-type': reportMediaType, 'content-encoding': 'zstd' };
    return { ...(await post(reportsPath, body, headers)), bytes: body.byteLength };
  }

  /**
   * A filter that unpacks what passes it lets through what is not packed. Packed again after a day: it may be gone. Throws as
   * `post`.
   */
  async function postReport(frame: Uint8Array): Promise<Awaited<ReturnType<typeof postPacked>>> {
    const { unpacked } = store.readExchange();
    const left = (unpacked?.until ?? 0) - now().getTime();
    let refusal: unknown;
    if (!(left > 0 && left <= unpackedMs)) {
      try {
        const sent = await postPacked(frame);
        if (unpacked !== undefined) store.changeExchange({ unpacked: undefined });
        return sent;
      } catch (error) {
        if (!(error instanceof ServerRefused && error.code === agentErrorCodes.altered)) throw error;
        refusal = error;
        log.warn('request-altered', { detail: error.message });
        const since = unpacked?.since ?? now().toISOString();
        store.changeExchange({ unpacked: { since, until: now().getTime() + unpackedMs } });
      }
    }
    try {
      return { ...(await post(reportsPath, frame, { 'content-type': reportMediaType })), bytes: frame.byteLength };
    } catch (error) {
      // Packed it may not be.
      if (error instanceof ServerRefused && error.code === agentErrorCodes.tooLarge)
        throw refusal ?? tooLargeUnpacked();
      throw error;
    }
  }

  /** Returns the bytes sent and what the server lacks. Throws `ServerRefused` with the server's words about this report or this device. */
  async function sendOne(report: WaitingReport): Promise<{ bytes: number; need: readonly string[] }> {
    const { response, jti, sentAt, bytes } = await postReport(encodeFrame(report));
    const { parsed, need } = await genuine(async () => {
      const { receipt: receiptJws, answer } = reportResponse.parse(json(response));
      const said = await trust(answer, jti, sentAt);
      const genuineReceipt = await verifyJws(jwsTypes.receipt, receiptJws, [await words.serverKey()], receipt);
      return { need: said.need, parsed: genuineReceipt };
    });
    if (
      parsed.reportId !== report.reportId ||
      parsed.envelopeHash !== report.envelopeHash ||
      parsed.sequence !== report.sequence ||
      parsed.storeEpoch !== store.epoch ||
      parsed.deviceId !== enrolment.deviceId
    ) {
      throw new ServerUnreachable(
        'answer-invalid',
        'The receipt is for another report. The report stays in the queue.',
      );
    }
    // By the server's time: the clock of this PC may have been set by years before the body goes.
    store.acknowledge(report.sequence, new Date(parsed.receivedAt), parsed.need);
    store.changeExchange({ lastAcceptedAt: now().toISOString() });
    options.accepted?.(report, parsed.receivedAt);
    return { bytes, need };
  }

  /** True when this report has had its attempts. Each follows a check-in that went through. */
  function isSpent({ reportId }: WaitingReport, error: unknown): boolean {
    const isHeldUp =
      error instanceof ServerUnreachable || (error instanceof ServerRefused && !notAboutTheReport.has(error.status));
    if (!isHeldUp) return false;
    const { heldUp } = store.readExchange();
    const attempts = (heldUp?.reportId === reportId ? heldUp.attempts : 0) + 1;
    const spent = attempts >= (store.queue().aside === undefined ? attemptsBeforeAside : attemptsOfMore);
    store.changeExchange({ heldUp: spent ? undefined : { reportId, attempts } });
    return spent;
  }

  return {
    checkIn: async () => {
      const { waiting } = store.queue();
      const { policyVersion, ...known } = words.known();
      const older = store.keptEpochs();
      const request: z.input<typeof checkInRequest> = {
        ...(contractVersion === 1 ? {} : { contractVersion }),
        agentVersion,
        storeEpoch: store.epoch,
        sequence: store.nextPlace().sequence - 1,
        ...(waiting === 0 ? {} : { waiting }),
        ...(policyVersion === 0 ? {} : { policyVersion }),
        ...(older.length === 0 ? {} : { older }),
        ...known,
        ...(options.releases === undefined ? {} : { release: options.releases.asked() }),
      };
      const body = Buffer.from(JSON.stringify(request));
      const { response, jti, sentAt } = await post('/agent/v1/check-in', body, { 'content-type': 'application/json' });
      const answer = await genuine(async () => {
        const said = checkInResponse.parse(json(response));
        await words.takeKeys(said.keys ?? []);
        const trusted = await trust(said.answer, jti, sentAt);
        await words.takeAnswer(trusted, said);
        await options.releases?.offer(trusted.release, said.release);
        return trusted;
      });
      if (answer.rewound === true) await renewEpoch();
      else {
        let again = store.requeueAfter(answer.acknowledged);
        for (const { from, to } of answer.missing ?? []) again += store.requeueBetween(from, to);
        if (again > 0) log.warn('server-lost-reports', { again });
        for (const { storeEpoch, acknowledged } of answer.older ?? []) {
          const waiting = await store.requeueEarlier(storeEpoch, acknowledged, (jws, place) =>
            signAgain(jws, place, key),
          );
          log.warn('server-lost-reports', { again: waiting, earlier: storeEpoch });
        }
      }
      return answer;
    },

    retire: async () => {
      const { waiting } = store.queue();
      const request: RetireRequest = { contractVersion, agentVersion, waiting };
      try {
        const { response, jti, sentAt } = await post('/agent/v1/retire', Buffer.from(JSON.stringify(request)), {
          'content-type': 'application/json',
        });
        return await genuine(async () => {
          const { state } = await trust(retireResponse.parse(json(response)).answer, jti, sentAt);
          return state;
        });
      } catch (error) {
        // A repetition whose answer was lost, or staff were faster.
        if (error instanceof ServerRefused && error.code === agentErrorCodes.deviceNotActive) return 'retired';
        throw error;
      }
    },

    sendWaiting: async (limit) => {
      const result: Writable<SendResult> = { accepted: 0, refused: 0, bytesSent: 0 };
      let renewed = false;
      for (;;) {
        const [report] = store.waiting(1);
        if (report === undefined || result.accepted + result.refused >= limit) return result;
        try {
          const { bytes, need } = await sendOne(report);
          result.bytesSent += bytes;
          result.accepted += 1;
          result.need = need;
        } catch (error) {
          if (!(error instanceof ServerRefused) || !aboutTheReport.has(error.status)) {
            if (!isSpent(report, error)) throw error;
            log.error('report-set-aside', { reportId: report.reportId, detail: (error as Error).message });
            store.setAside(report.sequence, now());
            continue;
          }
          const conflict = error.code === agentErrorCodes.conflict;
          if ((conflict || error.code === agentErrorCodes.rewound) && !renewed && !report.resigned) {
            // The server holds another report at this place: this store was set back without knowing it.
            renewed = true;
            await renewEpoch();
          } else if (conflict && report.resigned) {
            // The server took it under its first signature before this store was set back.
            log.warn('report-held-before', { reportId: report.reportId });
            store.heldBefore(report.sequence, now());
          } else {
            log.error('report-refused', { reportId: report.reportId, code: error.code, detail: error.message });
            store.refuse(report.sequence, now(), error.code);
            result.refused += 1;
          }
        }
      }
    },

    sendAside: async () => {
      for (let left = asideAtOnce; left > 0; left -= 1) {
        const report = store.asideDue(now());
        if (report === undefined) return;
        // First: whatever comes of it, its next turn is in a day.
        store.setAside(report.sequence, now());
        if (report.body === undefined) continue;
        try {
          await sendOne(report);
          log.info('aside-accepted', { reportId: report.reportId });
        } catch (error) {
          if (error instanceof ServerRefused && aboutTheReport.has(error.status)) {
            if (error.code === agentErrorCodes.conflict && report.resigned) store.heldBefore(report.sequence, now());
            else store.refuse(report.sequence, now(), error.code);
            log.error('report-refused', { reportId: report.reportId, code: error.code, detail: error.message });
          } else if (error instanceof ServerRefused || error instanceof ServerUnreachable) {
            log.warn('aside-again', { reportId: report.reportId, detail: error.message });
            return;
          } else throw error;
        }
      }
    },
  };
}

/** The way lets nothing packed through, and the server takes no more than this at once. It waits for a better way. */
function tooLargeUnpacked(): ServerRefused {
  return new ServerRefused(401, agentErrorCodes.altered, 'this report is too large to be sent unpacked');
}

/** Whatever is wrong with an answer, it is not the server speaking: same consequence as no answer. */
async function genuine<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new ServerUnreachable(
      'answer-invalid',
      `The answer is not from the KITS server this device was enrolled with (${(cause as Error).message}). ` +
        'Something between may have answered in its place. Nothing was lost.',
      { cause },
    );
  }
}

export function json(response: ServerResponse): unknown {
  return JSON.parse(response.body.toString('utf8'));
}

/** RFC 9110 §10.2.3: seconds, or a date, which says something only against the clock of whoever names it. */
function retryAfterSeconds({ 'retry-after': said = '', date = '' }: ServerResponse['headers']): number | undefined {
  const seconds = /^\d{1,15}$/.test(said) ? Number(said) : (Date.parse(said) - Date.parse(date)) / 1000;
  return seconds > 0 ? seconds : undefined;
}

/** Reads a problem document; an answer that is none (a proxy's error page) still gives a code. */
export function refusalOf(response: ServerResponse): ServerRefused {
  const retry = retryAfterSeconds(response.headers);
  try {
    const { code, title, detail, refusal } = problemDocument.parse(json(response));
    return new ServerRefused(response.status, code, detail ?? title, retry, refusal);
  } catch {
    // No words of the KITS server: only the status is known. 5xx so that no report is put aside because of a proxy.
    return new ServerRefused(
      response.status >= 500 ? response.status : 502,
      'not-kits',
      `HTTP ${response.status}`,
      retry,
    );
  }
}
