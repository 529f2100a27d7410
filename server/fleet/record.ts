/** The office's own record of a device, as it is stored. */
import { type DeviceRecord, deviceRecord } from '../api/contract.ts';
import type { DeviceRow } from '../store/schema.ts';

/** A field that is left out stays as it is; `null` or blank empties it. */
export type RecordChange = { readonly [Field in keyof DeviceRecord]?: DeviceRecord[Field] | undefined };
export type RecordColumns = Pick<DeviceRow, 'inventory_number' | 'location' | 'office' | 'note'>;

export const recordFields = Object.keys(deviceRecord.shape) as (keyof DeviceRecord)[];

/** A note keeps its lines; the other fields are one line each. */
function cleaned(field: keyof DeviceRecord, value: string | null): string | null {
  const text = value?.normalize('NFC').trim() ?? '';
  const lines = field === 'note' ? text : text.replace(/\s+/g, ' ');
  return lines === '' ? null : lines;
}

/** The columns of the record after the change. */
export function recordAfter(before: RecordColumns, change: RecordChange): RecordColumns {
  const after = (field: keyof DeviceRecord, stored: string | null): string | null => {
    const wanted = change[field];
    return wanted === undefined ? stored : cleaned(field, wanted);
  };
  return {
    inventory_number: after('inventoryNumber', before.inventory_number),
    location: after('location', before.location),
    office: after('office', before.office),
    note: after('note', before.note),
  };
}

/** Old and new value of each column that differs, for the audit record. */
export function differences(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Record<string, [unknown, unknown]> {
  const changed = Object.keys(after).filter((name) => before[name] !== after[name]);
  return Object.fromEntries(changed.map((name) => [name, [before[name], after[name]]]));
}
