/** Products whose result no program on this PC can read: that they are there is all that can be said, and is said. */
import type { BackupProductFacts, BackupReason } from '../contract/facts/backup.ts';
import { findProgram, findService, isThere, type Traces } from './linux/installed.ts';
import type { BackupContext, ProductFinding } from './product.ts';

export interface Elsewhere {
  readonly answers: Exclude<BackupProductFacts['answers'], 'here'>;
  readonly reason: BackupReason;
  readonly traces: Traces;
  readonly units: readonly string[];
  /** Folders and files that stay when the program is removed. */
  readonly leftBehind: readonly string[];
}

export async function readElsewhere(
  context: BackupContext,
  { answers, reason, traces, units, leftBehind }: Elsewhere,
): Promise<ProductFinding | undefined> {
  const program = await findProgram(context, traces);
  if (!program.installed) {
    for (const path of leftBehind) {
      if (await isThere(context, path)) return { installed: false, answers, jobs: [], reasons: [reason] };
    }
    return undefined;
  }
  const service = await findService(context, units);
  return { ...program, ...(service === undefined ? {} : { service }), answers, jobs: [], reasons: [reason] };
}
