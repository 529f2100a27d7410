/** Which release a device is offered: the newest that is meant for it and that it could take. */
import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { UpdateRing } from '../../agent/contract/release.ts';
import { compareVersions, isVersion } from '../../agent/contract/version-order.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow, ReleaseRolloutTable, ReleaseRow } from '../store/schema.ts';

export interface Offer {
  readonly sequence: number;
  readonly jws: string;
}

/** Releases that have not run out, youngest first, and what was said of their rollout. */
export interface OnOffer {
  readonly releases: readonly ReleaseRow[];
  readonly rollouts: readonly Rollout[];
}
type Rollout = Pick<Selectable<ReleaseRolloutTable>, 'sequence' | 'municipality_id' | 'ring' | 'percent'>;
type Asking = Pick<DeviceRow, 'id' | 'platform' | 'municipality_id'>;

/** Of one platform: the last twenty and no more. */
export async function onOffer(db: Database, platform: DeviceRow['platform'], now: Date): Promise<OnOffer> {
  const releases = await db
    .selectFrom('releases')
    .selectAll()
    .where('platform', '=', platform)
    .where('expires_at', '>', now.toISOString())
    .orderBy('sequence', 'desc')
    .limit(20)
    .execute();
  if (releases.length === 0) return { releases, rollouts: [] };
  const sequences = releases.map(({ sequence }) => sequence);
  const rollouts = await db.selectFrom('release_rollouts').selectAll().where('sequence', 'in', sequences).execute();
  return { releases, rollouts };
}

/** Undefined when there is nothing for this device now. */
export async function offerFor(
  db: Database,
  device: Asking,
  { version, ring, now }: { readonly version: string; readonly ring: UpdateRing; readonly now: Date },
): Promise<Offer | undefined> {
  const release = offered(await onOffer(db, device.platform, now), device, { version, ring });
  return release === undefined ? undefined : { sequence: release.sequence, jws: release.jws };
}

/** The same for one device of many; `available` is that of its platform. Pure. */
export function offered(
  { releases, rollouts }: OnOffer,
  device: Asking,
  { version, ring }: { readonly version: string; readonly ring: UpdateRing },
): ReleaseRow | undefined {
  if (!isVersion(version)) return undefined;
  return releases.find(
    (release) =>
      fits(release, version) &&
      shareOf(device.id, release.sequence) < percentOf(rollouts, release.sequence, device.municipality_id, ring),
  );
}

function fits(release: ReleaseRow, version: string): boolean {
  return compareVersions(release.version, version) > 0 && compareVersions(version, release.minimum_version) >= 0;
}

/** What was said of this municipality and ring counts before what was said of all. 0 when nothing was said. */
function percentOf(rollouts: readonly Rollout[], sequence: number, municipality: string, ring: UpdateRing): number {
  const exactness = (row: Rollout): number => (row.municipality_id === '' ? 0 : 2) + (row.ring === '' ? 0 : 1);
  return (
    rollouts
      .filter((row) => row.sequence === sequence && ['', municipality].includes(row.municipality_id))
      .filter((row) => row.ring === '' || row.ring === ring)
      .toSorted((a, b) => exactness(b) - exactness(a))[0]?.percent ?? 0
  );
}

/** 0 to below 100, the same each time: a device that was among the first ten percent is also among the first fifty. */
export function shareOf(deviceId: string, sequence: number): number {
  return (createHash('sha256').update(`${sequence} ${deviceId}`).digest().readUInt32BE() / 2 ** 32) * 100;
}
