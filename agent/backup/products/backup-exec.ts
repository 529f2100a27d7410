/** Remote agent of Backup Exec: a client keeps no result, the media server does. */
import type { BackupProduct } from '../product.ts';
import { type Elsewhere, readElsewhere } from '../result-elsewhere.ts';

const linux: Elsewhere = {
  answers: 'server',
  reason: 'result-on-server',
  traces: { packages: ['vrtsralus'], files: ['/opt/VRTSralus/bin/beremote'] },
  units: ['VRTSralus.service', 'vrtsralus.service'],
  leftBehind: ['/etc/VRTSralus', '/opt/VRTSralus'],
};

export const backupExec: BackupProduct = {
  id: 'backup-exec',
  name: 'Backup Exec',
  kind: 'backup',
  platforms: ['linux'],
  read: (context) => readElsewhere(context, linux),
};
