/** How the devices are backed up, counted: by state, age, products and reasons, per municipality. */
import { sql } from 'kysely';
import { ruleById } from '../../agent/rules/rule.ts';
import {
  type BackupAge,
  type BackupCounts,
  type BackupLight,
  type BackupOverview,
  backupAges,
  backupLights,
  backupPresences,
  type RestoreTestState,
  restoreTestStates,
  type TwoSidedState,
  twoSidedStates,
} from '../api/contract.ts';
import type { DeviceTable } from '../store/schema.ts';
import { readProducts } from './device-backups.ts';
import { devicesIn, type FleetContext, municipalitiesIn, type Scope } from './scope.ts';

const dayMs = 86_400_000;
const maxListed = 60;

/** The day (UTC) of the newest proven success, '' = none; also an index. */
export const successDay = sql<string>`substr(coalesce(devices.backup_success_at, ''), 1, 10)`;

interface Group
  extends Pick<
    DeviceTable,
    | 'municipality_id'
    | 'backup_rule'
    | 'backup_reason'
    | 'backup_presence'
    | 'backup_two_sided'
    | 'backup_restore'
    | 'backup_products'
  > {
  readonly backup_rank: number;
  readonly success_day: string;
  readonly devices: number;
}

/** Municipalities by name, also those without devices. One out of reach is not there. */
export async function describeBackups(
  { db, now }: FleetContext,
  scope: Scope,
  municipality: string | undefined,
): Promise<BackupOverview> {
  let listed = municipalitiesIn(db, scope);
  let devices = devicesIn(db, scope).where('devices.state', '!=', 'retired');
  if (municipality !== undefined) {
    listed = listed.where('municipalities.id', '=', municipality);
    devices = devices.where('devices.municipality_id', '=', municipality);
  }
  // In the order of the index, which answers alone.
  const columns = [
    'municipality_id',
    'state',
    'backup_rank',
    'backup_rule',
    'backup_reason',
    'backup_presence',
    'backup_two_sided',
    'backup_restore',
    'backup_products',
  ] as const;
  const groups: Group[] = await devices
    .select(({ fn }) => [...columns, successDay.as('success_day'), fn.countAll<number>().as('devices')])
    .groupBy([...columns, successDay])
    .execute();
  const names = await listed.select(['id', 'name']).orderBy('name').execute();
  const today = now();
  const own = Map.groupBy(groups, ({ municipality_id }) => municipality_id);
  return {
    total: sumOf(groups, today),
    products: productsIn(groups),
    reasons: reasonsIn(groups),
    municipalities: names.map(({ id, name }) => ({ id, name, ...sumOf(own.get(id) ?? [], today) })),
  };
}

function zeros<Key extends string>(keys: readonly Key[]): Record<Key, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<Key, number>;
}

function sumOf(groups: readonly Group[], now: Date): BackupCounts {
  const sum = {
    devices: 0,
    states: zeros(backupLights),
    freshness: zeros(backupAges),
    presence: zeros(backupPresences),
    twoSided: zeros(twoSidedStates),
    restoreTests: zeros(restoreTestStates),
  };
  const days = ageDays(now);
  for (const group of groups) {
    const devices = Number(group.devices);
    sum.devices += devices;
    sum.states[lightOf(group.backup_rank)] += devices;
    sum.freshness[ageOf(group.success_day, days)] += devices;
    sum.presence[group.backup_presence ?? 'unknown'] += devices;
    sum.twoSided[twoSidedOf(group.backup_two_sided)] += devices;
    sum.restoreTests[restoreTestOf(group.backup_restore)] += devices;
  }
  return sum;
}

/** A rank that is none falls on the side of "unknown". */
export function lightOf(rank: number): BackupLight {
  return backupLights[rank] ?? 'unknown';
}

export function twoSidedOf(verdict: DeviceTable['backup_two_sided']): TwoSidedState {
  if (verdict === null || verdict === 'exempt') return 'silent';
  return ({ met: 'agree', 'not-met': 'disagree', unknown: 'unknown' } as const)[verdict];
}

export function restoreTestOf(verdict: DeviceTable['backup_restore']): RestoreTestState {
  return ({ met: 'inTime', 'not-met': 'due', unknown: 'unknown', exempt: 'exempt' } as const)[verdict ?? 'unknown'];
}

/** First and last day (UTC) of each age; both included. */
export type AgeDays = Readonly<Record<Exclude<BackupAge, 'none'>, readonly [first: string, last: string]>>;

export function ageDays(now: Date): AgeDays {
  const day = (ago: number) => new Date(now.getTime() - ago * dayMs).toISOString().slice(0, 10);
  return {
    // The clock of a device may be a little ahead, over midnight.
    upTo1Day: [day(1), day(-1)],
    upTo3Days: [day(3), day(2)],
    upTo7Days: [day(7), day(4)],
    upTo30Days: [day(30), day(8)],
    older: ['1970-01-01', day(31)],
  };
}

/** A day of the future or of before computers is no day of a backup. */
function ageOf(day: string, days: AgeDays): BackupAge {
  const found = Object.entries(days).find(([, [first, last]]) => day >= first && day <= last)?.[0];
  return (found as BackupAge | undefined) ?? 'none';
}

function productsIn(groups: readonly Group[]): BackupOverview['products'] {
  const seen = new Map<
    string,
    { -readonly [K in keyof BackupOverview['products'][number]]: BackupOverview['products'][number][K] }
  >();
  for (const { backup_products, devices } of groups) {
    for (const { id, name, kind, state } of readProducts(backup_products) ?? []) {
      const known = seen.get(id) ?? { id, name, kind, devices: 0, states: {} };
      known.devices += Number(devices);
      known.states[state] = (known.states[state] ?? 0) + Number(devices);
      seen.set(id, known);
    }
  }
  return [...seen.values()].sort((a, b) => b.devices - a.devices || (a.id < b.id ? -1 : 1)).slice(0, maxListed);
}

function reasonsIn(groups: readonly Group[]): BackupOverview['reasons'] {
  const seen = new Map<string, BackupOverview['reasons'][number]>();
  for (const { backup_rank, backup_rule, backup_reason, devices } of groups) {
    const light = lightOf(backup_rank);
    if (light === 'ok' || backup_rule === null || backup_reason === null) continue;
    const key = JSON.stringify([light, backup_rule, backup_reason]);
    const known = seen.get(key);
    const title = ruleById(backup_rule)?.title ?? { de: backup_rule, en: backup_rule };
    seen.set(key, {
      light,
      ruleId: backup_rule,
      title,
      reason: backup_reason,
      devices: (known?.devices ?? 0) + Number(devices),
    });
  }
  const worstFirst = [...seen.values()].sort(
    (a, b) => backupLights.indexOf(a.light) - backupLights.indexOf(b.light) || b.devices - a.devices,
  );
  return backupLights.flatMap((light) => worstFirst.filter((entry) => entry.light === light).slice(0, maxListed));
}
