/** Import of device records from CSV: good lines are applied, bad ones are named. */
import type { Words } from '../../agent/rules/wording.ts';
import { deviceRecord, type RecordImportResult } from '../api/contract.ts';
import { recordDeed } from '../staff/audit.ts';
import type { Database } from '../store/database.ts';
import { findMunicipality } from './municipalities.ts';
import { type RecordChange, recordAfter, recordFields } from './record.ts';
import { type RecordLine, readRecordLines } from './record-csv.ts';
import { Refusal } from './refusal.ts';
import { type Actor, devicesIn, type FleetContext, type Scope } from './scope.ts';
import { searchTextOf } from './search-text.ts';

type Found = Awaited<ReturnType<typeof candidates>>[number];

/**
 * An empty cell leaves the value as it is. Throws `Refusal` csv-encoding, csv-malformed, csv-columns, csv-too-long or
 * not-found; then nothing was stored.
 */
export async function importRecords(
  { db, now }: FleetContext,
  actor: Actor,
  csv: Uint8Array,
  options: { readonly municipalityId?: string | undefined; readonly language: keyof Words },
): Promise<RecordImportResult> {
  const lines = readRecordLines(csv);
  const result: RecordImportResult = { updated: 0, refused: [] };
  await db.transaction().execute(async (trx) => {
    if (options.municipalityId !== undefined) await findMunicipality(trx, actor.scope, options.municipalityId);
    const find = finder(await candidates(trx, actor.scope, options.municipalityId));
    const lineOf = new Map<string, number>();
    const updated = new Map<string, number>();
    for (const line of lines) {
      try {
        const device = find(line);
        const change = readChange(line);
        const earlier = lineOf.get(device.id);
        if (earlier !== undefined) {
          throw refused(`Das Gerät steht schon in Zeile ${earlier}.`, `Line ${earlier} is about the same device.`);
        }
        lineOf.set(device.id, line.number);
        await store(trx, device, change);
        updated.set(device.municipality_id, (updated.get(device.municipality_id) ?? 0) + 1);
        result.updated += 1;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        result.refused.push({ line: line.number, reason: error.words[options.language].slice(0, 300) });
      }
    }
    for (const [municipalityId, count] of updated) {
      await recordDeed(trx, now(), {
        actor: actor.name,
        action: 'device.import-records',
        municipalityId,
        detail: { updated: count, lines: lines.length, refused: result.refused.length },
      });
    }
  });
  return result;
}

function candidates(db: Database, scope: Scope, municipalityId: string | undefined) {
  const devices = devicesIn(db, scope);
  const wanted = municipalityId === undefined ? devices : devices.where('devices.municipality_id', '=', municipalityId);
  return wanted
    .select(['devices.id', 'devices.municipality_id', 'devices.hostname', 'devices.state', 'model', 'serial_number'])
    .select(['inventory_number', 'location', 'office', 'note'])
    .execute();
}

/** A hostname means a device in the fleet; only its id finds a retired one. */
function finder(devices: readonly Found[]): (line: RecordLine) => Found {
  const byId = new Map(devices.map((device) => [device.id, device]));
  const byHostname = Map.groupBy(
    devices.filter(({ state }) => state !== 'retired'),
    ({ hostname }) => hostname.toLowerCase(),
  );
  return ({ cells, tooLong }) => {
    if (tooLong)
      throw refused('Die Zeile hat mehr Felder als die Kopfzeile.', 'The line has more cells than the header.');
    const id = cells.get('deviceId');
    const hostname = cells.get('hostname');
    if (id === undefined && hostname === undefined) {
      throw refused('Weder hostname noch deviceId ist angegeben.', 'Neither hostname nor deviceId is given.');
    }
    const named = hostname === undefined ? [] : (byHostname.get(hostname.toLowerCase()) ?? []);
    if (id === undefined && named.length > 1) {
      throw refused(
        `„${hostname}“ heißen ${named.length} Geräte. Geben Sie die deviceId an.`,
        `${named.length} devices are called "${hostname}". Give the deviceId.`,
      );
    }
    const device = id === undefined ? named[0] : byId.get(id.toLowerCase());
    if (device === undefined) {
      throw refused(`Es gibt hier kein Gerät „${id ?? hostname}“.`, `There is no device "${id ?? hostname}" here.`);
    }
    if (hostname !== undefined && device.hostname.toLowerCase() !== hostname.toLowerCase()) {
      throw refused(
        `Das Gerät mit dieser deviceId heißt „${device.hostname}“ und nicht „${hostname}“.`,
        `The device with this deviceId is called "${device.hostname}", not "${hostname}".`,
      );
    }
    return device;
  };
}

function readChange({ cells }: RecordLine): RecordChange {
  const given = recordFields
    .map((field) => [field, cells.get(field)] as const)
    .filter(([, cell]) => cell !== undefined);
  const change = deviceRecord.partial().safeParse(Object.fromEntries(given));
  if (change.success) return change.data;
  const fields = [...new Set(change.error.issues.map(({ path }) => String(path[0])))].join(', ');
  throw refused(`Zu lang: ${fields}.`, `Too long: ${fields}.`);
}

async function store(trx: Database, device: Found, change: RecordChange): Promise<void> {
  const record = recordAfter(device, change);
  await trx
    .updateTable('devices')
    .set({ ...record, search_text: searchTextOf({ ...device, ...record }) })
    .where('id', '=', device.id)
    .execute();
}

function refused(de: string, en: string): Refusal {
  return new Refusal('invalid', { de, en });
}
