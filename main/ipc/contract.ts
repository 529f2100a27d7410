/**
 * Every message between the window and the main process: the whole attack surface of the window. Schemas and types only;
 * neither Electron nor Node is imported, so that main process, preload, preview and tests share it.
 */
import { z } from 'zod';
import { instant, sha256, text, uuid } from '../../agent/contract/field.ts';
import { notice } from '../../agent/contract/policy.ts';
import { reportClasses } from '../../agent/contract/report.ts';
import { mailboxRequest, status } from '../../agent/contract/status.ts';
import { maxNotices } from '../../agent/contract/wire.ts';
import { type EventChannel, pages, type RequestChannel } from './channels.ts';

const nothing = z.void();

/** What this user asked of the service; `handled` once the service has named its id. */
export const askedRequest = z.object({
  requestId: uuid,
  kind: z.enum(mailboxRequest.options.map((option) => option.shape.kind.value)),
  noticeId: uuid.optional(),
  askedAt: instant,
  handled: z.boolean(),
});
export type AskedRequest = z.infer<typeof askedRequest>;
export const maxAsked = 200;

const view = z.object({
  /** When this was put together, device time. */
  at: instant,
  /** `silent`: the file is older than it may be, or from the future. `newer`: of a newer service. */
  service: z.enum(['running', 'silent', 'newer', 'unreadable']),
  /** When the service wrote last, where that is known. */
  writtenAt: instant.optional(),
  /** Only while the service is running: what it said before counts no more. */
  status: status.omit({ notices: true, handledRequests: true }).optional(),
  /** Verified here once more; the most severe first. */
  notices: z.array(notice).max(maxNotices),
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

export const requests = {
  'view:get': { input: nothing, output: view },
  'check:start': { input: nothing, output: nothing },
  'notice:seen': { input: z.object({ noticeId: uuid }), output: nothing },
  'notice:acknowledge': { input: z.object({ noticeId: uuid }), output: nothing },
  'suspicion:report': { input: z.object({ text: text(2000) }), output: nothing },
  'sent:list': { input: nothing, output: z.array(sentItem).max(100) },
  /** Undefined when the report is not there any more. */
  'sent:get': { input: z.object({ sequence }), output: sentDetail.optional() },
  /** Where it was saved; undefined when the person changed their mind or the report is gone. */
  'sent:export': { input: z.object({ sequence }), output: z.object({ savedAs: text(4096) }).optional() },
} satisfies Record<RequestChannel, { input: z.ZodType; output: z.ZodType }>;

export const events = {
  'view:changed': view,
  'page:open': z.enum(pages),
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
