import { describe, expect, test } from 'vitest';
import type { Machine } from '../../../agent/platform/machine.ts';
import { type RecordedTree, recordedMachine } from '../../fakes/recorded-machine.ts';
import { desktop } from '../../fixtures/desktop.ts';
import { notebook } from '../../fixtures/notebook.ts';
import { vm } from '../../fixtures/vm.ts';
import { sectionOf } from './context.ts';

const gib = 1024 ** 3;
const sizes: Machine['volumeSize'] = async () => ({ sizeBytes: 100 * gib, freeBytes: 40 * gib + 12_345 });
const on = (tree: RecordedTree): Machine => recordedMachine(tree, { volumeSize: sizes, hostname: 'rathaus-07' });
const codes = (section: { problems: readonly { code: string }[] }): string[] =>
  section.problems.map(({ code }) => code);

describe('system', () => {
  test('a notebook with its numbers', async () => {
    const section = await sectionOf('system', on(notebook));
    expect(section.state).toBe('complete');
    expect(section.data).toEqual({
      hostname: 'rathaus-07',
      manufacturer: 'LENOVO',
      model: '20W0005AGE',
      version: 'ThinkPad T14 Gen 2i',
      serialNumber: 'PF2ABCDE',
      uuid: '9a1b2c3d-4e5f-1122-a9b8-c7d6e5f40312',
      chassis: 'notebook',
      virtualization: { kind: 'none' },
      board: { manufacturer: 'LENOVO', model: '20W0005AGE', serialNumber: 'L1HF17B00AB' },
      firmware: { vendor: 'LENOVO', version: 'N34ET61W (1.61 )', releasedOn: '2024-03-28', bootMode: 'uefi' },
    });
  });

  test('placeholders of the maker are no identity, and their absence is said', async () => {
    const section = await sectionOf('system', on(desktop));
    expect(section.state).toBe('partial');
    expect(section.data).toMatchObject({
      chassis: 'desktop',
      virtualization: { kind: 'none' },
      firmware: { bootMode: 'legacy' },
    });
    for (const key of ['manufacturer', 'model', 'serialNumber', 'uuid', 'assetTag'])
      expect(section.data).not.toHaveProperty(key);
    expect(section.data?.board).not.toHaveProperty('serialNumber');
    expect(section.data?.firmware).not.toHaveProperty('releasedOn');
    expect(codes(section).sort()).toEqual(['denied', 'invalid', 'invalid']);
  });

  test('a virtual machine is never a physical one, also when its disk carries the mark of a container', async () => {
    const { data } = await sectionOf('system', on(vm));
    expect(data).toMatchObject({ chassis: 'virtual-machine', virtualization: { kind: 'vm', hypervisor: 'qemu' } });
  });

  test('a virtual machine without firmware tables shows itself by the processor', async () => {
    const bare = Object.fromEntries(Object.entries(vm).filter(([path]) => !path.startsWith('/sys/class/dmi')));
    const section = await sectionOf('system', on(bare));
    expect(section.data?.virtualization).toEqual({ kind: 'vm' });
    expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'not-found' }] });
  });

  test('a container on a layered root is one', async () => {
    const layered = { ...vm, '/proc/self/mountinfo': '28 1 0:40 / / rw,relatime - overlay overlay rw\n' };
    expect((await sectionOf('system', on(layered))).data?.virtualization).toEqual({
      kind: 'container',
      hypervisor: 'docker',
    });
  });

  test.each([
    ['VMware, Inc.', 'vmware'],
    ['innotek GmbH', 'virtualbox'],
    ['Xen', 'xen'],
  ])('%s is known as %s', async (vendor, hypervisor) => {
    const tree = { ...vm, '/sys/class/dmi/id/sys_vendor': vendor, '/sys/class/dmi/id/product_name': 'x1' };
    expect((await sectionOf('system', on(tree))).data?.virtualization).toEqual({ kind: 'vm', hypervisor });
  });

  test('a real Microsoft notebook is no Hyper-V guest', async () => {
    const surface = {
      ...notebook,
      '/sys/class/dmi/id/sys_vendor': 'Microsoft Corporation',
      '/sys/class/dmi/id/product_name': 'Surface Laptop 5',
    };
    expect((await sectionOf('system', on(surface))).data?.virtualization).toEqual({ kind: 'none' });
    const guest = { ...surface, '/sys/class/dmi/id/product_name': 'Virtual Machine' };
    expect((await sectionOf('system', on(guest))).data?.virtualization).toEqual({ kind: 'vm', hypervisor: 'hyper-v' });
  });

  test('the domain is taken from the own name in /etc/hosts, never from a stranger', async () => {
    const hosts = '127.0.0.1 localhost.localdomain localhost\n127.0.1.1 rathaus-07.wasungen.example rathaus-07\n';
    expect((await sectionOf('system', on({ ...vm, '/etc/hosts': hosts }))).data?.domain).toBe('wasungen.example');
    expect(
      (await sectionOf('system', on({ ...vm, '/etc/hosts': '10.0.0.1 other.example other\n' }))).data?.domain,
    ).toBeUndefined();
  });
});

