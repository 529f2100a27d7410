/** Reading policies: one of them, all of them, their history, and what is in force for a device. */
import { z } from 'zod';
import { instant } from '../../agent/contract/field.ts';
import type {
  DevicePolicyView,
  PolicyDocument,
  PolicyEntry,
  PolicyHistory,
  PolicyVersion,
  policyQuery,
} from '../api/contract.ts';
import { policyLevels } from '../api/policy-contract.ts';
import type { Database } from '../store/database.ts';
import { decodeCursor, page } from './cursor.ts';
import { findDevice } from './devices.ts';
import { policyFor } from './policies.ts';
import { devicesOf, findAudience, groupsOf, type PolicyAudience } from './policy-audience.ts';
import { layerOf, policyLayers } from './policy-layers.ts';
import { changedSettings, flatSettings, resolveSettings, type Settings, widestFirst } from './policy-resolution.ts';
import { type FleetContext, policiesIn, policyVersionsIn, type Scope } from './scope.ts';
import { settingFields } from './setting-fields.ts';

/** Throws `Refusal` not-found. */
export async function describePolicy({ db }: FleetContext, scope: Scope, key: string): Promise<PolicyDocument> {
  const audience = await findAudience(db, scope, key);
  const row = await policiesIn(db, scope)
    .where('policies.level', '=', audience.level)
    .where('policies.audience_id', '=', audience.id)
    .select(['policies.version', 'policies.settings', 'policies.changed_at', 'policies.changed_by'])
    .executeTakeFirst();
  const { devices } = await devicesOf(db, scope, audience)
    .select(({ fn }) => fn.countAll<number>().as('devices'))
    .executeTakeFirstOrThrow();
  const { level, id, name, municipality } = audience;
  return {
    level,
    id,
    name,
    municipality,
    version: row?.version ?? 0,
    settings: row === undefined ? {} : (JSON.parse(row.settings) as Settings),
    changedAt: row?.changed_at ?? null,
    changedBy: row?.changed_by ?? null,
    devices: Number(devices),
    inherited: await inheritedBy(db, audience),
  };
}

/** What wider policies say. A group hears its municipality; what its devices hear from other groups differs by device. */
async function inheritedBy(db: Database, audience: PolicyAudience): Promise<PolicyDocument['inherited']> {
  if (audience.level === 'district' || audience.municipality === null) return [];
  const wider = [policyLayers(db).where('policies.level', '=', 'district')];
  if (audience.level !== 'municipality') {
    wider.push(
      policyLayers(db)
        .where('policies.level', '=', 'municipality')
        .where('policies.audience_id', '=', audience.municipality.id),
    );
  }
  if (audience.level === 'device') {
    const groups = db
      .selectFrom('group_members')
      .select('group_id')
      .where('device_id', '=', audience.id)
      .where('removed_at', 'is', null);
    wider.push(policyLayers(db).where('policies.level', '=', 'group').where('policies.audience_id', 'in', groups));
  }
  const rows = (await Promise.all(wider.map((query) => query.execute()))).flat();
  const { settings, origins } = resolveSettings(rows.map(layerOf).toSorted(widestFirst));
  return flatSettings(settings).flatMap(([key, value]) => {
    const origin = origins[key];
    return origin === undefined ? [] : [{ key, value, origin }];
  });
}

const place = z.tuple([instant, z.enum(policyLevels), z.string().max(36)]);

