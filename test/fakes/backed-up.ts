/** Facts about backups of a PC, job by job, for tests that are about them. */
import type { FactsOf } from '../../agent/contract/facts/index.ts';
import { hashBytes } from '../../agent/signing/canonical.ts';

const gib = 1024 ** 3;

export type BackupProduct = FactsOf<'backup'>['products'][number];
export type BackupJob = BackupProduct['jobs'][number];

/** One job of restic that ended well so many hours ago, into a repository. */
export function backupJob(now: Date, hoursAgo = 3, change: Partial<BackupJob> = {}): BackupJob {
  const ended = new Date(Math.floor(now.getTime() / 1000) * 1000 - hoursAgo * 3_600_000);
  const evidence = { kind: 1, source: 'resticprofile status file', reference: hashBytes(ended.toISOString()) };
  const run = {
    startedAt: new Date(ended.getTime() - 600_000).toISOString(),
    endedAt: ended.toISOString(),
    result: 'success' as const,
    evidence,
  };
  return {
    id: 'system',
    name: 'System und Daten',
    writableBy: 'administrator',
    enabled: true,
    schedule: 'täglich 05:00',
    targets: [{ kind: 'repository', name: 'sicherung.example' }],
    encrypted: true,
    state: 'success',
    lastRun: run,
    lastSuccess: { endedAt: run.endedAt, result: 'success', bytes: 3 * gib, evidence },
    onDaysSinceSuccess: Math.floor(hoursAgo / 24),
    recentRuns: [run],
    reasons: [],
    ...change,
  };
}

/** A PC whose only backup is this one. */
export function backedUp(now: Date, jobs: readonly BackupJob[] = [backupJob(now)]): FactsOf<'backup'> {
  return {
    products: [
      {
        id: 'resticprofile',
        name: 'resticprofile',
        kind: 'backup',
        version: '0.31.0',
        installed: true,
        answers: 'here',
        jobs: [...jobs],
        reasons: [],
      },
    ],
    restoreTests: [],
  };
}
