import { describe, expect, test } from 'vitest';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { desktop } from '../../fixtures/desktop.ts';
import { notebook, notebookAddresses } from '../../fixtures/notebook.ts';
import { vm } from '../../fixtures/vm.ts';
import { pc, sectionOf } from './context.ts';

describe('network', () => {
  test('a notebook on Wi-Fi with a tunnel: addresses at the right interface', async () => {
    const section = await sectionOf('network', { ...pc(notebook), ipv4Addresses: () => notebookAddresses });
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
    const { data } = await sectionOf('network', pc(desktop));
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
    expect((await sectionOf('network', pc(tree))).data?.dnsServers).toEqual(['10.1.1.1']);
  });
});

describe('display', () => {
  test('the built-in screen with its age and size', async () => {
    expect((await sectionOf('display', pc(notebook))).data).toEqual({
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
    const section = await sectionOf('display', pc(desktop));
    expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'unreadable' }] });
    expect(section.data?.monitors).toMatchObject([
      { connector: 'DP-1', serialNumber: 'ABC1234', model: 'DELL P2419H' },
      { connector: 'VGA-1' },
    ]);
  });
});

describe('battery', () => {
  test('capacity in mWh, without the charge; the battery of a mouse is not the PC’s', async () => {
    expect((await sectionOf('battery', pc(notebook))).data).toEqual({
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
    expect((await sectionOf('battery', pc(charge))).data?.batteries[0]).toMatchObject({ designCapacityMwh: 45_600 });
  });
});

describe('printers', () => {
  test('queues without the passwords in their addresses', async () => {
    const section = await sectionOf('printers', pc(desktop));
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
    expect((await sectionOf('printers', pc({ '/etc/cups/cupsd.conf': '' }))).data).toEqual({ printers: [] });
    expect(await sectionOf('printers', pc({ ...desktop, '/etc/cups/printers.conf': { denied: true } }))).toMatchObject({
      state: 'missing',
      problems: [{ code: 'denied' }],
    });
    expect(await sectionOf('printers', pc(vm))).toMatchObject({
      state: 'missing',
      problems: [{ code: 'not-present' }],
    });
  });

  test('a queue whose block never ends is counted as a gap', async () => {
    const text = '<Printer a>\nDeviceURI usb://x\n<Printer b>\nDeviceURI usb://y\n</Printer>\n';
    const section = await sectionOf('printers', pc({ '/etc/cups/printers.conf': text }));
    expect(section).toMatchObject({
      state: 'partial',
      problems: [{ code: 'unreadable' }],
      data: { printers: [{ name: 'b', connection: 'usb' }] },
    });
  });
});

test('usb: devices by place and class, without the hubs of controllers and without serial numbers', async () => {
  const section = await sectionOf('usb', pc(notebook));
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
  expect((await sectionOf('usb', pc(desktop))).data).toEqual({ devices: [] });
});

test('energy: days, sleep states, profile, and the battery in use', async () => {
  expect((await sectionOf('energy', pc(notebook))).data).toEqual({
    uptimeDays: 3,
    powerSource: 'battery',
    sleepStates: ['disk', 'freeze', 'mem'],
    powerProfile: 'balanced',
    powerProfiles: ['balanced', 'low-power', 'performance'],
    frequencyGovernor: 'powersave',
    frequencyDriver: 'intel_pstate',
  });
  expect((await sectionOf('energy', pc(vm))).data).toEqual({ uptimeDays: 3 });
});

test.each(['battery', 'display', 'usb', 'printers'] as const)(
  'a virtual machine has no %s, and says so',
  async (id) => {
    const section = await sectionOf(id, pc(vm));
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
