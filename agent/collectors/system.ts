/** The machine as a thing: maker, model, serial numbers from the firmware's tables, and whether it is a machine at all. */
import type { FactsOf } from '../contract/facts/index.ts';
import type { Machine } from '../platform/machine.ts';
import type { CollectContext, Collector } from './collector.ts';
import { clean, codeOf, defined, isPlaceholder, meaningful, readOptional } from './text.ts';

type SystemFacts = FactsOf<'system'>;
type Chassis = NonNullable<SystemFacts['chassis']>;

const dmi = '/sys/class/dmi/id';
const deviceTree = '/proc/device-tree';

/** SMBIOS 3.7, table 17 "System Enclosure or Chassis Types". */
const chassisTypes: Readonly<Record<number, Chassis>> = {
  3: 'desktop',
  4: 'desktop',
  5: 'desktop',
  6: 'desktop',
  7: 'desktop',
  8: 'notebook',
  9: 'notebook',
  10: 'notebook',
  11: 'tablet',
  13: 'all-in-one',
  14: 'notebook',
  15: 'desktop',
  16: 'desktop',
  17: 'server',
  23: 'server',
  24: 'desktop',
  28: 'server',
  29: 'server',
  30: 'tablet',
  31: 'notebook',
  32: 'notebook',
  35: 'mini-pc',
  36: 'mini-pc',
};

/** Words of the firmware by which a hypervisor shows itself; the order matters where two fit. */
const hypervisors: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bkvm\b/i, 'kvm'],
  [/vmware/i, 'vmware'],
  [/virtualbox|innotek/i, 'virtualbox'],
  [/\bxen\b/i, 'xen'],
  [/parallels/i, 'parallels'],
  [/bhyve/i, 'bhyve'],
  [/amazon ec2/i, 'amazon'],
  [/google compute engine/i, 'google'],
  [/openstack|qemu|bochs|linux,dummy-virt/i, 'qemu'],
  [/microsoft corporation.*virtual machine/i, 'hyper-v'],
];

export const systemCollector: Collector<'system'> = {
  id: 'system',
  platforms: ['linux'],
  timeoutMs: 10_000,
  round: 'full',
  collect: async (context) => {
    const { machine } = context;
    const container = await detectContainer(machine);
    // A container sees the tables of the machine below it: their serial numbers would make two devices one.
    const firmware = container === undefined ? await readFirmware(context) : {};
    const virtualization = container ?? (await detectHypervisor(machine, firmware));
    const chassis = chassisOf(firmware['chassis_type'], virtualization.kind);
    const board = defined({
      manufacturer: meaningful(firmware['board_vendor'], 120),
      model: meaningful(firmware['board_name'], 160),
      version: meaningful(firmware['board_version'], 120),
      serialNumber: meaningful(firmware['board_serial'], 120),
    });
    const bios = defined({
      vendor: meaningful(firmware['bios_vendor'], 120),
      version: meaningful(firmware['bios_version'], 120),
      releasedOn: isoDay(firmware['bios_date']),
      bootMode: container === undefined ? await bootMode(machine, firmware) : undefined,
    });
    return defined({
      hostname: clean(machine.hostname, 253) ?? 'unknown',
      domain: await domainOf(machine),
      manufacturer: meaningful(firmware['sys_vendor'], 120),
      model: meaningful(firmware['product_name'], 160),
      version: meaningful(firmware['product_version'], 120),
      serialNumber: meaningful(firmware['product_serial'], 120),
      uuid: meaningful(firmware['product_uuid'], 36)?.toLowerCase(),
      assetTag: meaningful(firmware['chassis_asset_tag'], 120),
      chassis,
      virtualization,
      board: Object.keys(board).length === 0 ? undefined : board,
      firmware: Object.keys(bios).length === 0 ? undefined : bios,
    });
  },
};

type Firmware = Readonly<Record<string, string | undefined>>;

/** Identity fields whose absence has to be said: without them two PCs cannot be told apart by their hardware. */
const identity: readonly string[] = ['product_serial', 'product_uuid', 'board_serial'];
const wanted: ReadonlySet<string> = new Set([
  ...identity,
  ...['sys_vendor', 'product_name', 'product_version', 'chassis_type', 'chassis_asset_tag'],
  ...['board_vendor', 'board_name', 'board_version', 'bios_vendor', 'bios_version', 'bios_date'],
]);

async function readFirmware({ machine, problem }: CollectContext): Promise<Firmware> {
  let names: string[];
  try {
    names = await machine.list(dmi);
  } catch (error) {
    const board = await readDeviceTree(machine);
    if (board === undefined) problem(codeOf(error), `${dmi}: the firmware describes no hardware (no SMBIOS tables)`);
    return board ?? {};
  }
  const found: Record<string, string> = {};
  for (const name of names.filter((one) => wanted.has(one))) {
    try {
      const value = (await machine.readText(`${dmi}/${name}`, { maxBytes: 4096 })).trim();
      found[name] = value;
      if (identity.includes(name) && isPlaceholder(value)) {
        problem('invalid', `${name}: the maker left the placeholder "${clean(value, 80) ?? ''}"`);
      }
    } catch (error) {
      problem(codeOf(error), `${name}: ${(error as Error).message}`);
    }
  }
  return found;
}

