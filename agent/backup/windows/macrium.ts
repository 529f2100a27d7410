/**
 * Macrium Reflect. It keeps no record a program can read: the exit code of its task counts where the task waits for the end,
 * and errors it wrote to the event log. Its reports are translated HTML; their time only shows that something ran.
 */
import type { BackupContext, BackupProduct, JobRecord, RunRecord } from '../product.ts';
import { endedRun, reachOf } from './event-runs.ts';
import { isDown, presenceOf } from './presence.ts';
import type { WindowsRecords } from './records.ts';
import { taskJob } from './tasks.ts';

const traces = { service: /^MacriumService$/i, serviceName: 'MacriumService', program: /^Macrium Reflect/i };
const maxReports = 500;

export const macrium: BackupProduct = {
  id: 'macrium-reflect',
  name: 'Macrium Reflect',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const { installed, version, service } = presenceOf(records, traces);
    const jobs = taskJobs(records);
    const reports = await newestReport(context, records);
    if (!installed && jobs.length === 0 && reports === undefined) return undefined;
    return {
      ...(version === undefined ? {} : { version }),
      installed,
      ...(service === undefined ? {} : { service }),
      answers: 'here',
      jobs: jobs.length > 0 ? jobs : [withoutTask(reports)],
      reasons: isDown(service) ? ['service-stopped'] : [],
    };
  },
};

/** 0 done, 1 failed, 2 the definition file is wrong; without waiting the code is that of the start. */
function taskJobs(records: WindowsRecords): JobRecord[] {
  const own = (records.tasks ?? []).filter(
    ({ path, programs }) => programs.includes('reflect.exe') || path.startsWith('\\Macrium\\'),
  );
  const log = records.log('macrium');
  const failures = log.events
    .filter(({ level }) => level === 1 || level === 2)
    .map((event): RunRecord => endedRun('macrium', event, 'failed'));
  return own.map((task) => {
    const job = taskJob(task, (code) =>
      code === 1 || code === 2 ? 'failed' : code === 0 && task.waits ? 'success' : undefined,
    );
    const last = task.lastAt?.getTime() ?? 0;
    // The event comes at the end, the scheduler's time is that of the start: the failure is that of this run.
    const later = failures.filter(({ endedAt }) => endedAt !== undefined && endedAt.getTime() >= last);
    return later.length === 0
      ? job
      : {
          ...job,
          runs: [...job.runs.map((run): RunRecord => ({ ...run, provesNothing: true })), ...withoutNumbers(later)],
          reasons: [...(job.reasons ?? []), ...reachOf(log).reasons],
        };
  });
}

/** The run of the scheduler has no record number; mixed with it, time alone orders. */
function withoutNumbers(runs: readonly RunRecord[]): RunRecord[] {
  return runs.map(({ sequence: _sequence, ...run }) => run);
}

function withoutTask(report: Date | undefined): JobRecord {
  const run: RunRecord | undefined =
    report === undefined
      ? undefined
      : { endedAt: report, result: 'unknown', evidence: { kind: 5, source: 'newest report of Macrium Reflect' } };
  return {
    id: 'macrium',
    name: 'Macrium Reflect',
    writableBy: 'administrator',
    targets: [],
    runs: run === undefined ? [] : [run],
    history: 'unreadable',
    reasons: run === undefined ? ['no-readable-record'] : ['weak-evidence'],
  };
}

async function newestReport({ machine }: BackupContext, { places }: WindowsRecords): Promise<Date | undefined> {
  const folder = `${places.data}\\Macrium\\Reflect`;
  try {
    const reports = (await machine.list(folder)).filter((name) => /\.html?$/i.test(name)).slice(-maxReports);
    const times = await Promise.all(
      reports.map(async (name) => (await machine.stat(`${folder}\\${name}`)).modifiedAt.getTime()),
    );
    return times.length === 0 ? undefined : new Date(Math.max(...times));
  } catch {
    // No folder, or not readable: there is no hint then.
    return undefined;
  }
}
