/**
 * What people at the PC ask of the service. Every line may come from anybody who can log on: it is checked, limited,
 * counted once, and reported as stated. A request is handled when its effect is written down; until then the tray sends it
 * again, so that a line lost to a race or to a full disk arrives all the same.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { sha256, uuid } from '../contract/field.ts';
import type { Notice } from '../contract/policy.ts';
import {
  maxAnswersInReport,
  maxSuspicionsInReport,
  type NoticeAnswer,
  type NoticeAnswerKind,
  type ReportClass,
  type Suspicion,
} from '../contract/report.ts';
import { type MailboxRequest, mailboxRequest } from '../contract/status.ts';
import { maxNotices } from '../contract/wire.ts';
import type { Log } from '../log.ts';
import type { Clock } from '../platform/clock.ts';
import { createAllowance } from '../schedule/allowance.ts';
import { type MailboxTrouble, mailboxStart, readMailboxFile } from './mailbox-file.ts';

const maxHandled = 500;
/** To one notice: a terminal server with many sessions, but not a script in a loop. The server counts as many. */
const maxAnswersToNotice = 2000;

const state = z.object({
  place: z.object({ position: z.int().min(0), mark: sha256.or(z.literal('')) }),
  /** Oldest first. */
  handled: z.array(uuid).max(maxHandled),
  /** Of each notice held: the wording the server was told is here, and how many answers there were. */
  notices: z.array(z.object({ id: uuid, issuedAt: z.string().max(35), answers: z.int().min(0) })).max(maxNotices),
});
type State = z.infer<typeof state>;
const nothingYet: State = { place: mailboxStart, handled: [], notices: [] };

export interface MailboxLook {
  /** Somebody asks for a round and an exchange. */
  readonly checkNow: boolean;
  /** Something waits in the queue that should not wait for the next regular check-in. */
  readonly reported: boolean;
  /** Requests were handled: the status has to say so. */
  readonly handled: boolean;
}

export interface Mailbox {
  /** Takes what is new. Throws when it cannot be written down; then nothing of it counts as handled. */
  look(): Promise<MailboxLook>;
  /** Ids of the last 500, oldest first. */
  handled(): string[];
}

export interface MailboxOptions {
  readonly file: string;
  readonly memory: { recall(key: string): unknown; remember(key: string, value: unknown): void };
  readonly clock: Clock;
  readonly log: Log;
  /** Verified notices that are here and were not recalled. */
  readonly notices: () => readonly Notice[];
  /** Signs and queues a report; undefined while there is nobody to report to. */
  readonly report: (report: {
    class: ReportClass;
    noticeAnswers?: readonly NoticeAnswer[];
    suspicions?: readonly Suspicion[];
  }) => Promise<unknown>;
}

const answerKinds: Readonly<Record<string, NoticeAnswerKind>> = {
  'notice-seen': 'seen',
  'notice-acknowledged': 'acknowledged',
  'notice-deferred': 'deferred',
  'notice-not-shown': 'not-shown',
};

