/** What a policy would change, device by device, before it is stored. */
import { setImmediate } from 'node:timers/promises';
import type { PolicyPreview } from '../api/contract.ts';
import type { Database } from '../store/database.ts';
import { devicesOf, findAudience, type PolicyAudience } from './policy-audience.ts';
import { layerOf, policyLayers } from './policy-layers.ts';
import { changedSettings, type PolicyLayer, resolveSettings, type Settings, widestFirst } from './policy-resolution.ts';
import type { FleetContext, Scope } from './scope.ts';

const shownDevices = 50;
/** Devices looked at in one go; requests wait that long. */
const atOnce = 2000;

type Effect = PolicyPreview['items'][number]['changes'];

/** Throws `Refusal` not-found. */
export async function previewPolicy(
  { db }: FleetContext,
  scope: Scope,
  key: string,
  settings: Settings,
): Promise<PolicyPreview> {
  const audience = await findAudience(db, scope, key);
  const devices = await devicesOf(db, scope, audience)
    .innerJoin('municipalities', 'municipalities.id', 'devices.municipality_id')
    .select(['devices.id', 'devices.hostname', 'devices.municipality_id', 'municipalities.name'])
    .orderBy('devices.hostname')
    .orderBy('devices.id')
    .execute();
  const effectOn = await effects(db, scope, audience, settings);
  const counts = new Map<string, number>();
  const items: PolicyPreview['items'] = [];
  let changed = 0;
  for (const [index, { id, hostname, municipality_id, name }] of devices.entries()) {
    if (index % atOnce === atOnce - 1) await setImmediate();
    const changes = effectOn({ id, municipality_id });
    if (changes.length === 0) continue;
    changed += 1;
    for (const change of changes) counts.set(change.key, (counts.get(change.key) ?? 0) + 1);
    if (items.length < shownDevices) items.push({ id, hostname, municipality: { id: municipality_id, name }, changes });
  }
  return { devices: devices.length, changed, settings: [...counts].map(([key, devices]) => ({ key, devices })), items };
}

/** Devices with the same policies see the same effect: it is worked out once for them. */
async function effects(
  db: Database,
  scope: Scope,
  audience: PolicyAudience,
  settings: Settings,
): Promise<(device: { readonly id: string; readonly municipality_id: string }) => Effect> {
  const layers = new Map<string, PolicyLayer>();
  for (const row of await policyLayers(db).execute()) {
    const layer = layerOf(row);
    layers.set(keyOf(layer.origin.level, layer.origin.id), layer);
  }
  const own = keyOf(audience.level, audience.id);
  const planned: PolicyLayer = {
    origin: {
      level: audience.level,
      id: audience.id,
      name: audience.name,
      version: (layers.get(own)?.origin.version ?? 0) + 1,
    },
    position: audience.position,
    settings,
  };
  const groups = await groupsOfDevices(db, scope, audience);
  const known = new Map<string, Effect>();
  return (device) => {
    const keys = [
      keyOf('district', ''),
      keyOf('municipality', device.municipality_id),
      ...(groups.get(device.id) ?? []).map((id) => keyOf('group', id)),
      keyOf('device', device.id),
    ].filter((key) => key === own || layers.has(key));
    const same = keys.join(' ');
    const effect = known.get(same) ?? effectOf(keys, layers, own, planned);
    known.set(same, effect);
    return effect;
  };
}

function keyOf(level: string, id: string): string {
  return `${level}-${id}`;
}

function effectOf(
  keys: readonly string[],
  layers: ReadonlyMap<string, PolicyLayer>,
  own: string,
  planned: PolicyLayer,
): Effect {
  const now = keys.flatMap((key) => layers.get(key) ?? []);
  const then = keys.flatMap((key) => (key === own ? planned : (layers.get(key) ?? [])));
  const before = resolveSettings(now.toSorted(widestFirst));
  const after = resolveSettings(then.toSorted(widestFirst));
  return changedSettings(before.settings, after.settings).map((change) => ({
    ...change,
    from: before.origins[change.key] ?? null,
    to: after.origins[change.key] ?? null,
  }));
}

async function groupsOfDevices(
  db: Database,
  scope: Scope,
  audience: PolicyAudience,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await db
    .selectFrom('group_members')
    .select(['group_members.device_id', 'group_members.group_id'])
    .where('group_members.removed_at', 'is', null)
    .where('group_members.device_id', 'in', devicesOf(db, scope, audience).select('devices.id'))
    .execute();
  const groups = new Map<string, string[]>();
  for (const { device_id, group_id } of rows) {
    const before = groups.get(device_id);
    if (before === undefined) groups.set(device_id, [group_id]);
    else before.push(group_id);
  }
  return groups;
}
