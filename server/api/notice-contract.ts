/** Part of the contract in contract.ts, through which it is used: notices to the people at the devices. */
import { z } from 'zod';
import { instant, text, uuid } from '../../agent/contract/field.ts';
import { notice } from '../../agent/contract/policy.ts';
import { statedName } from '../../agent/contract/report.ts';
import { pageQuery } from './page-query.ts';

const count = z.int().min(0);

/** `scheduled` = its time has not come; `replaced` = another one stands in its place. */
export const noticeStates = ['scheduled', 'active', 'ended', 'replaced', 'recalled'] as const;
export type NoticeState = (typeof noticeStates)[number];

/** Devices; `delivered`, `waiting` and `unreachable` add up to `devices`. */
export const noticeProgress = z.object({
  /** The notice is for them: approved, not retired. */
  devices: count,
  /** They have said that they hold this wording; of a recalled notice: that they hold the recall. */
  delivered: count,
  /** Heard of since the publication, and have not said so yet. */
  waiting: count,
  /** Not heard of since the publication. */
  unreachable: count,
  /** Devices at which somebody has seen, acknowledged or deferred this wording, as stated there: a device may count in several. */
  seen: count,
  acknowledged: count,
  deferred: count,
  /** Devices that say they could not show it. */
  notShown: count,
});
export type NoticeProgress = z.infer<typeof noticeProgress>;

/** Words as somebody may send them; what cannot be shown is refused with a sentence, when they are signed. */
const spoken = (max: number) => z.object({ de: text(max), en: text(max).optional() });
const words = {
  title: spoken(120),
  body: spoken(2000),
  sender: text(120),
  links: z.array(z.url({ protocol: /^https$/ }).max(500)).max(5),
};

/** Of a notice that was published, also of one that was signed before hidden signs were refused. */
export const publishedNotice = notice.extend(words);

/** `GET /api/v1/notices` */
export const noticeEntry = publishedNotice.omit({ audience: true, recalled: true, replaces: true }).extend({
  municipality: z.object({ id: uuid, name: text(120) }),
  /** The whole municipality, or one group or device of it. */
  audience: z.object({
    level: z.enum(['municipality', 'group', 'device']),
    id: uuid,
    name: z.string().max(253),
  }),
  state: z.enum(noticeStates),
  replaces: uuid.nullable(),
  replacedBy: uuid.nullable(),
  publishedAt: instant,
  publishedBy: text(120),
  progress: noticeProgress,
});
export type NoticeEntry = z.infer<typeof noticeEntry>;
export const noticeQuery = pageQuery.extend({
  municipality: uuid.optional(),
  state: z.enum(noticeStates).optional(),
  /** Each one is counted. */
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
/** Published last comes first. */
export const noticeList = z.object({ items: z.array(noticeEntry), nextCursor: z.string().nullable() });

/**
 * What a person writes of a notice; the rest is filled in when it is signed. Unknown keys are an error: a misspelt "validUntil" or "device" must not be ignored in silence.
 */
export const noticeDraft = z.strictObject({
  ...notice.shape,
  audience: notice.shape.audience.strict(),
  title: words.title.strict(),
  body: words.body.strict(),
  id: notice.shape.id.optional(),
  issuedAt: z.never('is filled in when the notice is signed').optional(),
  sender: words.sender.default('KITS'),
  /** From now on when it is left out. */
  validFrom: notice.shape.validFrom.optional(),
  links: words.links.default([]),
  mustAcknowledge: notice.shape.mustAcknowledge.default(false),
});
export type NoticeDraft = z.infer<typeof noticeDraft>;

/** `POST /api/v1/notices`; `replaces`: a notice of the same municipality that is then no longer shown. */
export const noticeRequest = noticeDraft.omit({ id: true, issuedAt: true, recalled: true });
export type NoticeRequest = z.input<typeof noticeRequest>;

/** `GET /api/v1/notices/signing`: whether this server can sign notices itself. */
export const noticeSigning = z.object({ key: z.enum(['online', 'offline', 'missing']) });
export type NoticeSigning = z.infer<typeof noticeSigning>;

/** `GET /api/v1/notices/reach` */
export const noticeReachQuery = z.object({ municipality: uuid, group: uuid.optional(), device: uuid.optional() });
export const noticeReach = z.object({
  devices: count,
  /** Of these, heard of within the last 24 hours. */
  heardToday: count,
});
export type NoticeReach = z.infer<typeof noticeReach>;

/** `GET /api/v1/notices/:id/acknowledgements`: of a notice whose answers are named; of any other there are none. */
export const noticeAcknowledgement = z.object({
  id: uuid,
  hostname: text(253),
  /** Of an account, as stated at the device and not proven; null = the answer came without, or the time of names is over. */
  statedName: statedName.nullable(),
});
export type NoticeAcknowledgement = z.infer<typeof noticeAcknowledgement>;
/** By device; each name of a device once. */
export const noticeAcknowledgementList = z.object({
  items: z.array(noticeAcknowledgement),
  nextCursor: z.string().nullable(),
});

/** `GET /api/v1/notices/:id/devices` */
export const noticeDeviceStates = ['delivered', 'waiting', 'unreachable'] as const;
export const noticeDeviceQuery = pageQuery.extend({ state: z.enum(noticeDeviceStates).optional() });
export const noticeDevice = z.object({
  id: uuid,
  hostname: text(253),
  state: z.enum(noticeDeviceStates),
  deliveredAt: instant.nullable(),
  lastHeardAt: instant.nullable(),
});
export type NoticeDevice = z.infer<typeof noticeDevice>;
/** By name. */
export const noticeDeviceList = z.object({ items: z.array(noticeDevice), nextCursor: z.string().nullable() });
