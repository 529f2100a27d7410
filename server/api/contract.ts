/** What people and scripts see under /api/v1: the console uses these types, OpenAPI is made from them. */
import { z } from 'zod';
import { instant, text, uuid } from '../../agent/contract/field.ts';
import { problem, section, severities, verdict } from '../../agent/contract/report.ts';
import { overallStates } from '../../agent/contract/status.ts';
import { deviceStates } from '../../agent/contract/wire.ts';

/** Lists page by cursor: an opaque string from the page before. */
export const pageQuery = z.object({
  cursor: z.string().max(1200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

export const lightCounts = z.object({
  ok: z.int().min(0),
  attention: z.int().min(0),
  critical: z.int().min(0),
  unknown: z.int().min(0),
});

export const municipality = z.object({
  id: uuid,
  name: text(120),
  approvalRequired: z.boolean(),
  devices: z.int().min(0),
  pending: z.int().min(0),
  quarantined: z.int().min(0),
  lights: lightCounts,
  /** Youngest report of any of its devices. */
  lastHeardAt: instant.nullable(),
});
export type Municipality = z.infer<typeof municipality>;
export const municipalityList = z.object({ items: z.array(municipality) });

/** `POST /api/v1/municipalities` */
export const municipalityRequest = z.object({ name: text(120), approvalRequired: z.boolean().default(false) });
/** `PATCH /api/v1/municipalities/:id` */
export const municipalityChange = z.object({ approvalRequired: z.boolean() });

export const roles = ['admin', 'technician', 'viewer'] as const;
export type Role = (typeof roles)[number];

/** The office's own record of a device; everything may be empty. */
export const deviceRecord = z.object({
  inventoryNumber: z.string().max(80).nullable(),
  location: z.string().max(160).nullable(),
  office: z.string().max(160).nullable(),
  note: z.string().max(2000).nullable(),
});
export type DeviceRecord = z.infer<typeof deviceRecord>;

export const deviceSummary = z.object({
  id: uuid,
  hostname: text(253),
  municipality: z.object({ id: uuid, name: text(120) }),
  state: z.enum(deviceStates),
  light: z.enum(overallStates),
  /** Worst rule that is not met or unknown, for the list; null when all is well. */
  worst: z.object({ ruleId: z.string().max(60), verdict: z.string().max(20), reason: z.string().max(60) }).nullable(),
  osName: z.string().max(120).nullable(),
  model: z.string().max(300).nullable(),
  record: deviceRecord,
  enrolledAt: instant,
  lastHeardAt: instant.nullable(),
});
export type DeviceSummary = z.infer<typeof deviceSummary>;

export const deviceSortKeys = ['hostname', 'municipality', 'light', 'lastHeardAt', 'osName'] as const;
export const deviceQuery = pageQuery.extend({
  municipality: uuid.optional(),
  /** Part of hostname, inventory number, location, office, serial number or model; case-insensitive. */
  search: z.string().max(200).optional(),
  light: z.enum(overallStates).optional(),
  state: z.enum(deviceStates).optional(),
  sort: z.enum(deviceSortKeys).default('hostname'),
  order: z.enum(['asc', 'desc']).default('asc'),
});
export type DeviceQuery = z.input<typeof deviceQuery>;
export const deviceList = z.object({
  items: z.array(deviceSummary),
  nextCursor: z.string().nullable(),
  /** All devices that match, not only this page. */
  total: z.int().min(0),
});
export type DeviceList = z.infer<typeof deviceList>;

/** A rule's verdict with its words, and since when it says so (server time). */
export const explainedVerdict = verdict.extend({
  title: z.object({ de: z.string(), en: z.string() }),
  explanation: z.object({ de: z.string(), en: z.string() }),
  since: instant,
});
export type ExplainedVerdict = z.infer<typeof explainedVerdict>;

/** The newest known state of a section with its facts in full; `reportId` names the report that brought the facts. */
export const deviceSection = section.extend({ receivedAt: instant, reportId: uuid });
export type DeviceSection = z.infer<typeof deviceSection>;

export const device = deviceSummary.extend({
  agentVersion: z.string().max(40),
  platform: z.enum(['linux', 'win32']),
  /** Device clock minus server time at the last request, whole seconds. */
  clockOffsetSeconds: z.int().nullable(),
  storeEpoch: uuid.nullable(),
  acknowledgedSequence: z.int().min(0),
  sections: z.array(deviceSection),
  verdicts: z.array(explainedVerdict),
  /** Events that need an eye: clone suspected, rewound store, replaced by another device. */
  events: z.array(z.object({ at: instant, code: z.string().max(60), detail: z.string().max(500) })),
});
export type Device = z.infer<typeof device>;

export const deviceChange = z
  .object({
    inventoryNumber: z.string().max(80).nullable(),
    location: z.string().max(160).nullable(),
    office: z.string().max(160).nullable(),
    note: z.string().max(2000).nullable(),
    /** Moves the device to another municipality. */
    municipalityId: uuid,
    /** `active` approves a pending device or brings a retired one back; `retired` takes it out of the fleet. */
    state: z.enum(['active', 'retired']),
    /** This device takes the place of another one: its record is copied, the other one is retired. */
    replacesDeviceId: uuid,
  })
  .partial();
export type DeviceChange = z.infer<typeof deviceChange>;

/** One report in the history of a device. */
export const historyEntry = z.object({
  reportId: uuid,
  storeEpoch: uuid,
  sequence: z.int().min(1),
  class: z.string().max(20),
  createdAt: instant,
  receivedAt: instant,
  bytes: z.int().min(0),
  sections: z.array(
    z.object({ id: z.string().max(40), state: z.string().max(20), changed: z.boolean(), problems: z.array(problem) }),
  ),
});
export type HistoryEntry = z.infer<typeof historyEntry>;
export const historyList = z.object({ items: z.array(historyEntry), nextCursor: z.string().nullable() });

/** CSV with a header line: hostname or deviceId, then any of inventoryNumber, location, office, note. */
export const recordImportResult = z.object({
  updated: z.int().min(0),
  /** Lines that could not be applied; nothing of them was stored. */
  refused: z.array(z.object({ line: z.int().min(1), reason: z.string().max(300) })),
});
export type RecordImportResult = z.infer<typeof recordImportResult>;

export const auditEntry = z.object({
  id: z.int(),
  at: instant,
  actor: z.string().max(120),
  action: z.string().max(60),
  municipalityId: uuid.nullable(),
  target: z.string().max(200).nullable(),
  detail: z.string().max(2000).nullable(),
});
export type AuditEntry = z.infer<typeof auditEntry>;
export const auditList = z.object({ items: z.array(auditEntry), nextCursor: z.string().nullable() });

/** An enrolment token as listed; the secret itself is shown once, when it is made. */
export const enrolmentToken = z.object({
  id: uuid,
  municipality: z.object({ id: uuid, name: text(120) }),
  createdAt: instant,
  expiresAt: instant,
  usesLeft: z.int().min(0),
  revokedAt: instant.nullable(),
});
export type EnrolmentToken = z.infer<typeof enrolmentToken>;
export const tokenList = z.object({ items: z.array(enrolmentToken) });
export const tokenRequest = z.object({
  municipalityId: uuid,
  uses: z.int().min(1).max(10_000).default(1),
  /** Days until it expires. */
  expiresInDays: z.int().min(1).max(365).default(14),
});
export const createdToken = enrolmentToken.extend({ token: z.string() });

/** Who is signed in; `csrfToken` goes into the header `x-csrf-token` of each change. */
export const session = z.object({
  user: text(120),
  role: z.enum(roles),
  /** Empty = all municipalities. */
  municipalities: z.array(uuid),
  csrfToken: z.string(),
  mustSetPassword: z.boolean(),
});
export type Session = z.infer<typeof session>;
/** `POST /api/v1/session` with a password, or with the secret of a one-time sign-in link. */
export const signInRequest = z.union([
  z.object({ user: text(120), password: z.string().min(1).max(1000) }),
  z.object({ link: z.string().min(16).max(200) }),
]);
/**
 * `PUT /api/v1/session/password`. `currentPassword` is needed unless there is none yet or the session came from a
 * one-time link.
 */
export const passwordRequest = z.object({
  password: z.string().min(12).max(1000),
  currentPassword: z.string().min(1).max(1000).optional(),
});

export { severities };
