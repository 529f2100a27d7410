/** EDID 1.x base block (VESA E-EDID A.2): maker, name, serial number, age, size and preferred picture of a monitor. */

export interface Edid {
  readonly manufacturer: string | undefined;
  readonly model: string | undefined;
  readonly serialNumber: string | undefined;
  readonly manufacturedYear: number | undefined;
  readonly widthMm: number | undefined;
  readonly heightMm: number | undefined;
  readonly preferredWidthPx: number | undefined;
  readonly preferredHeightPx: number | undefined;
}

const blockBytes = 128;
const header = [0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00];

/** What makers leave in the number nobody filled in: nothing, ones, or everything. */
const placeholderSerials: ReadonlySet<number> = new Set([0, 0x01010101, 0xffffffff]);

/** Undefined when the bytes are no EDID: wrong header, too short, or a checksum that does not fit. */
export function parseEdid(bytes: Uint8Array): Edid | undefined {
  if (bytes.length < blockBytes || header.some((byte, index) => bytes[index] !== byte)) return undefined;
  const block = bytes.subarray(0, blockBytes);
  if (block.reduce((sum, byte) => sum + byte, 0) % 256 !== 0) return undefined;
  const at = (offset: number): number => block[offset] ?? 0;
  const year = at(17) + 1990;
  // 255 in the week marks a model year; the year counts either way.
  const maker = letters((at(8) << 8) | at(9));
  const product = (at(10) | (at(11) << 8)).toString(16).toUpperCase().padStart(4, '0');
  const numeric = (at(12) | (at(13) << 8) | (at(14) << 16) | (at(15) << 24)) >>> 0;
  const descriptors = [54, 72, 90, 108].map((offset) => block.subarray(offset, offset + 18));
  const timing = descriptors.find((descriptor) => (descriptor[0] ?? 0) !== 0 || (descriptor[1] ?? 0) !== 0);
  const words = (tag: number): string | undefined => {
    const found = descriptors.find((entry) => entry[0] === 0 && entry[1] === 0 && entry[3] === tag);
    return found === undefined ? undefined : Buffer.from(found.subarray(5)).toString('latin1').split('\n')[0];
  };
  const size = (timing === undefined ? undefined : pictureMm(timing)) ?? bothSides(at(21) * 10, at(22) * 10);
  return {
    manufacturer: maker,
    // Panels of notebooks seldom name themselves; their plug-and-play id ("AUO573D") is what other tools show then.
    model: words(0xfc) ?? (maker === undefined ? undefined : maker + product),
    serialNumber: words(0xff) ?? (placeholderSerials.has(numeric) ? undefined : String(numeric)),
    manufacturedYear: at(17) === 0 || year > 2100 ? undefined : year,
    widthMm: size?.width,
    heightMm: size?.height,
    preferredWidthPx: timing === undefined ? undefined : positive(twelve(timing, 2, 4)),
    preferredHeightPx: timing === undefined ? undefined : positive(twelve(timing, 5, 7)),
  };
}

/** Three letters of five bits each, A = 1. */
function letters(packed: number): string | undefined {
  const codes = [10, 5, 0].map((shift) => (packed >> shift) & 0x1f);
  return codes.every((code) => code >= 1 && code <= 26)
    ? String.fromCharCode(...codes.map((code) => code + 64))
    : undefined;
}

/** Eight low bits in one byte, four high bits in the upper half of another. */
function twelve(descriptor: Uint8Array, low: number, high: number): number {
  return (descriptor[low] ?? 0) | (((descriptor[high] ?? 0) & 0xf0) << 4);
}

function pictureMm(timing: Uint8Array): { width: number; height: number } | undefined {
  const high = timing[14] ?? 0;
  const width = (timing[12] ?? 0) | ((high & 0xf0) << 4);
  const height = (timing[13] ?? 0) | ((high & 0x0f) << 8);
  return bothSides(width, height);
}

/** A projector has no size; one side alone is a ratio and no length (E-EDID 1.4, 3.6.2). */
function bothSides(width: number, height: number): { width: number; height: number } | undefined {
  return width > 0 && height > 0 ? { width, height } : undefined;
}

function positive(value: number): number | undefined {
  return value > 0 ? value : undefined;
}
