/**
 * What the person at the PC asks of the service: one JSON line each in the mailbox, sent again until the status file
 * names its id. Kept in a file of this user, so that nothing is forgotten when the tray is restarted.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { instant } from '../../agent/contract/field.ts';
import type { Notice } from '../../agent/contract/policy.ts';
import { type MailboxRequest, mailboxRequest } from '../../agent/contract/status.ts';
import { maxNotices } from '../../agent/contract/wire.ts';
import { type AskedRequest, maxAsked } from '../ipc/contract.ts';
import { readUserFile, writeUserFile } from '../user-file.ts';

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
  /** Throws when too much waits already, or when it could neither be handed over nor kept. Asking again for the same while it waits, or for what a notice needs once, changes nothing. */
  ask(wish: Wish): void;
  /**
   * `handled` as in the status file. Sends again what is due; true when anything changed. `notices`: the wordings in force,
   * where they are known; what waits for any other is given up, because the service would never take it on.
   */
  settle(handled: readonly string[], notices?: readonly Pick<Notice, 'id' | 'issuedAt'>[]): boolean;
  isSaid(kind: 'notice-seen' | 'notice-acknowledged', notice: Pick<Notice, 'id' | 'issuedAt'>): boolean;
  list(): AskedRequest[];
  mailboxReachable(): boolean;
}

export interface OwnRequestsOptions {
  /** `public/requests`; it is never created from here. */
  readonly mailbox: string;
  readonly memory: string;
  readonly now: () => Date;
  readonly warn: (line: string) => void;
}

export function createOwnRequests({ mailbox, memory, now, warn }: OwnRequestsOptions): OwnRequests {
  // None yet, or damaged: what waits in the mailbox is there all the same.
  let entries: readonly Entry[] = readUserFile(memory, stored)?.entries ?? [];
  let reachable = true;

  /** False on a full disk: what was asked is remembered until the tray ends, and nothing else waits for that. */
  const save = (): boolean => {
    try {
      writeUserFile(memory, { entries });
      return true;
    } catch (error) {
      warn(`what was asked could not be kept: ${String(error)}`);
      return false;
    }
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
      // Whatever else waits, an acknowledgement of each notice has room.
      const room = request.kind === 'notice-acknowledged' ? maxWaiting + maxNotices : maxWaiting;
      if (entries.filter(({ handled }) => !handled).length >= room) throw new Error('too many requests wait');
      const at = now().toISOString();
      const asked = [...entries, send({ request, askedAt: at, attempts: 0, nextAt: at, handled: false })];
      while (asked.length > maxAsked) {
        const done = asked.findIndex(({ handled }) => handled);
        asked.splice(Math.max(0, done), 1);
      }
      const before = entries;
      entries = asked;
      if (save() || reachable) return;
      entries = before;
      throw new Error('this could neither be handed over nor kept');
    },

    settle(handled, notices) {
      const before = JSON.stringify(entries);
      const wasReachable = reachable;
      const time = now().getTime();
      entries = entries
        .filter(({ request, askedAt, handled: done }) => {
          const age = time - Date.parse(askedAt);
          if (done) return true;
          if (request.kind === 'check-now') return age >= 0 && age <= checkWaitsMs;
          if (!('noticeId' in request) || notices === undefined || handled.includes(request.requestId)) return true;
          return notices.some((notice) => isAbout(request, notice));
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
        ...('issuedAt' in request ? { issuedAt: request.issuedAt } : {}),
        ...('statedName' in request ? { statedName: request.statedName } : {}),
        askedAt,
        handled,
      })),

    isSaid: (kind, notice) => entries.some(({ request }) => request.kind === kind && isAbout(request, notice)),

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
    case 'notice-not-shown':
      return 'noticeId' in known && known.noticeId === wish.noticeId && known.issuedAt === wish.issuedAt;
    default:
      return false;
  }
}

/** A request from before wordings were named is about each of them. */
function isAbout(request: MailboxRequest, { id, issuedAt }: Pick<Notice, 'id' | 'issuedAt'>): boolean {
  return 'noticeId' in request && request.noticeId === id && (request.issuedAt ?? issuedAt) === issuedAt;
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
