/** What people and scripts see under /api/v1: the console uses these types, OpenAPI is made from them. */
import { z } from 'zod';
import { instant, text, uuid } from '../../agent/contract/field.ts';
import { maxExceptionDays } from '../../agent/contract/policy.ts';
import { gapReasons, problem, section, severities, verdict, verdictKinds } from '../../agent/contract/report.ts';
import { overallStates } from '../../agent/contract/status.ts';
import { deviceStates } from '../../agent/contract/wire.ts';
import { pageQuery } from './page-query.ts';

export * from './backup-contract.ts';
export * from './notice-contract.ts';
export * from './patch-contract.ts';
export * from './policy-contract.ts';
export * from './version-contract.ts';
export { pageQuery };

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
  /** Version of the agent, exactly. */
  version: text(40).optional(),
  /** Members of this group. */
  group: uuid.optional(),
  /** Devices that are no members of it. */
  notInGroup: uuid.optional(),
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

/** Reports the server does not hold in full, and whether the device accounts for them. */
export const deviceGap = z.object({
  storeEpoch: uuid.nullable(),
  /** Sequences of the store epoch, both included; null when no sequence was used up, or none is known. */
  from: z.int().min(1).nullable(),
  to: z.int().min(1).nullable(),
  /** How many reports; null = not known. */
  reports: z.int().min(0).nullable(),
  /** Device time. */
  firstAt: instant.nullable(),
  lastAt: instant.nullable(),
  reason: z.enum([...gapReasons, 'undeclared']),
  /** `declared`: a signed gap report accounts for it; `contradicted`: it does, and does not fit what is held. */
  standing: z.enum(['declared', 'contradicted', 'undeclared']),
  notedAt: instant,
});
export type DeviceGap = z.infer<typeof deviceGap>;

export const deviceSuspicion = z.object({
  /** Device time. */
  at: instant,
  receivedAt: instant,
  /** In confidence: null for those who only view. */
  text: z.string().max(2000).nullable(),
});
export type DeviceSuspicion = z.infer<typeof deviceSuspicion>;

