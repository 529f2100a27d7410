/** Records without an end: of a run at work, or of one that broke off and could not write it down. */
import type { RunRecord } from './product.ts';

/** A first backup over a slow line takes a day; what is open longer has lost its program. */
const longestMs = 24 * 3_600_000;

/** `open` as what it most probably is; a start in the future stays as it is, for the state machine to refuse. */
export function openRun(open: RunRecord, isNewest: boolean, now: Date): RunRecord {
  const age = open.startedAt === undefined ? Number.POSITIVE_INFINITY : now.getTime() - open.startedAt.getTime();
  if (isNewest && age < longestMs) return { ...open, result: 'running' };
  return age < 0 ? open : { ...open, result: 'failed', reasons: [...(open.reasons ?? []), 'interrupted'] };
}
