/** StorageCraft SPX: its database names the jobs; its events say how the newest runs ended, also where the database is locked. */
import type { BackupReason, RunResult } from '../../contract/facts/backup.ts';
import type { DatabaseView, SqlValue } from '../../platform/machine.ts';
import type { BackupContext, BackupProduct, JobRecord, RunRecord } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { eventJob } from './by-events.ts';
import { evidenceOf } from './event-runs.ts';
import { isDown, presenceOf } from './presence.ts';
import type { EventLog } from './records.ts';

const traces = {
  service: /^SPXService$/i,
  serviceName: 'SPXService',
  program: /^(StorageCraft|Arcserve) (ShadowProtect )?SPX\b/i,
};
const results: Readonly<Record<number, RunResult>> = { 3: 'success', 4: 'cancelled', 5: 'failed' };
const source = 'database of StorageCraft SPX';

export const storagecraftSpx: BackupProduct = {
  id: 'storagecraft-spx',
  name: 'StorageCraft ShadowProtect SPX',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const { installed, version, service } = presenceOf(records, traces);
    const log = records.log('spx');
    const stored = await readJobs(context, `${records.places.data}\\StorageCraft\\spx\\spx.db3`);
    if (
      !installed &&
      log.events.length === 0 &&
      (stored === 'source-missing' || (typeof stored === 'object' && stored.length === 0))
    )
      return undefined;
    return {
      ...(version === undefined ? {} : { version }),
      installed,
      ...(service === undefined ? {} : { service }),
      answers: 'here',
      jobs: withEvents(stored, log),
      reasons: isDown(service) ? ['service-stopped'] : [],
    };
  },
};

async function readJobs({ reader }: BackupContext, path: string): Promise<JobRecord[] | BackupReason> {
  try {
    return await reader.database(path, readSpxJobs);
  } catch (error) {
    return reasonOf(error);
  }
}

/** Undefined columns mean another version: the answer is "schema-unknown" for what they would have said. */
export async function readSpxJobs(view: DatabaseView): Promise<JobRecord[] | BackupReason> {
  const jobColumns = await view.columns('job');
  const eventColumns = await view.columns('job_event');
  if (!['id', 'name', 'paused'].every((name) => jobColumns.includes(name))) return 'schema-unknown';
  if (!['id', 'job_id', 'ts', 'is_completed'].every((name) => eventColumns.includes(name))) return 'schema-unknown';
  const jobs = await view.rows('SELECT id, name, paused FROM job ORDER BY id LIMIT 64');
  const found: JobRecord[] = [];
  for (const { id, name, paused } of jobs) {
    if (typeof id !== 'number' && typeof id !== 'string') continue;
    const rows = await view.rows(
      'SELECT id, ts, is_completed FROM job_event WHERE job_id = ? ORDER BY id DESC LIMIT 100',
      [id],
    );
    const runs = rows.map(runOf);
    found.push({
      id: `job-${id}`,
      name: typeof name === 'string' ? name : `Job ${id}`,
      writableBy: 'administrator',
      ...(paused === 0 || paused === 1 ? { enabled: paused === 0 } : {}),
      targets: [],
      runs,
      // Rows are removed with the restore points they belong to.
      history: 'window',
    });
  }
  return found;
}

function runOf({ id, ts, is_completed }: Readonly<Record<string, SqlValue | Uint8Array>>): RunRecord {
  const at = typeof ts === 'number' && ts > 0 && ts < 1e11 ? new Date(ts * 1000) : undefined;
  return {
    ...(at === undefined ? {} : { startedAt: at, endedAt: at }),
    ...(typeof id === 'number' ? { sequence: id } : {}),
    result: is_completed === 1 ? 'success' : is_completed === 0 ? 'running' : 'unknown',
    evidence: { kind: 1, source, reference: `job_event ${typeof id === 'number' ? id : '?'}` },
  };
}

/** A failure in the log after the newest run of the database is the newer word: the database counts only what was completed. */
function withEvents(stored: JobRecord[] | BackupReason, log: EventLog): JobRecord[] {
  const fromLog = eventJob('spx', 'SPX', 'spx', log, ({ id }) => results[id]);
  if (typeof stored === 'string') return [{ ...fromLog, reasons: [...(fromLog.reasons ?? []), stored] }];
  if (stored.length === 0) return [fromLog];
  const [newest] = log.events.filter(({ id }) => results[id] !== undefined);
  return stored.map((job) => {
    const [run] = job.runs;
    if (run === undefined || newest?.at === undefined) return settled(job, undefined);
    const later = newest.at.getTime() >= (run.startedAt?.getTime() ?? 0);
    const result = results[newest.id];
    return settled(
      job,
      later && result !== undefined && result !== 'success'
        ? { result, at: newest.at, evidence: evidenceOf('spx', newest) }
        : undefined,
    );
  });
}

/** `is_completed` 0 is a run that goes on only as the newest one; an older one was cut off. */
function settled(
  job: JobRecord,
  failure: { result: RunResult; at: Date; evidence: RunRecord['evidence'] } | undefined,
): JobRecord {
  const runs = job.runs.map(
    (run, index): RunRecord =>
      run.result === 'running' && (index > 0 || failure !== undefined)
        ? { ...run, result: 'failed', reasons: ['interrupted'] }
        : run,
  );
  if (failure === undefined) return { ...job, runs };
  const [newest] = runs;
  return {
    ...job,
    runs: [
      {
        endedAt: failure.at,
        ...(newest?.sequence === undefined ? {} : { sequence: newest.sequence + 0.5 }),
        result: failure.result,
        evidence: failure.evidence,
      },
      ...runs,
    ],
  };
}
