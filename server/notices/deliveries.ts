/** What is known of the way of a notice: which devices have said that they hold it, and which cannot have heard of it. */
import { sql } from 'kysely';
import type { NoticeProgress } from '../api/contract.ts';
import { countsFor } from '../fleet/notice-answers.ts';
import { devicesOf } from '../fleet/policy-audience.ts';
import type { Scope } from '../fleet/scope.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow } from '../store/schema.ts';
import type { NoticeInForce } from './in-force.ts';

/**
 * The device has named the hash of what is in force for it: it holds all of that. Costs nothing when that was noted
 * before. Call it inside the transaction of the check-in.
 */
export async function noteDelivered(
  trx: Database,
  device: Pick<DeviceRow, 'id' | 'notices_noted'>,
  { hash, inForce }: { readonly hash: string; readonly inForce: readonly NoticeInForce[] },
  now: Date,
): Promise<void> {
  if (device.notices_noted === hash) return;
  const at = now.toISOString();
  await trx
    .insertInto('notice_deliveries')
    .values(inForce.map(({ id, number }) => ({ notice_id: id, device_id: device.id, number, delivered_at: at })))
    .onConflict((conflict) =>
      conflict
        .columns(['notice_id', 'device_id'])
        .doUpdateSet({ number: (eb) => eb.ref('excluded.number'), delivered_at: at })
        // The time of the first word about a wording stays.
        .whereRef('notice_deliveries.number', '<', 'excluded.number'),
    )
    .execute();
  await trx.updateTable('devices').set({ notices_noted: hash }).where('id', '=', device.id).execute();
}

/** Of a notice as it is stored: whom it is for, and since when. */
export interface Addressed {
  readonly id: string;
  readonly number: number;
  readonly municipality_id: string;
  readonly group_id: string | null;
  readonly device_id: string | null;
  readonly issued_at: string;
  readonly published_at: string;
}

/** The devices a notice is for: what has a place in its municipality and is approved. */
export function devicesFor(
  db: Database,
  scope: Scope,
  { municipality_id, group_id, device_id }: Pick<Addressed, 'municipality_id' | 'group_id' | 'device_id'>,
) {
  const devices =
    device_id !== null
      ? devicesOf(db, scope, { level: 'device', id: device_id })
      : group_id !== null
        ? devicesOf(db, scope, { level: 'group', id: group_id })
        : devicesOf(db, scope, { level: 'municipality', id: municipality_id });
  return devices.where('devices.municipality_id', '=', municipality_id).where('devices.state', '!=', 'pending');
}

/** When a device first said that it holds this wording: at a check-in, or by a report of its service. */
function deliveredAt({ id, issued_at }: Addressed) {
  return sql<
    string | null
  >`coalesce(delivery.delivered_at, (select min(answer.received_at) from notice_answers as answer where answer.notice_id = ${id}
    and answer.issued_at = ${issued_at} and answer.kind = 'delivered' and answer.device_id = devices.id))`;
}

/** `devicesFor` with how far this wording has come to each. */
export function deliveriesFor(db: Database, scope: Scope, notice: Addressed) {
  const delivered = deliveredAt(notice);
  return devicesFor(db, scope, notice)
    .leftJoin('notice_deliveries as delivery', (join) =>
      join
        .onRef('delivery.device_id', '=', 'devices.id')
        .on('delivery.notice_id', '=', notice.id)
        .on('delivery.number', '=', notice.number),
    )
    .select([
      delivered.as('delivered_at'),
      sql<NoticeDeliveryState>`case when ${delivered} is not null then 'delivered' when devices.last_heard_at >= ${notice.published_at} then 'waiting' else 'unreachable' end`.as(
        'way',
      ),
    ]);
}

export type NoticeDeliveryState = 'delivered' | 'waiting' | 'unreachable';

/** Counts of devices, and of those where people answered, as stated there. */
export async function progressOf(db: Database, scope: Scope, notice: Addressed): Promise<NoticeProgress> {
  const rows = await db
    .selectFrom(deliveriesFor(db, scope, notice).as('each'))
    .select(({ fn }) => ['way', fn.countAll<number>().as('count')])
    .groupBy('way')
    .execute();
  const countOf = (way: NoticeDeliveryState): number => Number(rows.find((row) => row.way === way)?.count ?? 0);
  const [delivered, waiting, unreachable] = [countOf('delivered'), countOf('waiting'), countOf('unreachable')];
  const answers = await countsFor(db, notice.id);
  return {
    devices: delivered + waiting + unreachable,
    delivered,
    waiting,
    unreachable,
    seen: answers.seen.devices,
    acknowledged: answers.acknowledged.devices,
    deferred: answers.deferred.devices,
    notShown: answers['not-shown'].devices,
  };
}
