/** All backup products; one line each. */
import type { BackupProduct } from './product.ts';
import { bacula, bareos } from './products/bareos.ts';

export const backupProducts: readonly BackupProduct[] = [bareos, bacula];
