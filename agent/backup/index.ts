/** All backup products; one line each, those of Windows in a list of their own. */
import type { BackupProduct } from './product.ts';
import { bacula, bareos } from './products/bareos.ts';
import { windowsProducts } from './windows/index.ts';

export const backupProducts: readonly BackupProduct[] = [bareos, bacula, ...windowsProducts];