describe('os', () => {
  test('Debian with its point release, days instead of times', async () => {
    const section = await sectionOf('os', on(notebook));
    expect(section.data).toMatchObject({
      family: 'linux',
      id: 'debian',
      name: 'Debian GNU/Linux 12 (bookworm)',
      version: '12',
      pointRelease: '12.11',
      codename: 'bookworm',
      architecture: 'x86_64',
      startedOn: '2025-11-23',
      timeZone: 'Europe/Berlin',
    });
    expect(section.state).toBe('complete');
  });

  test('an x86_64 kernel is never called i386', async () => {
    const machine = recordedMachine(vm, { kernel: { release: '6.1', machine: 'x86_64', version: '' } });
    expect((await sectionOf('os', machine)).data?.architecture).toBe('x86_64');
    expect((await sectionOf('cpu', machine)).data?.architecture).toBe('x86_64');
  });

  test('1970 and the future are no days of installation or start', async () => {
    const machine = on({ ...vm, '/proc/stat': 'btime 0\n' });
    const old = {
      ...machine,
      stat: async (path: string) => ({ ...(await machine.stat(path)), modifiedAt: new Date(0) }),
    };
    const section = await sectionOf('os', old);
    expect(section.data).not.toHaveProperty('installedOn');
    expect(section.data).not.toHaveProperty('startedOn');
    expect(section.state).toBe('partial');
    const future = {
      ...machine,
      stat: async (path: string) => ({ ...(await machine.stat(path)), modifiedAt: new Date('2031-01-01') }),
    };
    expect((await sectionOf('os', future)).data).not.toHaveProperty('installedOn');
  });

  test('without os-release nothing is guessed', async () => {
    const { '/etc/os-release': _gone, ...rest } = vm;
    expect(await sectionOf('os', on(rest))).toMatchObject({ state: 'missing', problems: [{ code: 'not-found' }] });
  });
});

describe('cpu', () => {
  test('threads, cores and sockets are three different numbers', async () => {
    expect((await sectionOf('cpu', on(notebook))).data).toMatchObject({
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
    expect((await sectionOf('cpu', on(desktop))).data).toMatchObject({ sockets: 1, cores: 6, threads: 6 });
    expect((await sectionOf('cpu', on(vm))).data).toMatchObject({
      sockets: 2,
      cores: 2,
      threads: 2,
      virtualizationCapable: false,
    });
  });

  test('an empty cpuinfo is no processor', async () => {
    expect(await sectionOf('cpu', on({ ...vm, '/proc/cpuinfo': '\n' }))).toMatchObject({
      state: 'missing',
      problems: [{ code: 'unreadable' }],
    });
  });
});

describe('memory', () => {
  test('modules and slots of a notebook, flash memory is none of them', async () => {
    const section = await sectionOf('memory', on(notebook));
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
    const { data } = await sectionOf('memory', on(desktop));
    expect(data?.slots).toBe(3);
    expect(data?.modules?.map(({ locator }) => locator)).toEqual(['DIMM 0']);
  });

  test('no firmware table, no module: none is invented', async () => {
    const section = await sectionOf('memory', on(vm));
    expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'not-found' }] });
    expect(section.data).not.toHaveProperty('modules');
    const locked = await sectionOf('memory', on({ ...notebook, '/sys/firmware/dmi/tables/DMI': { denied: true } }));
    expect(locked).toMatchObject({ state: 'partial', problems: [{ code: 'denied' }] });
    expect(locked.data).not.toHaveProperty('modules');
  });
});

