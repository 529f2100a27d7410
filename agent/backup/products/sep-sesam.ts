/** SEP sesam client: `sm_main status` tells of processes, the result of a backup stands on the SEP sesam server. */
import type { BackupProduct } from '../product.ts';
import { type Elsewhere, readElsewhere } from '../result-elsewhere.ts';

const linux: Elsewhere = {
  answers: 'server',
  reason: 'result-on-server',
  traces: { packages: ['sep-sesam-cli', 'sesam-cli'], files: ['/opt/sesam/bin/sesam/sm_main'] },
  units: ['sepsesam.service', 'sesam.service'],
  leftBehind: ['/etc/sesam2000.ini', '/var/opt/sesam'],
};

export const sepSesam: BackupProduct = {
  id: 'sep-sesam',
  name: 'SEP sesam',
  kind: 'backup',
  platforms: ['linux'],
  read: (context) => readElsewhere(context, linux),
};
