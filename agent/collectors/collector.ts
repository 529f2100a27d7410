/** The contract of a collector: one section of the report, facts and never a judgement. */
import type { BackupMemory } from '../backup/memory.ts';
import type { BackupSources } from '../backup/sources.ts';
import type { FactsOf, SectionId } from '../contract/facts/index.ts';
import type { InfrastructureTarget } from '../contract/policy.ts';
import type { ProblemCode } from '../contract/report.ts';
import type { Machine } from '../platform/machine.ts';

/** Nothing can be said about this section; the runner turns it into `missing` with this code. */
export class CollectError extends Error {
  override readonly name = 'CollectError';
  readonly code: ProblemCode;

  constructor(code: ProblemCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What only the agent itself knows; handed in so that collectors stay free of the store and the settings. */
export interface AgentState {
  readonly version: string;
  readonly policyVersion: number;
  readonly policyExpiresAt?: string;
  readonly refusedWords?: readonly string[];
  readonly queue: {
    readonly waiting: number;
    readonly oldestAt?: string;
    readonly refused: number;
    readonly aside?: number;
    readonly thinned?: number;
  };
  /** Device clock minus server time at the last signed answer, in whole seconds. */
  readonly clockOffsetSeconds?: number;
  readonly clockJumps?: FactsOf<'agent'>['clockJumps'];
  readonly settingsProblems: readonly string[];
  readonly installedOn?: string;
  readonly update?: FactsOf<'agent'>['update'];
  readonly lastUpgrade?: FactsOf<'agent'>['lastUpgrade'];
  readonly hungOn?: string;
}

/** The only way a collector touches the machine; tests hand in a recorded tree. */
export interface CollectContext {
  /** Aborted at the time limit; a collector that starts something long must end it then. */
  readonly signal: AbortSignal;
  readonly now: Date;
  readonly machine: Machine;
  readonly agent: AgentState;
  readonly infrastructureTargets: readonly InfrastructureTarget[];
  /** What the administrator configured about backups, and what earlier rounds saw of them. */
  readonly backup: { readonly sources: BackupSources; readonly memory: BackupMemory };
  /**
   * Day (UTC) on which each id was first seen in this section, today for new ones. Ids that are not named any more are
   * forgotten: what comes back later begins anew. Without a store every id is new today.
   */
  firstSeen(section: SectionId, ids: readonly string[]): ReadonlyMap<string, string>;
  /** What several sections need is read once a round; `name` says what. */
  once<T>(name: string, read: () => Promise<T>): Promise<T>;
  /** Notes a gap and lets the collector carry on with the rest: the section becomes `partial`. */
  problem(code: ProblemCode, detail: string): void;
}

/**
 * One section of the report.
 *
 * `collect` returns what it could read and notes what it could not with `context.problem`. It throws only when nothing
 * can be said. It must not change the machine, and an empty list must be earned: the source said there is none.
 */
export interface Collector<Id extends SectionId = SectionId> {
  readonly id: Id;
  readonly platforms: readonly ('linux' | 'win32')[];
  readonly timeoutMs: number;
  /** How often the section is worth reading: `full` rounds (hours) or `cheap` ones (hourly) as well. */
  readonly round: 'cheap' | 'full';
  collect(context: CollectContext): Promise<FactsOf<Id>>;
}
