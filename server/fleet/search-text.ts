/** What the search of the device list looks into, kept beside each device. */
import type { DeviceRow } from '../store/schema.ts';

type Searched = Pick<DeviceRow, 'hostname' | 'inventory_number' | 'location' | 'office' | 'model' | 'serial_number'>;

/** To be stored in `search_text` whenever one of the columns changes. Lower case, one value a line. */
export function searchTextOf(device: Searched): string {
  return [device.hostname, device.inventory_number, device.location, device.office, device.model, device.serial_number]
    .filter((value) => value !== null)
    .join('\n')
    .toLowerCase();
}

/** LIKE patterns (escape character `\`), one for each word: all of them have to be found. */
export function searchPatterns(search: string): string[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return words.map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
}
