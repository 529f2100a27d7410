/** How the backup products are read on Linux; one line each. */
import type { BackupProduct } from '../product.ts';
import { bacula, bareos } from '../products/bareos.ts';
import { cove } from '../products/cove.ts';
import { duplicati } from '../products/duplicati.ts';
import { kopia } from '../products/kopia.ts';
import { netbackup } from '../products/netbackup.ts';
import { spectrumProtect } from '../products/spectrum-protect.ts';
import { synologyAbb } from '../products/synology-abb.ts';
import { urbackup } from '../products/urbackup.ts';
import { borg } from './borg.ts';
import { dejaDup } from './deja-dup.ts';
import { detectedOnLinux } from './detected.ts';
import { duplicity } from './duplicity.ts';
import { proxmoxBackup } from './proxmox-backup.ts';
import { restic } from './restic.ts';
import { rsnapshot } from './rsnapshot.ts';
import { scheduledJobs } from './scheduled-jobs.ts';
import { timeshift } from './timeshift.ts';
import { veeamAgentLinux } from './veeam-agent.ts';
import { vorta } from './vorta.ts';

export const linuxProducts: readonly BackupProduct[] = [
  bareos,
  bacula,
  cove,
  duplicati,
  kopia,
  netbackup,
  spectrumProtect,
  synologyAbb,
  urbackup,
  borg,
  dejaDup,
  duplicity,
  proxmoxBackup,
  restic,
  rsnapshot,
  timeshift,
  veeamAgentLinux,
  vorta,
  ...detectedOnLinux,
  scheduledJobs,
];
