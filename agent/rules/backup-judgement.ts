/** What the rules about backups share: which jobs count, how old a success is, and what the target side says. */
import type { BackupFacts, BackupJob, BackupProductFacts } from '../contract/facts/backup.ts';
import type { EvidenceSection, RuleInput, TargetEvidence } from './judgement.ts';
import { ageMs, toleranceMs } from './reading.ts';

const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** A backup server that has said nothing for longer than this is not heard of, whatever it said then. */
export const targetSilentMs = 3 * dayMs;

export interface CountedJob {
  readonly job: BackupJob;
  readonly product: BackupProductFacts;
  /** Path inside the facts, such as "products[0].jobs[1]". */
  readonly path: string;
}

/** Products that are there, are backups, and are the expected ones where the policy names some. */
export function countedProducts(
  facts: BackupFacts,
  { backup }: RuleInput,
): { readonly product: BackupProductFacts; readonly path: string }[] {
  return facts.products.flatMap((product, index) => {
    const expected = backup.expectedProducts === undefined || backup.expectedProducts.includes(product.id);
    return product.kind === 'backup' && product.installed && expected ? [{ product, path: `products[${index}]` }] : [];
  });
}

/** Their jobs, the switched-off ones left out. */
export function countedJobs(facts: BackupFacts, input: RuleInput): CountedJob[] {
  return countedProducts(facts, input).flatMap(({ product, path }) =>
    product.jobs.flatMap((job, index) =>
      job.enabled === false ? [] : [{ job, product, path: `${path}.jobs[${index}]` }],
    ),
  );
}

export interface Success {
  readonly endedAt: string;
  readonly result: 'success' | 'warning';
  readonly evidenceKind: number;
  /** Since then, by the calendar. Negative within the tolerance of clocks; NaN for what is no time. */
  readonly ageMs: number;
  /** The same, but only days on which the PC was switched on count; never more than `ageMs`. */
  readonly onMs: number;
}

/** The newest success that counts under the policy. */
export function successOf(job: BackupJob, section: EvidenceSection, input: RuleInput): Success | undefined {
  const { lastSuccess } = job;
  if (lastSuccess === undefined) return undefined;
  if (lastSuccess.result === 'success' || input.backup.warningsCount) {
    const { endedAt, result, evidence } = lastSuccess;
    const age = ageMs(input, section, endedAt);
    // What came after the facts were collected counts as on: nobody has seen it off.
    const later = Math.max(0, Math.ceil(ageMs(input, section, section.collectedAt) / dayMs));
    const onDays = (job.onDaysSinceSuccess ?? Number.POSITIVE_INFINITY) + later;
    return { endedAt, result, evidenceKind: evidence.kind, ageMs: age, onMs: Math.min(age, onDays * dayMs) };
  }
  const clean = job.recentRuns.find(
    ({ result, endedAt, provesNothing }) => result === 'success' && endedAt !== undefined && provesNothing !== true,
  );
  if (clean?.endedAt === undefined) return undefined;
  const age = ageMs(input, section, clean.endedAt);
  return {
    endedAt: clean.endedAt,
    result: 'success',
    evidenceKind: clean.evidence.kind,
    ageMs: age,
    // Days on are counted from the last success of either kind, not from this one.
    onMs: age,
  };
}

/** How late it is. Nonsense is `impossible`, never `fresh`. */
export function lateness(
  { ageMs: age, onMs }: Pick<Success, 'ageMs' | 'onMs'>,
  { backup }: RuleInput,
): 'fresh' | 'fresh-by-use' | 'warning' | 'critical' | 'impossible' {
  if (!(age >= -toleranceMs) || !Number.isFinite(age)) return 'impossible';
  if (onMs > backup.criticalHours * hourMs) return 'critical';
  if (onMs > backup.warningHours * hourMs || age > backup.oldestDays * dayMs) return 'warning';
  return age <= backup.warningHours * hourMs ? 'fresh' : 'fresh-by-use';
}

/** The newest restore point that a backup server holds and has spoken of lately; undefined when there is none to believe. */
export function newestTarget(input: RuleInput): (TargetEvidence & { readonly ageMs: number }) | undefined {
  const now = input.now.getTime();
  const believable = (input.targetEvidence ?? []).filter(({ newestAt, receivedAt }) => {
    const said = now - receivedAt.getTime();
    return newestAt.getTime() <= now + toleranceMs && said >= -toleranceMs && said <= targetSilentMs;
  });
  const newest = believable.toSorted((a, b) => b.newestAt.getTime() - a.newestAt.getTime())[0];
  return newest === undefined ? undefined : { ...newest, ageMs: now - newest.newestAt.getTime() };
}

/** Limits that are no numbers judge nothing. */
export const backupLimits = ({ backup }: RuleInput): number[] => [
  backup.warningHours,
  backup.criticalHours,
  backup.oldestDays,
];
