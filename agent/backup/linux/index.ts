/** Backup products there are on Linux only; one line each. */
import type { BackupProduct } from '../product.ts';
import { dejaDup } from './deja-dup.ts';
import { detectedOnLinux } from './detected.ts';
import { duplicity } from './duplicity.ts';
import { rsnapshot } from './rsnapshot.ts';
import { timeshift } from './timeshift.ts';
import { veeamAgentLinux } from './veeam-agent.ts';

export const linuxProducts: readonly BackupProduct[] = [
  dejaDup,
  duplicity,
  rsnapshot,
  timeshift,
  veeamAgentLinux,
  ...detectedOnLinux,
];
