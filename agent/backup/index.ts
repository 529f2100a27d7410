/** All backup products, those of one system in lists of their own. An id stands once for each system. */
import type { Machine } from '../platform/machine.ts';
import type { BackupProduct } from './product.ts';
import { custom } from './products/custom.ts';

export async function backupProductsOf(platform: Machine['platform']): Promise<readonly BackupProduct[]> {
  return platform === 'linux'
    ? [custom, ...(await import('./linux/index.ts')).linuxProducts]
    : [custom, ...(await import('./windows/index.ts')).windowsProducts];
}
