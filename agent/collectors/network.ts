/** Network interfaces, addresses, gateways and name servers, from /sys/class/net and /proc/net. */
import type { FactsOf } from '../contract/facts/index.ts';
import type { Machine } from '../platform/machine.ts';
import { type CollectContext, CollectError, type Collector } from './collector.ts';
import { atMost, byKey, clean, codeOf, defined, listOrNone, readOptional, wholeNumber } from './text.ts';

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
    const routes = parseRoutes(await readTable(context, '/proc/net/route'));
    const ipv4 = assignIpv4(parseFibTrie(await readTable(context, '/proc/net/fib_trie')), routes);
    const ipv6 = parseIfInet6(await readTable(context, '/proc/net/if_inet6'));
    const interfaces: Interface[] = [];
    for (const name of await listInterfaces(machine)) {
      // Files in this folder that are no interfaces ("bonding_masters") have no type.
      const type = await readOptional(machine, `${classNet}/${name}/type`);
      if (type === undefined) continue;
      interfaces.push(
        await readInterface(context, name, type, [...(ipv4.byInterface.get(name) ?? []), ...(ipv6.get(name) ?? [])]),
      );
    }
    if (interfaces.length === 0) throw new CollectError('not-present', 'no network interface but the loopback');
    if (ipv4.unassigned.length > 0) {
      const which = ipv4.unassigned.slice(0, 8).join(', ');
      context.problem('unsupported', `the kernel's tables do not say which interface has ${which}`);
    }
    const gateways = [...gatewaysOf(routes), ...gatewaysOf6(await readTable(context, '/proc/net/ipv6_route'))];
    // A server of containers has hundreds of virtual interfaces: its real ones come first.
    const inOrder = byKey(interfaces, ({ kind, name }) => `${kind === 'virtual' ? 1 : 0} ${name}`);
    return {
      interfaces: byKey(atMost(inOrder, 128, 'interfaces', context), ({ name }) => name),
      gateways: atMost(byKey(distinct(gateways), gatewayKey), 32, 'gateways', context),
      dnsServers: await readDnsServers(context),
    };
  },
};

async function listInterfaces(machine: Machine): Promise<string[]> {
  try {
    return (await machine.list(classNet)).filter((name) => name !== 'lo');
  } catch (cause) {
    // Not even the loopback: that is a missing /sys and no machine without a network.
    throw new CollectError(codeOf(cause), (cause as Error).message, { cause });
  }
}

/** Text of a kernel table; empty when it cannot be read, which is noted. A kernel without IPv6 has none of its tables. */
async function readTable({ machine, problem }: CollectContext, path: string): Promise<string> {
  try {
    return await machine.readText(path);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'not-found' || !path.includes('6')) problem(code, (error as Error).message);
    return '';
  }
}

