/**
 * The newest facts in tables one can query, and the few that stand beside the device for the list. A section without
 * current facts clears its part: what was once true is found in the reports, never shown as if it were now.
 */
import type { Updateable } from 'kysely';
import { type FactsOf, factSchemas, type SectionId } from '../../agent/contract/facts/index.ts';
import type { Database } from '../store/database.ts';
import type { DeviceHardwareTable, DeviceTable } from '../store/schema.ts';
import { noteBackups } from './device-backups.ts';
import { notePatches } from './device-updates.ts';
import { searchTextOf } from './search-text.ts';

/** Rows in one statement; well below the number of parameters a database takes. */
const batch = 500;

/** `json`: facts that fit their schema, or null when there are none. Sections without tables of their own pass. */
export async function noteFacts(
  trx: Database,
  deviceId: string,
  section: { readonly id: string; readonly json: string | null; readonly complete: boolean },
  now: Date,
): Promise<void> {
  const { json, complete } = section;
  switch (section.id) {
    case 'system':
      return noteSystem(trx, deviceId, read('system', json));
    case 'os':
      return noteOs(trx, deviceId, read('os', json));
    case 'cpu': {
      const cpu = read('cpu', json);
      return setHardware(trx, deviceId, {
        cpu_model: cpu?.model ?? null,
        cpu_cores: cpu?.cores ?? null,
        cpu_threads: cpu?.threads ?? null,
      });
    }
    case 'memory':
      return setHardware(trx, deviceId, { memory_bytes: read('memory', json)?.totalBytes ?? null });
    case 'energy':
      return setHardware(trx, deviceId, { uptime_days: read('energy', json)?.uptimeDays ?? null });
    case 'storage':
      return noteVolumes(trx, deviceId, read('storage', json));
    case 'network':
      return noteInterfaces(trx, deviceId, read('network', json));
    case 'software':
      return notePackages(trx, deviceId, read('software', json));
    case 'patches':
      return notePatches(trx, deviceId, read('patches', json));
    case 'backup':
      return noteBackups(trx, deviceId, read('backup', json), { complete, now });
    default:
  }
}

function read<Id extends SectionId>(id: Id, json: string | null): FactsOf<Id> | undefined {
  return json === null ? undefined : (factSchemas[id].parse(JSON.parse(json)) as FactsOf<Id>);
}

async function noteSystem(trx: Database, deviceId: string, facts: FactsOf<'system'> | undefined): Promise<void> {
  await setHardware(trx, deviceId, {
    manufacturer: facts?.manufacturer ?? null,
    model: facts?.model ?? null,
    serial_number: facts?.serialNumber ?? null,
    chassis: facts?.chassis ?? null,
    virtualization: facts?.virtualization.kind ?? null,
    firmware_version: facts?.firmware?.version ?? null,
  });
  await setDevice(trx, deviceId, {
    // A device keeps its last name: a row without one could not be found.
    ...(facts === undefined ? {} : { hostname: facts.hostname }),
    model: facts === undefined ? null : modelName(facts),
    serial_number: facts?.serialNumber ?? null,
  });
}

function modelName({ manufacturer, model }: FactsOf<'system'>): string | null {
  const parts = [manufacturer, model].filter((part) => part !== undefined);
  return parts.length === 0 ? null : parts.join(' ');
}

async function noteOs(trx: Database, deviceId: string, facts: FactsOf<'os'> | undefined): Promise<void> {
  await setHardware(trx, deviceId, {
    os_id: facts?.id ?? null,
    os_name: facts?.name ?? null,
    os_version: facts?.version ?? null,
    kernel: facts?.kernel ?? null,
    architecture: facts?.architecture ?? null,
  });
  await setDevice(trx, deviceId, { os_name: facts?.name ?? null });
}

async function noteVolumes(trx: Database, deviceId: string, facts: FactsOf<'storage'> | undefined): Promise<void> {
  await trx.deleteFrom('device_volumes').where('device_id', '=', deviceId).execute();
  const rows = (facts?.volumes ?? []).map((volume) => ({
    device_id: deviceId,
    mount_point: volume.mountPoint,
    file_system: volume.fileSystem,
    size_bytes: volume.sizeBytes,
    free_bytes: volume.freeBytes,
    system: volume.system ? (1 as const) : (0 as const),
    remote: volume.remote ? (1 as const) : (0 as const),
  }));
  if (rows.length > 0) await trx.insertInto('device_volumes').values(rows).execute();
}

async function noteInterfaces(trx: Database, deviceId: string, facts: FactsOf<'network'> | undefined): Promise<void> {
  await trx.deleteFrom('device_interfaces').where('device_id', '=', deviceId).execute();
  const rows = (facts?.interfaces ?? []).map((entry) => ({
    device_id: deviceId,
    name: entry.name,
    kind: entry.kind,
    mac_address: entry.macAddress ?? null,
    state: entry.state,
    speed_mbps: entry.speedMbps ?? null,
    addresses: JSON.stringify(entry.addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`)),
  }));
  if (rows.length > 0) await trx.insertInto('device_interfaces').values(rows).execute();
}

async function notePackages(trx: Database, deviceId: string, facts: FactsOf<'software'> | undefined): Promise<void> {
  await trx.deleteFrom('device_packages').where('device_id', '=', deviceId).execute();
  const rows = (facts?.packages ?? []).map((entry) => ({
    device_id: deviceId,
    name: entry.name,
    architecture: entry.architecture ?? '',
    version: entry.version ?? null,
    publisher: entry.publisher ?? null,
    status: entry.status ?? null,
  }));
  for (let from = 0; from < rows.length; from += batch) {
    await trx
      .insertInto('device_packages')
      .values(rows.slice(from, from + batch))
      .execute();
  }
}

async function setHardware(trx: Database, deviceId: string, columns: Updateable<DeviceHardwareTable>): Promise<void> {
  await trx
    .insertInto('device_hardware')
    .values({ ...columns, device_id: deviceId })
    .onConflict((conflict) => conflict.column('device_id').doUpdateSet(columns))
    .execute();
}

async function setDevice(trx: Database, deviceId: string, columns: Updateable<DeviceTable>): Promise<void> {
  const row = await trx
    .updateTable('devices')
    .set(columns)
    .where('id', '=', deviceId)
    .returningAll()
    .executeTakeFirstOrThrow();
  await trx
    .updateTable('devices')
    .set({ search_text: searchTextOf(row) })
    .where('id', '=', deviceId)
    .execute();
}
