/** Drives from /sys/block and the mounted file systems that hold data. */
import type { FactsOf } from '../contract/facts/index.ts';
import type { Machine, VolumeSize } from '../platform/machine.ts';
import { type CollectContext, CollectError, type Collector } from './collector.ts';
import {
  byKey,
  clean,
  codeOf,
  defined,
  listOrNone,
  meaningful,
  readOptional,
  readRequired,
  wholeNumber,
} from './text.ts';

type Disk = FactsOf<'storage'>['disks'][number];
type Volume = FactsOf<'storage'>['volumes'][number];

/** Free space is rounded down to this, so that an idle PC reports nothing new. */
const granularity = 16 * 1024 * 1024;
/** A drive or share that is gone can hold a question for minutes; the round does not wait for it. */
const volumeTimeoutMs = 2000;
/** Each share costs a program of its own; a PC with more of them is none. */
const maxShares = 6;

const dataFileSystems: ReadonlySet<string> = new Set(
  'ext2 ext3 ext4 xfs btrfs vfat exfat ntfs ntfs3 fuseblk f2fs zfs jfs reiserfs bcachefs hfsplus udf'.split(' '),
);
const remoteFileSystems: ReadonlySet<string> = new Set(
  'nfs nfs4 cifs smb3 9p virtiofs ceph glusterfs fuse.sshfs fuse.glusterfs davfs'.split(' '),
);

export const storageCollector: Collector<'storage'> = {
  id: 'storage',
  platforms: ['linux'],
  timeoutMs: 20_000,
  round: 'cheap',
  collect: async (context) => ({ disks: await readDisks(context.machine), volumes: await readVolumes(context) }),
};

async function readDisks(machine: Machine): Promise<Disk[]> {
  const disks: Disk[] = [];
  for (const name of await listOrNone(machine, '/sys/block')) {
    // Loops, RAM disks, mapped and joined devices stand on drives that are listed themselves.
    if (/^(loop|ram|zram|dm-|md|md_d|nbd|zd|drbd|bcache|fd)\d/.test(name)) continue;
    // Boot areas of a memory card, and the single paths of a drive the kernel shows joined.
    if (/^mmcblk\d+(boot|rpmb)|^nvme\d+c\d+n/.test(name)) continue;
    disks.push(await readDisk(machine, name));
  }
  return byKey(disks, ({ name }) => name);
}

async function readDisk(machine: Machine, name: string): Promise<Disk> {
  const folder = `/sys/block/${name}`;
  const read = (file: string): Promise<string | undefined> => readOptional(machine, `${folder}/${file}`, 4096);
  const place = await linkOf(machine, folder);
  const bus = busOf(place, name);
  const vendor = vendorOf(await read('device/vendor'));
  const described = bus === 'sata' ? await udevOf(machine, await read('dev')) : undefined;
  const model = meaningful(described?.model ?? (await read('device/model')), 120);
  const serial = (await read('device/serial')) ?? (await read('serial')) ?? described?.serial;
  return defined({
    name,
    vendor,
    model,
    serialNumber: meaningful(serial, 120),
    firmware: meaningful((await read('device/firmware_rev')) ?? (await read('device/rev')), 40),
    // The kernel counts in 512 bytes whatever the block size of the drive is.
    sizeBytes: (wholeNumber(await read('size'), 0, 2 ** 43) ?? 0) * 512,
    kind: hypervisorDrive.test(`${vendor ?? ''} ${model ?? ''}`)
      ? 'virtual'
      : kindOf(name, bus, await read('queue/rotational')),
    bus,
    removable: (await read('removable')) === '1' || bus === 'usb',
  });
}

/** Names under which QEMU, VirtualBox, VMware and Hyper-V show an emulated drive. */
const hypervisorDrive = /\b(QEMU|VBOX|VMware|Msft)\b|^ ?Virtual disk/i;

/**
 * The kernel cuts the model of a SATA drive to 16 characters and does not show its number; udev has asked the drive for both.
 * Drives on USB are not looked up: the number of a private stick is nobody's business.
 */
