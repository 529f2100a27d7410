/**
 * Memory modules from the SMBIOS tables (DMTF DSP0134): structures 16 "Physical Memory Array" and 17 "Memory Device".
 * The bytes come from the firmware and are a stranger's: the parser ends for any input and reads nothing outside of it.
 */

export interface SmbiosModule {
  readonly locator: string;
  readonly sizeBytes: number;
  readonly type: string | undefined;
  readonly formFactor: string | undefined;
  readonly speedMtps: number | undefined;
  readonly manufacturer: string | undefined;
  readonly partNumber: string | undefined;
  readonly serialNumber: string | undefined;
}

export interface SmbiosMemory {
  /** Slots of system memory; empty ones count. */
  readonly slots: number;
  readonly modules: readonly SmbiosModule[];
}

/** DSP0134 7.18.1; only kinds a PC of this century can have. */
const formFactors: Readonly<Record<number, string>> = {
  9: 'DIMM',
  11: 'Row of chips',
  12: 'RIMM',
  13: 'SODIMM',
  16: 'Die',
  17: 'CAMM',
};
/** DSP0134 7.18.2. */
const types: Readonly<Record<number, string>> = {
  15: 'SDRAM',
  18: 'DDR',
  19: 'DDR2',
  20: 'DDR2 FB-DIMM',
  24: 'DDR3',
  26: 'DDR4',
  27: 'LPDDR',
  28: 'LPDDR2',
  29: 'LPDDR3',
  30: 'LPDDR4',
  34: 'DDR5',
  35: 'LPDDR5',
};
const systemMemory = 3;

/** Undefined when the tables describe no memory at all. */
export function parseSmbiosMemory(table: Uint8Array): SmbiosMemory | undefined {
  const arrays = new Set<number>();
  const devices: Structure[] = [];
  for (const structure of structures(table)) {
    if (structure.type === 16 && structure.byte(0x05) === systemMemory) arrays.add(structure.handle);
    if (structure.type === 17) devices.push(structure);
  }
  // A device of flash or cache memory belongs to another array and is no slot for memory modules.
  const slots = devices.filter((device) => arrays.size === 0 || arrays.has(device.word(0x04) ?? -1));
  if (slots.length === 0) return undefined;
  return { slots: slots.length, modules: slots.flatMap(moduleOf) };
}

interface Structure {
  readonly type: number;
  readonly handle: number;
  byte(offset: number): number | undefined;
  word(offset: number): number | undefined;
  dword(offset: number): number | undefined;
  /** Text whose number stands at `offset`. */
  string(offset: number): string | undefined;
}

function* structures(table: Uint8Array): Generator<Structure> {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  let start = 0;
  while (start + 4 <= table.length) {
    const type = view.getUint8(start);
    const length = view.getUint8(start + 1);
    // Shorter than its own header: what follows cannot be found any more.
    if (length < 4 || start + length > table.length || type === 127) return;
    const strings: string[] = [];
    let position = start + length;
    for (;;) {
      const end = table.indexOf(0, position);
      if (end < 0) return;
      if (end === position) break;
      strings.push(Buffer.from(table.subarray(position, end)).toString('latin1'));
      position = end + 1;
    }
    // A structure without strings ends with two zero bytes, one with strings with one more after the last.
    const next = position + (strings.length === 0 ? 2 : 1);
    const within = (offset: number, size: number): boolean => offset + size <= length;
    const base = start;
    yield {
      type,
      handle: view.getUint16(start + 2, true),
      byte: (offset) => (within(offset, 1) ? view.getUint8(base + offset) : undefined),
      word: (offset) => (within(offset, 2) ? view.getUint16(base + offset, true) : undefined),
      dword: (offset) => (within(offset, 4) ? view.getUint32(base + offset, true) : undefined),
      string: (offset) => (within(offset, 1) ? strings[view.getUint8(base + offset) - 1] : undefined),
    };
    start = next;
  }
}

function moduleOf(device: Structure): SmbiosModule[] {
  const sizeBytes = sizeOf(device);
  // 0 is an empty slot, undefined is "unknown": neither is a module.
  if (sizeBytes === undefined || sizeBytes === 0) return [];
  const speed = device.word(0x15);
  const extendedSpeed = device.dword(0x54);
  const mtps = speed === 0xffff ? extendedSpeed : speed;
  return [
    {
      locator: device.string(0x10) ?? '',
      sizeBytes,
      type: types[device.byte(0x12) ?? 0],
      formFactor: formFactors[device.byte(0x0e) ?? 0],
      speedMtps: mtps !== undefined && mtps > 0 && mtps <= 100_000 ? mtps : undefined,
      manufacturer: device.string(0x17),
      serialNumber: device.string(0x18),
      partNumber: device.string(0x1a),
    },
  ];
}

/** DSP0134 7.18: MiB, or KiB with bit 15 set; 0x7FFF points to the extended size in MiB, 0xFFFF is unknown. */
function sizeOf(device: Structure): number | undefined {
  const size = device.word(0x0c);
  if (size === undefined || size === 0xffff) return undefined;
  if (size === 0x7fff) {
    const extended = device.dword(0x1c);
    return extended === undefined ? undefined : (extended & 0x7fffffff) * 1024 * 1024;
  }
  return (size & 0x8000) === 0 ? size * 1024 * 1024 : (size & 0x7fff) * 1024;
}