describe('storage', () => {
  test('a notebook: one drive, system, home and a share, each once', async () => {
    const section = await sectionOf('storage', on(notebook));
    expect(section.data?.disks).toEqual([
      {
        name: 'nvme0n1',
        model: 'SAMSUNG MZVLB512HBJQ-000L7',
        serialNumber: 'S4ENNX0R123456',
        firmware: '5M2QEXF7',
        sizeBytes: 512_110_190_592,
        kind: 'nvme',
        bus: 'nvme',
        removable: false,
      },
    ]);
    expect(section.data?.volumes.map(({ mountPoint, remote, system }) => ({ mountPoint, remote, system }))).toEqual([
      { mountPoint: '/', remote: false, system: true },
      { mountPoint: '/boot/efi', remote: false, system: false },
      { mountPoint: '/home', remote: false, system: false },
      { mountPoint: '/mnt/akten', remote: true, system: false },
    ]);
    expect(section.data?.volumes[0]).toMatchObject({
      sizeBytes: 100 * gib,
      freeBytes: 40 * gib,
      fileSystem: 'ext4',
      readOnly: false,
    });
  });

  test('SSD, hard disk and stick are told apart; a loop device is no drive', async () => {
    const { data } = await sectionOf('storage', on(desktop));
    expect(
      data?.disks.map(({ name, kind, bus, removable, vendor }) => ({ name, kind, bus, removable, vendor })),
    ).toEqual([
      { name: 'sda', kind: 'ssd', bus: 'sata', removable: false, vendor: undefined },
      { name: 'sdb', kind: 'hdd', bus: 'sata', removable: false, vendor: undefined },
      { name: 'sdc', kind: 'unknown', bus: 'usb', removable: true, vendor: 'Intenso' },
    ]);
    expect(data?.volumes.map(({ mountPoint, readOnly }) => ({ mountPoint, readOnly }))).toEqual([
      { mountPoint: '/', readOnly: false },
      { mountPoint: '/daten', readOnly: true },
    ]);
  });

  test('a share that does not answer holds up nothing and is said', async () => {
    const hanging = recordedMachine(notebook, {
      volumeSize: (path) => (path === '/mnt/akten' ? new Promise(() => undefined) : sizes(path)),
    });
    const section = await sectionOf('storage', hanging);
    expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'timeout' }] });
    expect(section.data?.volumes).toHaveLength(3);
  });

  test('a password in the source of a share stays on the PC', async () => {
    const tree = {
      ...vm,
      '/proc/self/mountinfo':
        '28 1 252:1 / / rw - ext4 /dev/vda1 rw\n30 28 0:9 / /mnt/x rw - davfs https://anna:geheim@cloud.example/dav rw\n',
    };
    expect(JSON.stringify((await sectionOf('storage', on(tree))).data)).not.toMatch(/geheim|anna/);
  });
});

describe('network', () => {
  test('a notebook on Wi-Fi with a tunnel: addresses at the right interface', async () => {
    const section = await sectionOf('network', on(notebook));
    expect(section.state).toBe('complete');
    expect(section.data?.interfaces).toEqual([
      {
        name: 'enp0s31f6',
        kind: 'ethernet',
        macAddress: '54:e1:ad:01:02:03',
        state: 'down',
        mtu: 1500,
        driver: 'e1000e',
        addresses: [],
      },
      {
        name: 'wg0',
        kind: 'vpn',
        state: 'unknown',
        addresses: [{ address: '10.100.8.2', family: 'ipv4', prefixLength: 24 }],
      },
      {
        name: 'wlp2s0',
        kind: 'wifi',
        macAddress: 'a4:6b:b6:0a:0b:0c',
        state: 'up',
        driver: 'iwlwifi',
        addresses: [
          { address: '10.20.3.17', family: 'ipv4', prefixLength: 20 },
          { address: '2001:db8::17', family: 'ipv6', prefixLength: 64 },
        ],
      },
    ]);
    expect(section.data?.gateways).toEqual([{ address: '10.20.0.1', family: 'ipv4', interface: 'wlp2s0' }]);
    expect(section.data?.dnsServers).toEqual(['10.20.0.1', '10.20.0.2']);
  });

  test('a speed of 4294967295 is an unsigned -1 and no speed; zeros are no MAC address', async () => {
    const { data } = await sectionOf('network', on(desktop));
    const [plugged, unplugged] = data?.interfaces ?? [];
    expect(data?.interfaces).toHaveLength(2);
    expect(plugged).toMatchObject({ name: 'enp3s0', speedMbps: 1000, duplex: 'full' });
    expect(unplugged).not.toHaveProperty('speedMbps');
    expect(unplugged).not.toHaveProperty('macAddress');
    expect(unplugged).not.toHaveProperty('duplex');
  });

  test("behind systemd-resolved's stub stand the real servers", async () => {
    const tree = {
      ...notebook,
      '/etc/resolv.conf': 'nameserver 127.0.0.53\n',
      '/run/systemd/resolve/resolv.conf': 'nameserver 10.1.1.1\n',
    };
    expect((await sectionOf('network', on(tree))).data?.dnsServers).toEqual(['10.1.1.1']);
  });
});

