import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { parseIfInet6, parseNameservers, parseRoutes } from '../../../agent/collectors/network-tables.ts';
import { createLinuxMachine } from '../../../agent/platform/linux-machine.ts';
import type { Machine } from '../../../agent/platform/machine.ts';
import { type RecordedTree, recordedMachine } from '../../fakes/recorded-machine.ts';
import { notebook } from '../../fixtures/notebook.ts';
import { sectionOf } from './context.ts';

const classNet = '/sys/class/net';
const routeHead = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';

/** Dotted address as the kernel prints it in /proc/net/route on a little-endian machine. */
const hex = (address: string): string =>
  address
    .split('.')
    .reverse()
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
const route = (name: string, to: string, mask: string, gateway = '0.0.0.0'): string =>
  `${name}\t${hex(to)}\t${hex(gateway)}\t0001\t0\t0\t0\t${hex(mask)}\t0\t0\t0`;
function machineWith(
  interfaces: Readonly<Record<string, Readonly<Record<string, string>>>>,
  tables: { routes?: readonly string[]; more?: RecordedTree; ipv4?: ReturnType<Machine['ipv4Addresses']> } = {},
): ReturnType<typeof recordedMachine> {
  const files = Object.entries(interfaces).flatMap(([name, entries]) =>
    Object.entries({ type: '1', ...entries }).map(([file, content]) => [`${classNet}/${name}/${file}`, content]),
  );
  const tree: RecordedTree = {
    [`${classNet}/lo/type`]: '772\n',
    '/proc/net/route': [routeHead, ...(tables.routes ?? []), ''].join('\n'),
    '/etc/resolv.conf': 'nameserver 10.0.0.1\n',
    ...Object.fromEntries(files),
    ...tables.more,
  };
  return recordedMachine(tree, { ipv4Addresses: () => tables.ipv4 ?? [] });
}

async function addressesOf(machine: ReturnType<typeof machineWith>) {
  const section = await sectionOf('network', machine);
  const byName = Object.fromEntries(
    (section.data?.interfaces ?? []).map(({ name, addresses }) => [
      name,
      addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    ]),
  );
  return { section, byName };
}

describe('addresses', () => {
  test('a docked notebook with cable and Wi-Fi in one network: each interface has its own', async () => {
    const { section, byName } = await addressesOf(
      machineWith(
        { eth0: {}, wlan0: {}, wlan1: {} },
        {
          ipv4: [
            { interface: 'wlan0', address: '10.20.3.18', prefixLength: 20 },
            { interface: 'eth0', address: '192.0.2.9', prefixLength: 31 },
            { interface: 'eth0', address: '10.20.3.17', prefixLength: 20 },
          ],
        },
      ),
    );
    expect(section.state).toBe('complete');
    expect(byName).toEqual({ eth0: ['10.20.3.17/20', '192.0.2.9/31'], wlan0: ['10.20.3.18/20'], wlan1: [] });
  });

  test.each(['/proc/net/route', '/proc/net/if_inet6', '/etc/resolv.conf'])(
    '%s may not be read: that is said',
    async (path) => {
      const section = await sectionOf('network', machineWith({ eth0: {} }, { more: { [path]: { denied: true } } }));
      expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'denied' }] });
      expect(section.problems[0]?.detail).toContain(path);
    },
  );

  test('IPv6 in the short form, without link-local and daily changing addresses and the loopback', () => {
    const line = (address: string, scope: string, name: string): string => `${address} 02 40 ${scope} 80 ${name}`;
    const text = [
      line('00000000000000000000000000000001', '10', 'lo'),
      line('fe800000000000000000000000000001', '20', 'eth0'),
      line('20010db8000000000001000000000001', '00', 'eth0'),
      line('20010DB8000000010000000000000000', '00', 'eth0'),
      line('fd000000000000000000000000000002', '00', 'eth0'),
      line('20010db8000100020003000400050006', '00', 'eth1'),
      line('20010db80001', '00', 'eth1'),
      '20010db8000000000002000000000001 02 40 00 01 eth0',
      '20010db8000000000002000000000001 02 40 00 81 eth0',
      `20010db8000000000001000000000001 02 ff 00 80 eth1`,
    ].join('\n');
    const found = [...parseIfInet6(text)].map(([name, list]) => [name, list.map(({ address }) => address)]);
    expect(found).toEqual([
      ['eth0', ['2001:db8::1:0:0:1', '2001:db8:0:1::', 'fd00::2']],
      ['eth1', ['2001:db8:1:2:3:4:5:6']],
    ]);
    expect(parseIfInet6(text).get('eth0')?.[0]).toMatchObject({ family: 'ipv6', prefixLength: 64 });
  });
});

