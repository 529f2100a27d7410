/**
 * The open event streams of this process: who listens, what was said lately, and the bounds of both. What is said here is
 * a hint that arrives in seconds; the check-in delivers the same things without it.
 */
import { randomBytes } from 'node:crypto';
import type { StreamEvent } from '../../agent/contract/wire.ts';
import type { PushMessage, PushRelay } from './relay.ts';

export interface StreamLimits {
  /** A device whose old connection has not been noticed to be dead may open a new one; the oldest gives way. */
  readonly perDevice: number;
  readonly total: number;
  /** Events kept to resume behind, and their bytes with 40 for each device named. */
  readonly keptEvents: number;
  readonly keptBytes: number;
  /** A listener who has not taken this much is cut off; it resumes. */
  readonly unsentBytes: number;
  readonly heartbeatMs: number;
}

export const streamLimits: StreamLimits = {
  perDevice: 2,
  total: 20_000,
  keptEvents: 1000,
  keptBytes: 16 * 1024 * 1024,
  unsentBytes: 512 * 1024,
  heartbeatMs: 120_000,
};

/** One long answer; writing after its end is harmless. */
export interface Listener {
  write(text: string): void;
  /** Bytes handed over and not sent yet. */
  unsent(): number;
  /** Ends it after what was written; the other side comes back. */
  end(): void;
  /** Ends it without waiting for the other side. */
  cut(): void;
}

export interface Target {
  readonly municipalityId: string;
  /** Only these of the municipality; absent = all of them. */
  readonly deviceIds?: readonly string[];
}

/** What the rest of the server may do: tell devices something. */
export interface Push {
  publish(target: Target, event: StreamEvent): void;
  /** To be called when staff changed where a device belongs; null: it is no longer to be told anything. */
  deviceMoved(deviceId: string, municipalityId: string | null): void;
}

interface Stream {
  readonly deviceId: string;
  municipalityId: string;
  readonly listener: Listener;
  readonly heartbeat: NodeJS.Timeout;
}

interface Kept {
  readonly id: string;
  readonly text: string;
  readonly municipalityId: string;
  readonly deviceIds: ReadonlySet<string> | undefined;
  readonly bytes: number;
}

export class DeviceStreams implements Push {
  readonly #relay: PushRelay;
  readonly #limits: StreamLimits;
  /** Oldest first, by device. */
  readonly #streams = new Map<string, Stream[]>();
  #open = 0;
  #closed = false;
  /** Oldest first. The first one marks where this process began to listen. */
  #kept: Kept[] = [{ id: newId(), text: '', municipalityId: '', deviceIds: undefined, bytes: 0 }];
  #keptBytes = 0;

  constructor(relay: PushRelay, limits: StreamLimits = streamLimits) {
    this.#relay = relay;
    this.#limits = limits;
    relay.listen((message) => this.#take(message));
  }

  get open(): number {
    return this.#open;
  }

  /** False while there is no room for one more device, or the server ends. */
  hasRoom(): boolean {
    return !this.#closed && this.#open < this.#limits.total;
  }

  publish({ municipalityId, deviceIds }: Target, event: StreamEvent): void {
    this.#relay.publish({
      kind: 'event',
      id: newId(),
      municipalityId,
      ...(deviceIds === undefined ? {} : { deviceIds }),
      event,
    });
  }

  deviceMoved(deviceId: string, municipalityId: string | null): void {
    this.#relay.publish({ kind: 'device', deviceId, municipalityId });
  }

  /**
   * Greets the listener and sends what it missed, if that is still known. Returns what to call when the connection is
   * gone.
   */
  add(
    device: { readonly id: string; readonly municipalityId: string },
    listener: Listener,
    lastEventId: string | undefined,
  ): () => void {
    const place = this.#kept.findIndex(({ id }) => id === lastEventId);
    const newest = this.#kept.at(-1);
    const ready = { heartbeatSeconds: Math.round(this.#limits.heartbeatMs / 1000), resumed: place >= 0 };
    // With an id of its own, so that a device nobody has told anything yet can resume as well. What was missed follows
    // with older ids than this one: a connection that breaks in between must not lose it.
    const resumedAt = place >= 0 ? this.#kept[place]?.id : newest?.id;
    listener.write(eventText('ready', resumedAt ?? '', ready));
    const stream: Stream = {
      deviceId: device.id,
      municipalityId: device.municipalityId,
      listener,
      heartbeat: setInterval(() => this.#send(stream, ':\n\n'), this.#limits.heartbeatMs),
    };
    if (place >= 0)
      for (const missed of this.#kept.slice(place + 1)) if (isFor(missed, stream)) this.#send(stream, missed.text);
    const mine = this.#streams.get(device.id) ?? [];
    this.#streams.set(device.id, [...mine, stream]);
    this.#open += 1;
    if (mine.length >= this.#limits.perDevice) this.#end(mine[0]);
    return () => this.#forget(stream);
  }

  /** Ends all streams; none is opened any more. */
  close(): void {
    this.#closed = true;
    for (const stream of [...this.#streams.values()].flat()) this.#end(stream);
  }

  #take(message: PushMessage): void {
    if (message.kind === 'device') {
      for (const stream of this.#streams.get(message.deviceId) ?? []) {
        if (message.municipalityId === null) this.#end(stream);
        else stream.municipalityId = message.municipalityId;
      }
      return;
    }
    const { id, event, municipalityId } = message;
    const deviceIds = message.deviceIds === undefined ? undefined : new Set(message.deviceIds);
    const text = eventText(event.name, id, event.data);
    const kept: Kept = { id, text, municipalityId, deviceIds, bytes: text.length + 40 * (deviceIds?.size ?? 0) };
    this.#keep(kept);
    const addressed =
      deviceIds === undefined
        ? [...this.#streams.values()]
        : [...deviceIds].map((deviceId) => this.#streams.get(deviceId) ?? []);
    for (const stream of addressed.flat()) if (isFor(kept, stream)) this.#send(stream, text);
  }

  #keep(kept: Kept): void {
    this.#kept.push(kept);
    this.#keptBytes += kept.bytes;
    // The newest one stays: without it nobody could resume.
    while (
      this.#kept.length > 1 &&
      (this.#kept.length > this.#limits.keptEvents || this.#keptBytes > this.#limits.keptBytes)
    ) {
      this.#keptBytes -= this.#kept.shift()?.bytes ?? 0;
    }
  }

  #send(stream: Stream, text: string): void {
    stream.listener.write(text);
    if (stream.listener.unsent() <= this.#limits.unsentBytes) return;
    this.#forget(stream);
    stream.listener.cut();
  }

  #end(stream: Stream | undefined): void {
    if (stream === undefined) return;
    this.#forget(stream);
    stream.listener.end();
  }

  #forget(stream: Stream): void {
    const mine = this.#streams.get(stream.deviceId) ?? [];
    if (!mine.includes(stream)) return;
    clearInterval(stream.heartbeat);
    this.#open -= 1;
    const others = mine.filter((other) => other !== stream);
    if (others.length === 0) this.#streams.delete(stream.deviceId);
    else this.#streams.set(stream.deviceId, others);
  }
}

function isFor({ municipalityId, deviceIds }: Kept, stream: Stream): boolean {
  return stream.municipalityId === municipalityId && (deviceIds === undefined || deviceIds.has(stream.deviceId));
}

/** As server-sent events want it; JSON has no line feed that could end the event early. */
function eventText(name: string, id: string, data: unknown): string {
  return `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}

function newId(): string {
  return randomBytes(9).toString('base64url');
}
