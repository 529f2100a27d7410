/** Veeam Agent for Linux: the sessions of its jobs stand in an SQLite database that only root can read. */
import { clean } from '../../collectors/text.ts';
import type { BackupReason, RunResult } from '../../contract/facts/backup.ts';
import type { DatabaseView, SqlValue } from '../../platform/machine.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { findProgram, findService, isThere } from './installed.ts';

const database = '/var/lib/veeam/veeam_db.sqlite';
const maxSessions = 400;
const maxJobs = 64;

export const veeamAgentLinux: BackupProduct = {
  id: 'veeam-agent-linux',
  name: 'Veeam Agent for Linux',
  kind: 'backup',
  platforms: ['linux'],
  read: async (context): Promise<ProductFinding | undefined> => {
    const program = await findProgram(context, { packages: ['veeam'], files: ['/usr/bin/veeamconfig'] });
    const found = await readSessions(context);
    if (!program.installed && found === 'missing') return undefined;
    const service = program.installed ? await findService(context, ['veeamservice.service']) : undefined;
    const { jobs, reason } = found === 'missing' ? { jobs: [], reason: 'source-missing' as const } : found;
    return {
      ...program,
      ...(service === undefined ? {} : { service }),
      answers: 'here',
      jobs,
      ...(reason === undefined ? {} : { reasons: [reason] }),
    };
  },
};

interface Sessions {
  readonly jobs: readonly JobRecord[];
  readonly reason?: BackupReason;
}

async function readSessions(context: BackupContext): Promise<Sessions | 'missing'> {
  try {
    if (!(await isThere(context, database))) return 'missing';
    return await context.reader.database(database, veeamJobs);
  } catch (error) {
    return { jobs: [], reason: reasonOf(error) };
  }
}

type Row = Readonly<Record<string, SqlValue | Uint8Array>>;

/** Since version 6 the columns of the times say that they are UTC; before, they have no such word. Both are Unix seconds. */
export async function veeamJobs(view: DatabaseView): Promise<Sessions> {
  const columns = await view.columns('JobSessions');
  const suffix = columns.includes('start_time_utc') ? '_utc' : '';
  const needed = ['id', 'job_id', 'job_name', `start_time${suffix}`, `end_time${suffix}`, 'state'];
  if (!needed.every((column) => columns.includes(column))) return { jobs: [], reason: 'schema-unknown' };
  const wanted = `id, job_id, job_name, start_time${suffix} AS started, end_time${suffix} AS ended, state`;
  const newest = await view.rows(`SELECT ${wanted} FROM JobSessions ORDER BY started DESC LIMIT ${maxSessions}`);
  // The newest good session of a job may stand behind hundreds of failed ones.
  const good = await view.rows(
    `SELECT ${wanted}, max(end_time${suffix}) FROM JobSessions WHERE state IN (6, 9) GROUP BY job_id LIMIT ${maxJobs}`,
  );
  const jobs = new Map<string, { name: string; runs: Map<string, RunRecord> }>();
  for (const row of [...newest, ...good]) {
    const id = clean(String(row['job_id'] ?? ''), 110) ?? '?';
    const job = jobs.get(id) ?? { name: clean(String(row['job_name'] ?? ''), 200) ?? id, runs: new Map() };
    job.runs.set(String(row['id']), runOf(row));
    jobs.set(id, job);
  }
  for (const { id, name } of await jobsWithoutSession(view)) {
    if (!jobs.has(id)) jobs.set(id, { name, runs: new Map() });
  }
  return {
    jobs: [...jobs].slice(0, maxJobs).map(([id, { name, runs }]) => ({
      id,
      name,
      writableBy: 'administrator',
      targets: [],
      runs: [...runs.values()],
      // Old sessions are removed.
      history: 'window',
    })),
  };
}

async function jobsWithoutSession(view: DatabaseView): Promise<{ id: string; name: string }[]> {
  const columns = await view.columns('BackupJobs');
  if (!columns.includes('id') || !columns.includes('name')) return [];
  const rows = await view.rows(`SELECT id, name FROM BackupJobs LIMIT ${maxJobs}`);
  return rows.flatMap((row) => {
    const id = clean(String(row['id'] ?? ''), 110);
    return id === undefined ? [] : [{ id, name: clean(String(row['name'] ?? ''), 200) ?? id }];
  });
}

const states: Readonly<Record<string, RunResult>> = { 1: 'running', 6: 'success', 7: 'failed', 9: 'warning' };

function runOf(row: Row): RunRecord {
  const state = String(row['state']);
  const result = Object.hasOwn(states, state) ? (states[state] ?? 'unknown') : 'unknown';
  const startedAt = instantOf(row['started']);
  const endedAt = result === 'running' ? undefined : instantOf(row['ended']);
  return {
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    result,
    code: `state ${state}`.slice(0, 60),
    evidence: { kind: 1, source: 'database of Veeam Agent', reference: `session ${String(row['id'])}`.slice(0, 120) },
  };
}

function instantOf(value: SqlValue | Uint8Array | undefined): Date | undefined {
  const seconds = typeof value === 'string' && /^\d{9,11}$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && seconds > 0 && seconds < 1e11 ? new Date(seconds * 1000) : undefined;
}