/** Small ARM boards have no SMBIOS; their names stand in the device tree, each ended by a zero byte. */
async function readDeviceTree(machine: Machine): Promise<Firmware | undefined> {
  const model = clean(await readOptional(machine, `${deviceTree}/model`), 160);
  if (model === undefined) return undefined;
  return { product_name: model, product_serial: await readOptional(machine, `${deviceTree}/serial-number`) };
}

function chassisOf(type: string | undefined, kind: SystemFacts['virtualization']['kind']): Chassis | undefined {
  if (kind === 'vm') return 'virtual-machine';
  if (kind === 'container') return 'container';
  const number = Number(type);
  // 1 "Other" and 2 "Unknown" say nothing; a type this table does not know is "other".
  if (type === undefined || !Number.isInteger(number) || number <= 2) return undefined;
  return chassisTypes[number & 0x7f] ?? 'other';
}

async function detectContainer(machine: Machine): Promise<SystemFacts['virtualization'] | undefined> {
  const container = await readOptional(machine, '/run/systemd/container');
  if (container !== undefined) return defined({ kind: 'container' as const, hypervisor: clean(container, 60) });
  if (await hasLayeredRoot(machine)) {
    if (await exists(machine, '/.dockerenv')) return { kind: 'container', hypervisor: 'docker' };
    if (await exists(machine, '/run/.containerenv')) return { kind: 'container', hypervisor: 'podman' };
  }
  return undefined;
}

async function detectHypervisor(machine: Machine, firmware: Firmware): Promise<SystemFacts['virtualization']> {
  const words = ['sys_vendor', 'product_name', 'board_vendor', 'bios_vendor']
    .map((name) => firmware[name] ?? '')
    .join(' ');
  const byName = hypervisors.find(([pattern]) => pattern.test(words))?.[1];
  const xen = await readOptional(machine, '/sys/hypervisor/type');
  const flags = /^flags\s*:.*\bhypervisor\b/m.test((await readOptional(machine, '/proc/cpuinfo', 4_194_304)) ?? '');
  // ARM processors have no such flag; there the hypervisor adds itself to the device tree.
  const node = await exists(machine, `${deviceTree}/hypervisor`);
  if (byName !== undefined || flags || xen !== undefined || node) {
    return defined({ kind: 'vm' as const, hypervisor: byName ?? clean(xen, 60) });
  }
  return { kind: 'none' };
}

/** A disk image made from a container still carries the container's mark; its root is a drive of its own, though. */
async function hasLayeredRoot(machine: Machine): Promise<boolean> {
  const mounts = (await readOptional(machine, '/proc/self/mountinfo', 4_194_304)) ?? '';
  return /^\S+ \S+ \S+ \S+ \/ .* - (overlay|aufs|zfs|btrfs|fuse\S*) /m.test(mounts);
}

async function bootMode(machine: Machine, firmware: Firmware): Promise<'uefi' | 'legacy' | undefined> {
  if (await exists(machine, '/sys/firmware/efi')) return 'uefi';
  // Without firmware tables nothing shows that a PC firmware started this system at all.
  return firmware['bios_vendor'] === undefined ? undefined : 'legacy';
}

/** The kernel's own word first, then the fully qualified name this machine has for itself in /etc/hosts. */
async function domainOf(machine: Machine): Promise<string | undefined> {
  const kernel = await readOptional(machine, '/proc/sys/kernel/domainname');
  if (kernel !== undefined && kernel !== '' && kernel !== '(none)') return clean(kernel, 253);
  if (machine.hostname.includes('.')) return clean(machine.hostname.slice(machine.hostname.indexOf('.') + 1), 253);
  const hosts = (await readOptional(machine, '/etc/hosts')) ?? '';
  for (const line of hosts.split('\n')) {
    const names = line.replace(/#.*/, '').trim().split(/\s+/).slice(1);
    const qualified = names.find((name) => name.toLowerCase().startsWith(`${machine.hostname.toLowerCase()}.`));
    const domain = qualified?.slice(machine.hostname.length + 1);
    if (domain !== undefined && domain !== 'localdomain') return clean(domain, 253);
  }
  return undefined;
}

/** "mm/dd/yyyy" as SMBIOS writes it. */
function isoDay(date: string | undefined): string | undefined {
  const [, month, day, year] = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(date ?? '') ?? [];
  const time = Date.UTC(Number(year), Number(month) - 1, Number(day));
  if (!(time >= Date.UTC(1990, 0, 1))) return undefined;
  // 30 February would become a day in March.
  const iso = new Date(time).toISOString().slice(0, 10);
  return iso === `${year}-${month}-${day}` ? iso : undefined;
}

async function exists(machine: Machine, path: string): Promise<boolean> {
  try {
    await machine.stat(path);
    return true;
  } catch {
    // Not there, or not to be seen: either way it is no sign.
    return false;
  }
}
