/** There is a fresh, successful backup of this PC, on evidence its user cannot write. */
import type { BackupFacts, BackupReason } from '../contract/facts/backup.ts';
import {
  backupLimits,
  type CountedJob,
  countedJobs,
  countedProducts,
  lateness,
  newestTarget,
  type Success,
  successOf,
} from './backup-judgement.ts';
import { recentWords } from './backup-words.ts';
import {
  type Evidence,
  type EvidenceSection,
  evidenceIn,
  exempt,
  type Finding,
  met,
  notMet,
  type Rule,
  type RuleInput,
  unknown,
  type Values,
} from './judgement.ts';
import { ageMs, daysSince, facts, gapsOf, hasGaps, limitsInvalid } from './reading.ts';

const hourMs = 3_600_000;
/** A run that has not ended by then hangs. */
const longestRunMs = 24 * hourMs;
/** Rungs of the ladder that tell a result; below them it is only known that something was started or is there. */
const weakestProof = 3;

export const backupRecent: Rule = {
  id: 'backup-recent',
  title: { de: 'Sicherung aktuell', en: 'Backup up to date' },
  sections: ['backup'],
  controls: ['CON.3.A5', 'WiBA 3.2'],
  words: recentWords,

  evaluate(input) {
    const declared = judgeDeclaration(input);
    if (declared !== undefined) return declared;
    const reading = facts(input, 'backup');
    if (reading.finding !== undefined) return provenByTarget(input) ?? reading.finding;
    const invalid = limitsInvalid(...backupLimits(input));
    if (invalid !== undefined) return invalid;
    const found = judgeFacts(reading.facts, reading.section, input);
    return found.verdict === 'unknown' ? (provenByTarget(input) ?? found) : found;
  },
};

/** A declaration in force stands in the place of a proof; one whose day of review has passed is a finding itself. */
function judgeDeclaration(input: RuleInput): Finding | undefined {
  const { declaration } = input.backup;
  if (declaration === undefined) return undefined;
  const { kind, owner, reviewOn, where } = declaration;
  const values = { owner, reviewOn, ...(where === undefined ? {} : { where }) };
  const evidence: Evidence[] = [{ section: 'policy', path: 'backup.declaration.reviewOn', value: reviewOn }];
  const overdue = daysSince(input, reviewOn);
  // `undefined` = the day lies ahead; a day that is none has passed.
  const ahead = overdue === undefined && Number.isFinite(Date.parse(reviewOn));
  if (!ahead && overdue !== 0) return notMet('warning', 'declaration-overdue', values, evidence);
  if (kind === 'no-local-data') return exempt('declared-no-local-data', values, evidence);
  return exempt('declared-backed-up-elsewhere', values, evidence);
}

/** The target side holds a fresh restore point: that proves what the device itself cannot. */
function provenByTarget(input: RuleInput): Finding | undefined {
  const target = newestTarget(input);
  if (target === undefined || limitsInvalid(...backupLimits(input)) !== undefined) return undefined;
  if (lateness({ ageMs: target.ageMs, onMs: target.ageMs }, input) !== 'fresh') return undefined;
  const newestAt = target.newestAt.toISOString();
  return met(
    'backup-proven-by-target',
    { source: target.source, day: newestAt.slice(0, 10), ageSeconds: seconds(target.ageMs) },
    [{ section: 'backup-target', path: 'newestAt', value: newestAt }],
  );
}

function judgeFacts(held: BackupFacts, section: EvidenceSection, input: RuleInput): Finding {
  const products = countedProducts(held, input);
  if (products.length === 0) return judgeAbsence(held, section, input);
  const jobs = countedJobs(held, input);
  const judged =
    jobs.length > 0 ? jobs.map((each) => judgeJob(each, section, held, input)) : [judgeWithoutJobs(products)];
  const worst = judged.reduce((one, other) => (badness(other) < badness(one) ? other : one));
  // What could not be read may be a job that fails.
  if (worst.verdict === 'met' && hasGaps(section)) return unknown('backup-partly-read', {}, gapsOf(section));
  return worst;
}

function badness({ verdict, severity }: Finding): number {
  if (verdict === 'not-met') return severity === 'critical' ? 0 : severity === 'warning' ? 1 : 3;
  return verdict === 'unknown' ? 2 : 4;
}

