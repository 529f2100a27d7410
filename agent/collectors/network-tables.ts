/** The kernel's network tables in /proc/net and resolv.conf, as pure functions over their text. */
import type { FactsOf } from '../contract/facts/index.ts';

type Address = FactsOf<'network'>['interfaces'][number]['addresses'][number];
type Gateway = FactsOf<'network'>['gateways'][number];

export interface Route {
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
export function assignIpv4(
  { own, broadcasts }: LocalAddresses,
  routes: readonly Route[],
): { byInterface: ReadonlyMap<string, Address[]>; unassigned: string[] } {
  const byInterface = new Map<string, Address[]>();
  const unassigned: string[] = [];
  const connected = routes.filter(
    ({ destination, gateway, mask }) =>
      gateway === 0 && (prefixOf(mask) > 30 || broadcasts.has((destination | ~mask) >>> 0)),
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

export function gatewaysOf(routes: readonly Route[]): Gateway[] {
  return routes
    .filter(({ destination, mask, gateway }) => destination === 0 && mask === 0 && gateway !== 0)
    .map(({ gateway, interface: via }) => ({ address: toAddress(gateway), family: 'ipv4', interface: via }));
}

/** /proc/net/ipv6_route: default routes ("::/0") with a next hop. */
export function gatewaysOf6(text: string): Gateway[] {
  return text.split('\n').flatMap((line): Gateway[] => {
    const words = line.trim().split(/\s+/);
    const [destination, prefix, , , hop] = words;
    const via = words[9];
    if (via === undefined || prefix !== '00' || !/^0+$/.test(destination ?? '') || /^0+$/.test(hop ?? '')) return [];
    const address = ipv6(hop ?? '');
    return address === undefined ? [] : [{ address, family: 'ipv6', interface: via }];
  });
}

/** A blank sorts before every character of an address, so that this is the order of the addresses. */
export function gatewayKey({ address, interface: via }: Gateway): string {
  return `${address} ${via}`;
}

export function distinct(gateways: readonly Gateway[]): Gateway[] {
  return [...new Map(gateways.map((gateway) => [gatewayKey(gateway), gateway])).values()];
}

const ipAddress = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*(?:%[\w.-]+)?)$/i;

/** resolv.conf(5): the addresses in their order, each once; what is no address is left out. */
export function parseNameservers(text: string): string[] {
  const found = [...text.matchAll(/^nameserver[ \t]+(\S{2,60})(?!\S)/gm)].map(([, address = '']) => address);
  return [...new Set(found.filter((address) => ipAddress.test(address)))];
}
