/** All backup products; one line each, those of one system in lists of their own. An id stands once for each system. */
import { linuxProducts } from './linux/index.ts';
import type { BackupProduct } from './product.ts';
import { bacula, bareos } from './products/bareos.ts';
import { cove } from './products/cove.ts';
import { custom } from './products/custom.ts';
import { duplicati } from './products/duplicati.ts';
import { kopia } from './products/kopia.ts';
import { netbackup } from './products/netbackup.ts';
import { spectrumProtect } from './products/spectrum-protect.ts';
import { synologyAbb } from './products/synology-abb.ts';
import { urbackup } from './products/urbackup.ts';
import { windowsProducts } from './windows/index.ts';

export const backupProducts: readonly BackupProduct[] = [
  bareos,
  bacula,
  cove,
  duplicati,
  custom,
  kopia,
  netbackup,
  spectrumProtect,
  synologyAbb,
  urbackup,
  ...linuxProducts,
  ...windowsProducts,
];
