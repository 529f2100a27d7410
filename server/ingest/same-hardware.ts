/** One PC under two device ids, as after a new installation: staff should let the new device replace the old one. */
import type { Database } from '../store/database.ts';
import type { DeviceRow } from '../store/schema.ts';
import { noteEvent } from './events.ts';

/**
 * Called when a report may have changed the serial number. Looks within the municipality only: what another one owns
 * is not for this one's eyes.
 */
export async function noteSameHardware(trx: Database, before: DeviceRow, now: Date): Promise<void> {
  const device = await trx
    .selectFrom('devices')
    .select(['id', 'hostname', 'municipality_id', 'serial_number', 'model'])
    .where('id', '=', before.id)
    .executeTakeFirstOrThrow();
  const { serial_number: serial, model } = device;
  if (serial === null || model === null || (serial === before.serial_number && model === before.model)) return;
  const twins = await trx
    .selectFrom('devices')
    .select(['id', 'hostname', 'state'])
    .where('municipality_id', '=', device.municipality_id)
    .where('serial_number', '=', serial)
    .where('model', '=', model)
    // One that staff have taken out and replaced is settled; one that was removed and is back is for them to decide.
    .where(({ and, not, eb, exists, selectFrom }) =>
      not(
        and([
          eb('state', '=', 'retired'),
          not(
            exists(
              selectFrom('device_events')
                .select('device_events.id')
                .whereRef('device_events.device_id', '=', 'devices.id')
                .where('device_events.code', '=', 'removed-by-installation'),
            ),
          ),
        ]),
      ),
    )
    .where('replaced_by', 'is', null)
    .where('id', '!=', device.id)
    .limit(5)
    .execute();
  for (const twin of twins) {
    await noteEvent(
      trx,
      device.id,
      now,
      'same-hardware',
      twin.state === 'retired'
        ? `Same model and serial number as ${twin.hostname} (${twin.id}), whose agent was removed. This device can replace it, or it can be brought back.`
        : `Same model and serial number as ${twin.hostname} (${twin.id}).`,
    );
    await noteEvent(
      trx,
      twin.id,
      now,
      'same-hardware',
      `Same model and serial number as ${device.hostname} (${device.id}).`,
    );
  }
}
