/** Part of the contract in contract.ts, through which it is used: versions of the agent, and the releases it may take. */
import { z } from 'zod';
import { instant, text, uuid } from '../../agent/contract/field.ts';
import { releaseVersion, updateRings } from '../../agent/contract/release.ts';

const count = z.int().min(0);
const namedMunicipality = z.object({ id: uuid, name: text(120) });
/** By the ring that the policies in force give a device. */
const ringCounts = z.object({ early: count, regular: count, late: count } satisfies Record<
  (typeof updateRings)[number],
  unknown
>);

/**
 * How the devices stand with updating themselves, as they said it; each counts once. Older than 14 days, only `failed` and
 * `stale` still count as said.
 */
const updateCounts = z.object({
  /** Nothing on offer, or it has been installed. */
  settled: count,
  /** On offer: waiting, being fetched, ready or being installed. */
  waiting: count,
  failed: count,
  /** The last release they know has run out, although this server has a valid one for them, or does not know theirs. */
  stale: count,
  /** Others see to it: apt, Group Policy, opsi. */
  byOthers: count,
  unknown: count,
});

export const agentVersion = z.object({
  version: text(40),
  devices: count,
  rings: ringCounts,
  update: updateCounts,
  /** Went back to this version because a newer one did not run; as said at the last change of version. */
  rolledBack: count,
  /** Those with such devices, by name. */
  municipalities: z.array(namedMunicipality.extend({ devices: count, rings: ringCounts })),
});
export type AgentVersion = z.infer<typeof agentVersion>;

export const releaseStandings = ['valid', 'expires-soon', 'expired'] as const;
export const publishedRelease = z.object({
  sequence: z.int().min(1),
  platform: z.enum(['linux', 'win32']),
  version: releaseVersion,
  minimumVersion: releaseVersion,
  publishedAt: instant,
  /** From then on no device takes it. */
  expiresAt: instant,
  /** `expires-soon`: within 14 days. */
  standing: z.enum(releaseStandings),
  /** The last one signed for its platform. */
  newest: z.boolean(),
  /** What was said of a municipality counts before what was said of all, and of a ring likewise. Empty: nobody is offered it. */
  rollouts: z.array(
    z.object({
      /** Null = all. */
      municipality: namedMunicipality.nullable(),
      /** Null = all. */
      ring: z.enum(updateRings).nullable(),
      percent: z.int().min(0).max(100),
    }),
  ),
});
export type PublishedRelease = z.infer<typeof publishedRelease>;

/** `GET /api/v1/versions`; retired devices are left out. */
export const versionQuery = z.object({ municipality: uuid.optional() });
export const versionOverview = z.object({
  devices: count,
  /** Newest first; what is no version of this project comes last. */
  versions: z.array(agentVersion),
  /** The last 50 signed, youngest first. */
  releases: z.array(publishedRelease),
});
export type VersionOverview = z.infer<typeof versionOverview>;
