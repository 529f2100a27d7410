/**
 * UrBackup client. `urbackupclientctl status` answers in JSON; where it cannot, the client's own database still holds the
 * time of the last file backup.
 *
 * That time moves for file backups only: of image backups the client keeps no record, so that a client that makes nothing
 * but images looks stale here. Only the server can tell.
 */
import { z } from 'zod';
import { codeOf } from '../../collectors/text.ts';
import type { BackupReason } from '../../contract/facts/backup.ts';
import type { DatabaseView } from '../../platform/machine.ts';
import { findProgram, findService, isThere } from '../linux/installed.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import { reasonOf } from '../read-reason.ts';

/** The client talks to its own service on this PC. */
const statusTimeoutMs = 20_000;
const databases = [
  '/usr/local/var/urbackup/backup_client.db',
  '/var/urbackup/backup_client.db',
  '/var/lib/urbackup/backup_client.db',
];

const status = z.object({
  /** Unix seconds of the last file backup; 0 = none. */
  last_backup_time: z.int().min(0).max(253_402_300_799),
  running_processes: z
    .array(z.object({ action: z.string().max(40), process_id: z.int().optional() }))
    .max(64)
    .default([]),
  finished_processes: z
    .array(z.object({ process_id: z.int(), success: z.boolean() }))
    .max(1024)
    .default([]),
  servers: z
    .array(z.object({ name: z.string().max(300) }))
    .max(64)
    .default([]),
});
export type UrBackupStatus = z.infer<typeof status>;

/** `undefined`: not the answer of a client this version knows. */
export function parseUrBackupStatus(output: string): UrBackupStatus | undefined {
  try {
    return status.safeParse(JSON.parse(output)).data;
  } catch {
    // The tool prints words instead of JSON when its service does not answer.
    return undefined;
  }
}

export const urbackup: BackupProduct = {
  id: 'urbackup',
  name: 'UrBackup',
  kind: 'backup',
  platforms: ['linux'],
  read: readLinux,
};

async function readLinux(context: BackupContext): Promise<ProductFinding | undefined> {
  const program = await findProgram(context, {
    packages: ['urbackup-client'],
    files: [
      '/usr/local/sbin/urbackupclientbackend',
      '/usr/sbin/urbackupclientbackend',
      '/usr/local/bin/urbackupclientctl',
    ],
  });
  const service = program.installed ? await findService(context, ['urbackupclientbackend.service']) : undefined;
  const answered = program.installed ? await askClient(context) : { reason: 'program-removed' as const };
  if (answered.status !== undefined) {
    return {
      ...program,
      ...(service === undefined ? {} : { service }),
      answers: 'here',
      jobs: [fileBackupOf(answered.status)],
    };
  }
  for (const path of databases) {
    const stored = await readStored(context, path);
    if (stored === 'missing') continue;
    return {
      ...program,
      ...(service === undefined ? {} : { service }),
      answers: 'here',
      jobs: [storedFileBackup(stored)],
      ...(program.installed ? { reasons: [answered.reason] } : {}),
    };
  }
  if (!program.installed) return undefined;
  return {
    ...program,
    ...(service === undefined ? {} : { service }),
    answers: 'here',
    jobs: [storedFileBackup({ reason: 'source-missing' })],
    reasons: [answered.reason],
  };
}

/** What the client's command says, or why it says nothing; its name differs from system to system. */
export async function askClient({
  machine,
  signal,
}: BackupContext): Promise<
  { status: UrBackupStatus; reason?: undefined } | { status?: undefined; reason: BackupReason }
> {
  const outcome = await machine.run('urbackupclientctl', ['status'], { timeoutMs: statusTimeoutMs, signal });
  if (outcome.kind !== 'exited') return { reason: 'source-unreadable' };
  const parsed = outcome.exitCode === 0 ? parseUrBackupStatus(outcome.stdout) : undefined;
  if (parsed !== undefined) return { status: parsed };
  // 1: the service does not answer, 3: its password file cannot be read.
  const reasons: Record<number, BackupReason> = { 0: 'schema-unknown', 1: 'service-stopped', 3: 'source-denied' };
  return { reason: reasons[outcome.exitCode] ?? 'source-unreadable' };
}

const job = {
  id: 'file-backup',
  name: 'UrBackup',
  writableBy: 'administrator',
  targets: [{ kind: 'repository' }],
  /** What the client says of file backups is complete; of image backups it says nothing. */
  history: 'unreadable',
} as const;

/** From the client's answer. A failed process may have been an image backup; it counts as the newest run all the same. */
export function fileBackupOf({
  last_backup_time: last,
  running_processes: runningNow,
  finished_processes: finished,
  servers,
}: UrBackupStatus): JobRecord {
  const evidence = { kind: 2, source: 'urbackupclientctl status' } as const;
  const runs: RunRecord[] = [];
  if (last > 0) {
    // The client numbers its processes and gives no times; the newest that ended well is the one the time belongs to.
    const sequence = Math.max(-1, ...finished.filter(({ success }) => success).map(({ process_id: id }) => id));
    runs.push({ endedAt: new Date(last * 1000), result: 'success', sequence, evidence });
  }
  for (const { process_id: id, success } of finished) {
    if (!success) runs.push({ result: 'failed', sequence: id, evidence: { ...evidence, reference: `process ${id}` } });
  }
  for (const { action, process_id: id } of runningNow) {
    if (!/^(R_)?(INCR|FULL)I?$/.test(action)) continue;
    runs.push({ result: 'running', code: action, sequence: id ?? Number.MAX_SAFE_INTEGER, evidence });
  }
  const [server] = servers;
  return {
    ...job,
    targets: [{ kind: 'repository', ...(server === undefined ? {} : { name: server.name }) }],
    runs,
    reasons: ['result-on-server'],
  };
}

/** Time of the last file backup from the client's database, or why it cannot be told. */
type Stored = { readonly last?: Date; readonly reason?: BackupReason };

export function storedFileBackup({ last, reason }: Stored): JobRecord {
  return {
    ...job,
    runs:
      last === undefined
        ? []
        : [{ endedAt: last, result: 'success', evidence: { kind: 1, source: 'database of the UrBackup client' } }],
    reasons: ['result-on-server', ...(reason === undefined ? [] : [reason])],
  };
}

async function readStored(context: BackupContext, path: string): Promise<Stored | 'missing'> {
  try {
    // Only then is a process started for it.
    if (!(await isThere(context, path))) return 'missing';
    return await context.reader.database(path, lastFileBackup);
  } catch (error) {
    return codeOf(error) === 'not-found' ? 'missing' : { reason: reasonOf(error) };
  }
}

/** Table `status`, written by the client with SQLite's CURRENT_TIMESTAMP: UTC without saying so. */
export async function lastFileBackup(view: DatabaseView): Promise<Stored> {
  if (!(await view.columns('status')).includes('last_backup')) return { reason: 'schema-unknown' };
  const [row] = await view.rows('SELECT max(last_backup) AS last FROM status');
  const match = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/.exec(String(row?.['last'] ?? ''));
  if (match === null) return {};
  const last = new Date(`${match[1]}T${match[2]}Z`);
  return Number.isNaN(last.getTime()) ? { reason: 'schema-unknown' } : { last };
}
