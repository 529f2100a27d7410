/** Parsers of bytes and text that come from firmware, devices and other programs: any input ends in an answer. */
import { expect, test } from 'vitest';
import { parseCpuinfo } from '../../../agent/collectors/cpu.ts';
import { parseEdid } from '../../../agent/collectors/edid.ts';
import { roundUp } from '../../../agent/collectors/infrastructure.ts';
import { parseIfInet6, parseRoutes } from '../../../agent/collectors/network-tables.ts';
import { parseOsRelease } from '../../../agent/collectors/os.ts';
import { parsePrintersConf } from '../../../agent/collectors/printers.ts';
import { parseSmbiosMemory } from '../../../agent/collectors/smbios.ts';
import { parseDpkgStatus } from '../../../agent/collectors/software.ts';
import { parseMountinfo } from '../../../agent/collectors/storage.ts';
import { clean, isPlaceholder, wholeNumber } from '../../../agent/collectors/text.ts';
import { edidBlock, smbiosTable } from '../../fixtures/firmware.ts';
import { fc, tries } from '../../fixtures/properties.ts';

const runs = { numRuns: tries(500) };
const table = smbiosTable([
  { locator: 'A', size: 8192 },
  { locator: 'B', size: 0x7fff, extendedMib: 65_536 },
  { locator: 'C', size: 0x8000 | 512 },
]);
const edid = edidBlock({
  manufacturer: 'DEL',
  model: 'X',
  year: 2020,
  widthMm: 527,
  heightMm: 296,
  widthPx: 3840,
  heightPx: 2160,
});

/** A valid block with some bytes overwritten and cut at some place. */
const damaged = (block: Uint8Array) =>
  fc
    .tuple(fc.array(fc.tuple(fc.nat(block.length - 1), fc.nat(255)), { maxLength: 12 }), fc.nat(block.length))
    .map(([changes, length]) => {
      const copy = Uint8Array.from(block);
      for (const [index, byte] of changes) copy[index] = byte;
      return copy.subarray(0, length);
    });

test('SMBIOS: sizes in MiB, in KiB and in the extended field', () => {
  expect(parseSmbiosMemory(table)?.modules.map(({ sizeBytes }) => sizeBytes / 1024 ** 2)).toEqual([8192, 65_536, 0.5]);
});

test('SMBIOS: any bytes end, and modules have a size', () => {
  fc.assert(
    fc.property(fc.oneof(damaged(table), fc.uint8Array({ maxLength: 600 })), (bytes) => {
      const memory = parseSmbiosMemory(bytes);
      for (const { sizeBytes } of memory?.modules ?? []) expect(sizeBytes).toBeGreaterThan(0);
      expect(memory?.modules.length ?? 0).toBeLessThanOrEqual(memory?.slots ?? 0);
    }),
    runs,
  );
});

test('EDID: what does not add up is no EDID', () => {
  expect(parseEdid(edid)).toMatchObject({ manufacturer: 'DEL', preferredWidthPx: 3840, preferredHeightPx: 2160 });
  for (let index = 0; index < 128; index += 1) {
    const copy = Uint8Array.from(edid);
    copy[index] = ((copy[index] ?? 0) + 1) % 256;
    expect(parseEdid(copy)).toBeUndefined();
  }
  fc.assert(
    fc.property(damaged(edid), (bytes) => void parseEdid(bytes)),
    runs,
  );
});

test.each([
  ['os-release', parseOsRelease, 'ID="a\nNAME=\'b\\"'],
  ['cpuinfo', parseCpuinfo, 'processor\t: 0\n\n'],
  ['dpkg status', parseDpkgStatus, 'Package: a\nStatus: install ok installed\n\n'],
  ['mountinfo', parseMountinfo, '1 2 3:4 / /a\\040b rw - ext4 /dev/x rw'],
  ['printers.conf', parsePrintersConf, '<Printer x>\n</Printer>\n'],
  ['route', parseRoutes, 'eth0\t0000000A\t00000000\t1\t0\t0\t0\t00FFFFFF'],
  ['if_inet6', parseIfInet6, `${'0'.repeat(32)} 02 40 00 80 eth0`],
] as const)('%s: any text ends in an answer', (_name, parse: (text: string) => unknown, sample) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.nat(sample.length), (noise, cut) => {
      parse(noise);
      parse(sample.slice(0, cut) + noise + sample.slice(cut));
    }),
    runs,
  );
});

test('a long line of brackets does not take the printer parser long', () => {
  expect(parsePrintersConf('<Printer a>\n'.repeat(20_000)).broken).toBe(20_000);
});

test('dpkg: an entry without a name or status is counted, not dropped in silence', () => {
  const text = 'Package: a\nStatus: install ok installed\n\nStatus: install ok installed\n\nPackage: b\n';
  expect(parseDpkgStatus(text)).toMatchObject({ packages: [{ name: 'a' }], broken: 2 });
});

test('cleaned text has no control or direction characters and keeps its bound', () => {
  expect(clean(' a\u0000b\u202e c\n', 10)).toBe('a b c');
  expect(clean('\u0007\t ', 10)).toBeUndefined();
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 20 }), (words, max) => {
      const cleaned = clean(words, max);
      if (cleaned === undefined) return;
      expect(cleaned.length).toBeLessThanOrEqual(max);
      expect(cleaned.isWellFormed()).toBe(true);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they must be gone
      expect(cleaned).not.toMatch(/[\u0000-\u001f\u202a-\u202e]/);
    }),
    runs,
  );
});

test.each([
  'Default string',
  'To be filled by O.E.M.',
  '00000000-0000-0000-0000-000000000000',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
  'None',
  '0',
  'xxxx',
  'System Serial Number',
])('"%s" is a placeholder', (words) => expect(isPlaceholder(words)).toBe(true));

test.each(['PF2ABCDE', '4C4C4544-0042', 'ThinkPad T14', 'AB', '10'])('"%s" is none', (words) =>
  expect(isPlaceholder(words)).toBe(false),
);

test('numbers outside of their bounds are no numbers', () => {
  expect([wholeNumber('1000', 1, 10_000), wholeNumber(' 7\n', 1, 10)]).toEqual([1000, 7]);
  for (const word of ['-1', '4294967295', '', 'x', '1e3', '1.5', undefined])
    expect(wholeNumber(word, 1, 1_000_000)).toBeUndefined();
});

test('latency is rounded up in steps, nonsense to the worst', () => {
  expect([0.2, 1, 1.1, 3, 60, 4999, 5001].map(roundUp)).toEqual([1, 1, 2, 5, 100, 5000, 10_000]);
  expect(roundUp(Number.NaN)).toBe(60_000);
});
