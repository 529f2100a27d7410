/**
 * Synology Active Backup for Business agent. The NAS holds the tasks and tells the agent their result, which the agent writes
 * into its log: the time of the last success is the NAS's own word.
 */
import type { BackupReason } from '../../contract/facts/backup.ts';
import { findProgram, findService } from '../linux/installed.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { parseSynologyLog, type TaskResult } from './synology-log.ts';

const maxLogBytes = 16 * 1024 * 1024;
const folder = '/var/log/activebackupforbusinessagent';

export const synologyAbb: BackupProduct = {
  id: 'synology-abb',
  name: 'Synology Active Backup for Business',
  kind: 'backup',
  platforms: ['linux'],
  read: readLinux,
};

async function readLinux(context: BackupContext): Promise<ProductFinding | undefined> {
  const program = await findProgram(context, {
    packages: ['synology-active-backup-business-linux-service'],
    files: ['/opt/Synology/ActiveBackupforBusiness/bin/synology-backupd'],
  });
  const log = await readLog(context);
  if (!program.installed && log.reason === 'source-missing') return undefined;
  const service = program.installed
    ? await findService(context, [
        'synology-active-backup-business-linux-service.service',
        'active-backup-business-linux-service.service',
      ])
    : undefined;
  return {
    ...program,
    ...(service === undefined ? {} : { service }),
    ...taskFinding(log, context.rememberedJobs('synology-abb')),
  };
}

type Log =
  | { readonly text: string; readonly reason?: undefined }
  | { readonly text?: undefined; readonly reason: BackupReason };

async function readLog({ machine }: BackupContext): Promise<Log> {
  try {
    return { text: await machine.readText(`${folder}/log.txt`, { maxBytes: maxLogBytes }) };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

export function taskFinding(
  log: Log,
  remembered: readonly string[],
): Pick<ProductFinding, 'answers' | 'jobs' | 'reasons'> {
  const results = log.text === undefined ? undefined : parseSynologyLog(log.text);
  const reason = log.reason ?? (results === undefined ? 'schema-unknown' : undefined);
  const tasks = new Map<string, TaskResult[]>(remembered.map((name) => [name, []]));
  for (const result of results ?? []) tasks.set(result.task, [...(tasks.get(result.task) ?? []), result]);
  if (tasks.size === 0) tasks.set('backup', []);
  const jobs = [...tasks].map(([name, own]): JobRecord => {
    const proven = own.reduce((best, { lastSuccess }) => Math.max(best, lastSuccess), 0);
    return {
      id: name,
      name,
      writableBy: 'administrator',
      targets: [{ kind: 'repository' }],
      runs: own.map(runOf),
      history: reason === undefined ? 'window' : 'unreadable',
      ...(proven === 0
        ? {}
        : { statedSuccess: { endedAt: new Date(proven * 1000), evidence: { kind: 3, source: 'log of the agent' } } }),
      ...(reason === undefined ? {} : { reasons: [reason] }),
    };
  });
  return { answers: 'here', jobs, ...(reason === undefined ? {} : { reasons: [reason] }) };
}

/** Only the word "complete" is a success; what the others mean is nowhere written. */
function runOf({ status, lastSuccess, bytes, line }: TaskResult): RunRecord {
  const complete = status === 'complete' && lastSuccess > 0;
  return {
    ...(complete ? { endedAt: new Date(lastSuccess * 1000) } : {}),
    result: complete ? 'success' : /^(failed|fail|error)$/.test(status) ? 'failed' : 'unknown',
    code: status,
    ...(complete && bytes !== undefined ? { bytes } : {}),
    evidence: { kind: 3, source: 'log of the agent', reference: `line ${line}` },
    sequence: line,
  };
}
