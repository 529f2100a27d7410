/** How the backup products are read on Windows; one line each. */
import type { BackupProduct } from '../product.ts';
import { arcserveUdp } from './arcserve-udp.ts';
import { arxOne, redstor, shadowProtect } from './by-events.ts';
import { coveWindows } from './cove.ts';
import { detectedProducts } from './detected.ts';
import { duplicatiWindows } from './duplicati.ts';
import { windowsFileDaemons } from './file-daemons.ts';
import { fileHistory } from './file-history.ts';
import { kopiaWindows } from './kopia.ts';
import { macrium } from './macrium.ts';
import { msp360 } from './msp360.ts';
import { netbackupWindows } from './netbackup.ts';
import { oneDrive } from './onedrive.ts';
import { personalBackup } from './personal-backup.ts';
import { retrospect } from './retrospect.ts';
import { scheduledTasks } from './scheduled-tasks.ts';
import { spectrumProtectWindows } from './spectrum-protect.ts';
import { storagecraftSpx } from './storagecraft-spx.ts';
import { synologyAbbWindows } from './synology-abb.ts';
import { systemRestore } from './system-restore.ts';
import { urbackupWindows } from './urbackup.ts';
import { veeamAgentWindows } from './veeam-agent.ts';
import { windowsServerBackup } from './windows-server-backup.ts';
import { windows7Backup } from './windows7-backup.ts';

export const windowsProducts: readonly BackupProduct[] = [
  veeamAgentWindows,
  windowsServerBackup,
  windows7Backup,
  fileHistory,
  macrium,
  arcserveUdp,
  shadowProtect,
  storagecraftSpx,
  retrospect,
  msp360,
  redstor,
  arxOne,
  personalBackup,
  ...windowsFileDaemons,
  coveWindows,
  duplicatiWindows,
  kopiaWindows,
  netbackupWindows,
  spectrumProtectWindows,
  synologyAbbWindows,
  urbackupWindows,
  ...detectedProducts,
  oneDrive,
  systemRestore,
  scheduledTasks,
];
