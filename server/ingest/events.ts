/** What happened to a device that a person should look at. Codes are stable; the detail is plain text. */
import type { Database } from '../store/database.ts';

export type DeviceEventCode =
  | 'report-conflict'
  | 'clone-suspected'
  | 'sequence-rewound'
  | 'sequence-gap'
  | 'report-late'
  | 'chain-broken'
  | 'gap-mismatch'
  | 'clock-jump'
  | 'request-altered'
  | 'store-epoch-new'
  | 'store-epoch-returned'
  | 'readmitted'
  | 'same-hardware'
  | 'hardware-before'
  | 'removed-by-installation'
  | 'suspicion-reported'
  | 'name-discarded';

/** The same thing said twice in a row is noted once: a device that repeats itself must not fill the disk. */
export async function noteEvent(
  trx: Database,
  deviceId: string,
  at: Date,
  code: DeviceEventCode,
  detail: string,
): Promise<void> {
  const said = detail.slice(0, 500);
  const last = await trx
    .selectFrom('device_events')
    .select('detail')
    .where('device_id', '=', deviceId)
    .where('code', '=', code)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (last?.detail !== said) await recordEvent(trx, deviceId, at, code, detail);
}

/** Noted also where it is what was said last: only for what cannot happen again before somebody has acted on it. */
export async function recordEvent(
  trx: Database,
  deviceId: string,
  at: Date,
  code: DeviceEventCode,
  detail: string,
): Promise<void> {
  await trx
    .insertInto('device_events')
    .values({ device_id: deviceId, at: at.toISOString(), code, detail: detail.slice(0, 500) })
    .execute();
}