describe('display', () => {
  test('the built-in screen with its age and size', async () => {
    expect((await sectionOf('display', on(notebook))).data).toEqual({
      monitors: [
        {
          connector: 'eDP-1',
          manufacturer: 'AUO',
          model: 'B140HAN05',
          manufacturedYear: 2020,
          widthMm: 309,
          heightMm: 174,
          preferredWidthPx: 1920,
          preferredHeightPx: 1080,
        },
      ],
      adapters: [{ name: '0000:00:02.0', pciId: '8086:9a49', driver: 'i915' }],
    });
  });

  test('a monitor that does not describe itself is listed and the gap is said', async () => {
    const section = await sectionOf('display', on(desktop));
    expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'unreadable' }] });
    expect(section.data?.monitors).toMatchObject([
      { connector: 'DP-1', serialNumber: 'ABC1234', model: 'DELL P2419H' },
      { connector: 'VGA-1' },
    ]);
  });
});

describe('battery', () => {
  test('capacity in mWh, without the charge; the battery of a mouse is not the PC’s', async () => {
    expect((await sectionOf('battery', on(notebook))).data).toEqual({
      batteries: [
        {
          name: 'BAT0',
          manufacturer: 'SMP',
          model: '5B10W13900',
          serialNumber: '1234',
          technology: 'Li-poly',
          designCapacityMwh: 50_500,
          fullCapacityMwh: 43_120,
          cycleCount: 312,
        },
      ],
    });
  });

  test('a capacity in µAh is turned into mWh with the voltage', async () => {
    const tree = Object.fromEntries(Object.entries(notebook).filter(([path]) => !/BAT0\/energy/.test(path)));
    const charge = {
      ...tree,
      '/sys/class/power_supply/BAT0/charge_full_design': '4000000\n',
      '/sys/class/power_supply/BAT0/voltage_min_design': '11400000\n',
    };
    expect((await sectionOf('battery', on(charge))).data?.batteries[0]).toMatchObject({ designCapacityMwh: 45_600 });
  });
});

describe('printers', () => {
  test('queues without the passwords in their addresses', async () => {
    const section = await sectionOf('printers', on(desktop));
    expect(section.data?.printers).toEqual([
      {
        name: 'Flur-EG',
        connection: 'network',
        host: '10.20.0.40',
        model: 'KONICA MINOLTA bizhub C250i',
        location: 'Erdgeschoss, Zimmer 3',
        isDefault: true,
        accepting: true,
      },
      { name: 'PDF', connection: 'virtual', isDefault: false },
      {
        name: 'Steueramt',
        connection: 'network',
        host: 'drucker.rathaus.example',
        model: 'Brother HL-L5100DN series',
        isDefault: false,
        accepting: false,
      },
    ]);
    expect(JSON.stringify(section)).not.toMatch(/geheim|steuer:|token/);
  });

  test('a print system without a queue has earned its empty list; a locked file has not', async () => {
    expect((await sectionOf('printers', on({ '/etc/cups/cupsd.conf': '' }))).data).toEqual({ printers: [] });
    expect(await sectionOf('printers', on({ ...desktop, '/etc/cups/printers.conf': { denied: true } }))).toMatchObject({
      state: 'missing',
      problems: [{ code: 'denied' }],
    });
    expect(await sectionOf('printers', on(vm))).toMatchObject({
      state: 'missing',
      problems: [{ code: 'not-present' }],
    });
  });

  test('a queue whose block never ends is counted as a gap', async () => {
    const text = '<Printer a>\nDeviceURI usb://x\n<Printer b>\nDeviceURI usb://y\n</Printer>\n';
    const section = await sectionOf('printers', on({ '/etc/cups/printers.conf': text }));
    expect(section).toMatchObject({
      state: 'partial',
      problems: [{ code: 'unreadable' }],
      data: { printers: [{ name: 'b', connection: 'usb' }] },
    });
  });
});

