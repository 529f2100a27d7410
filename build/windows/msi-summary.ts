/**
 * The summary information of an MSI (\5SummaryInformation, [MS-OLEPS]): wixl and msibuild write the time of the day and a package code
 * by chance into it, and neither can be told otherwise. Both are put right here, in place.
 */
import { createHash } from 'node:crypto';

/** FMTID_SummaryInformation, as it lies in the file. */
const format = Buffer.from('e0859ff2f94f6810ab9108002b27b3d9', 'hex');
/** Property numbers and types of [MS-OLEPS]; `revision` holds the package code in an MSI. */
const [revision, created, saved] = [9, 12, 13];
const [text, filetime] = [30, 64];
/** Seconds from 1601 to 1970. */
const filetimeEpoch = 11_644_473_600n;

/**
 * `file` with the times of `sourceDate` (seconds since 1970) and a package code that follows from everything else in it: as Windows
 * Installer wants it, two files have the same one only when they are the same. Throws for what is no MSI of wixl's.
 */
export function steadySummary(file: Buffer, sourceDate: number): Buffer {
  const steady = Buffer.from(file);
  const places = propertiesOf(steady);
  const placeOf = (id: number, type: number): number => {
    const at = places.get(id);
    if (at === undefined || steady.readUInt32LE(at) !== type) throw new Error(`the summary lacks property ${id}`);
    return at + 4;
  };
  for (const id of [created, saved]) {
    steady.writeBigUInt64LE((BigInt(sourceDate) + filetimeEpoch) * 10_000_000n, placeOf(id, filetime));
  }
  const code = placeOf(revision, text) + 4;
  if (!/^\{[0-9A-F-]{36}\}$/.test(steady.toString('latin1', code, code + 38))) {
    throw new Error('the summary holds no package code');
  }
  steady.fill('0', code, code + 38);
  const hash = createHash('sha256').update(steady).digest('hex').toUpperCase();
  const uuid = [hash.slice(0, 8), hash.slice(8, 12), hash.slice(12, 16), hash.slice(16, 20), hash.slice(20, 32)];
  steady.write(`{${uuid.join('-')}}`, code, 'latin1');
  return steady;
}

/** Where each property of the first section begins, with its type. */
function propertiesOf(file: Buffer): ReadonlyMap<number, number> {
  const at = file.indexOf(format);
  if (at < 28 || file.indexOf(format, at + 1) !== -1) throw new Error('the file holds not exactly one summary');
  const section = at - 28 + file.readUInt32LE(at + 16);
  const count = file.readUInt32LE(section + 4);
  return new Map(
    Array.from({ length: count }, (_, index) => {
      const entry = section + 8 + 8 * index;
      return [file.readUInt32LE(entry), section + file.readUInt32LE(entry + 4)];
    }),
  );
}
