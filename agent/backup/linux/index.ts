/** Backup products there are on Linux only; one line each. */
import type { BackupProduct } from '../product.ts';
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
