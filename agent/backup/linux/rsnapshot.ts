/**
 * rsnapshot: copies with rsync and hard links. Its log tells how each run ended; without one only the time of the newest
 * copy is left, which says that a run came to an end and not how.
 */
import { codeOf } from '../../collectors/text.ts';
import type { BackupReason } from '../../contract/facts/backup.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { type CronEntry, readCron } from './cron.ts';
import { findProgram } from './installed.ts';
import { parseRsnapshotConfig, parseRsnapshotLog, type RsnapshotConfig, type RsnapshotRun } from './rsnapshot-log.ts';
import { targetKindOf } from './target.ts';

const mainConfig = '/etc/rsnapshot.conf';
const maxConfigs = 8;
const maxLogBytes = 16 * 1024 * 1024;

export const rsnapshot: BackupProduct = {
  id: 'rsnapshot',
  name: 'rsnapshot',
  kind: 'backup',
  platforms: ['linux'],
  read: async (context): Promise<ProductFinding | undefined> => {
    const program = await findProgram(context, {
      packages: ['rsnapshot'],
      files: ['/usr/bin/rsnapshot', '/usr/local/bin/rsnapshot'],
    });
    const cron = (await readCron(context.machine)).filter(({ command }) => /\brsnapshot\b/.test(command));
    const configs = [...new Set([mainConfig, ...cron.map(({ command }) => configOf(command))])].slice(0, maxConfigs);
    const jobs = (await Promise.all(configs.map((path) => readJob(context, path, cron)))).filter(
      (job) => job !== undefined,
    );
    if (!program.installed && !jobs.some(({ runs }) => runs.length > 0)) return undefined;
    return { ...program, answers: 'here', jobs };
  },
};

const configOf = (command: string): string => /\s-c\s*(\/\S+)/.exec(command)?.[1] ?? mainConfig;

/** One configuration is one job; `undefined` when there is no such file. */
async function readJob(
  context: BackupContext,
  path: string,
  cron: readonly CronEntry[],
): Promise<JobRecord | undefined> {
  const { machine } = context;
  const base = {
    id: path === mainConfig ? 'rsnapshot' : path.slice(1, 121),
    name: path,
    writableBy: 'administrator',
  } as const;
  let config: RsnapshotConfig;
  try {
    config = parseRsnapshotConfig(await machine.readText(path, { maxBytes: 1024 * 1024 }));
  } catch (error) {
    if (codeOf(error) === 'not-found') return undefined;
    return { ...base, targets: [], runs: [], history: 'unreadable', reasons: [reasonOf(error)] };
  }
  const { root, lowest } = config;
  if (root === undefined || lowest === undefined) {
    return { ...base, targets: [], runs: [], history: 'unreadable', reasons: ['schema-unknown'] };
  }
  const own = cron.filter(({ command }) => configOf(command) === path && new RegExp(`\\s${lowest}\\b`).test(command));
  const active = own.find((entry) => entry.active);
  const evidence =
    config.log === undefined ? await fromCopies(context, root, lowest) : await fromLog(context, config, path);
  const reasons = [...evidence.reasons, ...(active === undefined ? ['no-schedule' as const] : [])];
  return {
    ...base,
    // A line that is commented out was switched off; without any line something else may start it.
    ...(active !== undefined ? { enabled: true, schedule: active.schedule } : own.length > 0 ? { enabled: false } : {}),
    targets: [{ kind: await targetKindOf(machine, root), name: root }],
    runs: evidence.runs,
    history: evidence.history,
    ...(reasons.length === 0 ? {} : { reasons }),
  };
}

interface Evidence {
  readonly runs: readonly RunRecord[];
  readonly history: JobRecord['history'];
  readonly reasons: readonly BackupReason[];
}

async function fromLog(context: BackupContext, config: RsnapshotConfig, path: string): Promise<Evidence> {
  const { log = '', lowest = '' } = config;
  try {
    const runs = parseRsnapshotLog(await context.machine.readText(log, { maxBytes: maxLogBytes }), {
      lowest,
      config: path,
    });
    if (runs === undefined) return { runs: [], history: 'unreadable', reasons: ['schema-unknown'] };
    const alive = runs.some(({ result }) => result === 'running') && (await isLocked(context, config.lock));
    return { runs: runs.map((run) => runOf(run, alive)), history: 'window', reasons: [] };
  } catch (error) {
    const reason = reasonOf(error);
    // The log begins with the first run, and logrotate takes it away later.
    return { runs: [], history: reason === 'source-missing' ? 'window' : 'unreadable', reasons: [reason] };
  }
}

/** Of a run without an end: it goes on while the process whose number the lock file holds is rsnapshot. */
async function isLocked({ machine }: BackupContext, lock: string | undefined): Promise<boolean> {
  if (lock === undefined) return false;
  try {
    const pid = /^\d{1,10}$/.exec((await machine.readText(lock, { maxBytes: 64 })).trim())?.[0];
    if (pid === undefined) return false;
    return /^(rsnapshot|perl)$/.test((await machine.readText(`/proc/${pid}/comm`)).trim());
  } catch {
    // No lock, or no such process: the run was cut off.
    return false;
  }
}

function runOf(run: RsnapshotRun, alive: boolean): RunRecord {
  const cutOff = run.result === 'running' && !alive;
  const reasons: readonly BackupReason[] = cutOff ? [...run.reasons, 'interrupted'] : run.reasons;
  return {
    ...(run.startedAt === undefined ? {} : { startedAt: run.startedAt }),
    ...(run.endedAt === undefined ? {} : { endedAt: run.endedAt }),
    result: cutOff ? 'failed' : run.result,
    ...(run.code === undefined ? {} : { code: run.code }),
    sequence: run.line,
    evidence: { kind: 3, source: 'rsnapshot log', reference: `line ${run.line}` },
    ...(reasons.length === 0 ? {} : { reasons }),
  };
}

/** rsnapshot touches the newest copy at the end, also of a run with errors. */
async function fromCopies({ machine }: BackupContext, root: string, lowest: string): Promise<Evidence> {
  const folder = lowest === 'sync' ? '.sync' : `${lowest}.0`;
  try {
    const { modifiedAt } = await machine.stat(`${root}/${folder}`);
    return {
      runs: [{ endedAt: modifiedAt, result: 'unknown', evidence: { kind: 5, source: `time of ${folder}` } }],
      history: 'unreadable',
      reasons: ['no-readable-record', 'weak-evidence'],
    };
  } catch {
    return { runs: [], history: 'unreadable', reasons: ['no-readable-record'] };
  }
}
