/** Facts about backups: which products there are, what each job last did, and on what evidence that rests. */
import { z } from 'zod';
import { bytes, field, instant, text } from '../field.ts';

const proof = {
  de: 'Zeigt, ob es eine frische, erfolgreiche Sicherung gibt',
  en: 'Shows whether there is a fresh, successful backup',
};
const hint = { de: 'Erklärt, warum eine Sicherung fehlschlägt', en: 'Explains why a backup fails' };

/** Results a single run can have. `running` has not ended; `unknown` is a word of the product nobody could interpret. */
export const runResults = ['success', 'warning', 'failed', 'cancelled', 'running', 'unknown'] as const;
export type RunResult = (typeof runResults)[number];

/**
 * What the records of a job say together. `never`: the records reach back to the installation and there is no run;
 * `log-too-short`: there is no run, but older records may be gone; `unknown`: the records cannot be read or understood.
 */
export const jobStates = [...runResults, 'never', 'log-too-short'] as const;
export type JobState = (typeof jobStates)[number];

/**
 * Where the data goes. `local-disk` is a disk of the same PC, which burns and is encrypted with it; `removable` can be
 * taken away; `repository` is a backup server of the product.
 */
export const targetKinds = ['local-disk', 'removable', 'share', 'repository', 'cloud', 'unknown'] as const;
export type TargetKind = (typeof targetKinds)[number];

/**
 * What a product is for. `hint`: a scheduled job that looks like a backup, no more; `file-sync` and `system-restore`
 * look like a backup to users and are none.
 */
export const productKinds = ['backup', 'hint', 'file-sync', 'system-restore'] as const;
export type ProductKind = (typeof productKinds)[number];

/** Where the result of a backup can be read: on this PC, on the product's server only, or nowhere by a program. */
export const answerPlaces = ['here', 'server', 'nowhere'] as const;

/** Why a product or a job says less than it should, or what is wrong with it. Codes are stable. */
export const backupReasons = [
  /** The result is kept on the backup server. */
  'result-on-server',
  /** The product gives its result only to who holds the repository's password, which this agent never reads. */
  'needs-credentials',
  /** The product has no record a program can read. */
  'no-readable-record',
  /** The source stands in a user's profile and could not be read as that user. */
  'user-source-unreadable',
  'source-missing',
  'source-unreadable',
  'source-denied',
  'source-locked',
  'source-too-large',
  /** The file or database has a layout this version does not know. */
  'schema-unknown',
  /** The only evidence is that a program was started or a file written. */
  'weak-evidence',
  /** A record lies in the future and does not count. */
  'time-in-future',
  /** Two records of the same run disagree; the worse one counts. */
  'records-disagree',
  'retry-pending',
  /** The data is in a local cache and has not reached its target. */
  'cache-only',
  'target-full',
  'target-unreachable',
  'repository-locked',
  'wrong-password',
  'shadow-copy-failed',
  'licence-expired',
  /** Some files could not be read and are not in the backup. */
  'files-skipped',
  'interrupted',
  'no-schedule',
  'service-stopped',
  'program-removed',
] as const;
export type BackupReason = (typeof backupReasons)[number];

export const backupEvidence = z.object({
  /**
   * Rung of the ladder: 1 record of the product with result and time, 2 answer of a vendor command, 3 line of a log,
   * 4 scheduler, 5 time of a file, 6 state of a service.
   */
  kind: field(z.int().min(1).max(6), proof),
  /** What was read, such as "Veeam Agent event log"; never a path in a user's profile. */
  source: field(text(160), proof),
  /** Finds the record again: id of the event or row, or SHA-256 of the file. */
  reference: field(text(120).optional(), proof),
});
export type BackupEvidence = z.infer<typeof backupEvidence>;

const run = z.object({
  startedAt: field(instant.optional(), proof),
  endedAt: field(instant.optional(), proof),
  result: field(z.enum(runResults), proof),
  /** The product's own word or number for the result. */
  code: field(text(60).optional(), proof),
  /** It put no data into safety although it ended well: a copy in a local cache, a run that skipped everything. */
  provesNothing: field(z.literal(true).optional(), proof),
  evidence: field(backupEvidence, proof),
});

