/** All backup products; one line each, those of one system in lists of their own. */
import { linuxProducts } from './linux/index.ts';
import type { BackupProduct } from './product.ts';
import { acronis } from './products/acronis.ts';
import { backupExec } from './products/backup-exec.ts';
import { bacula, bareos } from './products/bareos.ts';
import { commvault } from './products/commvault.ts';
import { cove } from './products/cove.ts';
import { custom } from './products/custom.ts';
import { kopia } from './products/kopia.ts';
import { netbackup } from './products/netbackup.ts';
import { sepSesam } from './products/sep-sesam.ts';
import { spectrumProtect } from './products/spectrum-protect.ts';
import { synologyAbb } from './products/synology-abb.ts';
import { urbackup } from './products/urbackup.ts';
import { windowsProducts } from './windows/index.ts';

export const backupProducts: readonly BackupProduct[] = [
  acronis,
  backupExec,
  bareos,
  bacula,
  commvault,
  cove,
  custom,
  kopia,
  netbackup,
  sepSesam,
  spectrumProtect,
  synologyAbb,
  urbackup,
  ...linuxProducts,
  ...windowsProducts,
];
