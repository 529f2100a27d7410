/** All backup products; one line each. */
import type { BackupProduct } from './product.ts';
import { veeamAgentWindows } from './windows/veeam-agent.ts';

export const backupProducts: readonly BackupProduct[] = [veeamAgentWindows];
