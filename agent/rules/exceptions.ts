/**
 * Exceptions to rules: a decision with a reason, somebody who answers for it, and an end. While it is in force the
 * verdict is exempt; the moment it ends the verdict is again what the facts say. Pure and the same on device and server.
 */
import { type Exception, maxExceptionDays } from '../contract/policy.ts';
import type { Verdict } from '../contract/report.ts';

const dayMs = 86_400_000;
const maxEvidence = 32;
const maxValueLength = 260;

/** Evidence that stands in no section: the exceptions of the policy. */
export const exceptionsEvidence = 'exceptions';

/** A suspected copy of a device is cleared up, never excused: an exception would make it look harmless for a year. */
export function isExcusable(ruleId: string): boolean {
  return ruleId !== 'device-trusted';
}

/** Whom the verdicts are about. */
export interface ExceptionHolder {
  readonly municipality: string;
  readonly device: string;
}

const isFor = ({ audience, ruleId }: Exception, holder: ExceptionHolder, verdict: Verdict): boolean =>
  ruleId === verdict.ruleId &&
  audience.municipality === holder.municipality &&
  (audience.device === undefined || audience.device === holder.device);

/** Written so that days that are none, and an end that was never set, make an exception worthless. */
function phaseOf({ approvedAt, expiresAt }: Exception, now: Date): 'in-force' | 'expired' | 'void' {
  const start = Date.parse(approvedAt);
  const end = Date.parse(expiresAt);
  const allowed = end > start && end - start <= maxExceptionDays * dayMs && start <= now.getTime();
  if (!allowed) return 'void';
  return now.getTime() < end ? 'in-force' : 'expired';
}

const lastEnd = (left: Exception, right: Exception) => Date.parse(right.expiresAt) - Date.parse(left.expiresAt);

const dayOf = (instant: string): string => instant.slice(0, 10);

/** Keeps the evidence of the facts, with the exception in front of it. */
const evidenceWith = (verdict: Verdict, { id, expiresAt }: Exception): Verdict['evidence'] =>
  [{ section: exceptionsEvidence, path: `${id}.expiresAt`, value: expiresAt }, ...verdict.evidence].slice(
    0,
    maxEvidence,
  );

function excused(verdict: Verdict, exception: Exception): Verdict {
  const { id, approvedBy, reason, expiresAt } = exception;
  return {
    ...verdict,
    verdict: 'exempt',
    reason: 'exception',
    values: {
      approvedBy,
      until: dayOf(expiresAt),
      // Stands inside a sentence, which has a full stop of its own.
      why: reason.slice(0, maxValueLength).replace(/[.\s]+$/, ''),
      exceptionId: id,
      instead: verdict.verdict,
      insteadReason: verdict.reason,
    },
    evidence: evidenceWith(verdict, exception),
  };
}

/** Says about a verdict that it was excused once; its severity stays what the facts make it. */
const noLongerExcused = (verdict: Verdict, exception: Exception): Verdict => ({
  ...verdict,
  values: {
    ...verdict.values,
    exceptionExpiredOn: dayOf(exception.expiresAt),
    exceptionApprovedBy: exception.approvedBy,
  },
  evidence: evidenceWith(verdict, exception),
});

/**
 * The verdicts with exceptions in force applied, in the same order. Only what is not met or unknown can be excused; of
 * several exceptions the one that ends last counts. `now` is server time, as near as it is known.
 */
export function applyExceptions(
  verdicts: readonly Verdict[],
  exceptions: readonly Exception[],
  now: Date,
  holder: ExceptionHolder,
): Verdict[] {
  return verdicts.map((verdict) => {
    if (verdict.verdict !== 'not-met' && verdict.verdict !== 'unknown') return verdict;
    if (!isExcusable(verdict.ruleId)) return verdict;
    const own = exceptions.filter((exception) => isFor(exception, holder, verdict)).sort(lastEnd);
    const inForce = own.find((exception) => phaseOf(exception, now) === 'in-force');
    if (inForce !== undefined) return excused(verdict, inForce);
    const expired = own.find((exception) => phaseOf(exception, now) === 'expired');
    return expired === undefined ? verdict : noLongerExcused(verdict, expired);
  });
}
