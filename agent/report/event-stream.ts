/**
 * Keeps one stream of events open next to the check-in, so that news arrives within seconds. What comes through it is
 * never believed (see `streamEvents`), and nothing depends on it: where a proxy holds it back or cuts it, it is tried
 * again rarely and the check-in delivers. It has no timer of its own; `look` is called about once a minute.
 */
import { eventsPath, lastEventHeader, streamEvents } from '../contract/wire.ts';
import type { Log } from '../log.ts';
import type { Clock } from '../platform/clock.ts';
import { createEventReader, NotEvents, type RawEvent } from './event-lines.ts';
import { refusalOf, ServerRefused } from './refusal.ts';
import { waitMs } from './retry.ts';
import { type ServerClient, type ServerStream, ServerUnreachable } from './server-client.ts';
import { proveRequest, rememberNonce, type Signer } from './signed-request.ts';

const minuteMs = 60_000;
/** The server greets at once; who has not been greeted by then stands behind something that holds the answer back. */
const greetingMs = minuteMs;
/** One heartbeat may be late and the next look is up to a minute away. */
const heartbeatsMissed = 2.5;
/** Where events are held back, that rarely changes. */
const silentRetryMs = 3_600_000;
const attempts = 3;
/** More than a day of notices; beyond it somebody feeds us. */
const maxStreamBytes = 32 * 1024 * 1024;

export type HeardEvent =
  | { readonly name: 'missed' }
  | { readonly name: 'report' }
  | { readonly name: 'policy'; readonly spreadSeconds: number }
  | { readonly name: 'notice'; readonly notice: string };

export interface EventStreamOptions extends Signer {
  readonly client: ServerClient;
  readonly clock: Clock;
  readonly log: Log;
  /** In [0, 1). */
  readonly random: () => number;
  /** Called for each event, and for "missed" when some may have been. Must not throw. */
  readonly hear: (event: HeardEvent) => void;
}

export interface EventStream {
  /**
   * Gives up on a stream that is silent; opens one when it is due and `mayOpen`: the last check-in reached the server.
   * Settles when the server has answered; never rejects.
   */
  look(mayOpen: boolean): Promise<void>;
  /** "open" once the server has greeted. */
  state(): 'open' | 'opening' | 'waiting';
  stop(): Promise<void>;
}

/** One open connection; times are monotonic ms. */
interface Connection {
  readonly abort: AbortController;
  readonly openedAt: number;
  heardAt: number;
  /** Known with the greeting. */
  heartbeatMs: number | undefined;
  ended: Promise<void>;
}

