/** What kind of place a folder on this PC is: a disk of the PC, one that can be taken away, or a share of another machine. */
import type { TargetKind } from '../../contract/facts/backup.ts';
import type { Machine } from '../../platform/machine.ts';
import type { Target } from '../product.ts';
import { redactTarget } from '../redact.ts';

const shares =
  /^(nfs4?|cifs|smb3|smbfs|ncpfs|9p|ceph|glusterfs|davfs|fuse\.(sshfs|rclone|s3fs|davfs2?|glusterfs|curlftpfs))$/;
const maxDepth = 4;

/** Of a path or an address, credentials taken out. */
export async function targetOf(machine: Machine, address: string): Promise<Target> {
  const name = redactTarget(address);
  if (name === undefined || address.startsWith('enc-v1:')) return { kind: 'unknown' };
  const path = address.replace(/^file:\/\/(?=\/)/, '').replace(/\?.*$/, '');
  if (path.startsWith('/')) return { kind: await targetKindOf(machine, path), name };
  if (/^(s?ftps?|ssh|aftp|webdavs?|davs?|smb|cifs|rsync|nfs|scp|file):\/\//i.test(address))
    return { kind: 'share', name };
  return { kind: /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? 'cloud' : 'unknown', name };
}

/** Of the file system the folder is on now; a disk that is away leaves its mount point on the PC's own disk. */
export async function targetKindOf(machine: Machine, folder: string): Promise<TargetKind> {
  let mounts: string;
  try {
    mounts = await machine.readText('/proc/self/mounts');
  } catch {
    return 'unknown';
  }
  const mount = mountOf(mounts, folder);
  if (mount === undefined) return 'unknown';
  if (shares.test(mount.type)) return 'share';
  if (!mount.source.startsWith('/dev/')) return 'local-disk';
  return (await isRemovable(machine, mount.source, maxDepth)) ? 'removable' : 'local-disk';
}

/** The mount with the longest path that holds the folder; of two on one path the later lies on top. */
export function mountOf(mounts: string, folder: string): { source: string; type: string } | undefined {
  let found: { source: string; type: string; length: number } | undefined;
  for (const line of mounts.split('\n')) {
    const [source = '', point = '', type = ''] = line.split(' ').map(unescaped);
    const inside = folder === point || folder.startsWith(point === '/' ? '/' : `${point}/`);
    if (point.startsWith('/') && inside && (found === undefined || point.length >= found.length)) {
      found = { source, type, length: point.length };
    }
  }
  return found;
}

/** The kernel writes blanks and the like as octal numbers. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Of an encrypted or grouped disk the disks below it decide. */
async function isRemovable(machine: Machine, device: string, depth: number): Promise<boolean> {
  if (depth === 0) return false;
  const name = device.replace(/^.*\//, '');
  try {
    const link = device.startsWith('/dev/mapper/') ? await machine.readLink(device) : name;
    const block = link.replace(/^.*\//, '');
    const slaves = await machine.list(`/sys/class/block/${block}/slaves`).catch(() => []);
    for (const slave of slaves.slice(0, 16)) if (await isRemovable(machine, `/dev/${slave}`, depth - 1)) return true;
    const place = await machine.readLink(`/sys/class/block/${block}`);
    return /\/(usb\d+|mmc_host|firewire|thunderbolt)\//.test(place);
  } catch {
    // Without a word to the contrary it is a disk of the PC, which is the less favourable answer.
    return false;
  }
}
