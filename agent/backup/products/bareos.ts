/**
 * File daemons of Bareos and Bacula. The director holds schedule and result; the daemon's own state file tells its last
 * ten jobs, without any password.
 *
 * A job the director never started, or that failed before the daemon took it up, leaves nothing here: it shows as a success
 * that grows old.
 */
import type { BackupReason, RunResult } from '../../contract/facts/backup.ts';
import { findProgram, findService, type Traces } from '../linux/installed.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { parseBaculaState, type StateRecord } from './bacula-state.ts';

/** Ten records are 2 KiB. */
const maxStateBytes = 64 * 1024;

interface FileDaemon {
  readonly id: 'bareos' | 'bacula';
  readonly name: string;
  readonly traces: Traces;
  readonly units: readonly string[];
  readonly workingFolder: string;
}

const linuxDaemons: Readonly<Record<FileDaemon['id'], FileDaemon>> = {
  bareos: {
    id: 'bareos',
    name: 'Bareos',
    traces: { packages: ['bareos-filedaemon'], files: ['/usr/sbin/bareos-fd'] },
    units: ['bareos-fd.service', 'bareos-filedaemon.service'],
    workingFolder: '/var/lib/bareos',
  },
  bacula: {
    id: 'bacula',
    name: 'Bacula',
    traces: { packages: ['bacula-fd', 'bacula-client'], files: ['/usr/sbin/bacula-fd', '/opt/bacula/bin/bacula-fd'] },
    units: ['bacula-fd.service'],
    workingFolder: '/var/lib/bacula',
  },
};

export const bareos: BackupProduct = {
  id: 'bareos',
  name: 'Bareos',
  kind: 'backup',
  platforms: ['linux'],
  read: (context) => readLinux(context, linuxDaemons.bareos),
};

export const bacula: BackupProduct = {
  id: 'bacula',
  name: 'Bacula',
  kind: 'backup',
  platforms: ['linux'],
  read: (context) => readLinux(context, linuxDaemons.bacula),
};

async function readLinux(context: BackupContext, daemon: FileDaemon): Promise<ProductFinding | undefined> {
  const program = await findProgram(context, daemon.traces);
  const state = await readState(context, daemon.workingFolder, daemon.id);
  if (!program.installed && state.records === undefined && state.reason === 'source-missing') return undefined;
  const service = program.installed ? await findService(context, daemon.units) : undefined;
  return {
    ...program,
    ...(service === undefined ? {} : { service }),
    ...fileDaemonFinding(daemon, state, context.rememberedJobs(daemon.id)),
  };
}

export type DaemonState =
  | { readonly records: readonly StateRecord[]; readonly reason?: undefined }
  | {
      readonly records?: undefined;
      readonly reason: BackupReason;
    };

/** Port 9102 unless the administrator chose another: the newest state file of the daemon in its working folder. */
export async function readState(
  { machine }: Pick<BackupContext, 'machine'>,
  folder: string,
  id: FileDaemon['id'],
): Promise<DaemonState> {
  const separator = folder.includes('\\') ? '\\' : '/';
  const named = new RegExp(`^${id}-fd\\.\\d{1,5}\\.state$`);
  try {
    const files = (await machine.list(folder)).filter((name) => named.test(name)).slice(0, 8);
    const dated = await Promise.all(
      files.map(async (name) => {
        const path = `${folder}${separator}${name}`;
        return { path, at: (await machine.stat(path)).modifiedAt.getTime() };
      }),
    );
    const newest = dated.reduce<(typeof dated)[number] | undefined>(
      (best, next) => (best === undefined || next.at > best.at ? next : best),
      undefined,
    );
    if (newest === undefined) return { reason: 'source-missing' };
    const records = parseBaculaState(await machine.readBytes(newest.path, { maxBytes: maxStateBytes }));
    return records === undefined ? { reason: 'schema-unknown' } : { records };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

/**
 * Jobs of a state file, and those an earlier round saw succeed that have dropped out of the last ten. A missing or empty file
 * is no "never": the daemon deletes a file it cannot read.
 */
export function fileDaemonFinding(
  { name }: Pick<FileDaemon, 'name'>,
  { records, reason }: DaemonState,
  remembered: readonly string[],
): Pick<ProductFinding, 'answers' | 'jobs' | 'reasons'> {
  const runs = new Map<string, RunRecord[]>(remembered.map((job) => [job, []]));
  for (const [index, record] of (records ?? []).entries()) {
    if (record.type !== 'B') continue;
    runs.set(record.name, [...(runs.get(record.name) ?? []), runOf(record, index, `${name} state file`)]);
  }
  const jobs = [...runs].map(
    ([job, own]): JobRecord => ({
      id: job,
      name: job,
      writableBy: 'administrator',
      targets: [{ kind: 'repository' }],
      runs: own,
      history: records === undefined ? 'unreadable' : 'window',
      ...(reason === undefined ? {} : { reasons: [reason] }),
    }),
  );
  const missing: BackupReason | undefined = reason ?? (jobs.length === 0 ? 'source-missing' : undefined);
  return { answers: 'here', jobs, ...(missing === undefined ? {} : { reasons: [missing] }) };
}

function runOf(record: StateRecord, sequence: number, source: string): RunRecord {
  const result = resultOf(record);
  const reasons: BackupReason[] = [];
  if (record.status === 'I') reasons.push('interrupted');
  if (result === 'warning') reasons.push('files-skipped');
  return {
    ...(record.start > 0 ? { startedAt: new Date(record.start * 1000) } : {}),
    ...(record.end > 0 ? { endedAt: new Date(record.end * 1000) } : {}),
    result,
    code: record.status,
    bytes: Number(record.bytes),
    evidence: { kind: 1, source, reference: `job ${record.jobId}` },
    sequence,
    // A full backup without a file has nothing of this PC in it.
    ...(record.files === 0 && record.level === 'F' ? { provesNothing: true as const } : {}),
    ...(reasons.length === 0 ? {} : { reasons }),
  };
}

/** A job that ended well with errors left out what it could not read. */
function resultOf({ status, errors }: StateRecord): RunResult {
  if (status === 'T') return errors === 0 ? 'success' : 'warning';
  if (status === 'W') return 'warning';
  if (status === 'A') return 'cancelled';
  if (status === 'R' || status === 'C') return 'running';
  return 'EefI'.includes(status) ? 'failed' : 'unknown';
}