/** No backup that counts. A gap in what was read is no proof of that. */
function judgeAbsence(held: BackupFacts, section: EvidenceSection, { backup }: RuleInput): Finding {
  const names = (kind: (product: BackupFacts['products'][number]) => boolean): string =>
    held.products
      .filter(kind)
      .map(({ name }) => name)
      .join(', ');
  const evidence = [
    ...evidenceIn('backup', { 'products.length': held.products.length }),
    ...held.products
      .slice(0, 8)
      .flatMap(({ id, installed }, index) =>
        evidenceIn('backup', { [`products[${index}].id`]: id, [`products[${index}].installed`]: installed }),
      ),
  ];
  if (hasGaps(section)) return unknown('backup-partly-read', {}, [...evidence, ...gapsOf(section)]);
  const others = names(({ kind, installed }) => kind === 'backup' && installed);
  if (backup.expectedProducts !== undefined) {
    const expected = backup.expectedProducts.join(', ');
    const values = { expected, ...(others === '' ? {} : { others }) };
    return notMet('critical', 'backup-product-missing', values, evidence);
  }
  const hints = names(({ kind }) => kind === 'hint');
  if (hints !== '') return unknown('backup-hint-only', { products: hints }, evidence);
  const removed = names(({ kind, installed }) => kind === 'backup' && !installed);
  if (removed !== '') return notMet('critical', 'backup-removed', { products: removed }, evidence);
  const lookalikes = names(({ kind }) => kind === 'file-sync' || kind === 'system-restore');
  if (lookalikes !== '') return notMet('critical', 'backup-lookalike-only', { products: lookalikes }, evidence);
  return notMet('critical', 'backup-none', {}, evidence);
}

/** Products are there, and none of them has a job that is switched on. */
function judgeWithoutJobs(products: ReturnType<typeof countedProducts>): Finding {
  const evidence = products.flatMap(({ product, path }) =>
    evidenceIn('backup', {
      [`${path}.id`]: product.id,
      [`${path}.answers`]: product.answers,
      [`${path}.jobs.length`]: product.jobs.length,
      ...(product.reasons[0] === undefined ? {} : { [`${path}.reasons[0]`]: product.reasons[0] }),
    }),
  );
  /** Those of them, by name, for the sentence; undefined when there are none. */
  const named = (chosen: (product: BackupFacts['products'][number]) => boolean): { products: string } | undefined => {
    const names = products.flatMap(({ product }) => (chosen(product) ? [product.name] : []));
    return names.length === 0 ? undefined : { products: names.join(', ') };
  };
  const onServer = named(({ answers }) => answers === 'server');
  if (onServer !== undefined) return unknown('backup-result-on-server', onServer, evidence);
  const unclear = named(({ reasons, jobs }) => jobs.length === 0 && reasons.some((reason) => unreadable.has(reason)));
  const nowhere = named(({ answers }) => answers === 'nowhere');
  if (nowhere !== undefined && unclear === undefined) return unknown('backup-result-nowhere', nowhere, evidence);
  if (unclear !== undefined) return unknown('backup-unreadable', unclear, evidence);
  // Each job there is has been switched off: that is known, and it is no backup.
  const switchedOff = named(({ jobs }) => jobs.length > 0);
  if (switchedOff !== undefined) return notMet('critical', 'backup-disabled', switchedOff, evidence);
  return notMet('critical', 'backup-no-job', named(() => true) ?? {}, evidence);
}

/** Reasons that say nothing about the backup and all about the look at it. */
const unreadable: ReadonlySet<BackupReason> = new Set<BackupReason>([
  'needs-credentials',
  'no-readable-record',
  'user-source-unreadable',
  'source-missing',
  'source-unreadable',
  'source-denied',
  'source-locked',
  'source-too-large',
  'schema-unknown',
  'weak-evidence',
  'time-in-future',
]);

