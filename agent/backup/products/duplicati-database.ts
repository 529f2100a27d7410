/** Duplicati's server database: its jobs, their plan, and what it noted of their last runs. */
import { clean } from '../../collectors/text.ts';
import type { BackupReason } from '../../contract/facts/backup.ts';
import type { DatabaseView, SqlValue } from '../../platform/machine.ts';
import type { RunRecord } from '../product.ts';

export interface DuplicatiJob {
  readonly id: string;
  readonly name: string;
  /** As it stands there, credentials and all: for `redactTarget` only. */
  readonly address?: string;
  readonly schedule?: string;
  readonly nextRunAt?: Date;
  readonly runs: readonly RunRecord[];
}

const maxJobs = 32;
const needed: Readonly<Record<string, readonly string[]>> = {
  Backup: ['ID', 'Name', 'TargetURL'],
  Schedule: ['Tags', 'Time', 'Repeat'],
  Metadata: ['BackupID', 'Name', 'Value'],
};
const evidence = { kind: 1, source: 'database of Duplicati' } as const;

/**
 * `schema-unknown` when the tables are not those this version knows. The result of the last run is the newer of "last finished"
 * and "last error"; warnings are not noted anywhere. Options, which hold the passphrase, are not asked for.
 */
export async function duplicatiJobs(view: DatabaseView): Promise<readonly DuplicatiJob[] | BackupReason> {
  for (const [table, columns] of Object.entries(needed)) {
    const found = await view.columns(table);
    if (!columns.every((column) => found.includes(column))) return 'schema-unknown';
  }
  const backups = await view.rows(`SELECT ID, Name, TargetURL FROM Backup ORDER BY ID LIMIT ${maxJobs}`);
  const schedules = await view.rows('SELECT Tags, Time, Repeat FROM Schedule LIMIT 200');
  const jobs: DuplicatiJob[] = [];
  for (const row of backups) {
    const id = String(row['ID']);
    const metadata = await view.rows(
      `SELECT Name, Value FROM Metadata WHERE BackupID = ? AND Name IN
        ('LastBackupStarted', 'LastBackupFinished', 'LastErrorDate', 'LastErrorMessage', 'SourceFilesSize')`,
      [row['ID'] instanceof Uint8Array ? null : (row['ID'] ?? null)],
    );
    const values = new Map(metadata.map((entry) => [String(entry['Name']), String(entry['Value'])]));
    const plan = schedules.find(({ Tags: tags }) => String(tags).split(',').includes(`ID=${id}`));
    const schedule = clean(String(plan?.['Repeat'] ?? ''), 40);
    const nextRunAt = unixTime(plan?.['Time']);
    const address = typeof row['TargetURL'] === 'string' ? row['TargetURL'] : undefined;
    jobs.push({
      id,
      name: clean(String(row['Name'] ?? ''), 200) ?? id,
      ...(address === undefined ? {} : { address }),
      ...(schedule === undefined ? {} : { schedule }),
      ...(nextRunAt === undefined ? {} : { nextRunAt }),
      runs: runsOf(values),
    });
  }
  return jobs;
}

function runsOf(values: ReadonlyMap<string, string>): RunRecord[] {
  const runs: RunRecord[] = [];
  const startedAt = parseDuplicatiTime(values.get('LastBackupStarted'));
  const endedAt = parseDuplicatiTime(values.get('LastBackupFinished'));
  const failedAt = parseDuplicatiTime(values.get('LastErrorDate'));
  const size = values.get('SourceFilesSize') ?? '';
  if (endedAt !== undefined) {
    runs.push({
      ...(startedAt === undefined || startedAt > endedAt ? {} : { startedAt }),
      endedAt,
      result: 'success',
      ...(/^\d{1,15}$/.test(size) ? { bytes: Number(size) } : {}),
      evidence: { ...evidence, reference: 'LastBackupFinished' },
    });
  }
  if (failedAt !== undefined) {
    const reason = reasonIn(values.get('LastErrorMessage') ?? '');
    runs.push({
      endedAt: failedAt,
      result: 'failed',
      evidence: { ...evidence, reference: 'LastErrorDate' },
      ...(reason === undefined ? {} : { reasons: [reason] }),
    });
  }
  return runs;
}

/** The message itself stays here: it may name files. */
function reasonIn(message: string): BackupReason | undefined {
  if (/disk full|not enough space|no space left|quota/i.test(message)) return 'target-full';
  if (/timed out|unreachable|could not connect|connection refused|name or service not known|No route/i.test(message)) {
    return 'target-unreachable';
  }
  return /passphrase|invalid password|unauthori[sz]ed/i.test(message) ? 'wrong-password' : undefined;
}

/** "20261124T010941Z", always UTC. */
export function parseDuplicatiTime(text: string | undefined): Date | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text ?? '');
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function unixTime(value: SqlValue | Uint8Array | undefined): Date | undefined {
  return typeof value === 'number' && value > 0 && value < 1e11 ? new Date(value * 1000) : undefined;
}
