/** How many devices lack security updates, wait for a restart, and how old the knowledge about it is. */
import type { PatchCounts, PatchOverview } from '../api/contract.ts';
import { devicesIn, type FleetContext, municipalitiesIn, type Scope } from './scope.ts';

const dayMs = 86_400_000;

interface Group {
  readonly security_missing: 0 | 1 | null;
  readonly scan_on: string | null;
  readonly restart_due: 0 | 1 | null;
  readonly restart_since: string | null;
  readonly devices: number;
}

/** Municipalities by name, also those without devices. One out of reach is not there. */
export async function describePatches(
  { db, now }: FleetContext,
  scope: Scope,
  query: { readonly municipality?: string | undefined },
): Promise<PatchOverview> {
  let listed = municipalitiesIn(db, scope);
  let devices = devicesIn(db, scope).where('devices.state', '!=', 'retired');
  if (query.municipality !== undefined) {
    listed = listed.where('municipalities.id', '=', query.municipality);
    devices = devices.where('devices.municipality_id', '=', query.municipality);
  }
  // In the order of the index, which answers alone.
  const columns = ['municipality_id', 'state', 'security_missing', 'scan_on', 'restart_due', 'restart_since'] as const;
  const groups = await devices
    .select(({ fn }) => [...columns, fn.countAll<number>().as('devices')])
    .groupBy(columns)
    .execute();
  const names = await listed.select(['id', 'name']).orderBy('name').execute();
  const today = now();
  return {
    total: sumOf(groups, today),
    municipalities: names.map(({ id, name }) => ({
      id,
      name,
      ...sumOf(
        groups.filter(({ municipality_id }) => municipality_id === id),
        today,
      ),
    })),
  };
}

function sumOf(groups: readonly Group[], now: Date): PatchCounts {
  const sum = {
    devices: 0,
    security: { missing: 0, noneMissing: 0, unknown: 0 },
    restart: { due: 0, notDue: 0, unknown: 0, oldestSince: null as string | null },
    scan: { upTo3Days: 0, upTo14Days: 0, older: 0, unknown: 0 },
  };
  for (const group of groups) {
    const devices = Number(group.devices);
    const scan = scanClass(group.scan_on, now);
    sum.devices += devices;
    sum.scan[scan] += devices;
    sum.security[securityClass(group, scan)] += devices;
    sum.restart[group.restart_due === null ? 'unknown' : group.restart_due === 1 ? 'due' : 'notDue'] += devices;
    const since = group.restart_since;
    if (since !== null && (sum.restart.oldestSince === null || since < sum.restart.oldestSince))
      sum.restart.oldestSince = since;
  }
  return sum;
}

/** A day that has not come yet says nothing, but the device's calendar may be one ahead of ours. */
function scanClass(scanOn: string | null, now: Date): keyof PatchCounts['scan'] {
  const days = scanOn === null ? Number.NaN : Math.floor((now.getTime() - Date.parse(scanOn)) / dayMs);
  if (!(days >= -1)) return 'unknown';
  if (days <= 3) return 'upTo3Days';
  return days <= 14 ? 'upTo14Days' : 'older';
}

/** What is missing was seen; that nothing is missing holds only as long as the search for it is young. */
function securityClass({ security_missing }: Group, scan: keyof PatchCounts['scan']): keyof PatchCounts['security'] {
  if (security_missing === 1) return 'missing';
  return security_missing === 0 && (scan === 'upTo3Days' || scan === 'upTo14Days') ? 'noneMissing' : 'unknown';
}
