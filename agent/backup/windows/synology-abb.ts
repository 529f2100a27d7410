/**
 * Synology Active Backup for Business agent on Windows: the database of the agent keeps the last success of each task, the log
 * beside it how the newest runs ended.
 */
import type { BackupReason } from '../../contract/facts/backup.ts';
import type { DatabaseView } from '../../platform/machine.ts';
import type { BackupContext, BackupProduct, JobRecord } from '../product.ts';
import { taskFinding } from '../products/synology-abb.ts';
import { reasonOf } from '../read-reason.ts';
import { isDown, presenceOf } from './presence.ts';

const traces = {
  image: /ActiveBackup/i,
  serviceName: 'Synology Active Backup for Business Agent',
  program: /^Synology Active Backup for Business Agent\b/i,
};
const maxLogBytes = 16 * 1024 * 1024;

export const synologyAbbWindows: BackupProduct = {
  id: 'synology-abb',
  name: 'Synology Active Backup for Business',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const { installed, version, service } = presenceOf(records, traces);
    const folder = `${records.places.data}\\ActiveBackupforBusinessAgent`;
    const log = await readLog(context, `${folder}\\log\\log.txt`);
    const stored = await readTasks(context, `${folder}\\system-db.sqlite`);
    if (!installed && log.reason === 'source-missing' && stored === 'source-missing') return undefined;
    return {
      ...(version === undefined ? {} : { version }),
      installed,
      ...(service === undefined ? {} : { service }),
      answers: 'here',
      jobs: joined(taskFinding(log, context.rememberedJobs('synology-abb')).jobs, stored),
      reasons: [
        ...(typeof stored === 'string' ? [stored] : []),
        ...(isDown(service) ? (['service-stopped'] as const) : []),
      ],
    };
  },
};

async function readLog(
  { machine }: BackupContext,
  path: string,
): Promise<{ text: string; reason?: undefined } | { text?: undefined; reason: BackupReason }> {
  try {
    return { text: await machine.readText(path, { maxBytes: maxLogBytes }) };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

export interface StoredTask {
  readonly name: string | undefined;
  readonly succeededAt: Date | undefined;
}

async function readTasks({ reader }: BackupContext, path: string): Promise<StoredTask[] | BackupReason> {
  try {
    return await reader.database(path, readSynologyTasks);
  } catch (error) {
    return reasonOf(error);
  }
}

/** Table `task_table`: seconds since 1970, 0 where there was none. */
export async function readSynologyTasks(view: DatabaseView): Promise<StoredTask[] | BackupReason> {
  const columns = await view.columns('task_table');
  if (!columns.includes('last_backup_success_time')) return 'schema-unknown';
  const name = columns.includes('task_name') ? 'task_name' : 'NULL';
  const rows = await view.rows(`SELECT ${name} AS name, last_backup_success_time AS at FROM task_table LIMIT 64`);
  return rows.map(({ name: own, at }) => ({
    name: typeof own === 'string' && own !== '' ? own : undefined,
    succeededAt: typeof at === 'number' && at > 0 && at < 1e11 ? new Date(at * 1000) : undefined,
  }));
}

/** Tasks of the log, with the success the database states; a task without a name belongs to the only one there is. */
function joined(jobs: readonly JobRecord[], stored: StoredTask[] | BackupReason): JobRecord[] {
  if (typeof stored === 'string') return [...jobs];
  const known = new Map(jobs.map((job) => [job.id, job]));
  const [only] = jobs;
  for (const [index, { name, succeededAt }] of stored.entries()) {
    const id = name ?? (stored.length === 1 && jobs.length === 1 && only !== undefined ? only.id : `task-${index + 1}`);
    const job = known.get(id) ?? { ...(only as JobRecord), id, name: id, runs: [], reasons: [] };
    const best = Math.max(succeededAt?.getTime() ?? 0, job.statedSuccess?.endedAt.getTime() ?? 0);
    const { statedSuccess: _stated, ...rest } = job;
    known.set(id, {
      ...rest,
      // The database was read: a log that was not is no gap for what it says.
      history: 'window',
      ...(best === 0
        ? {}
        : { statedSuccess: { endedAt: new Date(best), evidence: { kind: 1, source: 'database of the agent' } } }),
    });
  }
  // The place holder of an empty log goes once the database names a task.
  return [...known.values()].filter(
    ({ id, runs, statedSuccess }) =>
      known.size === 1 || id !== 'backup' || runs.length > 0 || statedSuccess !== undefined,
  );
}
