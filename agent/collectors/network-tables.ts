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

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}

/** IFA_F_TEMPORARY of linux/if_addr.h: a privacy address (RFC 8981), another one every day. */
const temporary = 0x01;

/** /proc/net/if_inet6: address, index, prefix length, scope, flags, name; link-local and temporary ones are left out. */
export function parseIfInet6(text: string): ReadonlyMap<string, Address[]> {
  const byInterface = new Map<string, Address[]>();
  for (const line of text.split('\n')) {
    const [hex, , prefix, scope, flags, name] = line.trim().split(/\s+/);
    const prefixLength = Number.parseInt(prefix ?? '', 16);
    if (name === undefined || name === 'lo' || scope === '20' || !(prefixLength >= 0 && prefixLength <= 128)) continue;
    if ((Number.parseInt(flags ?? '', 16) & temporary) !== 0) continue;
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
