/**
 * File daemons of Bareos and Bacula on Windows: the same state file as on Linux, in the folder of the installer. Its authors
 * say that it is packed differently here: a layout the parser does not know for certain is "schema-unknown".
 */
import type { BackupContext, BackupProduct, ProductFinding } from '../product.ts';
import { fileDaemonFinding, readState } from '../products/bareos.ts';
import { isDown, presenceOf, type Traces } from './presence.ts';

interface Daemon {
  readonly id: 'bareos' | 'bacula';
  readonly name: string;
  readonly traces: Traces;
  /** Below ProgramData and below each folder of programs; the first that holds a state file counts. */
  readonly data: readonly string[];
  readonly programs: readonly string[];
}

const daemons: readonly Daemon[] = [
  {
    id: 'bareos',
    name: 'Bareos',
    traces: { service: /^Bareos-fd$/i, serviceName: 'Bareos-fd', program: /^Bareos\b/i },
    data: ['Bareos\\working', 'Bareos'],
    programs: [],
  },
  {
    id: 'bacula',
    name: 'Bacula',
    traces: { service: /^Bacula-fd$/i, serviceName: 'Bacula-fd', program: /^Bacula\b/i },
    data: ['Bacula\\working', 'Bacula'],
    programs: ['Bacula\\working'],
  },
];

export const windowsFileDaemons: readonly BackupProduct[] = daemons.map((daemon) => ({
  id: daemon.id,
  name: daemon.name,
  kind: 'backup',
  platforms: ['win32'],
  read: (context) => readDaemon(context, daemon),
}));

async function readDaemon(
  context: BackupContext,
  { id, name, traces, data, programs }: Daemon,
): Promise<ProductFinding | undefined> {
  const records = await context.windows();
  const { installed, version, service } = presenceOf(records, traces);
  const { places } = records;
  const folders = [
    ...data.map((folder) => `${places.data}\\${folder}`),
    ...places.programs.flatMap((base) => programs.map((folder) => `${base}\\${folder}`)),
  ];
  let state: Awaited<ReturnType<typeof readState>> = { reason: 'source-missing' };
  for (const folder of folders) {
    state = await readState(context, folder, id);
    if (state.reason !== 'source-missing') break;
  }
  if (!installed && state.reason === 'source-missing') return undefined;
  const finding = fileDaemonFinding({ name }, state, context.rememberedJobs(id));
  return {
    ...(version === undefined ? {} : { version }),
    installed,
    ...(service === undefined ? {} : { service }),
    ...finding,
    reasons: [...(finding.reasons ?? []), ...(isDown(service) ? (['service-stopped'] as const) : [])],
  };
}
