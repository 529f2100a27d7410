import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createLinuxMachine } from '../../../agent/platform/linux-machine.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { sectionOf } from './context.ts';

const bus = '/sys/bus/usb/devices';

/** Devices by place, each with its files; the hub of one controller is always there. */
const usb = async (entries: Readonly<Record<string, Readonly<Record<string, string>>>>) =>
  sectionOf(
    'usb',
    recordedMachine({
      [`${bus}/usb1/idVendor`]: '1d6b\n',
      [`${bus}/usb1/idProduct`]: '0002\n',
      [`${bus}/usb1/bDeviceClass`]: '09\n',
      [`${bus}/1-0:1.0/bInterfaceClass`]: '09\n',
      ...Object.fromEntries(
        Object.entries(entries).flatMap(([name, files]) =>
          Object.entries(files).map(([file, content]) => [`${bus}/${name}/${file}`, `${content}\n`]),
        ),
      ),
    }),
  );
const ids = { idVendor: '046d', idProduct: 'c52b' };

test('a device is what its interfaces say, each class once and in order', async () => {
  const { data } = await usb({
    '1-4': { ...ids, bDeviceClass: '00' },
    '1-4:1.0': { bInterfaceClass: '08' },
    '1-4:1.1': { bInterfaceClass: '03' },
    '1-4:1.2': { bInterfaceClass: '03' },
    '1-4:1.3': { bInterfaceClass: 'FF' },
    '1-4:1.4': { bInterfaceClass: '7e' },
    '1-4:1.5': { bInterfaceClass: '7f' },
  });
  expect(data?.devices).toEqual([
    {
      port: '1-4',
      vendorId: '046d',
      productId: 'c52b',
      classes: ['human interface', 'mass storage', 'other', 'vendor specific'],
    },
  ]);
});

test('a hub on the desk is a device; the stick behind it does not lend it its class', async () => {
  const { data } = await usb({
    '1-4': { ...ids, bDeviceClass: '09' },
    '1-4:1.0': { bInterfaceClass: '09' },
    '1-4.2': { ...ids, bDeviceClass: '00', product: ' DataTraveler  3.0 ', manufacturer: 'Kingston' },
    '1-4.2:1.0': { bInterfaceClass: '08' },
  });
  expect(data?.devices).toEqual([
    { port: '1-4', vendorId: '046d', productId: 'c52b', classes: ['hub'] },
    {
      port: '1-4.2',
      vendorId: '046d',
      productId: 'c52b',
      manufacturer: 'Kingston',
      product: 'DataTraveler 3.0',
      classes: ['mass storage'],
    },
  ]);
});

test('a controller with nothing plugged in has earned its empty list', async () => {
  expect(await usb({})).toMatchObject({ state: 'complete', data: { devices: [] } });
});

test.each([
  ['no bus', {}],
  ['a bus without a controller', { [`${bus}/1-4/idVendor`]: '046d\n' }],
])('%s: this machine has no USB', async (_name, tree) => {
  expect(await sectionOf('usb', recordedMachine(tree))).toMatchObject({
    state: 'missing',
    problems: [{ code: 'not-present' }],
  });
});

test('serial numbers stay on the PC, and words that are none are left out', async () => {
  const section = await usb({
    '1-4': {
      ...ids,
      bDeviceClass: '08',
      serial: '60A44C3FACC9B320',
      manufacturer: 'Default string',
      product: '\u0001',
    },
  });
  expect(section.data?.devices).toEqual([
    { port: '1-4', vendorId: '046d', productId: 'c52b', classes: ['mass storage'] },
  ]);
});

test('a device pulled out while it is read, or without valid ids, is no device', async () => {
  const section = await usb({
    '1-1': { idVendor: '046d' },
    '1-2': { idVendor: '46d', idProduct: 'c52b' },
    '1-3': { idVendor: '046D', idProduct: 'C52B', bDeviceClass: '00' },
  });
  expect(section.data?.devices).toEqual([{ port: '1-3', vendorId: '046d', productId: 'c52b', classes: [] }]);
});

test('more devices than the contract takes: the rest is said', async () => {
  const many = Array.from({ length: 260 }, (_, index) => [`1-${index + 1}`, ids] as const);
  const section = await usb(Object.fromEntries(many));
  expect(section.data?.devices).toHaveLength(256);
  expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'truncated' }] });
});

test('devices of this machine as the kernel announces them to udev', async () => {
  let names: string[] = [];
  try {
    names = readdirSync(bus);
  } catch {
    // No USB on this machine: no device either.
  }
  const announced = names.flatMap((name) => {
    const event = readFileSync(`${bus}/${name}/uevent`, 'utf8');
    return /^DEVTYPE=usb_device$/m.test(event) && !name.startsWith('usb') ? [name] : [];
  });
  const { data } = await sectionOf('usb', createLinuxMachine());
  expect((data?.devices ?? []).map(({ port }) => port)).toEqual(announced.sort());
});
