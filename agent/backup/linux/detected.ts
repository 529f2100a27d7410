/**
 * Products that are seen here and answer elsewhere: the honest result is "unknown", with the reason. One row each.
 *
 * Acronis is among them because on Linux only `acrocmd` lists its activities, in words and in an order of dates that differ
 * between versions and are nowhere documented: a success would be guessed from the absence of the word "failed".
 */
import type { BackupContext, BackupProduct, ProductFinding } from '../product.ts';
import { findProgram, findService, isThere, type Traces } from './installed.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly traces: Traces;
  readonly units: readonly string[];
  /** Folders and files that stay when the program is removed. */
  readonly leftBehind: readonly string[];
}

const rows: readonly Row[] = [
  {
    id: 'acronis',
    name: 'Acronis Cyber Protect',
    traces: { files: ['/usr/lib/Acronis/BackupAndRecovery/mms', '/usr/lib/Acronis/CommandLineTool/acrocmd'] },
    units: ['acronis_mms.service', 'aakore.service'],
    leftBehind: ['/var/lib/Acronis', '/etc/Acronis'],
  },
  {
    id: 'backup-exec',
    name: 'Backup Exec Agent',
    traces: { packages: ['vrtsralus'], files: ['/opt/VRTSralus/bin/beremote'] },
    units: ['VRTSralus.service', 'vrtsralus.service'],
    leftBehind: ['/etc/VRTSralus', '/opt/VRTSralus'],
  },
  {
    id: 'commvault',
    name: 'Commvault',
    traces: { files: ['/opt/commvault/Base/cvd', '/opt/simpana/Base/cvd'] },
    units: ['commvault.Instance001.service', 'commvault.service'],
    leftBehind: ['/etc/CommVaultRegistry', '/opt/commvault'],
  },
  {
    id: 'sep-sesam',
    name: 'SEP sesam Client',
    traces: { packages: ['sep-sesam-cli', 'sesam-cli'], files: ['/opt/sesam/bin/sesam/sm_main'] },
    units: ['sepsesam.service', 'sesam.service'],
    leftBehind: ['/etc/sesam2000.ini', '/var/opt/sesam'],
  },
];

export const detectedOnLinux: readonly BackupProduct[] = rows.map((row) => ({
  id: row.id,
  name: row.name,
  kind: 'backup',
  platforms: ['linux'],
  read: (context) => readRow(context, row),
}));

async function readRow(
  context: BackupContext,
  { traces, units, leftBehind }: Row,
): Promise<ProductFinding | undefined> {
  const onServer = { answers: 'server', jobs: [], reasons: ['result-on-server'] } as const;
  const program = await findProgram(context, traces);
  if (!program.installed) {
    for (const path of leftBehind) if (await isThere(context, path)) return { installed: false, ...onServer };
    return undefined;
  }
  const service = await findService(context, units);
  return { ...program, ...(service === undefined ? {} : { service }), ...onServer };
}
