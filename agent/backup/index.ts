/** All backup products; one line each. */
import type { BackupProduct } from './product.ts';

export const backupProducts: readonly BackupProduct[] = [];
