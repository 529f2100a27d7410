/** The ring of each of many devices, without working out all of their policies. */
import type { UpdateRing } from '../../agent/contract/release.ts';
import type { Database } from '../store/database.ts';
import { layerOf, policyLayers } from './policy-layers.ts';
import { type PolicyLayer, widestFirst } from './policy-resolution.ts';

interface Ringed {
  readonly id: string;
  readonly municipality_id: string;
}

/** As `policyFor` would say for each of them: the nearest policy that names a ring wins; `regular` where none does. */
export async function updateRingsOf(db: Database): Promise<(device: Ringed) => UpdateRing> {
  const rows = await policyLayers(db)
    .select('policies.municipality_id')
    .where('policies.settings', 'like', '%"updateRing"%')
    .execute();
  const layers = rows
    .map((row) => ({ municipality: row.municipality_id, layer: layerOf(row) }))
    .filter(({ layer }) => layer.settings.updateRing !== undefined)
    .toSorted((a, b) => widestFirst(b.layer, a.layer));
  const groups = layers.filter(({ layer }) => layer.origin.level === 'group').map(({ layer }) => layer.origin.id);
  const members = await membersOfEach(db, groups);
  const concerns = ({ origin }: PolicyLayer, device: Ringed): boolean => {
    if (origin.level === 'district') return true;
    if (origin.level === 'group') return members.has(`${origin.id} ${device.id}`);
    return origin.id === (origin.level === 'device' ? device.id : device.municipality_id);
  };
  return (device) =>
    layers.find(
      ({ municipality, layer }) =>
        (municipality === null || municipality === device.municipality_id) && concerns(layer, device),
    )?.layer.settings.updateRing ?? 'regular';
}

async function membersOfEach(db: Database, groups: readonly string[]): Promise<ReadonlySet<string>> {
  if (groups.length === 0) return new Set();
  const rows = await db
    .selectFrom('group_members')
    .select(['group_id', 'device_id'])
    .where('removed_at', 'is', null)
    .where('group_id', 'in', groups)
    .execute();
  return new Set(rows.map(({ group_id, device_id }) => `${group_id} ${device_id}`));
}
