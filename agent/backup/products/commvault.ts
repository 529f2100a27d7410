/** Commvault client: results stand in the CommServe; its own tool `qlist` asks for a login. */
import type { BackupProduct } from '../product.ts';
import { type Elsewhere, readElsewhere } from '../result-elsewhere.ts';

const linux: Elsewhere = {
  answers: 'server',
  reason: 'result-on-server',
  traces: { files: ['/opt/commvault/Base/cvd', '/opt/simpana/Base/cvd'] },
  units: ['commvault.Instance001.service', 'commvault.service'],
  leftBehind: ['/etc/CommVaultRegistry', '/opt/commvault'],
};

export const commvault: BackupProduct = {
  id: 'commvault',
  name: 'Commvault',
  kind: 'backup',
  platforms: ['linux'],
  read: (context) => readElsewhere(context, linux),
};