export function createMailbox({ file, memory, clock, log, notices, report }: MailboxOptions): Mailbox {
  // Answers to notices have a share of their own: whoever floods the rest does not keep them out.
  const allowances = {
    answer: createAllowance(clock, { burst: 256, refillMs: 10_000 }),
    'check-now': createAllowance(clock, { burst: 20, refillMs: 30_000 }),
    'report-suspicion': createAllowance(clock, { burst: 5, refillMs: 30 * 60_000 }),
  };
  const warnings = createAllowance(clock, { burst: 1, refillMs: 60_000 });
  let trouble: MailboxTrouble | undefined;

  const readState = (): State => state.catch(nothingYet).parse(memory.recall('mailbox') ?? nothingYet);

  const say = (found: MailboxTrouble | undefined, dropped: number): void => {
    if (found !== trouble) {
      trouble = found;
      if (found !== undefined) log.warn('mailbox-unusable', { file, reason: found });
    }
    if (dropped > 0 && warnings.take()) log.warn('mailbox-lines-dropped', { dropped });
  };

  return {
    handled: () => readState().handled,

    look: async () => {
      const before = readState();
      const held = new Map(notices().map((notice) => [notice.id, notice]));
      const at = clock.now().toISOString();
      const known = new Set(before.handled);
      const counts = new Map(before.notices.map((entry) => [entry.id, entry]));
      const answers: NoticeAnswer[] = [];
      const suspicions: Suspicion[] = [];
      const taken: string[] = [];
      let checkNow = false;

      const answer = (notice: Notice, kind: NoticeAnswerKind, request: Said): boolean => {
        const { answers: said = 0 } = counts.get(notice.id) ?? {};
        if (said >= maxAnswersToNotice) return false;
        counts.set(notice.id, { id: notice.id, issuedAt: notice.issuedAt, answers: said + 1 });
        const end = request.until === undefined ? undefined : earlier(request.until, notice.validUntil);
        const name = mayBeNamed(notice, kind, request) ? request.statedName : undefined;
        answers.push({
          requestId: request.requestId,
          noticeId: notice.id,
          issuedAt: notice.issuedAt,
          kind,
          at,
          ...(end === undefined ? {} : { until: end }),
          ...(name === undefined ? {} : { statedName: name }),
        });
        return true;
      };

      /** False: not now, or not at all; the request does not count as handled. */
      const take = (request: MailboxRequest): boolean => {
        switch (request.kind) {
          case 'check-now':
            if (!allowances['check-now'].take()) return false;
            checkNow = true;
            return true;
          case 'report-suspicion':
            if (suspicions.length >= maxSuspicionsInReport || !allowances['report-suspicion'].take()) return false;
            suspicions.push({ requestId: request.requestId, at, text: request.text });
            return true;
          default: {
            const notice = held.get(request.noticeId);
            const kind = answerKinds[request.kind];
            if (notice === undefined || kind === undefined || !allowances.answer.take()) return false;
            // Said to a wording that is not there any more: taken on, so that nobody sends it again, and worth nothing.
            if (request.issuedAt !== undefined && !isSameInstant(request.issuedAt, notice.issuedAt)) return true;
            return answer(notice, kind, request);
          }
        }
      };

      for (const notice of held.values()) {
        if (counts.get(notice.id)?.issuedAt !== notice.issuedAt)
          answer(notice, 'delivered', { requestId: randomUUID() });
      }
      const read = readMailboxFile(file, before.place);
      let dropped = read.dropped;
      for (const line of read.lines) {
        const request = parse(line);
        if (request === undefined) dropped += 1;
        else if (known.has(request.requestId)) continue;
        else if (take(request)) {
          known.add(request.requestId);
          taken.push(request.requestId);
        } else dropped += 1;
      }
      say(read.trouble, dropped);

      let isHeard = true;
      for (let first = 0; first < answers.length; first += maxAnswersInReport) {
        const part = answers.slice(first, first + maxAnswersInReport);
        if ((await report({ class: 'acknowledgement', noticeAnswers: part })) === undefined) isHeard = false;
      }
      if (suspicions.length > 0 && (await report({ class: 'incident', suspicions })) === undefined) isHeard = false;

      const spoken = new Set([...answers, ...suspicions].map(({ requestId }) => requestId));
      const handled = isHeard ? taken : taken.filter((id) => !spoken.has(id));
      const after: State = {
        place: read.place,
        handled: [...before.handled, ...handled].slice(-maxHandled),
        notices: isHeard ? [...counts.values()].filter(({ id }) => held.has(id)) : before.notices,
      };
      if (JSON.stringify(after) !== JSON.stringify(before)) memory.remember('mailbox', after);
      return { checkNow, reported: isHeard && spoken.size > 0, handled: handled.length > 0 };
    },
  };
}

function parse(line: string): MailboxRequest | undefined {
  try {
    return mailboxRequest.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** What of a request goes into the report. */
interface Said {
  readonly requestId: string;
  readonly issuedAt?: string | undefined;
  readonly until?: string | undefined;
  readonly statedName?: string | undefined;
}

/** Only where the very wording that is answered asks for it: whoever says more is not heard with it. */
function mayBeNamed({ answers }: Notice, kind: NoticeAnswerKind, { issuedAt }: Said): boolean {
  return answers === 'named' && kind === 'acknowledged' && issuedAt !== undefined;
}

function isSameInstant(a: string, b: string): boolean {
  return Date.parse(a) === Date.parse(b);
}

/** A deferral never outlives its notice. */
function earlier(a: string, b: string): string {
  return Date.parse(a) < Date.parse(b) ? a : b;
}