/** Youngest first. Throws `Refusal` invalid-cursor. */
export async function listPolicies(
  { db }: FleetContext,
  scope: Scope,
  query: z.output<typeof policyQuery>,
): Promise<{ items: PolicyEntry[]; nextCursor: string | null }> {
  let rows = policiesIn(db, scope)
    .leftJoin('municipalities', 'municipalities.id', 'policies.municipality_id')
    .leftJoin('device_groups', 'device_groups.id', 'policies.audience_id')
    .leftJoin('devices', 'devices.id', 'policies.audience_id')
    .where('device_groups.deleted_at', 'is', null)
    .select([
      'policies.level',
      'policies.audience_id',
      'policies.version',
      'policies.settings',
      'policies.changed_at',
      'policies.changed_by',
      'policies.municipality_id',
      'municipalities.name as municipality_name',
      'device_groups.name as group_name',
      'devices.hostname',
    ]);
  if (query.municipality !== undefined) rows = rows.where('policies.municipality_id', '=', query.municipality);
  if (query.level === 'above-device') rows = rows.where('policies.level', '!=', 'device');
  else if (query.level !== undefined) rows = rows.where('policies.level', '=', query.level);
  if (query.cursor !== undefined) {
    const after = decodeCursor(query.cursor, place);
    rows = rows.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('policies.changed_at', 'policies.level', 'policies.audience_id'), '<', tuple(...after)),
    );
  }
  const found = await rows
    .orderBy('policies.changed_at', 'desc')
    .orderBy('policies.level', 'desc')
    .orderBy('policies.audience_id', 'desc')
    .limit(query.limit + 1)
    .execute();
  const shown = page(found, query.limit, (row) => [row.changed_at, row.level, row.audience_id]);
  const items = shown.rows.map((row) => ({
    level: row.level,
    id: row.audience_id,
    name: row.hostname ?? row.group_name ?? row.municipality_name ?? '',
    municipality: row.municipality_id === null ? null : { id: row.municipality_id, name: row.municipality_name ?? '' },
    version: row.version,
    settings: flatSettings(JSON.parse(row.settings) as Settings).length,
    changedAt: row.changed_at,
    changedBy: row.changed_by,
  }));
  return { items, nextCursor: shown.nextCursor };
}

const versionPlace = z.tuple([z.int()]);

/** Youngest first; what another municipality decided before a device moved is not told. Throws `Refusal` not-found or invalid-cursor. */
export async function listPolicyHistory(
  { db }: FleetContext,
  scope: Scope,
  key: string,
  query: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<PolicyHistory> {
  const { level, id } = await findAudience(db, scope, key);
  let rows = policyVersionsIn(db, scope)
    .where('policy_versions.level', '=', level)
    .where('policy_versions.audience_id', '=', id)
    .selectAll('policy_versions');
  if (query.cursor !== undefined) {
    rows = rows.where('policy_versions.version', '<', decodeCursor(query.cursor, versionPlace)[0]);
  }
  // One more than asked for says whether there are more, and is what the last one shown is compared with.
  const found = await rows
    .orderBy('policy_versions.version', 'desc')
    .limit(query.limit + 1)
    .execute();
  const shown = page(found, query.limit, (row) => [row.version]);
  const items = shown.rows.map((row, index): PolicyVersion => {
    const settings = JSON.parse(row.settings) as Settings;
    const before = JSON.parse(found[index + 1]?.settings ?? '{}') as Settings;
    return {
      version: row.version,
      settings,
      changedAt: row.changed_at,
      changedBy: row.changed_by,
      reason: row.reason,
      restoredFrom: row.restored_from,
      changes: changedSettings(before, settings),
    };
  });
  return { items, nextCursor: shown.nextCursor };
}

/** What is in force for a device and why, each setting there is. Throws `Refusal` not-found. */
export async function describeDevicePolicy({ db }: FleetContext, scope: Scope, id: string): Promise<DevicePolicyView> {
  return db.transaction().execute(async (trx) => {
    const device = await findDevice(trx, scope, id);
    const { version, settings, origins } = await policyFor(trx, device);
    const groups = await groupsOf(trx, scope)
      .innerJoin('group_members', 'group_members.group_id', 'device_groups.id')
      .where('group_members.device_id', '=', id)
      .where('group_members.removed_at', 'is', null)
      .orderBy('device_groups.position')
      .execute();
    const values = new Map(flatSettings(settings));
    return {
      version,
      groups: groups.map(({ id, name }) => ({ id, name })),
      values: settingFields.map(({ key, preset }) => ({
        key,
        value: values.get(key) ?? preset,
        origin: origins[key] ?? null,
      })),
    };
  });
}
