/** Part of the contract in contract.ts, through which it is used: backups across the fleet, backup servers, restore tests. */
import { z } from 'zod';
import {
  backupEvidence,
  jobStates,
  productKinds,
  restoreTestResults,
  runResults,
} from '../../agent/contract/facts/backup.ts';
import { day, instant, text, uuid } from '../../agent/contract/field.ts';
import { pageQuery } from './page-query.ts';

const count = z.int().min(0);
const namedMunicipality = z.object({ id: uuid, name: text(120) });
const words = z.object({ de: z.string(), en: z.string() });

/** How a device stands by the rules about backups (restore tests are counted apart), worst first; `note`: good so far, with a hint. */
export const backupLights = ['critical', 'attention', 'unknown', 'note', 'exempt', 'ok'] as const;
export type BackupLight = (typeof backupLights)[number];

/**
 * Age of the newest proven success in calendar days (UTC): today or yesterday, up to 3, 7 and 30 days, older; `none`: no
 * proven success is known. Proven: a real backup product says so in a record that no user can write.
 */
export const backupAges = ['upTo1Day', 'upTo3Days', 'upTo7Days', 'upTo30Days', 'older', 'none'] as const;
export type BackupAge = (typeof backupAges)[number];

/** `hint`: only a scheduled job that looks like a backup; `unknown`: not all products could be asked, or no facts. */
export const backupPresences = ['present', 'hint', 'none', 'unknown'] as const;
export type BackupPresence = (typeof backupPresences)[number];

/** What the backup server says against what the device says; `silent`: no backup server has said anything of it. */
export const twoSidedStates = ['agree', 'disagree', 'unknown', 'silent'] as const;
export type TwoSidedState = (typeof twoSidedStates)[number];

/** `due`: none that counts, or too long ago. */
export const restoreTestStates = ['inTime', 'due', 'unknown', 'exempt'] as const;
export type RestoreTestState = (typeof restoreTestStates)[number];

/** What the jobs of a product come to together: the worst of those that are not switched off. */
export const productStates = [...jobStates, 'disabled', 'removed'] as const;
export type ProductState = (typeof productStates)[number];

const backupCounts = z.object({
  devices: count,
  /** The counts of each group add up to `devices`. */
  states: z.record(z.enum(backupLights), count),
  freshness: z.record(z.enum(backupAges), count),
  presence: z.record(z.enum(backupPresences), count),
  twoSided: z.record(z.enum(twoSidedStates), count),
  restoreTests: z.record(z.enum(restoreTestStates), count),
});
export type BackupCounts = z.infer<typeof backupCounts>;

const seenProduct = z.object({
  id: text(40),
  name: text(120),
  kind: z.enum(productKinds),
  devices: count,
  /** Only states that occur. */
  states: z.partialRecord(z.enum(productStates), count),
});
const seenReason = z.object({
  light: z.enum(backupLights),
  ruleId: text(60),
  title: words,
  reason: text(60),
  devices: count,
});

export const backupOverview = z.object({
  total: backupCounts,
  /** The 60 most frequent ones. */
  products: z.array(seenProduct),
  /** Why devices are not in order, the 60 most frequent reasons of each light but `ok`. */
  reasons: z.array(seenReason),
  /** By name. */
  municipalities: z.array(namedMunicipality.extend(backupCounts.shape)),
});
export type BackupOverview = z.infer<typeof backupOverview>;

/** `GET /api/v1/backups`: the devices in reach, retired ones left out. */
export const backupQuery = pageQuery.extend({
  municipality: uuid.optional(),
  /** As in the list of devices. */
  search: z.string().max(200).optional(),
  light: z.enum(backupLights).optional(),
  age: z.enum(backupAges).optional(),
  presence: z.enum(backupPresences).optional(),
  /** Id of a product. */
  product: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .max(40)
    .optional(),
  twoSided: z.enum(twoSidedStates).optional(),
  restoreTest: z.enum(restoreTestStates).optional(),
  /** The reason of the worst rule. */
  reason: text(60).optional(),
  /** `false` leaves the counts out, for whoever only wants the list. */
  overview: z.enum(['true', 'false']).default('true'),
});
export type BackupQuery = z.input<typeof backupQuery>;

const backupProductSeen = z.object({
  id: text(40),
  name: text(120),
  kind: z.enum(productKinds),
  state: z.enum(productStates),
});

export const backupDevice = z.object({
  id: uuid,
  hostname: text(253),
  municipality: namedMunicipality,
  location: z.string().max(160).nullable(),
  light: z.enum(backupLights),
  /** The worst of the rules about backups in words; null until the device was judged. */
  worst: z.object({ ruleId: text(60), reason: text(60), title: words, explanation: words, since: instant }).nullable(),
  /** Null = not known. */
  products: z.array(backupProductSeen).nullable(),
  lastSuccessAt: instant.nullable(),
  twoSided: z.enum(twoSidedStates),
  restoreTest: z.object({ state: z.enum(restoreTestStates), lastAt: instant.nullable() }),
  lastHeardAt: instant.nullable(),
});
export type BackupDevice = z.infer<typeof backupDevice>;

export const backupList = z.object({
  /** Of the municipalities asked for, without the other filters; only with the first page, and only unless left out. */
  overview: backupOverview.nullable(),
  /** Worst first; among equals those with the oldest success, none known before all. */
  items: z.array(backupDevice),
  nextCursor: z.string().nullable(),
  total: count,
});
export type BackupList = z.infer<typeof backupList>;

