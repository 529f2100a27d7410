/** Products that are seen here and answer elsewhere: the honest result is "unknown", with the reason. One row each. */
import type { BackupReason } from '../../contract/facts/backup.ts';
import type { BackupProduct, ProductFinding } from '../product.ts';
import { isDown, presenceOf, type Traces } from './presence.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly answers: Exclude<ProductFinding['answers'], 'here'>;
  readonly reason: BackupReason;
  readonly traces: Traces;
  /** Registry key and value with the version, where the list of programs has none. */
  readonly version?: readonly [key: string, value: string];
}

const onServer = { answers: 'server', reason: 'result-on-server' } as const;
const nowhere = { answers: 'nowhere', reason: 'no-readable-record' } as const;

export const detectedRows: readonly Row[] = [
  {
    // `acrocmd` lists activities in words and an order of dates that differ between versions and are nowhere documented: a
    // success would be guessed from the absence of the word for a failure.
    id: 'acronis',
    name: 'Acronis Cyber Protect',
    ...nowhere,
    traces: {
      service: /^MMS$/i,
      image: /\\Acronis\\|\\BackupClient\\/i,
      program: /^(Acronis|Cyber Protection Agent)\b/i,
      serviceName: 'MMS',
    },
  },
  {
    id: 'backup-exec',
    name: 'Backup Exec Agent',
    ...onServer,
    traces: {
      service: /^BackupExecAgentAccelerator$/i,
      serviceName: 'BackupExecAgentAccelerator',
      program: /Backup Exec\b.*\bAgent/i,
    },
  },
  {
    id: 'sep-sesam',
    name: 'SEP sesam Client',
    ...onServer,
    traces: { image: /\\SEPsesam\\/i, program: /^SEP ?sesam/i },
  },
  {
    id: 'commvault',
    name: 'Commvault',
    ...onServer,
    traces: { service: /^GxCVD\(/i, serviceName: 'GxCVD', program: /^Commvault\b/i },
    version: ['commvault', 'sProductVersion'],
  },
  {
    id: 'datto',
    name: 'Datto Backup',
    ...onServer,
    // CagService belongs to Datto RMM, which makes no backups.
    traces: {
      service: /^(DattoBackupAgentService|DattoCloudContinuityService)$/i,
      serviceName: 'DattoBackupAgentService',
      program: /^Datto (Windows Agent|Endpoint Backup|Cloud Continuity)/i,
    },
  },
  {
    id: 'unitrends',
    name: 'Unitrends Agent',
    ...onServer,
    traces: { image: /\\Unitrends[^\\]*\\/i, program: /^Unitrends\b.*\bAgent/i },
  },
  {
    id: 'azure-backup',
    name: 'Microsoft Azure Recovery Services Agent',
    ...onServer,
    traces: { service: /^obengine$/i, serviceName: 'obengine' },
  },
  {
    id: 'ahsay',
    name: 'Ahsay (OBM, ACB)',
    ...nowhere,
    traces: { image: /\\Ahsay(OBM|ACB)\\/i, program: /^Ahsay(OBM|ACB)/i },
  },
  {
    id: 'novabackup',
    name: 'NovaBACKUP',
    ...nowhere,
    traces: { image: /NovaStor|NovaBACKUP/i, program: /^(NovaBACKUP|NovaStor)/i },
  },
  {
    id: 'langmeier',
    name: 'Langmeier Backup',
    ...nowhere,
    traces: { image: /\\Langmeier[^\\]*\\/i, program: /^Langmeier Backup/i },
  },
  {
    id: 'vaultlogix',
    name: 'VaultLogix',
    ...nowhere,
    traces: { image: /\\VaultLogix[^\\]*\\/i, program: /^VaultLogix/i },
  },
];

export const detectedProducts: readonly BackupProduct[] = detectedRows.map(
  ({ id, name, answers, reason, traces, version }) => ({
    id,
    name,
    kind: 'backup',
    platforms: ['win32'],
    read: async (context) => {
      const records = await context.windows();
      const found = presenceOf(records, traces);
      if (!found.installed) return undefined;
      const known = found.version ?? (version === undefined ? undefined : records.key(version[0])?.text(version[1]));
      return {
        ...(known === undefined ? {} : { version: known }),
        installed: true,
        ...(found.service === undefined ? {} : { service: found.service }),
        answers,
        jobs: [],
        reasons: [reason, ...(isDown(found.service) ? (['service-stopped'] as const) : [])],
      };
    },
  }),
);