function judgeJob(
  { job, product, path }: CountedJob,
  section: EvidenceSection,
  held: BackupFacts,
  input: RuleInput,
): Finding {
  const success = successOf(job, section, input);
  const writers = failedWriters(held);
  const settled = settledState(job);
  const failed = settled === 'failed' || settled === 'cancelled';
  const values: Values = {
    product: product.name,
    job: job.name,
    ...(success === undefined || !Number.isFinite(success.ageMs)
      ? {}
      : { day: success.endedAt.slice(0, 10), ageSeconds: seconds(success.ageMs) }),
    ...(job.onDaysSinceSuccess === undefined ? {} : { onDays: job.onDaysSinceSuccess }),
    ...(failed && writers > 0 ? { failedWriters: writers } : {}),
  };
  const evidence = evidenceIn('backup', {
    [`${path}.state`]: job.state,
    [`${path}.lastSuccess.endedAt`]: success?.endedAt,
    ...(success === undefined ? {} : { [`${path}.lastSuccess.evidence.kind`]: success.evidenceKind }),
    ...(job.lastRun === undefined ? {} : { [`${path}.lastRun.result`]: job.lastRun.result }),
    ...(job.lastRun?.code === undefined ? {} : { [`${path}.lastRun.code`]: job.lastRun.code }),
  });
  if (success === undefined) return judgeWithoutSuccess(job, section, values, evidence, input);
  const late = lateness(success, input);
  if (late === 'impossible') return unknown('backup-times-impossible', values, evidence);
  if (late === 'critical' || late === 'warning') {
    return failed ? notMet(late, 'backup-failing', values, evidence) : notMet(late, 'backup-overdue', values, evidence);
  }
  if (hangs(job, section, input)) return notMet('warning', 'backup-hangs', values, evidence);
  if (failed) return notMet('info', 'backup-last-failed', values, evidence);
  return judgeFresh(job, success, late, values, evidence);
}

/** Young enough; whether it proves anything is another question. */
function judgeFresh(
  job: CountedJob['job'],
  success: Success,
  late: 'fresh' | 'fresh-by-use',
  values: Values,
  evidence: Evidence[],
): Finding {
  if (!(success.evidenceKind <= weakestProof)) return unknown('backup-weak-evidence', values, evidence);
  if (job.writableBy !== 'administrator') return unknown('backup-stated-by-user', values, evidence);
  if (job.reasons.includes('time-in-future')) return unknown('backup-times-impossible', values, evidence);
  if (settledState(job) === 'unknown')
    return unknown('backup-unreadable', { ...values, products: String(values['product']) }, evidence);
  if (late === 'fresh-by-use') return met('backup-fresh-by-use', values, evidence);
  const warned = success.result === 'warning';
  return met(warned ? 'backup-fresh-with-warnings' : 'backup-fresh', values, evidence);
}

function judgeWithoutSuccess(
  job: CountedJob['job'],
  section: EvidenceSection,
  values: Values,
  evidence: Evidence[],
  input: RuleInput,
): Finding {
  if (hangs(job, section, input)) return notMet('warning', 'backup-hangs', values, evidence);
  switch (settledState(job)) {
    case 'never':
      return notMet('critical', 'backup-never', values, evidence);
    case 'failed':
    case 'cancelled':
      return notMet('critical', 'backup-only-failed', values, evidence);
    case 'warning':
      // Only left when warnings do not count.
      return notMet('critical', 'backup-only-warnings', values, evidence);
    case 'running':
      return unknown('backup-first-run', values, evidence);
    case 'log-too-short':
      return unknown('backup-log-too-short', values, evidence);
    case 'success':
      // Ended well and put nothing into safety: a cache, a run that skipped everything.
      return unknown('backup-proves-nothing', values, evidence);
    case 'unknown':
      return unknown('backup-unreadable', { ...values, products: String(values['product']) }, evidence);
  }
}

/** A run at work says nothing yet: what the run before it came to stays. */
function settledState({ state, recentRuns }: CountedJob['job']): CountedJob['job']['state'] {
  if (state !== 'running') return state;
  return recentRuns.find(({ result }) => result !== 'running')?.result ?? state;
}

function hangs({ state, lastRun }: CountedJob['job'], section: EvidenceSection, input: RuleInput): boolean {
  if (state !== 'running') return false;
  const age = ageMs(input, section, lastRun?.startedAt ?? '');
  return age > longestRunMs;
}

/** Writers of shadow copies that failed explain a failure on Windows. */
function failedWriters({ failedWriters: writers }: BackupFacts): number {
  return (writers ?? []).length;
}

function seconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1000));
}
