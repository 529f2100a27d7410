import { expect, test } from 'vitest';
import { desktop } from '../../fixtures/desktop.ts';
import { notebook } from '../../fixtures/notebook.ts';
import { vm } from '../../fixtures/vm.ts';
import { pc, sectionOf } from './context.ts';

test('threads, cores and sockets are three different numbers', async () => {
  expect((await sectionOf('cpu', pc(notebook))).data).toMatchObject({
    model: '11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz',
    vendor: 'GenuineIntel',
    sockets: 1,
    cores: 4,
    threads: 8,
    maxMhz: 4200,
    cacheL2KiB: 1280,
    cacheL3KiB: 8192,
    virtualizationCapable: true,
  });
  // Core numbers with holes (4, 5, 6 after 0, 1, 2) and two sockets of one core each.
  expect((await sectionOf('cpu', pc(desktop))).data).toMatchObject({ sockets: 1, cores: 6, threads: 6 });
  expect((await sectionOf('cpu', pc(vm))).data).toMatchObject({
    sockets: 2,
    cores: 2,
    threads: 2,
    virtualizationCapable: false,
  });
});

test('an empty cpuinfo is no processor', async () => {
  expect(await sectionOf('cpu', pc({ ...vm, '/proc/cpuinfo': '\n' }))).toMatchObject({
    state: 'missing',
    problems: [{ code: 'unreadable' }],
  });
});

test('an ARM board: maker by its number, no model of the processor, no word about virtualization', async () => {
  const core = (index: number): string =>
    [`processor\t: ${index}`, 'Features\t: fp asimd crc32', 'CPU implementer\t: 0x41', 'CPU part\t: 0xd08'].join('\n');
  const board = {
    '/proc/cpuinfo': `${[0, 1, 2, 3].map(core).join('\n\n')}\n\nRevision\t: c03114\nModel\t\t: Raspberry Pi 4 Model B\n`,
  };
  const machine = pc(board, { kernel: { release: '6.6', machine: 'aarch64', version: '' } });
  expect(await sectionOf('cpu', machine)).toMatchObject({
    state: 'partial',
    problems: [{ code: 'not-found' }],
    data: { model: 'Raspberry Pi 4 Model B', vendor: 'ARM', architecture: 'aarch64', sockets: 1, cores: 4, threads: 4 },
  });
  expect((await sectionOf('cpu', machine)).data).not.toHaveProperty('virtualizationCapable');
});

test('a frequency or cache the kernel does not know is left out', async () => {
  const tree = {
    ...notebook,
    '/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq': '0\n',
    '/sys/devices/system/cpu/cpu0/cache/index3/size': '0K\n',
  };
  const { data } = await sectionOf('cpu', pc(tree));
  expect(data).toMatchObject({ cacheL2KiB: 1280 });
  expect(data).not.toHaveProperty('maxMhz');
  expect(data).not.toHaveProperty('cacheL3KiB');
});