export const backupJob = z.object({
  /** Stable within the product. */
  id: field(text(120), proof),
  name: field(text(200), proof),
  /** Who can change the evidence. What a user can write proves nothing alone. */
  writableBy: field(z.enum(['administrator', 'user']), proof),
  /** Absent = not known. */
  enabled: field(z.boolean().optional(), proof),
  /** In the product's or the scheduler's words. */
  schedule: field(text(160).optional(), proof),
  nextRunAt: field(instant.optional(), proof),
  /** Sorted by kind, then name; credentials and user names are taken out. */
  targets: field(
    z
      .array(
        z.object({
          kind: field(z.enum(targetKinds), proof),
          name: field(text(200).optional(), proof),
        }),
      )
      .max(16),
    proof,
  ),
  encrypted: field(z.boolean().optional(), proof),
  state: field(z.enum(jobStates), proof),
  /** The newest run, whatever it came to. */
  lastRun: field(run.optional(), proof),
  /** The newest run that put data into safety, searched for by itself. */
  lastSuccess: field(
    z
      .object({
        endedAt: field(instant, proof),
        result: field(z.enum(['success', 'warning']), proof),
        bytes: field(bytes.optional(), { ...proof, unit: 'By' }),
        evidence: field(backupEvidence, proof),
      })
      .optional(),
    proof,
  ),
  /**
   * Calendar days (UTC) after the day of the last success on which the PC was switched on, today included: a PC that was off
   * missed nothing. Days nobody recorded count as on. Without a last success: not given.
   */
  onDaysSinceSuccess: field(z.int().min(0).max(36_500).optional(), { ...proof, unit: 'd' }),
  /** Newest first, at most ten, for the time line. */
  recentRuns: field(z.array(run).max(10), proof),
  /** Sorted. */
  reasons: field(z.array(z.enum(backupReasons)).max(16), proof),
});
export type BackupJob = z.infer<typeof backupJob>;

export const productId = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/)
  .max(40);

export const backupProduct = z.object({
  id: field(productId, proof),
  name: field(text(120), proof),
  kind: field(z.enum(productKinds), proof),
  version: field(text(80).optional(), proof),
  /** False: the program is gone and its data was left behind. */
  installed: field(z.boolean(), proof),
  service: field(
    z
      .object({
        name: field(text(120), proof),
        state: field(z.enum(['running', 'stopped', 'disabled', 'missing', 'unknown']), proof),
        /** A stopped service is normal for this product: it starts only for a run. */
        onDemand: field(z.boolean(), proof),
      })
      .optional(),
    proof,
  ),
  answers: field(z.enum(answerPlaces), proof),
  /** Sorted by id. */
  jobs: field(z.array(backupJob).max(64), proof),
  /** Sorted. */
  reasons: field(z.array(z.enum(backupReasons)).max(16), proof),
});
export type BackupProductFacts = z.infer<typeof backupProduct>;

/** How a sample of files came back, compared by hash with what lies at the source today. */
export const restoreTestResults = ['equal', 'different', 'failed'] as const;

export const restoreTest = z.object({
  at: field(instant, proof),
  product: field(productId, proof),
  /** The tested repository or folder; credentials taken out. */
  source: field(text(200), proof),
  result: field(z.enum(restoreTestResults), proof),
  files: field(z.int().min(0).max(1_000_000), proof),
  bytes: field(bytes, { ...proof, unit: 'By' }),
  /** Files whose hash is another one, or which did not come back. */
  different: field(z.int().min(0).max(1_000_000), proof),
  durationSeconds: field(z.int().min(0).max(1_000_000), { ...proof, unit: 's' }),
  /** Who ran or witnessed it, as they said. */
  by: field(text(120).optional(), proof),
});
export type RestoreTest = z.infer<typeof restoreTest>;

export const backupFacts = z.object({
  /** Sorted by id. */
  products: field(z.array(backupProduct).max(48), proof),
  /**
   * Writers of Windows' shadow copies that failed, sorted by id; asked only where a backup failed. Absent: not asked, or no
   * answer.
   */
  failedWriters: field(
    z
      .array(
        z.object({
          /** Class id, the same in every language. */
          id: field(text(40), hint),
          /** VSS_WRITER_STATE: 1 to 5 are no failure. */
          state: field(z.int().min(0).max(1000), hint),
        }),
      )
      .max(64)
      .optional(),
    hint,
  ),
  /** Restore tests run on this PC, newest first. */
  restoreTests: field(z.array(restoreTest).max(20), proof),
});
export type BackupFacts = z.infer<typeof backupFacts>;