describe('interfaces', () => {
  const device = { 'device/vendor': '0x8086' };
  test.each([
    ['eth0', { ...device }, 'ethernet'],
    ['wlan0', { ...device, 'phy80211/name': 'phy0' }, 'wifi'],
    ['wlan0', { ...device, 'wireless/link': '0' }, 'wifi'],
    ['wlp2s0', { ...device, uevent: 'DEVTYPE=wlan\nINTERFACE=wlp2s0\n' }, 'wifi'],
    ['wwp0s20f0u4', { ...device, type: '65534', uevent: 'DEVTYPE=wwan\n' }, 'mobile'],
    ['wwan0', { ...device, type: '65534', uevent: 'DEVTYPE=wwan\nINTERFACE=wwan0\n' }, 'mobile'],
    ['br0', { 'bridge/stp_state': '0' }, 'bridge'],
    ['br1', { uevent: 'DEVTYPE=bridge\n' }, 'bridge'],
    ['bond0', { 'bonding/mode': 'active-backup 1' }, 'bond'],
    ['eth0.20', { uevent: 'DEVTYPE=vlan\nINTERFACE=eth0.20\n' }, 'vlan'],
    ['wg0', { type: '65534', uevent: 'DEVTYPE=wireguard\n' }, 'vpn'],
    ['ipsec0', { type: '65534' }, 'vpn'],
    ['tun0', { type: '65534', tun_flags: '0x1001' }, 'vpn'],
    ['tap0', { tun_flags: '0x1002' }, 'vpn'],
    ['vnet0', { tun_flags: '0x1002', 'brport/state': '3' }, 'virtual'],
    ['veth1a2b3c4', {}, 'virtual'],
    ['ib0', { ...device, type: '32' }, 'other'],
  ])('%s with %o is %s', async (name, files, kind) => {
    const { data } = await sectionOf('network', machineWith({ [name]: files }));
    expect(data?.interfaces).toMatchObject([{ name, kind }]);
  });

  test.each([
    ['up', 'up'],
    ['dormant', 'dormant'],
    ['lowerlayerdown', 'down'],
    ['notpresent', 'unknown'],
    ['upwards', 'unknown'],
  ])('the state "%s" is %s', async (operstate, state) => {
    expect((await sectionOf('network', machineWith({ eth0: { operstate } }))).data?.interfaces[0]?.state).toBe(state);
  });

  test('values of an interface that are no values are left out', async () => {
    const { data } = await sectionOf(
      'network',
      machineWith({ eth0: { speed: '-1', duplex: 'unknown', mtu: '0', address: '80:00:02:08:fe:80:00:00:00:01' } }),
    );
    expect(data?.interfaces).toEqual([{ name: 'eth0', kind: 'virtual', state: 'unknown', addresses: [] }]);
  });

  test('zeros are no MAC address, and a file in the folder is no interface', async () => {
    const more = { [`${classNet}/bonding_masters`]: 'bond0\n' };
    const machine = machineWith({ eth0: { address: '00:00:00:00:00:00' } }, { more });
    expect((await sectionOf('network', machine)).data?.interfaces).toEqual([
      { name: 'eth0', kind: 'virtual', state: 'unknown', addresses: [] },
    ]);
  });

  test('only a loopback: this machine has no network; not even /sys: nobody knows', async () => {
    expect(await sectionOf('network', machineWith({}))).toMatchObject({
      state: 'missing',
      problems: [{ code: 'not-present' }],
    });
    expect(await sectionOf('network', recordedMachine({}))).toMatchObject({ state: 'missing' });
    expect((await sectionOf('network', recordedMachine({}))).problems.at(-1)?.code).toBe('not-found');
  });

  test('hundreds of virtual interfaces do not push out the real one, and the rest is said', async () => {
    const many = Object.fromEntries(Array.from({ length: 140 }, (_, index) => [`a${index}`, {}]));
    const section = await sectionOf('network', machineWith({ ...many, wlan0: { 'wireless/link': '0' } }));
    expect(section.data?.interfaces).toHaveLength(128);
    expect(section.data?.interfaces.at(-1)?.name).toBe('wlan0');
    expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'truncated' }] });
  });
});

