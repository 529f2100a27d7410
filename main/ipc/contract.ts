/**
 * Every message between the window and the main process: the whole attack surface of the window. Schemas and types only;
 * neither Electron nor Node is imported, so that main process, preload, preview and tests share it.
 */
import { z } from 'zod';
import type { DeferralChoice } from '../../agent/contract/deferral.ts';
import { instant, sha256, text, uuid } from '../../agent/contract/field.ts';
import { notice } from '../../agent/contract/policy.ts';
import { reportClasses, statedName } from '../../agent/contract/report.ts';
import { mailboxRequest, status } from '../../agent/contract/status.ts';
import { maxNotices } from '../../agent/contract/wire.ts';
import { type EventChannel, languages, pages, type RequestChannel } from './channels.ts';

const nothing = z.void();

/** What this user asked of the service; `handled` once the service has named its id. */
export const askedRequest = z.object({
  requestId: uuid,
  kind: z.enum(mailboxRequest.options.map((option) => option.shape.kind.value)),
  noticeId: uuid.optional(),
  /** Which wording of it. */
  issuedAt: instant.optional(),
  /** Of an acknowledgement that goes with a name. */
  statedName: statedName.optional(),
  askedAt: instant,
  handled: z.boolean(),
});
export type AskedRequest = z.infer<typeof askedRequest>;
export const maxAsked = 200;

const deferralKinds = ['one-hour', 'four-hours', 'next-morning'] as const satisfies readonly DeferralChoice['kind'][];

const shownNotice = notice.extend({
  /** Still wants something: neither put off nor acknowledged, nor seen where that is all. */
  isOpen: z.boolean(),
  /** This person put it off, and the time has not come. */
  deferredUntil: instant.optional(),
  /** What may be chosen; empty = it cannot be put off any more. */
  deferralChoices: z.array(z.object({ kind: z.enum(deferralKinds), until: instant })).max(deferralKinds.length),
  /** Those of its links that may be opened from here. */
  openable: notice.shape.links,
});

const view = z.object({
  /** When this was put together, device time. */
  at: instant,
  /** The same moment by the clock that notices are judged by. */
  noticesAt: instant,
  /** For a window in which nobody has chosen. */
  language: z.enum(languages),
  /** Goes along with the acknowledgement of a notice whose answers are named; absent = it goes without. */
  accountName: statedName.optional(),
  /**
   * `silent`: the file is older than it may be, or from the future. `waking`: the same, but the PC has only just woken up.
   * `newer`: of a newer service.
   */
  service: z.enum(['running', 'silent', 'waking', 'newer', 'unreadable']),
  /** When the service wrote last, where that is known. */
  writtenAt: instant.optional(),
  /** Only while the service is running: what it said before counts no more. */
  status: status.omit({ notices: true, recalls: true, contacts: true, handledRequests: true }).optional(),
  /** Whom to turn to, and what this PC is called: they hold also when the rest of the file is too old to count. */
  contacts: status.shape.contacts,
  device: status.shape.device.omit({ state: true }).optional(),
  /** Verified here once more; the most severe first. */
  notices: z.array(shownNotice).max(maxNotices),
  /** Those in the status file that did not verify. They are not shown. */
  refusedNotices: z.int().min(0),
  requests: z.array(askedRequest).max(maxAsked),
  /** False when the last request could not be put into the mailbox; it is tried again. */
  mailboxReachable: z.boolean(),
});
export type View = z.infer<typeof view>;

const sequence = z.int().min(1);
const sentItem = z.object({
  sequence,
  class: z.enum(reportClasses),
  createdAt: instant,
  acceptedAt: instant.optional(),
  /** Of the body as it was signed. */
  bytes: z.int().min(0),
});
export type SentItem = z.infer<typeof sentItem>;

const explainedField = z.object({
  path: z.string().max(1000),
  /** In words, as far as there are any. */
  name: z.object({ de: text(1000), en: text(1000) }),
  value: z.union([z.string().max(100_000), z.number(), z.boolean(), z.null()]),
  de: text(500).optional(),
  en: text(500).optional(),
  unit: text(40).optional(),
});
export type SentField = z.infer<typeof explainedField>;

const sentDetail = sentItem.extend({
  bodyHash: sha256,
  /** Sections of which only the hash left the PC. */
  sentAsHash: z.array(text(40)).max(64),
  fields: z.array(explainedField).max(200_000),
});
export type SentDetail = z.infer<typeof sentDetail>;

/** Of the notice as it is shown: what was said to one wording is nothing said to the next. */
const wording = z.object({ noticeId: uuid, issuedAt: instant });
export type Wording = z.infer<typeof wording>;

export const requests = {
  'view:get': { input: nothing, output: view },
  'check:start': { input: nothing, output: nothing },
  'notice:seen': { input: wording, output: nothing },
  'notice:acknowledge': { input: wording, output: nothing },
  'notice:defer': { input: wording.extend({ kind: z.enum(deferralKinds) }), output: nothing },
  /** One of `openable`; checked again, then handed to the browser of the system. */
  'link:open': { input: z.object({ noticeId: uuid, url: z.string().max(500) }), output: nothing },
  'language:choose': { input: z.object({ language: z.enum(languages) }), output: nothing },
  'suspicion:report': { input: z.object({ text: text(2000) }), output: nothing },
  'sent:list': { input: nothing, output: z.array(sentItem).max(100) },
  /** Undefined when the report is not there any more. */
  'sent:get': { input: z.object({ sequence }), output: sentDetail.optional() },
  /** Where it was saved; undefined when the person changed their mind or the report is gone. */
  'sent:export': { input: z.object({ sequence }), output: z.object({ savedAs: text(4096) }).optional() },
} satisfies Record<RequestChannel, { input: z.ZodType; output: z.ZodType }>;

export const events = {
  'view:changed': view,
  /** With the notice somebody clicked on. */
  'page:open': z.object({ page: z.enum(pages), noticeId: uuid.optional() }),
} satisfies Record<EventChannel, z.ZodType>;

export type Requests = typeof requests;
export type Events = typeof events;
export type Input<C extends RequestChannel> = z.infer<Requests[C]['input']>;
export type Output<C extends RequestChannel> = z.infer<Requests[C]['output']>;
export type Payload<E extends EventChannel> = z.infer<Events[E]>;
export type Handlers = { [C in RequestChannel]: (input: Input<C>) => Promise<Output<C>> };

/** What the window finds as `window.kits`; the renderer imports this type and nothing else. */
export interface AppApi {
  request<C extends RequestChannel>(channel: C, input: Input<C>): Promise<Output<C>>;
  /** Returns what ends the listening. */
  on<E extends EventChannel>(event: E, listener: (payload: Payload<E>) => void): () => void;
}

/** Checks a request on its way in and its answer on its way out. Throws `ZodError`; what it says names no value. */
export async function answer(handlers: Handlers, channel: RequestChannel, value: unknown): Promise<unknown> {
  const { input, output } = requests[channel];
  const handler = handlers[channel] as (input: unknown) => Promise<unknown>;
  return output.parse(await handler(input.parse(value)));
}
