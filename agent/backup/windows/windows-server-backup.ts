/**
 * Windows Server Backup and wbadmin, by the log of its own. 4 is a success, 7 and 23 lack something, 5 and 8 failed; 14 ends
 * every run at level information and counts as a success only with HRESULT 0. What says otherwise about the same run wins
 * when it is worse. Runs are grouped by the template they belong to: a one-off backup has another one than the schedule.
 */
import { hex } from '../../collectors/windows/values.ts';
import type { BackupReason, RunResult } from '../../contract/facts/backup.ts';
import type { BackupProduct, JobRecord, RunRecord, Service } from '../product.ts';
import { begunRun, evidenceOf, oldestFirst, reachOf, worse } from './event-runs.ts';
import type { EventEntry, LogName, TaskEntry, WindowsRecords } from './records.ts';
import { targetOf } from './targets.ts';

const taskPath = '\\Microsoft\\Windows\\Backup\\';
const taskName = 'Microsoft-Windows-WindowsBackup';
const guid = /^\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?$/i;

const results: Readonly<Record<number, RunResult>> = {
  4: 'success',
  5: 'failed',
  7: 'warning',
  8: 'cancelled',
  23: 'warning',
};
/** Failures that name no template: of every job, because nobody knows of which. */
const failures: Readonly<Record<number, readonly BackupReason[]>> = {
  9: ['shadow-copy-failed'],
  17: [],
  18: [],
  19: [],
  20: [],
  21: [],
  22: [],
  49: ['target-unreachable'],
  50: ['target-full'],
  52: ['target-full'],
  517: [],
  518: [],
  521: ['shadow-copy-failed'],
  527: [],
  528: [],
  544: [],
  545: [],
  546: [],
  561: [],
  564: [],
  565: [],
};
/** Windows' codes that explain themselves: disk full (two forms), network path and name not found. */
const codes: Readonly<Record<string, BackupReason>> = {
  '0x80070070': 'target-full',
  '0x80780048': 'target-full',
  '0x80070035': 'target-unreachable',
  '0x80070043': 'target-unreachable',
};

export const windowsServerBackup: BackupProduct = {
  id: 'windows-server-backup',
  name: 'Windows Server Backup (wbadmin)',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const task = records.tasks?.find(({ path, name }) => path === taskPath && name === taskName);
    const used =
      records.log('windowsBackup').events.length > 0 || records.log('windowsBackupFailures').events.length > 0;
    // A part of every Windows: it is in use when it left a record or is planned.
    if (!used && task === undefined) {
      if (records.log('windowsBackup').state === 'denied' || records.tasks === undefined)
        context.problem('unreadable', 'windows-server-backup: whether it is in use cannot be read');
      return undefined;
    }
    const entry = records.services?.find(({ name }) => name.toLowerCase() === 'wbengine');
    const service: Service = {
      name: 'wbengine',
      state: entry?.state ?? (records.services === undefined ? 'unknown' : 'missing'),
      onDemand: true,
    };
    return {
      installed: service.state !== 'missing',
      service,
      answers: 'here',
      jobs: serverBackupJobs(records, task, context.now, context.rememberedJobs('windows-server-backup')),
    };
  },
};

interface Run {
  result: RunResult;
  at: Date | undefined;
  startedAt: Date | undefined;
  event: EventEntry;
  log: LogName;
  code: string | undefined;
  target: string | undefined;
  readonly reasons: Set<BackupReason>;
}

interface Job {
  readonly runs: Map<string, Run>;
  begun: EventEntry | undefined;
  target: string | undefined;
}

/** Events as jobs, one for each template. Pure. */
export function serverBackupJobs(
  records: Pick<WindowsRecords, 'log' | 'drives'>,
  task: TaskEntry | undefined,
  now: Date,
  remembered: readonly string[] = [],
): JobRecord[] {
  const own = records.log('windowsBackup');
  const jobs = new Map<string, Job>();
  const jobOf = (id: string): Job => {
    const found = jobs.get(id) ?? { runs: new Map(), begun: undefined, target: undefined };
    jobs.set(id, found);
    return found;
  };
  const unassigned: { event: EventEntry; log: LogName }[] = records
    .log('windowsBackupFailures')
    .events.map((event) => ({ event, log: 'windowsBackupFailures' }));
  let planned: string | undefined;
  for (const event of oldestFirst(own.events)) {
    const template = event.fields
      .map((field) => guid.exec(field)?.[1])
      .find((found) => found !== undefined)
      ?.toLowerCase();
    if (event.id === 99) planned = template ?? planned;
    else if (event.id === 1) jobOf(template ?? 'unknown').begun = event;
    else if (results[event.id] !== undefined || event.id === 14) {
      const job = jobOf(template ?? 'unknown');
      job.begun = undefined;
      job.target = addRun(job, event) ?? job.target;
    } else if (Object.hasOwn(failures, event.id)) unassigned.push({ event, log: 'windowsBackup' });
  }
  if (planned !== undefined) jobOf(planned);
  if (jobs.size === 0) for (const id of remembered.length > 0 ? remembered : ['schedule']) jobOf(id);
  for (const { event, log } of unassigned) for (const job of jobs.values()) addFailure(job, event, log);
  const scheduled = planned ?? (jobs.size === 1 ? [...jobs.keys()][0] : undefined);
  const reach = reachOf(own);
  return [...jobs].map(([id, job]): JobRecord => {
    const next = id === scheduled ? task : undefined;
    return {
      id,
      name: id === scheduled ? 'Windows Server Backup' : `Windows Server Backup ${id.slice(0, 8)}`,
      writableBy: 'administrator',
      ...(next?.enabled === undefined ? {} : { enabled: next.enabled }),
      ...(next?.nextAt === undefined ? {} : { nextRunAt: next.nextAt }),
      targets: targetOf(job.target, records),
      runs: runsOf(job, now),
      history: reach.history,
      reasons: [...reach.reasons, ...(task === undefined ? (['no-schedule'] as const) : [])],
    };
  });
}

