import { expect, test } from 'vitest';
import { desktop } from '../../fixtures/desktop.ts';
import { smbiosTable } from '../../fixtures/firmware.ts';
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
