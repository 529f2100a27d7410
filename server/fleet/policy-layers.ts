/** Policies in force as layers of a device's settings. */
import type { Database } from '../store/database.ts';
import type { PolicyLevel } from '../store/schema.ts';
import type { PolicyLayer, Settings } from './policy-resolution.ts';

/** All of them: restrict it to those that concern the device or the audience. */
export function policyLayers(db: Database) {
  return db
    .selectFrom('policies')
    .leftJoin('municipalities', 'municipalities.id', 'policies.audience_id')
    .leftJoin('device_groups', 'device_groups.id', 'policies.audience_id')
    .leftJoin('devices', 'devices.id', 'policies.audience_id')
    .select(['policies.level', 'policies.audience_id', 'policies.version', 'policies.settings'])
    .select(['device_groups.position'])
    .select(({ fn, val }) =>
      fn.coalesce('municipalities.name', 'device_groups.name', 'devices.hostname', val('')).as('name'),
    );
}

export function layerOf(row: {
  readonly level: PolicyLevel;
  readonly audience_id: string;
  readonly version: number;
  readonly settings: string;
  readonly position: number | null;
  readonly name: string;
}): PolicyLayer {
  const { level, audience_id, version, name } = row;
  return {
    origin: { level, id: audience_id, name, version },
    position: row.position ?? 0,
    settings: JSON.parse(row.settings) as Settings,
  };
}
