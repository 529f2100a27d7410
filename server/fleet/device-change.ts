/** What staff change about a device: its record, its state, its municipality, and which device took its place. */
import type { Device, DeviceChange } from '../api/contract.ts';
import type { ServerContext } from '../context.ts';
import { recordDeed } from '../staff/audit.ts';
import type { Database } from '../store/database.ts';
import { countUpdates, discountUpdates } from './device-updates.ts';
import { describeDevice, findDevice } from './devices.ts';
import { evaluateDevice } from './evaluate.ts';
import { leaveGroups } from './groups.ts';
import { findMunicipality } from './municipalities.ts';
import { endPolicy } from './policy-changes.ts';
import { differences, recordAfter } from './record.ts';
import { Refusal } from './refusal.ts';
import type { Actor } from './scope.ts';
import { searchTextOf } from './search-text.ts';

/** All parts of the change are stored together, or none. Throws `Refusal` not-found or conflict. */
export async function changeDevice(
  context: Pick<ServerContext, 'db' | 'now' | 'push'>,
  actor: Actor,
  id: string,
  change: DeviceChange,
): Promise<Device> {
  const at = context.now();
  const moved = new Map<string, string | null>();
  await context.db.transaction().execute(async (trx) => {
    const before = await findDevice(trx, actor.scope, id);
    const state = change.state ?? before.state;
    const replaced =
      change.replacesDeviceId === undefined
        ? undefined
        : await replace(trx, actor, at, { id, hostname: before.hostname, state }, change.replacesDeviceId);
    const municipality =
      change.municipalityId === undefined ? undefined : await findMunicipality(trx, actor.scope, change.municipalityId);
    const record = recordAfter(replaced ?? before, change);
    const after = {
      ...record,
      state,
      municipality_id: municipality?.id ?? before.municipality_id,
      // A device that is back in the fleet is no longer replaced.
      replaced_by: state === 'retired' ? before.replaced_by : null,
    };
    const changes = differences(before, after);
    if (Object.keys(changes).length === 0 && replaced === undefined) return;
    await discountUpdates(trx, id);
    await trx
      .updateTable('devices')
      .set({ ...after, search_text: searchTextOf({ ...before, ...record }) })
      .where('id', '=', id)
      .execute();
    await countUpdates(trx, id);
    const isElsewhere = after.municipality_id !== before.municipality_id;
    if (isElsewhere && municipality !== undefined) {
      // Settings name hosts of a municipality: none of them goes along.
      await leaveGroups(trx, at, actor, before);
      const { name } = municipality;
      const own = { level: 'device', id, name: before.hostname, municipality: { id: municipality.id, name } } as const;
      await endPolicy(trx, at, actor, { ...own, position: 0 });
    }
    // Trust is part of the light, and exceptions are those of a municipality; a retired device has no light any more.
    if (isElsewhere || state !== before.state) {
      moved.set(id, state === 'retired' ? null : after.municipality_id);
      if (state !== 'retired') await evaluateDevice(trx, id, at);
    }
    if (replaced !== undefined) moved.set(replaced.id, null);
    // A move stands in the record of both municipalities.
    for (const municipalityId of new Set([before.municipality_id, after.municipality_id])) {
      await recordDeed(trx, at, {
        actor: actor.name,
        action: 'device.change',
        municipalityId,
        target: id,
        detail: { hostname: before.hostname, ...changes, ...(replaced && { replaces: replaced.id }) },
      });
    }
  });
  for (const [deviceId, municipalityId] of moved) {
    context.push.deviceMoved(deviceId, municipalityId);
    // What was decided about it is news for it: an approved device reports at once.
    if (municipalityId !== null) {
      context.push.publish({ municipalityId, deviceIds: [deviceId] }, { name: 'policy', data: {} });
    }
  }
  return describeDevice(context, actor.scope, id);
}

/** Takes the other device out of the fleet and hands over its record. */
async function replace(
  trx: Database,
  actor: Actor,
  at: Date,
  successor: { readonly id: string; readonly hostname: string; readonly state: string },
  replacedId: string,
) {
  const replaced = await findDevice(trx, actor.scope, replacedId);
  if (replaced.id === successor.id || successor.state === 'retired') {
    throw new Refusal('conflict', {
      de: 'Ein Gerät kann weder sich selbst ersetzen noch als ausgemustertes Gerät ein anderes.',
      en: 'A device cannot replace itself, and a retired device cannot replace another one.',
    });
  }
  if (replaced.replaced_by !== null) {
    throw new Refusal('conflict', {
      de: `${replaced.hostname} ist schon durch ein anderes Gerät ersetzt.`,
      en: `${replaced.hostname} has been replaced by another device already.`,
    });
  }
  await discountUpdates(trx, replaced.id);
  await trx
    .updateTable('devices')
    .set({ state: 'retired', replaced_by: successor.id })
    .where('id', '=', replaced.id)
    .execute();
  await trx
    .insertInto('device_events')
    .values([
      { device_id: replaced.id, at: at.toISOString(), code: 'replaced-by', detail: successor.hostname },
      { device_id: successor.id, at: at.toISOString(), code: 'replaces', detail: replaced.hostname },
    ])
    .execute();
  await recordDeed(trx, at, {
    actor: actor.name,
    action: 'device.replaced',
    municipalityId: replaced.municipality_id,
    target: replaced.id,
    detail: { hostname: replaced.hostname, state: [replaced.state, 'retired'], replacedBy: successor.id },
  });
  return replaced;
}
