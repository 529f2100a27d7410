/** Which versions of the agent run where, how updates stand on the devices, and which releases are on offer. */
import { agentFacts } from '../../agent/contract/facts/operation.ts';
import { compareVersions, isVersion } from '../../agent/contract/version-order.ts';
import type { AgentVersion, PublishedRelease, VersionOverview } from '../api/contract.ts';
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
    .select(['devices.id', 'devices.municipality_id', 'devices.agent_version', 'sections.data', 'sections.received_at'])
    .execute();
  const names = new Map(
    (await municipalitiesIn(db, scope).select(['id', 'name']).execute()).map(({ id, name }) => [id, name]),
  );
  const ringOf = await updateRingsOf(db);
  const at = now();
  const versions = new Map<string, AgentVersion>();
  for (const row of rows) {
    const known = versions.get(row.agent_version) ?? emptyVersion(row.agent_version);
    versions.set(row.agent_version, known);
    const ring = ringOf(row);
    const { update, rolledBack } = standingOf(row, at);
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
): { update: keyof AgentVersion['update']; rolledBack: boolean } {
  const facts = data === null ? undefined : said.safeParse(JSON.parse(data)).data;
  if (facts === undefined) return { update: 'unknown', rolledBack: false };
  const { update, lastUpgrade } = facts;
  const rolledBack = lastUpgrade?.state === 'rolled-back' || lastUpgrade?.state === 'failed';
  // What went wrong was seen; that all is well holds only as long as the word is young.
  if (update?.state === 'failed' || update?.state === 'stale') return { update: update.state, rolledBack };
  const age = now.getTime() - Date.parse(received_at ?? '');
  if (!(age <= freshMs)) return { update: 'unknown', rolledBack };
  if (update === undefined) return { update: 'byOthers', rolledBack };
  return { update: update.state === 'none' || update.state === 'installed' ? 'settled' : 'waiting', rolledBack };
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
