/**
 * Two machines with one key. Other hardware gives a copy away at once (see `compareMarks`); where the marks say nothing, as
 * in copied virtual machines, the stores do: each machine has one of its own, and they go on in turn.
 */
import { evaluateDevice } from '../fleet/evaluate.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow } from '../store/schema.ts';
import { noteEvent, recordEvent } from './events.ts';

/**
 * A machine that was set back to an image goes on with an earlier store once. Often within a day is no setting back:
 * two machines are at work.
 */
const returnsSuspected = 3;
const withinMs = 24 * 3_600_000;

/** Facts are not touched; what was green a moment ago must not stay so until the next round. */
export async function quarantine(
  trx: Database,
  device: DeviceRow,
  { why, forgetMarks, now }: { readonly why: string; readonly forgetMarks: boolean; readonly now: Date },
): Promise<DeviceRow> {
  await trx
    .updateTable('devices')
    // Without marks, the machine that reports first after its release by staff is the one they meant.
    .set({ state: 'quarantined', ...(forgetMarks ? { fingerprint: '{}' } : {}) })
    .where('id', '=', device.id)
    .execute();
  // In the words of the last time as well: `watchEpochs` counts from the last one, and staff have to see each.
  await recordEvent(trx, device.id, now, 'clone-suspected', why);
  await evaluateDevice(trx, device.id, now);
  return { ...device, state: 'quarantined' };
}

/**
 * To be called with the device as it was and where it says it stands now, unless that lies behind what is held (a store
 * set back is told so and begins a new epoch). Returns the device, quarantined when its stores have gone on in turn.
 */
export async function watchEpochs(
  trx: Database,
  device: DeviceRow,
  place: { readonly storeEpoch: string; readonly sequence: number },
  now: Date,
): Promise<DeviceRow> {
  const { storeEpoch, sequence } = place;
  if (device.state !== 'active' || device.store_epoch === null || device.store_epoch === storeEpoch) return device;
  const known = await trx
    .selectFrom('device_epochs')
    .select('sequence')
    .where('device_id', '=', device.id)
    .where('store_epoch', '=', storeEpoch)
    .executeTakeFirst();
  if (known === undefined || sequence < known.sequence) return device;
  const detail = `The store epoch ${storeEpoch} goes on at ${sequence} after ${device.store_epoch} had begun.`;
  await noteEvent(trx, device.id, now, 'store-epoch-returned', detail);
  const { returns } = await trx
    .selectFrom('device_events')
    .select(({ fn }) => fn.countAll<number>().as('returns'))
    .where('device_id', '=', device.id)
    .where('code', '=', 'store-epoch-returned')
    .where('at', '>', new Date(now.getTime() - withinMs).toISOString())
    // What led to an earlier quarantine was judged by staff when they released the device.
    .where('id', '>', ({ selectFrom }) =>
      selectFrom('device_events')
        .select(({ fn, val }) => fn.coalesce(fn.max('id'), val(0)).as('last'))
        .where('device_id', '=', device.id)
        .where('code', '=', 'clone-suspected'),
    )
    .executeTakeFirstOrThrow();
  if (Number(returns) < returnsSuspected) return device;
  const why = `Two stores have gone on in turn ${returns} times within a day: two machines use this device's key.`;
  return quarantine(trx, device, { why, forgetMarks: false, now });
}
