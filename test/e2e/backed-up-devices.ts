/** Facts about backups for the browser tests: in order, failing, old, unknown, without any, and a PC that contradicts its server. */
import type { FactsOf } from '../../agent/contract/facts/index.ts';
import { type BackupJob, type BackupProduct, backedUp, backupJob } from '../fakes/backed-up.ts';

type Backup = FactsOf<'backup'>;
type Run = BackupJob['recentRuns'][number];

const now = new Date();
const hourMs = 3_600_000;

function run(hoursAgo: number, result: Run['result'], code?: string): Run {
  const ended = new Date(Math.floor(now.getTime() / 1000) * 1000 - hoursAgo * hourMs);
  return {
    startedAt: new Date(ended.getTime() - 900_000).toISOString(),
    endedAt: ended.toISOString(),
    result,
    ...(code === undefined ? {} : { code }),
    evidence: { kind: 1, source: 'Veeam Agent event log', reference: `190/${90_000 - hoursAgo}` },
  };
}

const veeam = (jobs: readonly BackupJob[], change: Partial<BackupProduct> = {}): BackupProduct => ({
  id: 'veeam-agent',
  name: 'Veeam Agent für Windows',
  kind: 'backup',
  version: '6.3.2',
  installed: true,
  service: { name: 'VeeamEndpointBackupSvc', state: 'running', onDemand: false },
  answers: 'here',
  jobs: [...jobs],
  reasons: [],
  ...change,
});

/** Ten days of runs; the newest success is this old. */
function veeamJob(results: readonly (readonly [hoursAgo: number, result: Run['result'], code?: string])[]): BackupJob {
  const runs = results.map(([hoursAgo, result, code]) => run(hoursAgo, result, code));
  const last = runs.find(({ result }) => result === 'success' || result === 'warning');
  const [lastRun] = runs;
  return {
    id: 'volume-backup',
    name: 'Sicherung Rathaus-PC',
    writableBy: 'administrator',
    enabled: true,
    schedule: 'Montag bis Freitag 12:30',
    nextRunAt: new Date(now.getTime() + 20 * hourMs).toISOString(),
    targets: [{ kind: 'share', name: '\\\\nas-01\\sicherung' }],
    encrypted: true,
    state: lastRun?.result ?? 'never',
    ...(lastRun === undefined ? {} : { lastRun }),
    ...(last?.endedAt === undefined
      ? {}
      : {
          lastSuccess: {
            endedAt: last.endedAt,
            result: last.result === 'warning' ? 'warning' : 'success',
            bytes: 41_000_000_000,
            evidence: last.evidence,
          },
        }),
    recentRuns: runs,
    reasons: lastRun?.result === 'failed' ? ['target-full'] : [],
  };
}

/** Fresh, with a sync program beside it that is no backup. */
export function wellBackedUp(): Backup {
  const days = [4, 28, 52, 76, 100, 124, 148, 172, 196, 220];
  return {
    products: [
      {
        id: 'onedrive',
        name: 'OneDrive',
        kind: 'file-sync',
        installed: true,
        answers: 'nowhere',
        jobs: [],
        reasons: [],
      },
      veeam([veeamJob(days.map((hours, index) => [hours, index === 3 ? 'warning' : 'success']))]),
    ],
    restoreTests: [],
  };
}

/** The service runs, and the last good backup is 36 days old. */
export function staleBackup(): Backup {
  const failed = [5, 29, 53, 77, 101, 125].map((hours) => [hours, 'failed', '0x80780049'] as const);
  return { products: [veeam([veeamJob([...failed, [36 * 24, 'success'], [37 * 24, 'success']])])], restoreTests: [] };
}

/** What only the server of the product knows. */
export function resultElsewhere(): Backup {
  const product = veeam([], {
    id: 'backup-exec',
    name: 'Veritas Backup Exec Agent',
    answers: 'server',
    reasons: ['result-on-server'],
  });
  return { products: [product], restoreTests: [] };
}

export const noBackup = (): Backup => ({ products: [], restoreTests: [] });

/** A job of a person beside one of the PC, both with hostile names. */
export function hostileBackup(): Backup {
  const name = '<img src=x onerror=alert(1)>';
  return backedUp(now, [
    backupJob(now, 4, { id: 'a', name, targets: [{ kind: 'repository', name }] }),
    backupJob(now, 2, { id: 'b', name: `${name} 2`, writableBy: 'user' }),
  ]);
}

export const freshBackup = (): Backup => backedUp(now);