async function readInterface(
  context: CollectContext,
  name: string,
  type: string,
  addresses: readonly Address[],
): Promise<Interface> {
  const { machine } = context;
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
    // "lowerlayerdown": a VLAN or bridge whose cable is out.
    state: oneOf(['up', 'down', 'dormant'], state?.replace('lowerlayer', '')) ?? ('unknown' as const),
    // An interface without a link says -1, an old kernel the same as an unsigned number: both mean "not known".
    speedMbps: wholeNumber(await read('speed'), 1, 1_000_000),
    duplex: oneOf(['full', 'half'], duplex),
    mtu: wholeNumber(await read('mtu'), 1, 1_000_000),
    driver: clean(driver, 60),
    addresses: atMost(
      byKey(addresses, ({ address }) => address),
      64,
      `addresses of ${name}`,
      context,
    ),
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
  // A tap that is the port of a bridge is the cable of a virtual machine.
  if (inside.has('tun_flags') && inside.has('brport')) return 'virtual';
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

/** What the kernel's routing trie says about this machine itself. Addresses as numbers in network order, without 127/8. */
export interface LocalAddresses {
  /** "/32 host LOCAL". */
  readonly own: ReadonlySet<number>;
  /** "/32 link BROADCAST": the kernel enters one for each network of up to /30 in which it has an address. */
  readonly broadcasts: ReadonlySet<number>;
}

export function parseFibTrie(text: string): LocalAddresses {
  const own = new Set<number>();
  const broadcasts = new Set<number>();
  let last: number | undefined;
  for (const line of text.split('\n')) {
    const address = /\|-- (\d{1,3}(?:\.\d{1,3}){3})/.exec(line)?.[1];
    if (address !== undefined) last = toNumber(address);
    if (last === undefined || last >>> 24 === 127) continue;
    if (line.includes('/32 host LOCAL')) own.add(last);
    if (line.includes('/32 link BROADCAST')) broadcasts.add(last);
  }
  return { own, broadcasts };
}

/**
 * The trie names no interfaces; the route to the network an address lies in does. A route counts only when the network
 * is this machine's own (its broadcast address is known) and not one that merely leads through a tunnel. Where two
 * interfaces lie in the same network the tables do not tell them apart: such an address goes with none of them.
 */
function assignIpv4(
  { own, broadcasts }: LocalAddresses,
  routes: readonly Route[],
): { byInterface: ReadonlyMap<string, Address[]>; unassigned: string[] } {
  const byInterface = new Map<string, Address[]>();
  const unassigned: string[] = [];
  const connected = routes.filter(
    ({ destination, gateway, mask }) =>
      gateway === 0 && mask !== 0 && (prefixOf(mask) > 30 || broadcasts.has((destination | ~mask) >>> 0)),
  );
  for (const number of own) {
    const around = connected.filter(({ destination, mask }) => (number & mask) >>> 0 === destination);
    const [closest] = around.sort((a, b) => b.mask - a.mask);
    const address = toAddress(number);
    if (closest === undefined || around.some((route) => route.interface !== closest.interface)) {
      unassigned.push(address);
      continue;
    }
    byInterface.set(closest.interface, [
      ...(byInterface.get(closest.interface) ?? []),
      { address, family: 'ipv4', prefixLength: prefixOf(closest.mask) },
    ]);
  }
  return { byInterface, unassigned };
}

function prefixOf(mask: number): number {
  return Math.clz32(~mask);
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

/** 32 hexadecimal digits in the short form of RFC 5952, which is the one a URL has. */
function ipv6(hex: string): string | undefined {
  const groups = /^[0-9a-f]{32}$/i.test(hex) ? hex.match(/.{4}/g) : null;
  return groups === null ? undefined : new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
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

/** A blank sorts before every character of an address, so that this is the order of the addresses. */
function gatewayKey({ address, interface: via }: Gateway): string {
  return `${address} ${via}`;
}

function distinct(gateways: readonly Gateway[]): Gateway[] {
  return [...new Map(gateways.map((gateway) => [gatewayKey(gateway), gateway])).values()];
}

/** The real servers behind systemd-resolved's stub, where there is one. */
async function readDnsServers(context: CollectContext): Promise<string[]> {
  const servers = parseNameservers(await readTable(context, '/etc/resolv.conf'));
  if (!servers.includes('127.0.0.53')) return atMost(servers, 16, 'name servers', context);
  const behind = parseNameservers((await readOptional(context.machine, '/run/systemd/resolve/resolv.conf')) ?? '');
  return atMost(behind.length > 0 ? behind : servers, 16, 'name servers', context);
}

const ipAddress = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*(?:%[\w.-]+)?)$/i;

/** resolv.conf(5): the addresses in their order, each once; what is no address is left out. */
export function parseNameservers(text: string): string[] {
  const found = [...text.matchAll(/^nameserver[ \t]+(\S{2,60})(?!\S)/gm)].map(([, address = '']) => address);
  return [...new Set(found.filter((address) => ipAddress.test(address)))];
}
