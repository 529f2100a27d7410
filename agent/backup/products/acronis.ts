/** Acronis agent: on Linux only `acrocmd` lists activities, in words and date orders that differ between versions and are nowhere
 * documented; a success must not be guessed from the absence of the word "failed". The result stands on the management server. */
import type { BackupProduct } from '../product.ts';
import { type Elsewhere, readElsewhere } from '../result-elsewhere.ts';

const linux: Elsewhere = {
  answers: 'server',
  reason: 'result-on-server',
  traces: { files: ['/usr/lib/Acronis/BackupAndRecovery/mms', '/usr/lib/Acronis/CommandLineTool/acrocmd'] },
  units: ['acronis_mms.service', 'aakore.service'],
  leftBehind: ['/var/lib/Acronis', '/etc/Acronis'],
};

export const acronis: BackupProduct = {
  id: 'acronis',
  name: 'Acronis Cyber Protect',
  kind: 'backup',
  platforms: ['linux'],
  read: (context) => readElsewhere(context, linux),
};
