/**
 * One exchange with the server: a check-in as the probe, then what waits. Failures set when the next one may be; nothing
 * that failed is lost, and no answer, whatever it says, takes the device its key.
 */
import { type Gap, maxGapsInReport, type ReportClass, type Section } from '../contract/report.ts';
import type { AgentStore } from '../store/agent-store.ts';
import { ServerRefused } from './refusal.ts';
import { afterFailure, afterSuccess, refusedSince } from './retry.ts';
import { ServerUnreachable } from './server-client.ts';
import type { SendResult, ServerLink } from './server-link.ts';

/** How long bodies stay after the server has them, so that a server restored from backup can get them again. */
const keepAcknowledgedMs = 7 * 86_400_000;

export interface ExchangeResult extends SendResult {
  /** More waits than was to be sent at once, and nothing stands against going on in a minute. */
  readonly more: boolean;
}

export interface ExchangeOptions {
  readonly link: ServerLink;
  readonly store: AgentStore;
  readonly now: () => Date;
  /** In [0, 1). */
  readonly random: () => number;
  /** Reports at most: a PC that was away for weeks must not take the server for itself. */
  readonly limit: number;
  /** What is known and may be sent. */
  readonly readSections: () => readonly Section[];
  /** Signs one more report and puts it into the queue. */
  readonly compose: (report: {
    class: ReportClass;
    sections: readonly Section[];
    gaps?: readonly Gap[];
  }) => Promise<unknown>;
  /** Collects sections that staff ask for, and queues them. */
  readonly reportAsked: (sections: readonly string[]) => Promise<void>;
}

/** Throws `ServerUnreachable` or `ServerRefused`; the queue keeps what was not acknowledged. */
export async function exchange(options: ExchangeOptions): Promise<ExchangeResult> {
  const { store, now } = options;
  try {
    const result = await converse(options);
    store.changeExchange({ ...afterSuccess(store.readExchange()), refusedSince: undefined });
    // Old by the clock of the PC and by that of the server, each of which may be years ahead.
    const { serverTimeFloor } = store.readExchange();
    store.dropOldBodies(new Date(Math.min(now().getTime(), serverTimeFloor)), keepAcknowledgedMs);
    return result;
  } catch (error) {
    if (error instanceof ServerUnreachable || error instanceof ServerRefused) {
      const before = store.readExchange();
      const retryAfterSeconds = error instanceof ServerRefused ? error.retryAfterSeconds : undefined;
      store.changeExchange({
        ...afterFailure(before, { now: now(), random: options.random(), retryAfterSeconds }),
        failure: error.code,
        refusedSince:
          error instanceof ServerRefused ? refusedSince(before.refusedSince, error.code, now()) : before.refusedSince,
      });
    }
    throw error;
  }
}

async function converse({
  link,
  store,
  readSections,
  limit,
  compose,
  reportAsked,
}: ExchangeOptions): Promise<ExchangeResult> {
  const { state, need, reportNow = [] } = await link.checkIn();
  // Reports of a device that was not approved yet wait here; offering them again and again would only be refused.
  if (state !== 'active') {
    store.changeExchange({ failure: 'device-not-active' });
    return { accepted: 0, refused: 0, bytesSent: 0, more: false };
  }
  store.changeExchange({ failure: undefined });
  await reportAsked(reportNow);
  const declare = async (): Promise<void> => {
    const gaps = store.undeclaredGaps(maxGapsInReport);
    if (gaps.length > 0) await compose({ class: 'gap', sections: [], gaps });
  };
  await declare();
  const first = await link.sendWaiting(limit);
  if (store.queue().waiting > 0) return { ...first, more: true };
  // At once, not with the next round: until then the server would know only a hash.
  const wanted = new Set(first.need ?? need);
  const sections = readSections().filter(({ id, data }) => wanted.has(id) && data !== undefined);
  // What does not get through would only be made anew each time; the next full round brings it.
  if (sections.length > 0 && store.queue().aside === undefined) await compose({ class: 'routine', sections });
  // What came to light while sending is told at once as well.
  await declare();
  if (store.queue().waiting === 0) {
    await link.sendAside();
    return { ...first, more: false };
  }
  const second = await link.sendWaiting(limit);
  await link.sendAside();
  return {
    accepted: first.accepted + second.accepted,
    refused: first.refused + second.refused,
    bytesSent: first.bytesSent + second.bytesSent,
    more: false,
  };
}
