/** Which release a device is offered: the newest that is meant for it and that it could take. */
import { createHash } from 'node:crypto';
import type { UpdateRing } from '../../agent/contract/release.ts';
import { compareVersions, isVersion } from '../../agent/contract/version-order.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow, ReleaseRow } from '../store/schema.ts';

export interface Offer {
  readonly sequence: number;
  readonly jws: string;
}

/** Undefined when there is nothing for this device now. */
export async function offerFor(
  db: Database,
  device: Pick<DeviceRow, 'id' | 'platform' | 'municipality_id'>,
  { version, ring, now }: { readonly version: string; readonly ring: UpdateRing; readonly now: Date },
): Promise<Offer | undefined> {
  if (!isVersion(version)) return undefined;
  const releases = await db
    .selectFrom('releases')
    .selectAll()
    .where('platform', '=', device.platform)
    .where('expires_at', '>', now.toISOString())
    .orderBy('sequence', 'desc')
    .limit(20)
    .execute();
  for (const release of releases) {
    if (!fits(release, version)) continue;
    const percent = await percentOf(db, release.sequence, device.municipality_id, ring);
    if (shareOf(device.id, release.sequence) < percent) return { sequence: release.sequence, jws: release.jws };
  }
  return undefined;
}

function fits(release: ReleaseRow, version: string): boolean {
  return compareVersions(release.version, version) > 0 && compareVersions(version, release.minimum_version) >= 0;
}

/** What was said of this municipality and ring counts before what was said of all. 0 when nothing was said. */
async function percentOf(db: Database, sequence: number, municipality: string, ring: UpdateRing): Promise<number> {
  const said = await db
    .selectFrom('release_rollouts')
    .select(['municipality_id', 'ring', 'percent'])
    .where('sequence', '=', sequence)
    .where('municipality_id', 'in', ['', municipality])
    .where('ring', 'in', ['', ring])
    .execute();
  const exactness = (row: { municipality_id: string; ring: string }): number =>
    (row.municipality_id === '' ? 0 : 2) + (row.ring === '' ? 0 : 1);
  return said.toSorted((a, b) => exactness(b) - exactness(a))[0]?.percent ?? 0;
}

/** 0 to below 100, the same each time: a device that was among the first ten percent is also among the first fifty. */
export function shareOf(deviceId: string, sequence: number): number {
  return (createHash('sha256').update(`${sequence} ${deviceId}`).digest().readUInt32BE() / 2 ** 32) * 100;
}
