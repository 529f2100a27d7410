/** Part of the contract in contract.ts, through which it is used: updates across the fleet, and changes of software. */
import { z } from 'zod';
import { updateStates } from '../../agent/contract/facts/patches.ts';
import { day, instant, text, uuid } from '../../agent/contract/field.ts';
import { pageQuery } from './page-query.ts';

const count = z.int().min(0);
const namedMunicipality = z.object({ id: uuid, name: text(120) });

/** From worst to least. */
export const patchSeverities = ['critical', 'important', 'moderate', 'low'] as const;

/** `GET /api/v1/patches`: what is missing on the devices in reach, retired ones left out. */
export const patchQuery = pageQuery.extend({
  municipality: uuid.optional(),
  /** Part of id or title; case-insensitive. */
  search: z.string().max(200).optional(),
  security: z.enum(['true', 'false']).optional(),
  state: z.enum(updateStates).optional(),
});
export type PatchQuery = z.input<typeof patchQuery>;

/** An update, with all devices that lack it or wait for a restart after it. */
export const patch = z.object({
  id: text(200),
  title: text(300),
  /** Where it comes from; at most 8, sorted. Systems of different releases get one id from different sources. */
  origins: z.array(text(160)).max(8),
  /** Versions on offer; at most 8, sorted as text. */
  candidateVersions: z.array(text(160)).max(8),
  /** Closes a vulnerability: true when any device says so, null when none does and not all know. */
  security: z.boolean().nullable(),
  /** The worst one named; null when no device knows. */
  severity: z.enum(patchSeverities).nullable(),
  /** Devices that lack it. */
  devices: count,
  waitingForRestart: count,
  /** The oldest `since` of these devices. */
  oldestSince: day,
  municipalities: z.array(namedMunicipality.extend({ devices: count, waitingForRestart: count })),
});
export type Patch = z.infer<typeof patch>;
/** Security updates first, then those of unknown kind; then by number of devices, then the oldest ones. */
export const patchList = z.object({ items: z.array(patch), nextCursor: z.string().nullable(), total: count });
export type PatchList = z.infer<typeof patchList>;

/** `GET /api/v1/patches/devices?update=ID` */
export const patchDeviceQuery = pageQuery.extend({
  update: text(200),
  municipality: uuid.optional(),
  state: z.enum(updateStates).optional(),
});
export const patchDevice = z.object({
  id: uuid,
  hostname: text(253),
  municipality: namedMunicipality,
  state: z.enum(updateStates),
  installedVersion: text(160).nullable(),
  candidateVersion: text(160).nullable(),
  /** Missing since the earlier of two days: when it was published, and when the device first saw it missing. */
  since: day,
  /** Held back on this device on purpose. */
  held: z.boolean(),
  lastHeardAt: instant.nullable(),
});
export type PatchDevice = z.infer<typeof patchDevice>;
/** Longest missing first. */
export const patchDeviceList = z.object({
  items: z.array(patchDevice),
  nextCursor: z.string().nullable(),
  total: count,
});
export type PatchDeviceList = z.infer<typeof patchDeviceList>;

/** `GET /api/v1/patches/overview`; the counts of each group add up to `devices`. */
const patchCounts = z.object({
  devices: count,
  /** `noneMissing` only from complete facts, a search of the last 14 days, and without missing updates of unknown kind. */
  security: z.object({ missing: count, noneMissing: count, unknown: count }),
  restart: z.object({ due: count, notDue: count, unknown: count, oldestSince: day.nullable() }),
  /** Age of the last successful search for updates; `unknown`: never, or not known. */
  scan: z.object({ upTo3Days: count, upTo14Days: count, older: count, unknown: count }),
});
export type PatchCounts = z.infer<typeof patchCounts>;
export const patchOverviewQuery = z.object({ municipality: uuid.optional() });
export const patchOverview = z.object({
  total: patchCounts,
  /** By name. */
  municipalities: z.array(namedMunicipality.extend(patchCounts.shape)),
});
export type PatchOverview = z.infer<typeof patchOverview>;

const namedPackage = z.object({ name: text(200), architecture: text(24).nullable(), version: text(160).nullable() });
/** What changed between two complete software lists; lists are cut to 200 names in all, counts are not. */
export const softwareChange = z.object({
  /** The report that brought the change. */
  reportId: uuid,
  receivedAt: instant,
  /** When the list before it was received. */
  comparedWith: instant,
  installed: z.object({ count, items: z.array(namedPackage) }),
  removed: z.object({ count, items: z.array(namedPackage) }),
  updated: z.object({
    count,
    items: z.array(
      z.object({
        name: text(200),
        architecture: text(24).nullable(),
        from: text(160).nullable(),
        to: text(160).nullable(),
      }),
    ),
  }),
});
export type SoftwareChange = z.infer<typeof softwareChange>;
/** `GET /api/v1/devices/:id/software-changes`, youngest first; reports that changed nothing do not appear. */
export const softwareChangeList = z.object({ items: z.array(softwareChange), nextCursor: z.string().nullable() });
export type SoftwareChangeList = z.infer<typeof softwareChangeList>;
