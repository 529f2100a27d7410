/**
 * What the person at the PC asks of the service: one JSON line each in the mailbox, sent again until the status file
 * names its id. Kept in a file of this user, so that nothing is forgotten when the tray is restarted.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, constants, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { instant } from '../../agent/contract/field.ts';
import { type MailboxRequest, mailboxRequest } from '../../agent/contract/status.ts';
import { type AskedRequest, maxAsked } from '../ipc/contract.ts';

const minuteMs = 60_000;
/** First repetition after a minute, then twice the time each, an hour at most. */
const longestPauseMs = 60 * minuteMs;
/** A check nobody took up within the hour is no longer what the person is waiting for. */
const checkWaitsMs = 60 * minuteMs;
/** Of what still waits; the rest of `maxAsked` remembers what was handled. */
export const maxWaiting = 50;

type WithoutId<T> = T extends unknown ? Omit<T, 'requestId'> : never;
export type Wish = WithoutId<MailboxRequest>;

const entry = z.object({
  request: mailboxRequest,
  askedAt: instant,
  attempts: z.int().min(0),
  nextAt: instant,
  handled: z.boolean(),
});
type Entry = z.infer<typeof entry>;
const stored = z.object({ entries: z.array(entry).max(maxAsked) });

export interface OwnRequests {
  /** Throws when too much waits already. Asking again for the same while it waits, or for what a notice needs once, changes nothing. */
  ask(wish: Wish): void;
  /** `handled` as in the status file. Sends again what is due; true when anything changed. */
  settle(handled: readonly string[]): boolean;
  list(): AskedRequest[];
  mailboxReachable(): boolean;
}

export interface OwnRequestsOptions {
  /** `public/requests`; it is never created from here. */
  readonly mailbox: string;
  readonly memory: string;
  readonly now: () => Date;
}

export function createOwnRequests({ mailbox, memory, now }: OwnRequestsOptions): OwnRequests {
  let entries = remembered(memory);
  let reachable = true;

  const save = (): void => {
    mkdirSync(dirname(memory), { recursive: true, mode: 0o700 });
    writeFileSync(`${memory}.new`, JSON.stringify({ entries }), { mode: 0o600 });
    renameSync(`${memory}.new`, memory);
  };

  const send = (one: Entry): Entry => {
    try {
      append(mailbox, one.request);
      reachable = true;
    } catch {
      // Missing, denied or full: the same to the person, and the next attempt comes by itself.
      reachable = false;
    }
    const pause = Math.min(minuteMs * 2 ** Math.min(one.attempts, 10), longestPauseMs);
    return { ...one, attempts: one.attempts + 1, nextAt: new Date(now().getTime() + pause).toISOString() };
  };

  return {
    ask(wish) {
      const request = mailboxRequest.parse({ ...wish, requestId: randomUUID() });
      if (entries.some((known) => isSame(known, request))) return;
      if (entries.filter(({ handled }) => !handled).length >= maxWaiting) throw new Error('too many requests wait');
      const at = now().toISOString();
      entries.push(send({ request, askedAt: at, attempts: 0, nextAt: at, handled: false }));
      while (entries.length > maxAsked)
        entries.splice(
          Math.max(
            0,
            entries.findIndex(({ handled }) => handled),
          ),
          1,
        );
      save();
    },

    settle(handled) {
      const before = JSON.stringify(entries);
      const wasReachable = reachable;
      const time = now().getTime();
      entries = entries
        .filter(({ request, askedAt, handled: done }) => {
          const age = time - Date.parse(askedAt);
          return request.kind !== 'check-now' || done || (age >= 0 && age <= checkWaitsMs);
        })
        .map((one) => {
          if (one.handled) return one;
          if (handled.includes(one.request.requestId)) return { ...one, handled: true };
          // A clock set back must not silence a request: whatever is not clearly ahead is due.
          const wait = Date.parse(one.nextAt) - time;
          return wait > 0 && wait <= longestPauseMs ? one : send(one);
        });
      if (JSON.stringify(entries) === before && reachable === wasReachable) return false;
      save();
      return true;
    },

    list: () =>
      entries.map(({ request, askedAt, handled }) => ({
        requestId: request.requestId,
        kind: request.kind,
        ...('noticeId' in request ? { noticeId: request.noticeId } : {}),
        askedAt,
        handled,
      })),

    mailboxReachable: () => reachable,
  };
}

function isSame({ request: known, handled }: Entry, wish: MailboxRequest): boolean {
  if (known.kind !== wish.kind) return false;
  switch (wish.kind) {
    case 'check-now':
      return !handled;
    case 'notice-seen':
    case 'notice-acknowledged':
      return 'noticeId' in known && known.noticeId === wish.noticeId;
    default:
      return false;
  }
}

/** Appends without ever creating: a mailbox that is not there has not been made by the installer. */
function append(mailbox: string, request: MailboxRequest): void {
  const file = openSync(mailbox, constants.O_WRONLY | constants.O_APPEND | (constants.O_NONBLOCK ?? 0));
  try {
    // Behind a line somebody else left unfinished ours would be lost; empty lines mean nothing.
    writeSync(file, `\n${JSON.stringify(request)}\n`);
  } finally {
    closeSync(file);
  }
}

function remembered(memory: string): Entry[] {
  try {
    return stored.parse(JSON.parse(readFileSync(memory, 'utf8'))).entries;
  } catch {
    // None yet, or damaged: what waits in the mailbox is there all the same.
    return [];
  }
}