async function udevOf(machine: Machine, device: string | undefined): Promise<{ model?: string; serial?: string }> {
  const text = (await readOptional(machine, `/run/udev/data/b${device ?? ''}`)) ?? '';
  const property = (name: string): string | undefined => new RegExp(`^E:${name}=(.*)$`, 'm').exec(text)?.[1];
  const model = property('ID_MODEL_ENC')?.replace(/\\x([0-9a-f]{2})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return defined({ model, serial: property('ID_SERIAL_SHORT') });
}

/** "ATA" is how the kernel introduces every SATA drive, and PCI ids are no name: neither is a maker. */
function vendorOf(value: string | undefined): string | undefined {
  const words = meaningful(value, 80);
  return words === undefined || words === 'ATA' || /^0x[0-9a-f]+$/.test(words) ? undefined : words;
}

async function linkOf(machine: Machine, path: string): Promise<string> {
  try {
    return await machine.readLink(path);
  } catch {
    // A tree without links: the name alone has to do.
    return '';
  }
}

function busOf(place: string, name: string): string | undefined {
  if (/\/usb\d+\//.test(place)) return 'usb';
  if (name.startsWith('nvme')) return 'nvme';
  if (name.startsWith('mmcblk')) return 'mmc';
  if (/\/virtio\d+\//.test(place) || name.startsWith('vd')) return 'virtio';
  if (/\/ata\d+\//.test(place)) return 'sata';
  if (name.startsWith('xvd')) return 'xen';
  return /\/host\d+\//.test(place) ? 'scsi' : undefined;
}

function kindOf(name: string, bus: string | undefined, rotational: string | undefined): Disk['kind'] {
  if (name.startsWith('sr')) return 'optical';
  if (bus === 'virtio' || bus === 'xen') return 'virtual';
  if (name.startsWith('nvme')) return 'nvme';
  if (rotational === '0') return 'ssd';
  // USB sticks call themselves rotational; what they are is not known.
  return rotational === '1' && bus !== 'usb' ? 'hdd' : 'unknown';
}

interface Mount {
  readonly device: string;
  readonly root: string;
  readonly mountPoint: string;
  readonly fileSystem: string;
  readonly source: string;
  readonly readOnly: boolean;
}

/** Lines of /proc/self/mountinfo (proc(5)); lines of another shape are left out. */
export function parseMountinfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [, , device, root, mountPoint, options] = before?.split(' ') ?? [];
    const [fileSystem, source] = after?.split(' ') ?? [];
    if (device === undefined || root === undefined || mountPoint === undefined || fileSystem === undefined) return [];
    return [
      {
        device,
        root: unescapeOctal(root),
        mountPoint: unescapeOctal(mountPoint),
        fileSystem,
        source: unescapeOctal(source ?? ''),
        readOnly: (options ?? '').split(',').includes('ro'),
      },
    ];
  });
}

/** Blanks, tabs, line feeds and backslashes are written as three octal digits. */
function unescapeOctal(value: string): string {
  return value.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

async function readVolumes(context: CollectContext): Promise<Volume[]> {
  const mounts = parseMountinfo(await readRequired(context.machine, '/proc/self/mountinfo'));
  const chosen = new Map<string, Mount>();
  for (const mount of mounts) {
    const isSystem = mount.mountPoint === '/';
    const remote = isRemote(mount);
    if (!isSystem && !remote && !dataFileSystems.has(mount.fileSystem)) continue;
    if (isPluggedIn(mount)) continue;
    // A bind mount shows the same file system at a second place; the shortest path is where it belongs.
    const key = isSystem ? '/' : remote ? `${mount.source} ${mount.mountPoint}` : mount.device;
    const known = chosen.get(key);
    const systemDevice = chosen.get('/')?.device;
    if (!isSystem && mount.device === systemDevice && !remote) continue;
    // The last mount on "/" covers the ones before it.
    if (known === undefined || isSystem || mount.mountPoint.length < known.mountPoint.length) chosen.set(key, mount);
  }
  const system = chosen.get('/');
  const distinct = [...chosen.values()].filter((mount) => mount === system || mount.device !== system?.device);
  const shares = distinct.filter(isRemote);
  if (shares.length > maxShares) context.problem('truncated', `${shares.length} shares, ${maxShares} of them read`);
  const asked = distinct.filter((mount) => !isRemote(mount) || shares.indexOf(mount) < maxShares);
  const volumes = await Promise.all(asked.map((mount) => readVolume(mount, context)));
  return byKey(
    volumes.filter((volume) => volume !== undefined),
    ({ mountPoint }) => mountPoint,
  );
}

function isRemote({ fileSystem }: Mount): boolean {
  return remoteFileSystems.has(fileSystem);
}

/** Where desktops put what a person plugs in: the path holds the person's name, and a private stick is nobody's business. */
function isPluggedIn({ mountPoint }: Mount): boolean {
  return /^\/(run\/)?media\/[^/]+\/./.test(mountPoint);
}

/** A home directory is named after a person. */
function withoutPerson(path: string): string {
  return path.replace(/\/home\/[^/]+/g, '/home/*');
}

async function readVolume(mount: Mount, { machine, problem, signal }: CollectContext): Promise<Volume | undefined> {
  const mountPoint = clean(withoutPerson(mount.mountPoint), 260);
  if (mountPoint === undefined) return undefined;
  const remote = isRemote(mount);
  let size: VolumeSize | undefined;
  try {
    const work = remote ? shareSize(machine, mount.mountPoint, signal) : machine.volumeSize(mount.mountPoint);
    size = await inTime(work, signal);
  } catch (error) {
    problem(codeOf(error), `${mountPoint}: ${withoutPerson((error as Error).message)}`);
    return undefined;
  }
  if (size === undefined) {
    problem('timeout', `${mountPoint}: no answer within ${volumeTimeoutMs} ms`);
    return undefined;
  }
  // Automounters and special file systems have no size: nothing to run full.
  if (!(size.sizeBytes > 0)) return undefined;
  return defined({
    mountPoint,
    device: clean(withoutPerson(remote ? withoutCredentials(mount.source) : mount.source), 260),
    fileSystem: mount.fileSystem.slice(0, 40),
    sizeBytes: size.sizeBytes,
    freeBytes: Math.floor(Math.max(0, size.freeBytes) / granularity) * granularity,
    readOnly: mount.readOnly,
    system: mount.mountPoint === '/',
    remote,
  });
}

/**
 * A question to a share that is gone is never answered and cannot be taken back: asked by this process it would keep one of
 * four threads for ever, and the process from ending. A program of its own can be ended. Undefined when there is no answer.
 */
async function shareSize(machine: Machine, path: string, signal: AbortSignal): Promise<VolumeSize | undefined> {
  const outcome = await machine.run('stat', ['--file-system', '--printf=%S %b %a', '--', path], {
    timeoutMs: volumeTimeoutMs,
    signal,
  });
  if (outcome.kind === 'timeout') return undefined;
  const answer = outcome.kind === 'exited' && outcome.exitCode === 0 ? outcome.stdout : '';
  const [, block, total, free] = /^(\d+) (\d+) (\d+)$/.exec(answer) ?? [];
  const sizeBytes = Number(block) * Number(total);
  if (!Number.isSafeInteger(sizeBytes)) throw new CollectError('unreadable', `the size of the share is not known`);
  return { sizeBytes, freeBytes: Math.min(sizeBytes, Number(block) * Number(free)) };
}

/** "user:password@host" can stand in the source of a share, and a password can hold any character. */
function withoutCredentials(source: string): string {
  return source.replace(/^([a-z][a-z0-9+.-]*:\/\/|\/\/)?.*@/i, '$1');
}

/** Undefined when there was no answer in time; the question itself cannot be taken back. */
async function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), volumeTimeoutMs);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
