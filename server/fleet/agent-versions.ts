/** Which versions of the agent run where, how updates stand on the devices, and which releases are on offer. */
import { agentFacts } from '../../agent/contract/facts/operation.ts';
import type { UpdateRing, UpdateState } from '../../agent/contract/release.ts';
import { compareVersions, isVersion } from '../../agent/contract/version-order.ts';
import type { AgentVersion, PublishedRelease, VersionOverview } from '../api/contract.ts';
import { offered, onOffer } from '../releases/offer.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow } from '../store/schema.ts';
import { devicesIn, type FleetContext, municipalitiesIn, releaseRolloutsIn, type Scope } from './scope.ts';
import { updateRingsOf } from './update-rings.ts';

const dayMs = 86_400_000;
/** What a device said of its update, and how long before its end a release is said to run out. */
const freshMs = 14 * dayMs;
const soonMs = 14 * dayMs;
const shownReleases = 50;

const said = agentFacts.pick({ update: true, lastUpgrade: true });

/** Releases are those of the district; of their rollouts only those of all and of municipalities in reach. */
export async function describeVersions(
  { db, now }: FleetContext,
  scope: Scope,
  query: { readonly municipality?: string | undefined },
): Promise<VersionOverview> {
  let devices = devicesIn(db, scope).where('devices.state', '!=', 'retired');
  if (query.municipality !== undefined) devices = devices.where('devices.municipality_id', '=', query.municipality);
  const rows = await devices
    .leftJoin('sections', (join) =>
      join.onRef('sections.device_id', '=', 'devices.id').on('sections.section_id', '=', 'agent'),
    )
    .select(['devices.id', 'devices.municipality_id', 'devices.platform', 'devices.agent_version'])
    .select(['sections.data', 'sections.received_at'])
    .execute();
  const names = new Map(
    (await municipalitiesIn(db, scope).select(['id', 'name']).execute()).map(({ id, name }) => [id, name]),
  );
  const ringOf = await updateRingsOf(db);
  const at = now();
  const isHeldBack = await heldBackIn(db, at);
  const versions = new Map<string, AgentVersion>();
  for (const row of rows) {
    const known = versions.get(row.agent_version) ?? emptyVersion(row.agent_version);
    versions.set(row.agent_version, known);
    const ring = ringOf(row);
    const { update, rolledBack } = standingOf(row, at, () => isHeldBack(row, ring));
    known.devices += 1;
    known.rings[ring] += 1;
    known.update[update] += 1;
    known.rolledBack += rolledBack ? 1 : 0;
    const place = placeOf(known, row.municipality_id, names);
    place.devices += 1;
    place.rings[ring] += 1;
  }
  return {
    devices: rows.length,
    versions: [...versions.values()].toSorted(newestFirst).map((version) => ({
      ...version,
      municipalities: version.municipalities.toSorted((a, b) => a.name.localeCompare(b.name, 'de')),
    })),
    releases: await releasesFor({ db, now }, scope, names),
  };
}

function emptyVersion(version: string): AgentVersion {
  return {
    version,
    devices: 0,
    rings: { early: 0, regular: 0, late: 0 },
    update: { settled: 0, waiting: 0, failed: 0, stale: 0, byOthers: 0, unknown: 0 },
    rolledBack: 0,
    municipalities: [],
  };
}

function placeOf(version: AgentVersion, id: string, names: ReadonlyMap<string, string>) {
  const known = version.municipalities.find((place) => place.id === id);
  if (known !== undefined) return known;
  const place = { id, name: names.get(id) ?? id, devices: 0, rings: { early: 0, regular: 0, late: 0 } };
  version.municipalities.push(place);
  return place;
}

