import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseEdid } from '../../../agent/collectors/edid.ts';
import { createLinuxMachine } from '../../../agent/platform/linux-machine.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { edidBlock } from '../../fixtures/firmware.ts';
import { sectionOf } from './context.ts';

const monitor = {
  manufacturer: 'DEL',
  model: 'DELL U2720Q',
  serialNumber: '7XK2P93',
  year: 2021,
  widthMm: 597,
  heightMm: 336,
  widthPx: 3840,
  heightPx: 2160,
};

/** The block with bytes overwritten and its checksum made right again. */
function changed(block: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array {
  const copy = Uint8Array.from(block);
  for (const [offset, byte] of Object.entries(changes)) copy[Number(offset)] = byte;
  copy[127] = 0;
  copy[127] = (256 - (copy.reduce((sum, byte) => sum + byte, 0) % 256)) % 256;
  return copy;
}
const unnamed = (block: Uint8Array): Uint8Array => changed(block, { 75: 0x10, 93: 0x10 });

describe('EDID', () => {
  test('everything a monitor says about itself', () => {
    expect(parseEdid(edidBlock(monitor))).toEqual({
      manufacturer: 'DEL',
      model: 'DELL U2720Q',
      serialNumber: '7XK2P93',
      manufacturedYear: 2021,
      widthMm: 597,
      heightMm: 336,
      preferredWidthPx: 3840,
      preferredHeightPx: 2160,
    });
  });

  test('extension blocks behind the first do not disturb', () => {
    const withExtension = Buffer.concat([edidBlock(monitor), Buffer.alloc(128, 0xaa)]);
    expect(parseEdid(withExtension)).toMatchObject({ model: 'DELL U2720Q' });
  });

  test('what is no block is none, also when its sum happens to be right', () => {
    expect(parseEdid(Buffer.alloc(128))).toBeUndefined();
    expect(parseEdid(Uint8Array.of(0, 255, 255, 255, 255, 255, 255, 0, 6))).toBeUndefined();
  });

  test('a panel without a name is known by its plug-and-play id', () => {
    const panel = changed(unnamed(edidBlock({ ...monitor, manufacturer: 'AUO' })), { 10: 0x3d, 11: 0x07 });
    expect(parseEdid(panel)).toMatchObject({ manufacturer: 'AUO', model: 'AUO073D' });
    expect(parseEdid(changed(panel, { 8: 0, 9: 0 }))).toMatchObject({ manufacturer: undefined, model: undefined });
  });

  test('the serial number as a number when there is none in words, unless it is a placeholder', () => {
    const block = unnamed(edidBlock(monitor));
    const serial = (bytes: readonly number[]): string | undefined =>
      parseEdid(changed(block, Object.fromEntries(bytes.map((byte, index) => [12 + index, byte]))))?.serialNumber;
    expect(serial([0x4c, 0x30, 0x30, 0x81])).toBe(String(0x8130304c));
    for (const placeholder of [
      [0, 0, 0, 0],
      [1, 1, 1, 1],
      [255, 255, 255, 255],
    ])
      expect(serial(placeholder)).toBeUndefined();
  });

  test('the size in centimetres where the picture gives none; a ratio is no size', () => {
    const block = edidBlock({ ...monitor, widthMm: 0, heightMm: 0 });
    expect(parseEdid(changed(block, { 21: 60, 22: 34 }))).toMatchObject({ widthMm: 600, heightMm: 340 });
    for (const ratio of [
      { 21: 79, 22: 0 },
      { 21: 0, 22: 79 },
      { 21: 0, 22: 0 },
    ])
      expect(parseEdid(changed(block, ratio))).toMatchObject({ widthMm: undefined, heightMm: undefined });
  });

  test('a year nobody set, or one from the next century, is none', () => {
    expect(parseEdid(changed(edidBlock(monitor), { 17: 0 }))?.manufacturedYear).toBeUndefined();
    expect(parseEdid(changed(edidBlock(monitor), { 17: 255 }))?.manufacturedYear).toBeUndefined();
    expect(parseEdid(changed(edidBlock(monitor), { 17: 110 }))?.manufacturedYear).toBe(2100);
  });

  test('a monitor without a detailed picture has no preferred one', () => {
    const bare = changed(edidBlock(monitor), { 54: 0, 55: 0 });
    expect(parseEdid(bare)).toMatchObject({ preferredWidthPx: undefined, preferredHeightPx: undefined });
  });
});

const drm = '/sys/class/drm';
const adapter = {
  '/sys/bus/pci/devices/0000:00:02.0/class': '0x030000\n',
  '/sys/bus/pci/devices/0000:00:02.0/vendor': '0x8086\n',
  '/sys/bus/pci/devices/0000:00:02.0/device': '0x9a49\n',
};

test('monitors that are plugged in, of every card, by connector', async () => {
  const section = await sectionOf(
    'display',
    recordedMachine({
      ...adapter,
      '/sys/bus/pci/devices/0000:01:00.0/class': '0x030200\n',
      '/sys/bus/pci/devices/0000:01:00.0/vendor': '0x10de\n',
      '/sys/bus/pci/devices/0000:01:00.0/device': '0x1f91\n',
      '/sys/bus/pci/devices/0000:01:00.1/class': '0x040300\n',
      [`${drm}/version`]: 'drm 1.1.0 20060810\n',
      [`${drm}/card0/dev`]: '226:0\n',
      [`${drm}/card1-HDMI-A-1/status`]: 'connected\n',
      [`${drm}/card1-HDMI-A-1/edid`]: edidBlock({ ...monitor, serialNumber: '0000000000' }),
      [`${drm}/card0-DP-2/status`]: 'connected\n',
      [`${drm}/card0-DP-2/edid`]: edidBlock({ ...monitor, model: 'EV2460\u0007' }),
      [`${drm}/card0-DP-1/status`]: 'disconnected\n',
      [`${drm}/card0-DP-1/edid`]: edidBlock(monitor),
      [`${drm}/card0-DP-3/status`]: 'unknown\n',
    }),
  );
  expect(section.state).toBe('complete');
  expect(section.data?.monitors).toMatchObject([{ connector: 'DP-2', model: 'EV2460' }, { connector: 'HDMI-A-1' }]);
  expect(section.data?.monitors.map(({ serialNumber }) => serialNumber)).toEqual(['7XK2P93', undefined]);
  expect(section.data?.adapters).toEqual([
    { name: '0000:00:02.0', pciId: '8086:9a49' },
    { name: '0000:01:00.0', pciId: '10de:1f91' },
  ]);
});

test.each([
  ['broken', Buffer.from(edidBlock(monitor)).fill(0xee, 40, 50), 'unreadable'],
  ['empty', '', 'unreadable'],
  ['locked', { denied: true } as const, 'denied'],
  ['endless', Buffer.alloc(70_000), 'truncated'],
])('a monitor whose description is %s is listed by its connector, and the gap is said', async (_name, edid, code) => {
  const tree = { ...adapter, [`${drm}/card0-DP-1/status`]: 'connected\n', [`${drm}/card0-DP-1/edid`]: edid };
  const section = await sectionOf('display', recordedMachine(tree));
  expect(section).toMatchObject({ state: 'partial', problems: [{ code }] });
  expect(section.data?.monitors).toEqual([{ connector: 'DP-1' }]);
});

test('the screen of a virtual machine has nothing to describe, which is no gap', async () => {
  const tree = { ...adapter, [`${drm}/card0-Virtual-1/status`]: 'connected\n', [`${drm}/card0-Virtual-1/edid`]: '' };
  expect(await sectionOf('display', recordedMachine(tree))).toMatchObject({
    state: 'complete',
    data: { monitors: [{ connector: 'Virtual-1' }] },
  });
  const broken = { ...tree, [`${drm}/card0-Virtual-1/edid`]: 'no EDID' };
  expect(await sectionOf('display', recordedMachine(broken))).toMatchObject({ problems: [{ code: 'unreadable' }] });
});

test('an adapter that hides its ids is said to be there', async () => {
  const section = await sectionOf(
    'display',
    recordedMachine({ ...adapter, '/sys/bus/pci/devices/0000:02:00.0/class': '0x030000\n' }),
  );
  expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'unreadable' }] });
  expect(section.data).toMatchObject({ monitors: [], adapters: [{ name: '0000:00:02.0' }] });
});

test('a wall of screens is cut, and that is said', async () => {
  const screens = Array.from({ length: 40 }, (_, index) => [
    [`${drm}/card0-DP-${index}/status`, 'connected\n'],
    [`${drm}/card0-DP-${index}/edid`, edidBlock(monitor)],
  ]).flat();
  const section = await sectionOf('display', recordedMachine(Object.fromEntries(screens)));
  expect(section.data?.monitors).toHaveLength(32);
  expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'truncated' }] });
});

test('adapters of this machine as the kernel announces them to udev', async () => {
  const root = '/sys/bus/pci/devices';
  let names: string[] = [];
  try {
    names = readdirSync(root);
  } catch {
    // No PCI on this machine: no adapter either.
  }
  const announced = names.flatMap((name) => {
    const event = readFileSync(`${root}/${name}/uevent`, 'utf8');
    return /^PCI_CLASS=3[0-9A-F]{4}$/m.test(event)
      ? [`${name} ${/^PCI_ID=(.+)$/m.exec(event)?.[1]?.toLowerCase()}`]
      : [];
  });
  const { data } = await sectionOf('display', createLinuxMachine());
  expect((data?.adapters ?? []).map(({ name, pciId }) => `${name} ${pciId}`)).toEqual(announced.sort());
});