describe('gateways and name servers', () => {
  test('default routes of both families, each once, in the order of their addresses', async () => {
    const none = '0'.repeat(32);
    const six = (to: string, prefix: string, hop: string, name: string): string =>
      `${to} ${prefix} ${none} 00 ${hop} 00000400 00000002 00000000 00000003     ${name}`;
    const section = await sectionOf(
      'network',
      machineWith(
        { eth0: {}, wlan0: {} },
        {
          routes: [
            route('wlan0', '0.0.0.0', '0.0.0.0', '10.20.0.10'),
            route('eth0', '0.0.0.0', '0.0.0.0', '10.20.0.1'),
            route('eth0', '0.0.0.0', '0.0.0.0', '10.20.0.1'),
            route('tun0', '0.0.0.0', '128.0.0.0', '10.8.0.1'),
          ],
          more: {
            '/proc/net/ipv6_route': [
              six(none, '00', 'fe80000000000000000000000000ffff', 'eth0'),
              six('fd000000000000000000000000000000', '40', none, 'eth0'),
              six('fd000000000000000000000000000000', '00', 'fe800000000000000000000000000001', 'eth0'),
              six(none, '60', 'fe800000000000000000000000000002', 'eth0'),
              six(none, '00', none, 'ppp0'),
              '',
            ].join('\n'),
          },
        },
      ),
    );
    expect(section.data?.gateways).toEqual([
      { address: '10.20.0.1', family: 'ipv4', interface: 'eth0' },
      { address: '10.20.0.10', family: 'ipv4', interface: 'wlan0' },
      { address: 'fe80::ffff', family: 'ipv6', interface: 'eth0' },
    ]);
  });

  test('a line of the routing table that is cut short is no route', () => {
    const line = route('eth0', '10.0.0.0', '255.0.0.0');
    expect(parseRoutes(`${line}\n`)).toHaveLength(1);
    expect(parseRoutes(line.slice(0, 30))).toEqual([]);
    expect(parseRoutes(line.replace(/0000000A/, 'XYZ'))).toEqual([]);
  });

  test('name servers in their order, each once; what is no address is none', () => {
    const text = [
      'search rathaus.example',
      'nameserver 10.0.0.2 # the second floor',
      'nameserver\t10.0.0.1',
      'nameserver 10.0.0.2',
      'nameserver fe80::1%eth0',
      'nameserver dns.rathaus.example',
      `nameserver fe80::2%${'x'.repeat(80)}`,
      '# nameserver 192.0.2.1',
      'nameserver2 192.0.2.2',
    ].join('\n');
    expect(parseNameservers(text)).toEqual(['10.0.0.2', '10.0.0.1', 'fe80::1%eth0']);
  });

  test('the servers behind a stub are the answer where they are known', async () => {
    const more = {
      '/etc/resolv.conf': 'nameserver 127.0.0.53\n',
      '/run/systemd/resolve/resolv.conf': 'nameserver 10.1.1.1\n',
    };
    expect((await sectionOf('network', machineWith({ eth0: {} }, { more }))).data?.dnsServers).toEqual(['10.1.1.1']);
  });

  test('a stub without a known server behind it stays the answer', async () => {
    const machine = machineWith({ eth0: {} }, { more: { '/etc/resolv.conf': 'nameserver 127.0.0.53\n' } });
    expect((await sectionOf('network', machine)).data?.dnsServers).toEqual(['127.0.0.53']);
  });

  test('without resolv.conf the empty list is not taken for an answer', async () => {
    const tree = Object.fromEntries(Object.entries(notebook).filter(([path]) => path !== '/etc/resolv.conf'));
    expect(await sectionOf('network', recordedMachine(tree))).toMatchObject({
      state: 'partial',
      problems: [{ code: 'not-found' }],
      data: { dnsServers: [] },
    });
  });
});

describe('this machine', () => {
  test('MAC addresses as the system library gives them', async () => {
    const { data } = await sectionOf('network', createLinuxMachine());
    for (const [name, list] of Object.entries(networkInterfaces())) {
      if (list?.[0] === undefined || list[0].internal) continue;
      const found = data?.interfaces.find((one) => one.name === name);
      expect(found?.macAddress ?? '00:00:00:00:00:00').toBe(list[0].mac);
      expect(found?.mtu).toBe(Number(readFileSync(`${classNet}/${name}/mtu`, 'utf8')));
    }
  });

  test.runIf(existsSync('/usr/bin/ip') || existsSync('/usr/sbin/ip') || existsSync('/sbin/ip'))(
    'gateways as the ip program lists them',
    async () => {
      const list = (family: string): string[] => {
        const text = execFileSync('ip', [family, '-j', 'route', 'show', 'default'], {
          encoding: 'utf8',
          env: { PATH: '/usr/bin:/usr/sbin:/sbin' },
        });
        return (JSON.parse(text || '[]') as { gateway?: string; dev: string }[]).flatMap(({ gateway, dev }) =>
          gateway === undefined ? [] : [`${gateway} ${dev}`],
        );
      };
      const { data } = await sectionOf('network', createLinuxMachine());
      const own = data?.gateways.map((gateway) => `${gateway.address} ${gateway.interface}`);
      expect(own).toEqual([...new Set([...list('-4'), ...list('-6')])].sort());
    },
  );
});