export function createEventStream(options: EventStreamOptions): EventStream {
  const { client, clock, log, random, hear } = options;
  let connection: Connection | undefined;
  let stopped = false;
  /** A stream is a convenience: its attempts keep to the later half of what may be drawn. */
  const late = (): number => 0.5 + random() / 2;
  /** Monotonic ms. */
  let notBefore = clock.monotonicMs();
  let failures = 0;
  let lastEventId: string | undefined;

  const wait = (why: string, ms: number): void => {
    notBefore = clock.monotonicMs() + ms;
    log.info('events-waiting', { why, seconds: Math.round(ms / 1000) });
  };

  const open = async (signal: AbortSignal): Promise<ServerStream> => {
    for (let attempt = 1; ; attempt += 1) {
      const { headers } = await proveRequest(options, { method: 'GET', path: eventsPath, body: new Uint8Array() });
      const resume = lastEventId === undefined ? {} : { [lastEventHeader]: lastEventId };
      const stream = await client.stream({ path: eventsPath, headers: { ...headers, ...resume }, signal });
      rememberNonce(options, stream.headers);
      if (stream.status === 200) return stream;
      const refusal = refusalOf({ ...stream, body: await collect(stream.chunks) });
      if (refusal.code !== 'use-nonce' || attempt >= attempts) throw refusal;
    }
  };

  const take = (raw: RawEvent, current: Connection): void => {
    const event = parse(raw);
    if (event === undefined) {
      log.debug('event-ignored', { name: raw.name.slice(0, 40) });
      return;
    }
    if (raw.id !== '' && raw.id.length <= 100) lastEventId = raw.id;
    if (event.name !== 'ready') {
      hear(event);
      return;
    }
    current.heartbeatMs = event.heartbeatSeconds * 1000;
    log.info('events-open', { resumed: event.resumed });
    if (!event.resumed) hear({ name: 'missed' });
  };

  /** Ends when the stream does, and decides when to try again. */
  const read = async (stream: ServerStream, current: Connection): Promise<void> => {
    const reader = createEventReader();
    let bytes = 0;
    let why = 'ended';
    try {
      for await (const chunk of stream.chunks) {
        bytes += chunk.byteLength;
        if (bytes > maxStreamBytes) throw new NotEvents('more came through the stream of events than there can be');
        current.heardAt = clock.monotonicMs();
        for (const raw of reader(chunk)) take(raw, current);
      }
    } catch (error) {
      why = error instanceof NotEvents ? 'not-events' : 'cut';
    }
    current.abort.abort();
    if (connection === current) connection = undefined;
    if (stopped) return;
    if (current.abort.signal.reason === silent) {
      failures += 1;
      wait('silent', silentRetryMs * (1 + random()));
      return;
    }
    // It worked as long as it was meant to: the server ended it, or restarted. Otherwise something cuts it.
    const worked = current.heartbeatMs !== undefined && current.heardAt - current.openedAt >= current.heartbeatMs;
    failures = worked ? 0 : failures + 1;
    wait(why, worked ? random() * minuteMs : Math.max(minuteMs * random(), waitMs(failures, late())));
  };

  const connect = async (): Promise<void> => {
    const abort = new AbortController();
    const openedAt = clock.monotonicMs();
    const current: Connection = {
      abort,
      openedAt,
      heardAt: openedAt,
      heartbeatMs: undefined,
      ended: Promise.resolve(),
    };
    connection = current;
    try {
      current.ended = read(await open(abort.signal), current);
    } catch (error) {
      connection = undefined;
      if (stopped) return;
      if (!(error instanceof ServerRefused || error instanceof ServerUnreachable)) throw error;
      failures += 1;
      const retryAfter = error instanceof ServerRefused ? error.retryAfterSeconds : undefined;
      wait(error.code, waitMs(failures, late(), retryAfter));
    }
  };

  return {
    look: async (mayOpen) => {
      const now = clock.monotonicMs();
      if (stopped) return;
      if (connection === undefined) {
        if (mayOpen && now >= notBefore)
          await connect().catch((error: unknown) => log.error('events-failed', { error: String(error) }));
        return;
      }
      const { heardAt, openedAt, heartbeatMs, abort } = connection;
      const deadline = heartbeatMs === undefined ? openedAt + greetingMs : heardAt + heartbeatMs * heartbeatsMissed;
      if (now > deadline) abort.abort(silent);
    },
    state: () => (connection === undefined ? 'waiting' : connection.heartbeatMs === undefined ? 'opening' : 'open'),
    stop: async () => {
      stopped = true;
      const last = connection;
      last?.abort.abort();
      await last?.ended;
    },
  };
}

const silent = new Error('nothing came through the stream of events');

type Parsed = HeardEvent | { readonly name: 'ready'; readonly heartbeatSeconds: number; readonly resumed: boolean };

/** Undefined for what is no event, or one of a newer server. */
function parse({ name, data }: RawEvent): Parsed | undefined {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    // Not the KITS server's words; the caller says so in the log.
    return undefined;
  }
  switch (name) {
    case 'ready': {
      const { success, data: ready } = streamEvents.ready.safeParse(value);
      return success ? { name, ...ready } : undefined;
    }
    case 'report':
      return streamEvents.report.safeParse(value).success ? { name } : undefined;
    case 'policy': {
      const { success, data: policy } = streamEvents.policy.safeParse(value);
      return success ? { name, spreadSeconds: policy.spreadSeconds ?? 0 } : undefined;
    }
    case 'notice': {
      const { success, data: notice } = streamEvents.notice.safeParse(value);
      return success ? { name, ...notice } : undefined;
    }
    default:
      return undefined;
  }
}

/** A refusal is a problem document; whatever is longer is none. */
async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > 64 * 1024) break;
  }
  return Buffer.concat(parts);
}
