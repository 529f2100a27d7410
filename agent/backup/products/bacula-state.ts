/**
 * The state file of a Bareos or Bacula file daemon: its last ten jobs, written when a job or the daemon ends.
 *
 * Three layouts are in use: record of a job with a list link of 16 or 8 bytes before it (64 and 32 bit, Bareos keeps the
 * place as padding), and without one (Bareos 18.4 and 19). Header and records may be packed or aligned. None is named in the
 * file, so it counts only when header, length, job names and times all fit.
 */

export interface StateRecord {
  readonly errors: number;
  /** "B" backup, "R" restore, "V" verify … */
  readonly type: string;
  /** "T" ended well, "W" with warnings, "E" and "f" failed, "A" cancelled, "I" incomplete … */
  readonly status: string;
  /** "F" full, "I" incremental, "D" differential. */
  readonly level: string;
  readonly jobId: number;
  readonly files: number;
  readonly bytes: bigint;
  /** Unix seconds; 0 where the job never got that far. */
  readonly start: number;
  readonly end: number;
  /** Name of the job without the time and number that Bacula adds to it. */
  readonly name: string;
}

/** The list the daemon keeps. */
const maxRecords = 10;
const nameBytes = 128;
const magics = ['Bareos State\n', 'Bacula State\n'];
const version = 4;
/** Where version and offset of the list stand: aligned, and packed without gaps. */
const headers = [
  { version: 16, list: 24, end: 32, size: 192 },
  { version: 14, list: 18, end: 26, size: 186 },
];
/** Bytes in front of a record's first number. */
const leads = [16, 8, 0];
const recordBody = 8 * 4 + 3 * 8 + nameBytes;

/**
 * Records as they stand in the file, oldest first; `undefined` when the file is not one this version understands for
 * certain.
 */
export function parseBaculaState(file: Uint8Array): StateRecord[] | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (!magics.some((magic) => asciiAt(file, 0, magic.length) === magic)) return undefined;
  for (const header of headers) {
    if (file.length < header.size || view.getInt32(header.version, true) !== version) continue;
    const list = view.getBigUint64(header.list, true);
    const end = view.getBigUint64(header.end, true);
    if (list !== BigInt(header.size)) continue;
    // An empty list may be left out altogether.
    if (file.length === header.size) return [];
    if (file.length < header.size + 4 || (end !== 0n && end !== BigInt(file.length))) continue;
    const count = view.getUint32(header.size, true);
    const rest = file.length - header.size - 4;
    if (count > maxRecords) continue;
    if (count === 0) return rest === 0 ? [] : undefined;
    for (const lead of leads) {
      if (rest !== count * (lead + recordBody)) continue;
      const records = Array.from({ length: count }, (_, index) =>
        recordAt(file, view, header.size + 4 + index * (lead + recordBody) + lead),
      );
      if (records.every((record) => record !== undefined)) return records;
    }
  }
  return undefined;
}

function recordAt(file: Uint8Array, view: DataView, at: number): StateRecord | undefined {
  const letter = (offset: number): string | undefined => {
    const code = view.getInt32(at + offset, true);
    return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : undefined;
  };
  const seconds = (offset: number): number => Number(view.getBigInt64(at + offset, true));
  const type = letter(4);
  const status = letter(8);
  // Only jobs that have no level carry none.
  const level = view.getInt32(at + 12, true) === 0 ? ' ' : letter(12);
  const name = nameIn(file, at + 56);
  const errors = view.getInt32(at, true);
  if (type === undefined || status === undefined || level === undefined || name === undefined || errors < 0) {
    return undefined;
  }
  return {
    errors,
    type,
    status,
    level,
    jobId: view.getUint32(at + 16, true),
    files: view.getUint32(at + 28, true),
    bytes: view.getBigUint64(at + 32, true),
    start: seconds(40),
    end: seconds(48),
    name,
  };
}

/** "nightly.2026-11-24_01.05.00_07" → "nightly"; what has no such ending is no name of a job. */
function nameIn(file: Uint8Array, at: number): string | undefined {
  const end = file.indexOf(0, at);
  if (end < 0 || end >= at + nameBytes) return undefined;
  return /^([ -~]{1,100})\.\d{4}-\d{2}-\d{2}_\d{2}\.\d{2}\.\d{2}(?:_\d{1,6})?$/.exec(asciiAt(file, at, end - at))?.[1];
}

function asciiAt(file: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...file.subarray(at, at + length));
}
