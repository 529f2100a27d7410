/** Network interfaces, addresses, gateways and name servers, from /sys/class/net and /proc/net. */
import type { FactsOf } from '../contract/facts/index.ts';
import type { Machine } from '../platform/machine.ts';
import { type CollectContext, CollectError, type Collector } from './collector.ts';
import {
  distinct,
  gatewayKey,
  gatewaysOf,
  gatewaysOf6,
  parseIfInet6,
  parseNameservers,
  parseRoutes,
} from './network-tables.ts';
import { atMost, byKey, clean, codeOf, defined, listOrNone, readOptional, wholeNumber } from './text.ts';

type Interface = FactsOf<'network'>['interfaces'][number];
type Address = Interface['addresses'][number];

const classNet = '/sys/class/net';

export const networkCollector: Collector<'network'> = {
  id: 'network',
  platforms: ['linux'],
  timeoutMs: 10_000,
  round: 'cheap',
  collect: async (context) => {
    const { machine } = context;
    const routes = parseRoutes(await readTable(context, '/proc/net/route'));
    const ipv4 = Map.groupBy(machine.ipv4Addresses(), (entry) => entry.interface);
    const ipv6 = parseIfInet6(await readTable(context, '/proc/net/if_inet6'));
    const interfaces: Interface[] = [];
    for (const name of await listInterfaces(machine)) {
      // Files in this folder that are no interfaces ("bonding_masters") have no type.
      const type = await readOptional(machine, `${classNet}/${name}/type`);
      if (type === undefined) continue;
      const own = (ipv4.get(name) ?? []).map(
        ({ address, prefixLength }): Address => ({ address, family: 'ipv4', prefixLength }),
      );
      interfaces.push(await readInterface(context, name, type, [...own, ...(ipv6.get(name) ?? [])]));
    }
    if (interfaces.length === 0) throw new CollectError('not-present', 'no network interface but the loopback');
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

/** A kernel without IPv6 does not have them; that is an answer and no gap. */
const ipv6Tables: ReadonlySet<string> = new Set(['/proc/net/if_inet6', '/proc/net/ipv6_route']);

/** Text of a table; empty when it cannot be read, which is noted. */
async function readTable({ machine, problem }: CollectContext, path: string): Promise<string> {
  try {
    return await machine.readText(path);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'not-found' || !ipv6Tables.has(path)) problem(code, (error as Error).message);
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

/** The real servers behind systemd-resolved's stub, where there is one. */
async function readDnsServers(context: CollectContext): Promise<string[]> {
  const servers = parseNameservers(await readTable(context, '/etc/resolv.conf'));
  if (!servers.includes('127.0.0.53')) return atMost(servers, 16, 'name servers', context);
  const behind = parseNameservers((await readOptional(context.machine, '/run/systemd/resolve/resolv.conf')) ?? '');
  return atMost(behind.length > 0 ? behind : servers, 16, 'name servers', context);
}
