/** Backup products there are on Windows only; one line each. */
import type { BackupProduct } from '../product.ts';
import { veeamAgentWindows } from './veeam-agent.ts';

export const windowsProducts: readonly BackupProduct[] = [veeamAgentWindows];
