/** Network interfaces, addresses, gateways and name servers, from /sys/class/net and /proc/net. */
import type { FactsOf } from '../contract/facts/index.ts';
import type { Machine } from '../platform/machine.ts';
import { type CollectContext, CollectError, type Collector } from './collector.ts';
import { byKey, clean, codeOf, defined, listOrNone, readOptional, readRequired, wholeNumber } from './text.ts';

type Interface = FactsOf<'network'>['interfaces'][number];
type Address = Interface['addresses'][number];
type Gateway = FactsOf<'network'>['gateways'][number];

const classNet = '/sys/class/net';

export const networkCollector: Collector<'network'> = {
  id: 'network',
  platforms: ['linux'],
  timeoutMs: 10_000,
  round: 'cheap',
  collect: async (context) => {
    const { machine } = context;
    const names = (await listOrNone(machine, classNet)).filter((name) => name !== 'lo');
    const interfaces: Interface[] = [];
    const routes = parseRoutes((await readOptional(machine, '/proc/net/route')) ?? '');
    const ipv4 = assignIpv4(parseFibTrie(await readWithNote(context, '/proc/net/fib_trie')), routes);
    const ipv6 = parseIfInet6((await readOptional(machine, '/proc/net/if_inet6')) ?? '');
    for (const name of names) {
      // Files in this folder that are no interfaces ("bonding_masters") have no type.
      const type = await readOptional(machine, `${classNet}/${name}/type`);
      if (type !== undefined)
        interfaces.push(
          await readInterface(machine, name, type, [...(ipv4.get(name) ?? []), ...(ipv6.get(name) ?? [])]),
        );
    }
    if (interfaces.length === 0) throw new CollectError('not-present', 'no network interface but the loopback');
    const gateways = [
      ...gatewaysOf(routes),
      ...gatewaysOf6((await readOptional(machine, '/proc/net/ipv6_route')) ?? ''),
    ];
    return {
      interfaces: byKey(interfaces, ({ name }) => name),
      gateways: byKey(distinct(gateways), ({ address, interface: via }) => `${address} ${via}`).slice(0, 32),
      dnsServers: await dnsServers(machine),
    };
  },
};

async function readWithNote({ machine, problem }: CollectContext, path: string): Promise<string> {
  try {
    return await readRequired(machine, path);
  } catch (error) {
    problem(codeOf(error), `${path}: addresses are not known`);
    return '';
  }
}

async function readInterface(machine: Machine, name: string, type: string, addresses: Address[]): Promise<Interface> {
  const folder = `${classNet}/${name}`;
  const read = (file: string): Promise<string | undefined> => readOptional(machine, `${folder}/${file}`, 4096);
  const driver = await linkName(machine, `${folder}/device/driver`);
  const duplex = await read('duplex');
  const state = await read('operstate');
  const mac = (await read('address'))?.toLowerCase();
  return defined({
    name: clean(name, 64) ?? name,
    kind: await kindOf(machine, name, type, driver),
    macAddress:
      mac !== undefined && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac) && mac !== '00:00:00:00:00:00' ? mac : undefined,
    state: oneOf(['up', 'down', 'dormant'], state) ?? ('unknown' as const),
    // An interface without a link says -1, an old kernel the same as an unsigned number: both mean "not known".
    speedMbps: wholeNumber(await read('speed'), 1, 1_000_000),
    duplex: oneOf(['full', 'half'], duplex),
    mtu: wholeNumber(await read('mtu'), 1, 1_000_000),
    driver: clean(driver, 60),
    addresses: byKey(addresses, ({ address }) => address).slice(0, 64),
  });
}

function oneOf<const T extends string>(known: readonly T[], word: string | undefined): T | undefined {
  return known.find((candidate) => candidate === word);
}

async function linkName(machine: Machine, path: string): Promise<string | undefined> {
  try {
    return (await machine.readLink(path)).split('/').at(-1);
  } catch {
    // Virtual interfaces have no device behind them.
    return undefined;
  }
}

async function kindOf(
  machine: Machine,
  name: string,
  type: string,
  driver: string | undefined,
): Promise<Interface['kind']> {
  const inside = new Set(await listOrNone(machine, `${classNet}/${name}`));
  const uevent = (await readOptional(machine, `${classNet}/${name}/uevent`, 4096)) ?? '';
  const devtype = /^DEVTYPE=(\S+)$/m.exec(uevent)?.[1];
  if (inside.has('wireless') || inside.has('phy80211') || devtype === 'wlan') return 'wifi';
  if (devtype === 'wwan' || name.startsWith('wwan')) return 'mobile';
  if (inside.has('bridge') || devtype === 'bridge') return 'bridge';
  if (inside.has('bonding') || devtype === 'bond') return 'bond';
  if (devtype === 'vlan') return 'vlan';
  if (devtype === 'wireguard' || inside.has('tun_flags') || type === '65534') return 'vpn';
  // A physical adapter has a device behind it; veth pairs and dummies have none.
  if (driver === undefined && !inside.has('device')) return 'virtual';
  return type === '1' ? 'ethernet' : 'other';
}

interface Route {
  readonly interface: string;
  /** Network byte order as numbers. */
  readonly destination: number;
  readonly gateway: number;
  readonly mask: number;
}