function standingOf(
  { data, received_at }: { readonly data: string | null; readonly received_at: string | null },
  now: Date,
  withoutValidRelease: () => keyof AgentVersion['update'],
): { update: keyof AgentVersion['update']; rolledBack: boolean } {
  const facts = data === null ? undefined : said.safeParse(JSON.parse(data)).data;
  if (facts === undefined) return { update: 'unknown', rolledBack: false };
  const { update, lastUpgrade } = facts;
  const rolledBack = lastUpgrade?.state === 'rolled-back' || lastUpgrade?.state === 'failed';
  const standing = update?.state === 'stale' ? withoutValidRelease() : standingByState(update?.state);
  // What went wrong was seen; that all is well holds only as long as the word is young.
  if (standing === 'failed' || standing === 'stale') return { update: standing, rolledBack };
  const age = now.getTime() - Date.parse(received_at ?? '');
  return { update: age <= freshMs ? standing : 'unknown', rolledBack };
}

function standingByState(state: Exclude<UpdateState, 'stale'> | undefined): keyof AgentVersion['update'] {
  if (state === undefined) return 'byOthers';
  if (state === 'failed') return state;
  return state === 'none' || state === 'installed' ? 'settled' : 'waiting';
}

interface StaleDevice extends Pick<DeviceRow, 'id' | 'platform' | 'municipality_id' | 'agent_version'> {
  readonly received_at: string | null;
}

/**
 * What it means that the last release a device accepted has run out. Where there is a valid one for it, or this server knows
 * none at all, somebody keeps something from it: `stale`. Otherwise it is for KITS to release or to sign anew, which the list of releases
 * says once for all devices; the device itself has the newest version (`settled`), or waits for one (`waiting`).
 */
async function heldBackIn(
  db: Database,
  now: Date,
): Promise<(device: StaleDevice, ring: UpdateRing) => 'stale' | 'settled' | 'waiting'> {
  const known = await db.selectFrom('releases').select(['platform', 'version']).execute();
  const valid = { linux: await onOffer(db, 'linux', now), win32: await onOffer(db, 'win32', now) };
  return (device, ring) => {
    const { platform, agent_version: version, received_at } = device;
    const published = known.filter((release) => release.platform === platform);
    if (published.length === 0 || !isVersion(version)) return 'stale';
    const offer = offered(valid[platform], device, { version, ring });
    // What was published since it spoke cannot have reached it.
    if (offer !== undefined) return offer.published_at < (received_at ?? '') ? 'stale' : 'waiting';
    return published.some((release) => compareVersions(release.version, version) > 0) ? 'waiting' : 'settled';
  };
}

function newestFirst({ version: a }: AgentVersion, { version: b }: AgentVersion): number {
  if (isVersion(a) && isVersion(b)) return compareVersions(b, a);
  return Number(isVersion(b)) - Number(isVersion(a)) || (a < b ? -1 : 1);
}

async function releasesFor(
  { db, now }: FleetContext,
  scope: Scope,
  names: ReadonlyMap<string, string>,
): Promise<PublishedRelease[]> {
  const releases = await db
    .selectFrom('releases')
    .select(['sequence', 'platform', 'version', 'minimum_version', 'published_at', 'expires_at'])
    .orderBy('sequence', 'desc')
    .limit(shownReleases)
    .execute();
  const rollouts =
    releases.length === 0
      ? []
      : await releaseRolloutsIn(db, scope)
          .selectAll()
          .where(
            'sequence',
            'in',
            releases.map(({ sequence }) => sequence),
          )
          .orderBy('municipality_id')
          .orderBy('ring')
          .execute();
  const at = now();
  return releases.map((row, index) => ({
    sequence: row.sequence,
    platform: row.platform,
    version: row.version,
    minimumVersion: row.minimum_version,
    publishedAt: row.published_at,
    expiresAt: row.expires_at,
    standing: standingOfRelease(row.expires_at, at),
    newest: releases.findIndex(({ platform }) => platform === row.platform) === index,
    rollouts: rollouts
      .filter(({ sequence }) => sequence === row.sequence)
      .map(({ municipality_id: id, ring, percent }) => ({
        municipality: id === '' ? null : { id, name: names.get(id) ?? id },
        ring: ring === '' ? null : ring,
        percent,
      })),
  }));
}

function standingOfRelease(expiresAt: string, now: Date): PublishedRelease['standing'] {
  const left = Date.parse(expiresAt) - now.getTime();
  if (!(left > 0)) return 'expired';
  return left > soonMs ? 'valid' : 'expires-soon';
}
