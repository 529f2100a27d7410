/** Whether the drives in use are encrypted: the way from each mounted volume down through device mapper to the disk. */
import type { FactsOf } from '../../contract/facts/index.ts';
import type { CollectContext } from '../collector.ts';
import { parseMountinfo } from '../storage.ts';
import { atMost, byKey, clean, codeOf, defined, readOptional, readRequired } from '../text.ts';

type Machine = CollectContext['machine'];
type Encryption = NonNullable<FactsOf<'security'>['encryption']>;

/** Layers below one volume: file system, LVM, encryption, RAID, partition, disk. */
const maxLayers = 12;
/** Read-only images, which hold nothing of the users. */
const imageFileSystems: ReadonlySet<string> = new Set(['squashfs', 'iso9660', 'erofs', 'udf']);

/** Volumes and swap space on block devices. Throws `CollectError` when the mounts cannot be read. */
export async function readEncryption(context: CollectContext): Promise<Encryption> {
  const { machine } = context;
  const mounts = parseMountinfo(await readRequired(machine, '/proc/self/mountinfo'));
  const volumes = new Map<string, { mountPoint: string; device: string; source: string }>();
  for (const { device, mountPoint, source, fileSystem } of mounts) {
    const system = mountPoint === '/';
    if (!system && (!source.startsWith('/dev/') || imageFileSystems.has(fileSystem) || /^\/dev\/loop/.test(source)))
      continue;
    // Several mounts of one device are one volume, called by its shortest place.
    const known = volumes.get(system ? '/' : device);
    if (known === undefined || system || mountPoint.length < known.mountPoint.length) {
      volumes.set(system ? '/' : device, { mountPoint, device, source });
    }
  }
  const root = volumes.get('/');
  if (root !== undefined) volumes.delete(root.device);
  const chosen = [...volumes.values(), ...(await swapDevices(machine))];
  const found = await Promise.all(
    atMost(chosen, 64, 'volumes', context).map(async ({ mountPoint, device, source }) => {
      const name = await kernelName(machine, device, source);
      const layers = name === undefined ? undefined : await encryptionBelow(machine, name, 0);
      return defined({
        mountPoint: clean(mountPoint, 260) ?? '/',
        system: mountPoint === '/',
        removable: layers?.removable === true ? true : undefined,
        state: layers?.state ?? ('unknown' as const),
        protection:
          layers === undefined
            ? ('unknown' as const)
            : layers.state === 'not-encrypted'
              ? ('off' as const)
              : ('on' as const),
        method: layers?.method,
      });
    }),
  );
  return byKey(found, ({ mountPoint }) => mountPoint);
}

/** What was in memory stands in the swap space in plain text, unless it is encrypted or memory itself. */
async function swapDevices(machine: Machine): Promise<{ mountPoint: string; device: string; source: string }[]> {
  const lines = ((await readOptional(machine, '/proc/swaps')) ?? '').split('\n').slice(1);
  return lines.flatMap((line) => {
    const [source = '', kind] = line.split(/\s+/);
    // Files lie on a volume that is listed anyway.
    return kind === 'partition' && source.startsWith('/dev/') && !source.startsWith('/dev/zram')
      ? [{ mountPoint: `swap ${source}`, device: '', source }]
      : [];
  });
}

/** "dm-0", "sda2": by device number, or by name for file systems with numbers of their own (btrfs). */
async function kernelName(machine: Machine, device: string, source: string): Promise<string | undefined> {
  try {
    if (/^\d+:\d+$/.test(device) && !device.startsWith('0:')) {
      return (await machine.readLink(`/sys/dev/block/${device}`)).split('/').at(-1);
    }
    const name = source.split('/').at(-1) ?? '';
    if (!source.startsWith('/dev/mapper/')) {
      return (await machine.list('/sys/class/block')).includes(name) ? name : undefined;
    }
    for (const candidate of (await machine.list('/sys/block')).filter((one) => one.startsWith('dm-'))) {
      if ((await readOptional(machine, `/sys/block/${candidate}/dm/name`)) === name) return candidate;
    }
  } catch {
    // No such device in the kernel's tree: the state stays unknown.
  }
  return undefined;
}

interface Layers {
  readonly state: 'encrypted' | 'partly' | 'not-encrypted';
  readonly method?: string;
  readonly removable: boolean;
}

/** Undefined when a layer cannot be read: what lies below might be open. */
async function encryptionBelow(machine: Machine, name: string, depth: number): Promise<Layers | undefined> {
  if (depth > maxLayers || !/^[\w.:!-]+$/.test(name)) return undefined;
  const uuid = await readOptional(machine, `/sys/class/block/${name}/dm/uuid`);
  const method = /^CRYPT-(LUKS1|LUKS2|PLAIN|BITLK|TCRYPT|FVAULT2)-/.exec(uuid ?? '')?.[1];
  let slaves: string[];
  try {
    slaves = await machine.list(`/sys/class/block/${name}/slaves`);
  } catch (error) {
    // A partition has no such directory; without the device itself nothing is known.
    if (codeOf(error) !== 'not-found' || !(await exists(machine, `/sys/class/block/${name}`))) return undefined;
    slaves = [];
  }
  if (slaves.length === 0 && method === undefined) {
    return { state: 'not-encrypted', removable: await isRemovable(machine, name) };
  }
  const below = await Promise.all(slaves.map((slave) => encryptionBelow(machine, slave, depth + 1)));
  if (below.some((layer) => layer === undefined) && method === undefined) return undefined;
  const layers = below.filter((layer) => layer !== undefined);
  const removable = layers.length > 0 && layers.every((layer) => layer.removable);
  if (method !== undefined) return { state: 'encrypted', method, removable };
  const [first] = layers;
  const same = layers.every(({ state }) => state === first?.state);
  return {
    state: same ? (first?.state ?? 'not-encrypted') : 'partly',
    ...(first?.method === undefined ? {} : { method: first.method }),
    removable,
  };
}

async function exists(machine: Machine, path: string): Promise<boolean> {
  try {
    await machine.stat(path);
    return true;
  } catch {
    // Absent or out of reach is the same for the caller: nothing to build on.
    return false;
  }
}

/** The flag stands at the disk, one level above its partitions; USB drives count whatever they say of themselves. */
async function isRemovable(machine: Machine, name: string): Promise<boolean> {
  let place = '';
  try {
    place = await machine.readLink(`/sys/class/block/${name}`);
  } catch {
    // A tree without links: the flag alone decides.
  }
  if (/\/usb\d+\//.test(place)) return true;
  const disk = place.split('/').at(-2);
  const flags = await Promise.all(
    [name, disk].map((one) =>
      one === undefined ? undefined : readOptional(machine, `/sys/class/block/${one}/removable`),
    ),
  );
  return flags.includes('1');
}