/** The target the event names. */
function addRun(job: Job, event: EventEntry): string | undefined {
  const [hresult] = event.fields.slice(1);
  const code = codeOf(hresult);
  const timeAt = event.fields.findIndex((field) => timeOf(field) !== undefined);
  const startedAt = timeOf(event.fields[timeAt]);
  const target = timeAt < 0 ? undefined : event.fields[timeAt + 1];
  const stated =
    event.id === 14
      ? code === '0x00000000'
        ? 'success'
        : code === undefined
          ? 'unknown'
          : 'failed'
      : (results[event.id] ?? 'unknown');
  // A success that carries an error code is none.
  const result = stated === 'success' && code !== undefined && code !== '0x00000000' ? 'failed' : stated;
  const key = startedAt === undefined ? `record ${event.record}` : startedAt.toISOString();
  const run = job.runs.get(key);
  const reason = code === undefined ? undefined : codes[code];
  if (run === undefined) {
    job.runs.set(key, {
      result,
      at: event.at,
      startedAt,
      event,
      log: 'windowsBackup',
      code: code === '0x00000000' ? undefined : code,
      target,
      reasons: new Set(reason === undefined ? [] : [reason]),
    });
    return target;
  }
  // The end marker knows no warnings: only what is bad in it counts against another event of the same run.
  const combined = run.result === 'unknown' ? result : worse(run.result, result);
  const contradict = combined !== run.result && run.result === 'success' && combined === 'failed';
  if (contradict) run.reasons.add('records-disagree');
  if (reason !== undefined) run.reasons.add(reason);
  run.result = combined;
  run.at = event.at ?? run.at;
  run.event = event;
  run.code ??= code === '0x00000000' ? undefined : code;
  return target;
}

function addFailure(job: Job, event: EventEntry, log: LogName): void {
  const reasons = failures[event.id] ?? [];
  const startedAt = event.fields.map(timeOf).find((time) => time !== undefined);
  const code = event.fields.map(codeOf).find((found) => found !== undefined && found !== '0x00000000');
  const known = startedAt === undefined ? undefined : job.runs.get(startedAt.toISOString());
  if (known !== undefined) {
    for (const reason of reasons) known.reasons.add(reason);
    if (known.result === 'success') {
      known.result = 'failed';
      known.reasons.add('records-disagree');
    }
    return;
  }
  job.runs.set(`${log} ${event.record}`, {
    result: 'failed',
    at: event.at,
    startedAt,
    event,
    log,
    code,
    target: undefined,
    reasons: new Set(reasons),
  });
}

function runsOf(job: Job, now: Date): RunRecord[] {
  const runs = [...job.runs.values()];
  // Numbers of two logs cannot be compared: then the times order the runs.
  const oneLog = runs.every(({ log }) => log === 'windowsBackup');
  return [
    ...runs.map(
      ({ result, at, startedAt, event, log, code, reasons }): RunRecord => ({
        ...(startedAt === undefined ? {} : { startedAt }),
        ...(at === undefined ? {} : { endedAt: at }),
        ...(oneLog && event.record !== undefined ? { sequence: event.record } : {}),
        result,
        code: code === undefined ? String(event.id) : `${event.id} ${code}`,
        evidence: evidenceOf(log, event),
        reasons: [...reasons],
      }),
    ),
    ...(job.begun === undefined ? [] : [begunRun('windowsBackup', job.begun, now)]),
  ];
}

/** "0x8078011e", "2155348254" or "-2139619042"; text is no code. */
function codeOf(field: string | undefined): string | undefined {
  if (field === undefined || !/^(0x[0-9a-f]{1,8}|-?\d{1,10})$/i.test(field)) return undefined;
  return hex(Number(field));
}

function timeOf(field: string | undefined): Date | undefined {
  if (field === undefined || !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(field)) return undefined;
  const time = new Date(field);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
