/** Scheduled tasks as evidence: they say that a program was started and how it ended, not that data is safe. */
import type { BackupEvidence, RunResult } from '../../contract/facts/backup.ts';
import type { JobRecord, RunRecord } from '../product.ts';
import type { TaskEntry } from './records.ts';

/** SCHED_S_TASK_RUNNING, _DISABLED and _HAS_NOT_RUN; what else the scheduler itself says in this range is no exit code. */
const running = 0x41301;
const hasNotRun = 0x41303;
const schedulerCodes = { from: 0x41300, to: 0x4132f };

/** What an exit code of the task's program means; undefined: nobody knows. */
export type MeaningOf = (exitCode: number) => RunResult | undefined;

export const zeroIsSuccess: MeaningOf = (code) => (code === 0 ? 'success' : 'failed');

/** The task as one job with at most one run. The time is that of the start: the scheduler keeps no other. */
export function taskJob(task: TaskEntry, meaningOf: MeaningOf): JobRecord {
  return {
    id: `${task.path}${task.name}`,
    name: task.name,
    writableBy: task.byAdministrator ? 'administrator' : 'user',
    ...(task.enabled === undefined ? {} : { enabled: task.enabled }),
    ...(task.nextAt === undefined ? {} : { nextRunAt: task.nextAt }),
    targets: [],
    runs: runsOf(task, meaningOf),
    history: task.result === hasNotRun ? 'whole' : 'window',
    reasons: task.result === hasNotRun ? [] : ['weak-evidence'],
  };
}

function runsOf(task: TaskEntry, meaningOf: MeaningOf): RunRecord[] {
  const { result, lastAt } = task;
  const evidence: BackupEvidence = { kind: 4, source: 'Task Scheduler', reference: `task ${task.name}`.slice(0, 120) };
  if (task.running || result === running)
    return [{ ...(lastAt === undefined ? {} : { startedAt: lastAt }), result: 'running', evidence }];
  if (result === undefined || result === hasNotRun) return [];
  const ofScheduler = result >= schedulerCodes.from && result <= schedulerCodes.to;
  const meaning = ofScheduler ? 'unknown' : (meaningOf(result) ?? 'unknown');
  return [
    {
      ...(lastAt === undefined ? {} : { startedAt: lastAt, endedAt: lastAt }),
      result: meaning,
      code: `0x${result.toString(16).toUpperCase()}`,
      evidence,
    },
  ];
}
