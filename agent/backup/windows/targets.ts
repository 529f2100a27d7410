/** Where a backup goes: what a path of Windows is, judged by the disk behind it. */
import type { TargetKind } from '../../contract/facts/backup.ts';
import type { Target } from '../product.ts';
import { redactTarget } from '../redact.ts';
import type { WindowsRecords } from './records.ts';

/** Buses of disks that can be pulled out: 4 FireWire, 7 USB, 12 SD, 13 MMC; 9 is iSCSI, which is a disk elsewhere. */
const removableBuses: ReadonlySet<number> = new Set([4, 7, 12, 13]);

export function targetOf(path: string | undefined, { drives }: Pick<WindowsRecords, 'drives'>): Target[] {
  const name = redactTarget(path);
  if (path === undefined || name === undefined) return [];
  return [{ kind: kindOf(path.trim(), drives), name }];
}

function kindOf(path: string, drives: WindowsRecords['drives']): TargetKind {
  if (/^(https?|s3|b2|gs|azure|onedrivev2|googledrive|dropbox|box):\/\//i.test(path)) return 'cloud';
  if (/^(s?ftp|ssh|webdavs?|smb):\/\//i.test(path)) return 'share';
  const local = path
    .replace(/^file:\/\/\/?/i, '')
    .replaceAll('/', '\\')
    .toLowerCase();
  if (/^\\\\[^?.\\]/.test(local)) return 'share';
  const drive = drives.find(({ paths }) =>
    paths.some((root) => root !== '' && `${local}\\`.startsWith(root.endsWith('\\') ? root : `${root}\\`)),
  );
  if (drive === undefined) return 'unknown';
  if (drive.bus === 9) return 'share';
  return removableBuses.has(drive.bus) ? 'removable' : 'local-disk';
}