export const device = deviceSummary.extend({
  agentVersion: z.string().max(40),
  platform: z.enum(['linux', 'win32']),
  /** Device clock minus server time at the last request, whole seconds. */
  clockOffsetSeconds: z.int().nullable(),
  storeEpoch: uuid.nullable(),
  acknowledgedSequence: z.int().min(0),
  sections: z.array(deviceSection),
  verdicts: z.array(explainedVerdict),
  /** Sections staff asked for that have not been reported since. */
  requested: z.array(z.object({ section: z.string().max(40), requestedAt: instant })),
  /** Events that need an eye: clone suspected, rewound store, replaced by another device. */
  events: z.array(z.object({ at: instant, code: z.string().max(60), detail: z.string().max(500) })),
  /** Youngest first. */
  gaps: z.array(deviceGap),
  /** What people at the device reported, youngest first: as stated there, not proven. */
  suspicions: z.array(deviceSuspicion),
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

/** `POST /api/v1/devices/:id/report-now`: collected and sent as soon as the device is reached, within 24 hours or not at all. */
export const reportNowRequest = z.object({ sections: z.array(section.shape.id).min(1).max(64) });
export type ReportNowRequest = z.infer<typeof reportNowRequest>;

/** One report in the history of a device. */
export const historyEntry = z.object({
  reportId: uuid,
  storeEpoch: uuid,
  sequence: z.int().min(1),
  class: z.string().max(20),
  createdAt: instant,
  receivedAt: instant,
  bytes: z.int().min(0),
  /** Only its envelope came; the device had to drop the body. */
  bare: z.boolean(),
  /** When its body was removed because its retention period was over; null while it is held. */
  bodyRemovedAt: instant.nullable(),
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

/** Days; null = for ever. */
const keptDays = z.int().min(30).nullable();
/** How long what is kept. */
export const retention = z.object({
  reportDays: keptDays,
  incidentDays: keptDays,
  eventDays: keptDays,
  deliveryDays: keptDays,
  /** After the end of the notice. */
  nameDays: z.int().min(1),
  /** Day (UTC) on which everything was last gone through; null before the first time. */
  sweptOn: z.iso.date().nullable(),
  /** Nothing is removed: the clock of the server does not follow on the last sweep, and nobody has said that it is right. */
  held: z.object({ clock: z.enum(['ahead', 'behind']), sweptAt: instant }).nullable(),
});
export type Retention = z.infer<typeof retention>;

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
/** With what an installation needs beside the token: the thumbprint it pins (RFC 7638). */
export const createdToken = enrolmentToken.extend({ token: z.string(), serverKey: z.string() });
export type CreatedToken = z.infer<typeof createdToken>;

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

const count = z.int().min(0);
const namedMunicipality = z.object({ id: uuid, name: text(120) });
const words = z.object({ de: z.string(), en: z.string() });

export const controlStates = ['met', 'not-met', 'unknown', 'exempt', 'not-measurable'] as const;
export type ControlState = (typeof controlStates)[number];
/** Each device counts once for a control, by the worst of its rules: not met, unknown, exempt, met. */
const controlDevices = z.object({
  met: count,
  notMet: count,
  unknown: count,
  exempt: count,
  /** None of its rules concerns these devices. */
  notApplicable: count,
});
export const control = z.object({
  id: text(40),
  scheme: text(60),
  title: text(300),
  /** IT-Grundschutz: Basis, Standard, raised needs of protection; null elsewhere. */
  level: z.enum(['B', 'S', 'H']).nullable(),
  /** `met` only when it is met on every device it concerns and there is one; exceptions are shown apart. */
  state: z.enum(controlStates),
  /** Rules that support it; none when it is not measurable. */
  rules: z.array(z.object({ id: text(60), title: words })),
  devices: controlDevices,
  /** Why a PC cannot answer it; only with the state `not-measurable`. */
  notMeasurable: words.nullable(),
});
export type Control = z.infer<typeof control>;
/** `GET /api/v1/controls` */
export const controlQuery = z.object({ municipality: uuid.optional() });
export const controlList = z.object({
  /** All devices here, retired ones left out. */
  devices: count,
  /** How many controls are in which state; `controls` = `measurable` + `notMeasurable`. */
  coverage: z.object({
    controls: count,
    measurable: count,
    met: count,
    notMet: count,
    unknown: count,
    exempt: count,
    notMeasurable: count,
  }),
  items: z.array(control),
});
export type ControlList = z.infer<typeof controlList>;

/** `GET /api/v1/controls/:id/devices`; devices the control does not concern are left out. */
export const controlDeviceQuery = pageQuery.extend({
  municipality: uuid.optional(),
  verdict: z.enum(verdictKinds).optional(),
});
export const controlDevice = z.object({
  id: uuid,
  hostname: text(253),
  municipality: namedMunicipality,
  /** The worst of its rules. */
  verdict: z.enum(verdictKinds),
  /** Of the rules that support the control, with their evidence. */
  verdicts: z.array(explainedVerdict),
});
export type ControlDevice = z.infer<typeof controlDevice>;
/** By hostname. */
export const controlDeviceList = z.object({
  items: z.array(controlDevice),
  nextCursor: z.string().nullable(),
  total: count,
});
export type ControlDeviceList = z.infer<typeof controlDeviceList>;

export const exceptionStates = ['active', 'expired', 'withdrawn'] as const;
export type ExceptionState = (typeof exceptionStates)[number];
export { maxExceptionDays };
/** A decision that a rule need not be kept for a while. It is never changed and never deleted: withdraw it and make another. */
export const exceptionEntry = z.object({
  id: uuid,
  rule: z.object({ id: text(60), title: words }),
  municipality: namedMunicipality,
  /** Null = all devices of the municipality. */
  device: z.object({ id: uuid, hostname: text(253) }).nullable(),
  reason: text(1000),
  approvedBy: text(120),
  approvedAt: instant,
  expiresAt: instant,
  /** Who entered it. */
  enteredBy: text(120),
  withdrawnAt: instant.nullable(),
  withdrawnBy: text(120).nullable(),
  state: z.enum(exceptionStates),
});
export type ExceptionEntry = z.infer<typeof exceptionEntry>;
export const exceptionQuery = pageQuery.extend({
  municipality: uuid.optional(),
  /** Those that name this device. */
  device: uuid.optional(),
  state: z.enum(exceptionStates).optional(),
});
export type ExceptionQuery = z.input<typeof exceptionQuery>;
/** Youngest first. */
export const exceptionList = z.object({ items: z.array(exceptionEntry), nextCursor: z.string().nullable() });
export type ExceptionList = z.infer<typeof exceptionList>;
/**
 * `POST /api/v1/exceptions`: in force from now on. `expiresAt` lies in the future, at most `maxExceptionDays` days from
 * now. One for a device shows at once, one for a whole municipality within a minute or two.
 */
export const exceptionRequest = z.object({
  ruleId: text(60),
  municipalityId: uuid,
  deviceId: uuid.optional(),
  reason: text(1000),
  approvedBy: text(120),
  expiresAt: instant,
});
export type ExceptionRequest = z.infer<typeof exceptionRequest>;

export { severities };
