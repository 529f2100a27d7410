/** The contract of a backup product: one file each under linux/, windows/ or products/, one line in index.ts, one fixture. */
import type {
  BackupEvidence,
  BackupProductFacts,
  BackupReason,
  ProductKind,
  RunResult,
  TargetKind,
} from '../contract/facts/backup.ts';
import type { ProblemCode } from '../contract/report.ts';
import type { Machine, Reader } from '../platform/machine.ts';
import type { LocalUser } from './linux/users.ts';
import type { BackupSources } from './sources.ts';
import type { WindowsRecords } from './windows/records.ts';

export type Service = NonNullable<BackupProductFacts['service']>;

export interface Target {
  readonly kind: TargetKind;
  /** Passed through `redactTarget` by who makes it. */
  readonly name?: string;
}

/** One run as its record tells it; times as they stand there, also impossible ones. */
export interface RunRecord {
  readonly startedAt?: Date;
  readonly endedAt?: Date;
  readonly result: RunResult;
  /** The product's own word or number. */
  readonly code?: string;
  readonly bytes?: number;
  readonly evidence: BackupEvidence;
  /** Orders runs where the source numbers them: a clock that was wrong puts times in a wrong order, never numbers. */
  readonly sequence?: number;
  /** The product will try again by itself: not a final failure. */
  readonly retryPending?: true;
  /** Puts no data into safety although it ended well: a copy that stayed in a local cache, a run that skipped everything. */
  readonly provesNothing?: true;
  /** Why it failed, or what it lacks. */
  readonly reasons?: readonly BackupReason[];
}

export interface JobRecord {
  readonly id: string;
  readonly name: string;
  readonly writableBy: 'administrator' | 'user';
  readonly enabled?: boolean;
  readonly schedule?: string;
  readonly nextRunAt?: Date;
  readonly targets: readonly Target[];
  readonly encrypted?: boolean;
  /** In any order; those the source holds, at most a few hundred. */
  readonly runs: readonly RunRecord[];
  /**
   * How far back the source reaches. `whole`: to the first day of the job, so that no run means never. `window`: older
   * records may be gone. `unreadable`: nothing could be read, so that no run says nothing.
   */
  readonly history: 'whole' | 'window' | 'unreadable';
  /** A success the source states by itself (a field "last successful backup"), beside or without runs. */
  readonly statedSuccess?: Omit<RunRecord, 'result'> & {
    readonly endedAt: Date;
    readonly result?: 'success' | 'warning';
  };
  readonly reasons?: readonly BackupReason[];
}

export interface ProductFinding {
  readonly version?: string;
  /** False: only data was left behind. */
  readonly installed: boolean;
  readonly service?: Service;
  readonly answers: BackupProductFacts['answers'];
  readonly jobs: readonly JobRecord[];
  readonly reasons?: readonly BackupReason[];
}

export interface BackupContext {
  readonly signal: AbortSignal;
  readonly now: Date;
  readonly machine: Machine;
  /** What the local administrator configured: hooks and custom sources. */
  readonly sources: BackupSources;
  /** For databases of other programs; one process for the whole round. */
  readonly reader: Reader;
  /** For files in a person's profile, read with that person's rights; one process for each person, for the whole round. */
  profile(user: LocalUser): Reader;
  /** People with an account and a home on this Linux PC, read once a round; empty on Windows. */
  users(): Promise<readonly LocalUser[]>;
  /** What PowerShell read on Windows, checked once a round. Throws `CollectError` where it could not run, and on Linux. */
  windows(): Promise<WindowsRecords>;
  /** Version by name of what dpkg installed, read once a round; empty on Windows and where there is no dpkg. */
  packages(): Promise<ReadonlyMap<string, string>>;
  /** Jobs of a product of which an earlier round saw a success: a list that holds the last ten jobs forgets the others. */
  rememberedJobs(product: string): readonly string[];
  /** Notes a gap; the section becomes `partial`. For gaps that are no job's own: those are reasons of the job. */
  problem(code: ProblemCode, detail: string): void;
}

/**
 * `read` answers `undefined` when neither the program nor its data is on this machine: that must be earned, because a PC
 * without any backup product is a finding. A product that is there but whose records cannot be read is a finding with
 * reasons, never an exception; what is thrown becomes "there, state unknown".
 */
export interface BackupProduct {
  /** Final once shipped: lower case, hyphens. */
  readonly id: string;
  readonly name: string;
  readonly kind: ProductKind;
  readonly platforms: readonly ('linux' | 'win32')[];
  read(context: BackupContext): Promise<ProductFinding | undefined>;
}