/** A backup server that may report; the token itself is shown once, when it is made. */
export const backupServer = z.object({
  id: uuid,
  municipality: namedMunicipality,
  name: text(120),
  createdAt: instant,
  createdBy: text(120),
  lastUsedAt: instant.nullable(),
  revokedAt: instant.nullable(),
  /** Devices it has said something of. */
  devices: count,
});
export type BackupServer = z.infer<typeof backupServer>;
export const backupServerList = z.object({ items: z.array(backupServer) });
export const backupServerRequest = z.object({ municipalityId: uuid, name: text(120) });
export const createdBackupServer = backupServer.extend({ token: z.string() });

/** How many words one request may bring. */
export const maxEvidence = 2000;

/**
 * One word of a backup server, `POST /api/v1/backups/evidence`. `device`: host name, device id or inventory number.
 * `newest`: when the newest restore point was made, ISO 8601 with "Z" or an offset, or seconds since 1970.
 */
export const evidenceItem = z.object({
  device: text(253),
  newest: z.union([text(40), z.int()]),
  count: z.int().min(0).max(1_000_000).optional(),
  bytes: z.int().min(0).optional(),
  /** Repository or job; a server with several says one word for each. */
  source: text(160).optional(),
});
/** Items are checked one by one, so that one that is wrong does not cost the others. */
export const evidenceRequest = z.union([z.array(z.unknown()), z.object({ items: z.array(z.unknown()) })]);

export const evidenceRefusals = [
  'malformed',
  'unknown-device',
  'ambiguous-device',
  'time-unreadable',
  'time-without-zone',
  'time-in-future',
] as const;
export type EvidenceRefusal = (typeof evidenceRefusals)[number];
export const evidenceResult = z.object({
  /** Words taken, also those that were known already. */
  accepted: count,
  refused: z.array(
    z.object({
      /** Line of the text or place in the list, from 1. */
      line: z.int().min(1),
      device: z.string().max(253).nullable(),
      code: z.enum(evidenceRefusals),
      reason: z.string().max(300),
    }),
  ),
});
export type EvidenceResult = z.infer<typeof evidenceResult>;

/** `GET /api/v1/devices/:id/backup`: what the newest facts alone do not show. */
export const backupRun = z.object({
  product: z.object({ id: text(40), name: text(120) }),
  job: z.object({ id: text(120), name: text(200) }),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  result: z.enum(runResults),
  code: z.string().max(60).nullable(),
  evidence: backupEvidence,
});
export type BackupRun = z.infer<typeof backupRun>;
export const targetEvidence = z.object({
  server: z.object({ id: uuid, name: text(120) }),
  /** '' = the server named none. */
  source: z.string().max(160),
  newestAt: instant,
  restorePoints: count.nullable(),
  bytes: count.nullable(),
  receivedAt: instant,
});
export type TargetEvidence = z.infer<typeof targetEvidence>;
export const deviceBackup = z.object({
  /** Youngest first. */
  runs: z.array(backupRun),
  evidence: z.array(targetEvidence),
});
export type DeviceBackup = z.infer<typeof deviceBackup>;

export const restoreTestEntry = z.object({
  id: uuid,
  /** `device`: run by the agent, which compared the hashes itself. */
  origin: z.enum(['staff', 'device']),
  at: instant,
  testedBy: z.string().max(120).nullable(),
  product: z.string().max(40).nullable(),
  source: text(200),
  sample: z.string().max(300).nullable(),
  result: z.enum(restoreTestResults),
  files: count,
  different: count,
  bytes: count.nullable(),
  durationSeconds: count.nullable(),
  note: z.string().max(2000).nullable(),
  enteredAt: instant,
  enteredBy: z.string().max(120).nullable(),
  withdrawnAt: instant.nullable(),
  withdrawnBy: z.string().max(120).nullable(),
});
export type RestoreTestEntry = z.infer<typeof restoreTestEntry>;
/** `GET /api/v1/devices/:id/restore-tests` */
export const restoreTestList = z.object({
  /** Youngest first, withdrawn ones too. */
  items: z.array(restoreTestEntry),
  /** How often the policy of the device wants one. */
  everyDays: z.int().min(1),
  /** When a sample last came back whole; null = never. */
  lastAt: instant.nullable(),
  /** Null = at once: there was none, or the last one did not succeed. */
  nextDueOn: day.nullable(),
});
export type RestoreTestList = z.infer<typeof restoreTestList>;
/** `POST /api/v1/devices/:id/restore-tests`: one that was done by hand. */
export const restoreTestRequest = z.object({
  /** Not in the future. */
  at: instant,
  testedBy: text(120),
  /** Id of the product. */
  product: text(40).optional(),
  /** What it was restored from: repository, server or medium. */
  source: text(200),
  /** What was restored, in words. */
  sample: text(300),
  result: z.enum(restoreTestResults),
  /** Files that were compared; at least one unless the result is `failed`. */
  files: z.int().min(0).max(1_000_000),
  /** How many of them came back different or not at all: 0 with `equal`, at least 1 with `different`. */
  different: z.int().min(0).max(1_000_000),
  bytes: z.int().min(0).optional(),
  durationSeconds: z.int().min(0).max(1_000_000).optional(),
  note: text(2000).optional(),
});
export type RestoreTestRequest = z.infer<typeof restoreTestRequest>;