test('usb: devices by place and class, without the hubs of controllers and without serial numbers', async () => {
  const section = await sectionOf('usb', on(notebook));
  expect(section.data?.devices).toEqual([
    { port: '1-10', vendorId: '8087', productId: '0026', classes: ['wireless'] },
    {
      port: '1-4',
      vendorId: '04f2',
      productId: 'b6d0',
      product: 'Integrated Camera',
      classes: ['miscellaneous', 'video'],
    },
  ]);
  expect((await sectionOf('usb', on(desktop))).data).toEqual({ devices: [] });
});

test('software: entries as dpkg lists them, removed ones with configuration included, no mail address', async () => {
  const section = await sectionOf('software', on(notebook));
  expect(section.state).toBe('complete');
  expect(section.data?.packages.map(({ changedOn: _day, ...rest }) => rest)).toEqual([
    {
      name: 'firefox-esr',
      version: '128.11.0esr-1~deb12u1',
      architecture: 'amd64',
      publisher: 'Maintainers of Mozilla-related packages',
      installedKiB: 229_376,
    },
    {
      name: 'libc6',
      version: '2.36-9+deb12u10',
      architecture: 'amd64',
      publisher: 'GNU Libc Maintainers',
      installedKiB: 12_986,
    },
    { name: 'old-tool', version: '1.0-2', architecture: 'all', status: 'config-files' },
  ]);
  const today = new Date().toISOString().slice(0, 10);
  expect(section.data?.packages.map(({ changedOn }) => changedOn)).toEqual([today, today, undefined]);
});

test.each([
  ['an empty database', '', 'unreadable'],
  ['a locked database', { denied: true } as const, 'denied'],
])('software: %s is no machine without software', async (_name, content, code) => {
  expect(await sectionOf('software', on({ ...vm, '/var/lib/dpkg/status': content }))).toMatchObject({
    state: 'missing',
    problems: [{ code }],
  });
});

test('energy: days, sleep states, profile, and the battery in use', async () => {
  expect((await sectionOf('energy', on(notebook))).data).toEqual({
    uptimeDays: 3,
    powerSource: 'battery',
    sleepStates: ['disk', 'freeze', 'mem'],
    powerProfile: 'balanced',
    powerProfiles: ['balanced', 'low-power', 'performance'],
    frequencyGovernor: 'powersave',
    frequencyDriver: 'intel_pstate',
  });
  expect((await sectionOf('energy', on(vm))).data).toEqual({ uptimeDays: 3 });
});

test.each(['battery', 'display', 'usb', 'printers'] as const)(
  'a virtual machine has no %s, and says so',
  async (id) => {
    const section = await sectionOf(id, on(vm));
    expect(section).toMatchObject({ state: 'missing', problems: [{ code: 'not-present' }] });
    expect(section).not.toHaveProperty('data');
  },
);

test('infrastructure: reachable or why not, rounded latency, days of the certificate', async () => {
  const validUntil = new Date('2026-12-04T08:00:00Z');
  const machine = recordedMachine(vm, {
    connect: async ({ host }) =>
      host === 'a.example'
        ? { reachable: true, connectMs: 13.2, certificate: { subject: 'a.example', validUntil, trusted: true } }
        : { reachable: false, failure: 'refused' },
  });
  const section = await sectionOf('infrastructure', machine, [
    { name: 'Sicherung', kind: 'backup-target', host: 'b.example', port: 445, tls: false },
    { name: 'KITS', kind: 'kits-server', host: 'a.example', port: 443, tls: true },
  ]);
  expect(section.data?.targets).toEqual([
    {
      name: 'KITS',
      kind: 'kits-server',
      host: 'a.example',
      port: 443,
      reachable: true,
      latencyMs: 20,
      certificate: { subject: 'a.example', validUntil: validUntil.toISOString(), daysLeft: 9, trusted: true },
    },
    { name: 'Sicherung', kind: 'backup-target', host: 'b.example', port: 445, reachable: false, failure: 'refused' },
  ]);
  expect(await sectionOf('infrastructure', machine)).toMatchObject({
    state: 'missing',
    problems: [{ code: 'not-present' }],
  });
});
