/** Whose policy: the district, a municipality, a group or a device, looked up within the reach of who asks. */

import type { Database } from '../store/database.ts';
import type { PolicyLevel } from '../store/schema.ts';
import { findDevice } from './devices.ts';
import { membersOf } from './group-members.ts';
import { findMunicipality } from './municipalities.ts';
import { notFound, Refusal } from './refusal.ts';
import { type Actor, devicesIn, groupsIn, holdsRole, type Scope } from './scope.ts';

export interface PolicyAudience {
  readonly level: PolicyLevel;
  /** '' for the district. */
  readonly id: string;
  /** '' for the district. */
  readonly name: string;
  /** Null for the district. */
  readonly municipality: { readonly id: string; readonly name: string } | null;
  /** Of a group, else 0. */
  readonly position: number;
}

/** `key`: as in the contract of the API. Throws `Refusal` not-found, also for what is out of reach and for deleted groups. */
export async function findAudience(db: Database, scope: Scope, key: string): Promise<PolicyAudience> {
  const { level, id } = partsOf(key);
  switch (level) {
    case 'district':
      return { level, id: '', name: '', municipality: null, position: 0 };
    case 'municipality': {
      const { name } = await findMunicipality(db, scope, id);
      return { level, id, name, municipality: { id, name }, position: 0 };
    }
    case 'group': {
      const group = await findGroup(db, scope, id);
      const municipality = { id: group.municipality_id, name: group.municipality_name };
      return { level, id, name: group.name, municipality, position: group.position };
    }
    case 'device': {
      const device = await findDevice(db, scope, id);
      const municipality = { id: device.municipality_id, name: device.municipality_name };
      return { level, id, name: device.hostname, municipality, position: 0 };
    }
  }
}

function partsOf(key: string): { level: PolicyLevel; id: string } {
  if (key === 'district') return { level: 'district', id: '' };
  const split = key.indexOf('-');
  const level = (['municipality', 'group', 'device'] as const).find((known) => known === key.slice(0, split));
  if (level === undefined) throw notFound();
  return { level, id: key.slice(split + 1) };
}

/** Deleted ones too. */
export function groupsOf(db: Database, scope: Scope) {
  return groupsIn(db, scope)
    .innerJoin('municipalities', 'municipalities.id', 'device_groups.municipality_id')
    .selectAll('device_groups')
    .select('municipalities.name as municipality_name');
}

/** Throws `Refusal` not-found, also for a group out of reach or deleted. */
export async function findGroup(db: Database, scope: Scope, id: string) {
  const found = await groupsOf(db, scope)
    .where('device_groups.id', '=', id)
    .where('device_groups.deleted_at', 'is', null)
    .executeTakeFirst();
  if (found === undefined) throw notFound();
  return found;
}

/** Throws `Refusal` forbidden: what holds for everybody is not decided by one municipality. */
export function requireReach({ scope }: Actor, { level }: PolicyAudience): void {
  if (level !== 'district' || (scope.municipalities === 'all' && holdsRole(scope, 'admin'))) return;
  throw new Refusal('forbidden', {
    de: 'Die Richtlinie für den Landkreis ändert nur die Administration, die für den ganzen Landkreis zuständig ist.',
    en: 'The policy of the district is changed by administrators of the whole district only.',
  });
}

/** The devices a policy reaches, retired ones left out, within the scope. */
export function devicesOf(db: Database, scope: Scope, { level, id }: Pick<PolicyAudience, 'level' | 'id'>) {
  const devices = devicesIn(db, scope).where('devices.state', '!=', 'retired');
  switch (level) {
    case 'district':
      return devices;
    case 'municipality':
      return devices.where('devices.municipality_id', '=', id);
    case 'group':
      return devices.where('devices.id', 'in', membersOf(db, id));
    case 'device':
      return devices.where('devices.id', '=', id);
  }
}

/** The devices a policy reaches are judged with the next tick, because a request cannot wait for all of them. */
export async function markReached(trx: Database, { level, id }: Pick<PolicyAudience, 'level' | 'id'>): Promise<void> {
  const devices = trx.updateTable('devices').set({ judged_at: null });
  switch (level) {
    case 'district':
      await devices.execute();
      return;
    case 'municipality':
      await devices.where('municipality_id', '=', id).execute();
      return;
    case 'group':
      await devices.where('id', 'in', membersOf(trx, id)).execute();
      return;
    case 'device':
      await devices.where('id', '=', id).execute();
  }
}
