/**
 * The file format GVDB, in which dconf keeps a person's settings: a hash table of keys whose names are put together from
 * their parents. Read as far as single texts, truth values and numbers go; the person can write anything into it.
 */

export type SettingValue = string | number | boolean;

const headerBytes = 24;
const itemBytes = 24;
const maxItems = 50_000;
const maxDepth = 64;
const maxKeyBytes = 1024;
const maxTextBytes = 4096;
const noParent = 0xffff_ffff;

/** Values below a prefix such as "/org/gnome/deja-dup/", by full key. `undefined` when it is no GVDB of this byte order. */
export function parseGvdb(file: Uint8Array, prefix: string): ReadonlyMap<string, SettingValue> | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < headerBytes || textAt(file, 0, 8) !== 'GVariant' || view.getUint32(8, true) !== 0) return undefined;
  const table = itemsOf(view, view.getUint32(16, true), view.getUint32(20, true));
  if (table === undefined) return undefined;
  const values = new Map<string, SettingValue>();
  for (let index = 0; index < table.count; index += 1) {
    if (view.getUint8(table.start + index * itemBytes + 14) !== 'v'.charCodeAt(0)) continue;
    const key = keyOf(file, view, table, index);
    if (key === undefined || !key.startsWith(prefix)) continue;
    const at = table.start + index * itemBytes;
    const value = valueAt(file, view, view.getUint32(at + 16, true), view.getUint32(at + 20, true));
    if (value !== undefined) values.set(key, value);
  }
  return values;
}

interface Items {
  readonly start: number;
  readonly count: number;
}

/** A table: two counts, the words of a filter, the buckets, then items up to its end. */
function itemsOf(view: DataView, from: number, to: number): Items | undefined {
  if (from % 4 !== 0 || from < headerBytes || to > view.byteLength || from + 8 > to) return undefined;
  const filterWords = view.getUint32(from, true) & 0x07ff_ffff;
  const buckets = view.getUint32(from + 4, true);
  const start = from + 8 + 4 * (filterWords + buckets);
  if (start > to || (to - start) % itemBytes !== 0) return undefined;
  const count = (to - start) / itemBytes;
  return count > maxItems ? undefined : { start, count };
}

/** From the item up to the one without a parent; a ring of parents ends at the depth. */
function keyOf(file: Uint8Array, view: DataView, { start, count }: Items, index: number): string | undefined {
  let key = '';
  let next = index;
  for (let depth = 0; depth < maxDepth && next !== noParent; depth += 1) {
    if (next >= count) return undefined;
    const at = start + next * itemBytes;
    const from = view.getUint32(at + 8, true);
    const size = view.getUint16(at + 12, true);
    if (from + size > file.length || key.length + size > maxKeyBytes) return undefined;
    key = textAt(file, from, size) + key;
    next = view.getUint32(at + 4, true);
  }
  return next === noParent ? key : undefined;
}

/** A variant: its value, a zero byte, and the letter of its type. */
function valueAt(file: Uint8Array, view: DataView, from: number, to: number): SettingValue | undefined {
  if (from >= to || to > file.length || to - from > maxTextBytes || to - from < 3 || file[to - 2] !== 0)
    return undefined;
  const size = to - from - 2;
  switch (String.fromCharCode(file[to - 1] ?? 0)) {
    case 's':
      return file[from + size - 1] === 0 ? textAt(file, from, size - 1) : undefined;
    case 'b':
      return size === 1 ? file[from] === 1 : undefined;
    case 'i':
      return size === 4 ? view.getInt32(from, true) : undefined;
    case 'u':
      return size === 4 ? view.getUint32(from, true) : undefined;
    default:
      return undefined;
  }
}

function textAt(file: Uint8Array, from: number, size: number): string {
  return new TextDecoder().decode(file.subarray(from, from + size));
}
