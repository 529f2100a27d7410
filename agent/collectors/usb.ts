/** Devices on the USB, by place, ids and class; serial numbers are not collected. */
import type { FactsOf } from '../contract/facts/index.ts';
import type { Machine } from '../platform/machine.ts';
import { CollectError, type Collector } from './collector.ts';
import { atMost, byKey, clean, defined, listOrNone, meaningful, readOptional } from './text.ts';

type Device = FactsOf<'usb'>['devices'][number];

const bus = '/sys/bus/usb/devices';

/** USB-IF "Defined Class Codes". */
const classes: Readonly<Record<string, string>> = {
  '01': 'audio',
  '02': 'communication',
  '03': 'human interface',
  '05': 'physical',
  '06': 'image',
  '07': 'printer',
  '08': 'mass storage',
  '09': 'hub',
  '0a': 'communication data',
  '0b': 'smart card',
  '0d': 'content security',
  '0e': 'video',
  '0f': 'healthcare',
  '10': 'audio/video',
  '11': 'billboard',
  dc: 'diagnostic',
  e0: 'wireless',
  ef: 'miscellaneous',
  fe: 'application specific',
  ff: 'vendor specific',
};

export const usbCollector: Collector<'usb'> = {
  id: 'usb',
  platforms: ['linux'],
  timeoutMs: 10_000,
  round: 'full',
  collect: async (context) => {
    const { machine } = context;
    const names = await listOrNone(machine, bus);
    // "usb1" is the hub inside a controller: a machine without one has no USB.
    if (!names.some((name) => /^usb\d+$/.test(name)))
      throw new CollectError('not-present', 'this machine has no USB controller');
    const devices: Device[] = [];
    for (const port of names.filter((name) => /^\d+-[\d.]+$/.test(name))) {
      const device = await readDevice(machine, port, names);
      if (device !== undefined) devices.push(device);
    }
    return {
      devices: atMost(
        byKey(devices, (device) => device.port),
        256,
        'devices',
        context,
      ),
    };
  },
};

async function readDevice(machine: Machine, port: string, names: readonly string[]): Promise<Device | undefined> {
  const read = async (file: string): Promise<string | undefined> =>
    readOptional(machine, `${bus}/${port}/${file}`, 4096);
  const [vendorId, productId] = [(await read('idVendor'))?.toLowerCase(), (await read('idProduct'))?.toLowerCase()];
  // Pulled out between listing and reading.
  if (
    vendorId === undefined ||
    productId === undefined ||
    !/^[0-9a-f]{4}$/.test(vendorId) ||
    !/^[0-9a-f]{4}$/.test(productId)
  ) {
    return undefined;
  }
  const codes = new Set([await read('bDeviceClass')]);
  for (const part of names.filter((name) => name.startsWith(`${port}:`))) {
    codes.add(await readOptional(machine, `${bus}/${part}/bInterfaceClass`, 16));
  }
  // 00 sends the reader to the interfaces.
  const known = [...codes]
    .filter((code) => code !== undefined && code !== '00')
    .map((code) => classes[code?.toLowerCase() ?? ''] ?? 'other');
  return defined({
    port: clean(port, 60) ?? port,
    vendorId,
    productId,
    manufacturer: meaningful(await read('manufacturer'), 120),
    product: meaningful(await read('product'), 120),
    classes: [...new Set(known)].sort().slice(0, 16),
  });
}
