/** The seam between server processes: what one of them wants told to devices reaches the streams of all of them. */
import type { StreamEvent } from '../../agent/contract/wire.ts';

export type PushMessage =
  | {
      readonly kind: 'event';
      /** Unique over all processes; devices resume behind it. */
      readonly id: string;
      readonly municipalityId: string;
      /** Only these of the municipality; absent = all of them. */
      readonly deviceIds?: readonly string[];
      readonly event: StreamEvent;
    }
  /** The device belongs to this municipality now; null: it gets no stream any more. */
  | { readonly kind: 'device'; readonly deviceId: string; readonly municipalityId: string | null };

/**
 * Hands each message to every process, this one included, and to all in the same order: resuming at another process
 * relies on it. On PostgreSQL that is NOTIFY with a reference (its payload ends at 8,000 bytes) and LISTEN.
 */
export interface PushRelay {
  publish(message: PushMessage): void;
  /** Once, before the first message. */
  listen(take: (message: PushMessage) => void): void;
}

/** For a single process. */
export function localRelay(): PushRelay {
  let taker: ((message: PushMessage) => void) | undefined;
  return {
    publish: (message) => taker?.(message),
    listen: (take) => {
      taker = take;
    },
  };
}
