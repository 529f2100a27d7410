import { expect, test } from 'vitest';
import { parseSmbiosMemory } from '../../../agent/collectors/smbios.ts';
import { desktop } from '../../fixtures/desktop.ts';
import { smbiosTable, structure } from '../../fixtures/firmware.ts';
import { notebook } from '../../fixtures/notebook.ts';
import { vm } from '../../fixtures/vm.ts';
import { gib, pc, sectionOf } from './context.ts';

test('modules and slots of a notebook, flash memory is none of them', async () => {
  const section = await sectionOf('memory', pc(notebook));
  expect(section).toMatchObject({
    state: 'complete',
    data: { totalBytes: 16_140_000 * 1024, swapBytes: 999_420 * 1024, slots: 2 },
  });
  expect(section.data?.modules).toEqual([
    {
      locator: 'Controller0-ChannelA',
      sizeBytes: 8 * gib,
      type: 'DDR4',
      formFactor: 'SODIMM',
      speedMtps: 3200,
      manufacturer: 'Samsung',
      partNumber: 'M471A1G44BB0-CWE',
    },
    {
      locator: 'Controller1-ChannelA-DIMM0',
      sizeBytes: 8 * gib,
      type: 'DDR4',
      formFactor: 'SODIMM',
      speedMtps: 3200,
      manufacturer: 'Micron Technology',
      partNumber: '4ATF1G64HZ-3G2F1',
      serialNumber: '2FA31B7C',
    },
  ]);
});

test('empty and unknown slots are slots, not modules', async () => {
  const { data } = await sectionOf('memory', pc(desktop));
  expect(data?.slots).toBe(3);
  expect(data?.modules?.map(({ locator }) => locator)).toEqual(['DIMM 0']);
});

test('no firmware table, no module: none is invented', async () => {
  const section = await sectionOf('memory', pc(vm));
  expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'not-found' }] });
  expect(section.data).not.toHaveProperty('modules');
  const locked = await sectionOf('memory', pc({ ...notebook, '/sys/firmware/dmi/tables/DMI': { denied: true } }));
  expect(locked).toMatchObject({ state: 'partial', problems: [{ code: 'denied' }] });
  expect(locked.data).not.toHaveProperty('modules');
});

test('a meminfo without a total is unreadable, an absent one not found', async () => {
  expect(await sectionOf('memory', pc({ ...vm, '/proc/meminfo': 'MemFree: 1 kB\n' }))).toMatchObject({
    state: 'missing',
    problems: [{ code: 'unreadable' }],
  });
  const { '/proc/meminfo': _gone, ...rest } = vm;
  expect(await sectionOf('memory', pc(rest))).toMatchObject({ state: 'missing', problems: [{ code: 'not-found' }] });
});

test('a firmware table without a word about memory gives no modules', async () => {
  const section = await sectionOf(
    'memory',
    pc({ ...notebook, '/sys/firmware/dmi/tables/DMI': smbiosTable([]).slice(0, 40) }),
  );
  expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'not-found' }] });
  expect(section.data).not.toHaveProperty('modules');
});

/** Fields of a memory device behind its header: 8 GiB with the given speed, `length` bytes of the structure in all. */
function memoryDevice(length: number, speed: number, extendedSpeed = 0): Buffer {
  const fields = Buffer.alloc(0x5c - 4);
  fields.writeUInt16LE(8192, 0x0c - 4);
  fields[0x10 - 4] = 1;
  fields.writeUInt16LE(speed, 0x15 - 4);
  fields.writeUInt32LE(extendedSpeed, 0x54 - 4);
  return structure(17, 0x40, fields.subarray(0, length - 4), ['DIMM 1']);
}

test.each([
  ['in the extended field when the old one is full', 0x5c, 0xffff, 70_000, 70_000],
  ['in the old field', 0x5c, 5600, 70_000, 5600],
  ['nowhere when the firmware does not know it', 0x5c, 0, 0, undefined],
  ['nowhere in an old, short structure: what follows it is another’s', 0x15, 3200, 0, undefined],
])('the speed stands %s', (_name, length, speed, extended, expected) => {
  expect(parseSmbiosMemory(memoryDevice(length, speed, extended))).toMatchObject({
    slots: 1,
    modules: [{ locator: 'DIMM 1', speedMtps: expected }],
  });
});

test('what follows the end of the table is no part of it', () => {
  const one = memoryDevice(0x5c, 3200);
  const end = structure(127, 0x7f, Buffer.alloc(0), []);
  expect(parseSmbiosMemory(Buffer.concat([one, end, one]))?.slots).toBe(1);
});