/** /proc/net/route: addresses as hexadecimal numbers in the byte order of the machine (little-endian on all of ours). */
export function parseRoutes(text: string): Route[] {
  return text.split('\n').flatMap((line) => {
    const [name, destination, gateway, , , , , mask] = line.trim().split(/\s+/);
    if (name === undefined || mask === undefined) return [];
    const numbers = [destination, gateway, mask].map((word) =>
      /^[0-9A-F]{8}$/i.test(word ?? '') ? swap(word ?? '') : Number.NaN,
    );
    const [to = Number.NaN, via = Number.NaN, width = Number.NaN] = numbers;
    return numbers.some(Number.isNaN) ? [] : [{ interface: name, destination: to, gateway: via, mask: width }];
  });
}

function swap(hex: string): number {
  const value = Number.parseInt(hex, 16);
  return (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

/** Own addresses ("/32 host LOCAL") in the kernel's routing trie, without loopback; each once. */
export function parseFibTrie(text: string): string[] {
  const found = new Set<string>();
  let last: string | undefined;
  for (const line of text.split('\n')) {
    last = /\|-- (\d+\.\d+\.\d+\.\d+)/.exec(line)?.[1] ?? last;
    if (last !== undefined && /\/32 host LOCAL/.test(line) && !last.startsWith('127.')) found.add(last);
  }
  return [...found];
}

/**
 * The trie names no interfaces; the route to the network an address lies in does. An address outside of every network
 * (a tunnel's) goes with no interface rather than a wrong one.
 */
function assignIpv4(addresses: readonly string[], routes: readonly Route[]): ReadonlyMap<string, Address[]> {
  const byInterface = new Map<string, Address[]>();
  for (const address of addresses) {
    const number = toNumber(address);
    const [route] = routes
      .filter(({ destination, gateway, mask }) => mask !== 0 && gateway === 0 && (number & mask) >>> 0 === destination)
      .sort((a, b) => b.mask - a.mask);
    if (route === undefined) continue;
    const prefixLength = Math.clz32(~route.mask);
    byInterface.set(route.interface, [
      ...(byInterface.get(route.interface) ?? []),
      { address, family: 'ipv4', prefixLength },
    ]);
  }
  return byInterface;
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => ((sum << 8) | Number(part)) >>> 0, 0);
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}

/** /proc/net/if_inet6: address, index, prefix length, scope, flags, name; link-local scope is left out. */
export function parseIfInet6(text: string): ReadonlyMap<string, Address[]> {
  const byInterface = new Map<string, Address[]>();
  for (const line of text.split('\n')) {
    const [hex, , prefix, scope, , name] = line.trim().split(/\s+/);
    const prefixLength = Number.parseInt(prefix ?? '', 16);
    if (name === undefined || name === 'lo' || scope === '20' || !(prefixLength >= 0 && prefixLength <= 128)) continue;
    const address = ipv6(hex ?? '');
    if (address === undefined) continue;
    byInterface.set(name, [...(byInterface.get(name) ?? []), { address, family: 'ipv6', prefixLength }]);
  }
  return byInterface;
}

/** 32 hexadecimal digits in the short form of RFC 5952. */
function ipv6(hex: string): string | undefined {
  const groups = /^[0-9a-f]{32}$/i.test(hex) ? hex.toLowerCase().match(/.{4}/g) : null;
  if (groups === null) return undefined;
  const short = groups.map((group) => group.replace(/^0{1,3}/, ''));
  const runs = [...short.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map(([run]) => run);
  const longest = runs.sort((a, b) => b.length - a.length)[0];
  if (longest === undefined) return short.join(':');
  return short
    .join(':')
    .replace(longest, longest.startsWith(':') ? ':' : '::')
    .replace(/:{3,}/, '::')
    .replace(/^:(?!:)/, '::')
    .replace(/([^:]):$/, '$1::');
}

function gatewaysOf(routes: readonly Route[]): Gateway[] {
  return routes
    .filter(({ destination, mask, gateway }) => destination === 0 && mask === 0 && gateway !== 0)
    .map(({ gateway, interface: via }) => ({ address: toAddress(gateway), family: 'ipv4', interface: via }));
}

/** /proc/net/ipv6_route: default routes ("::/0") with a next hop. */
function gatewaysOf6(text: string): Gateway[] {
  return text.split('\n').flatMap((line): Gateway[] => {
    const words = line.trim().split(/\s+/);
    const [destination, prefix, , , hop] = words;
    const via = words[9];
    if (
      via === undefined ||
      via === 'lo' ||
      prefix !== '00' ||
      !/^0+$/.test(destination ?? '') ||
      /^0+$/.test(hop ?? '')
    )
      return [];
    const address = ipv6(hop ?? '');
    return address === undefined ? [] : [{ address, family: 'ipv6', interface: via }];
  });
}

function distinct(gateways: readonly Gateway[]): Gateway[] {
  return [...new Map(gateways.map((gateway) => [`${gateway.address} ${gateway.interface}`, gateway])).values()];
}

/** The real servers behind systemd-resolved's stub, where there is one. */
async function dnsServers(machine: Machine): Promise<string[]> {
  const servers = nameservers(await readOptional(machine, '/etc/resolv.conf'));
  if (!servers.includes('127.0.0.53')) return servers;
  const behind = nameservers(await readOptional(machine, '/run/systemd/resolve/resolv.conf'));
  return behind.length > 0 ? behind : servers;
}

function nameservers(text: string | undefined): string[] {
  const found = [...(text ?? '').matchAll(/^nameserver[ \t]+([0-9a-fA-F.:%\w-]{2,60})\s*$/gm)].map(
    (match) => match[1] ?? '',
  );
  return [...new Set(found)].slice(0, 16);
}
