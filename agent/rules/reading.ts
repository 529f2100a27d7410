/**
 * How a rule gets at facts: present, fresh and fitting their schema, or a finding that says why not. Nothing here ever
 * ends in "met".
 */
import type { FactsOf, SectionId } from '../contract/facts/index.ts';
import { parseSectionData, section as sectionSchema } from '../contract/report.ts';
import { type Evidence, type EvidenceSection, evidenceIn, type Finding, type RuleInput, unknown } from './judgement.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Facts older than this say nothing about today. */
export const maxAgeMs = 3 * dayMs;
/** Two clocks that are kept right may differ by this much. */
export const toleranceMs = 5 * minuteMs;

const evidenceSection = sectionSchema.pick({ id: true, state: true, collectedAt: true, data: true, problems: true });

export type Reading<Id extends SectionId> =
  | { readonly facts: FactsOf<Id>; readonly section: EvidenceSection; readonly finding?: never }
  | { readonly finding: Finding; readonly facts?: never };

/** Time by the server's clock, as far as it is known: the device's own calendar may be years off. */
export function serverTime(input: RuleInput): Date {
  const onServer = input.heard !== undefined;
  return onServer ? input.now : new Date(input.now.getTime() - (input.clockOffsetSeconds ?? 0) * 1000);
}

/**
 * Age of an instant of the device's clock that stands in a section. On the device both clocks are the same one; on the server
 * the offset is taken out, that of then: a clock that has been set since must not make old facts young.
 */
export function ageMs(
  input: RuleInput,
  { clockOffsetSeconds = input.clockOffsetSeconds ?? 0 }: Pick<EvidenceSection, 'clockOffsetSeconds'>,
  instant: string,
): number {
  const offsetMs = input.heard !== undefined ? clockOffsetSeconds * 1000 : 0;
  return input.now.getTime() - (Date.parse(instant) - offsetMs);
}

/** `path` as written in evidence: "volumes[0].freeBytes". */
function evidencePath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (done, part) => (typeof part === 'number' ? `${done}[${part}]` : `${done}${done === '' ? '' : '.'}${String(part)}`),
    '',
  );
}

/** Many rules read the same section: its facts are checked once for each input, which nobody changes. */
const readings = new WeakMap<RuleInput, Map<SectionId, Reading<SectionId>>>();

/** Reads a section's facts, or says with which of the shared reasons it cannot. */
export function facts<Id extends SectionId>(input: RuleInput, id: Id): Reading<Id> {
  const known = readings.get(input) ?? new Map<SectionId, Reading<SectionId>>();
  readings.set(input, known);
  const reading = known.get(id) ?? read(input, id);
  known.set(id, reading);
  return reading as Reading<Id>;
}

function read<Id extends SectionId>(input: RuleInput, id: Id): Reading<Id> {
  const raw = input.sections.get(id);
  if (raw === undefined) return { finding: unknown('facts-missing', { section: id, code: 'not-collected' }) };
  const checked = evidenceSection.safeParse(raw);
  if (!checked.success) return { finding: unknown('facts-invalid', { section: id }) };
  const { clockOffsetSeconds } = raw;
  const section = { ...checked.data, ...(clockOffsetSeconds === undefined ? {} : { clockOffsetSeconds }) };
  if (section.state === 'missing' || section.data === undefined || section.data === null) {
    const code = section.problems[0]?.code ?? 'not-collected';
    const evidence = section.problems.slice(0, 1).map(() => ({ section: id, path: 'problems[0].code', value: code }));
    return { finding: unknown('facts-missing', { section: id, code }, evidence) };
  }
  const age = ageMs(input, section, section.collectedAt);
  const collected = [{ section: id, path: 'collectedAt', value: section.collectedAt }];
  if (age < -toleranceMs) return { finding: unknown('facts-from-future', { section: id }, collected) };
  if (!(age <= maxAgeMs)) {
    // An age that is no number is not fresh either; it has no value to show.
    const values = Number.isFinite(age) ? { section: id, ageSeconds: Math.floor(age / 1000) } : { section: id };
    return { finding: unknown('facts-stale', values, collected) };
  }
  const parsed = parseSectionData(id, section.data);
  if (!parsed.success) {
    const path = evidencePath(parsed.error.issues[0]?.path ?? []);
    return { finding: unknown('facts-invalid', { section: id }, [{ section: id, path: path || 'data', value: null }]) };
  }
  return { facts: parsed.data as FactsOf<Id>, section };
}

/**
 * Whether a list in the section may lack entries. A problem does not say which entry it took away, so any gap counts;
 * `not-present` is an answer of the machine and no gap.
 */
export function hasGaps(section: EvidenceSection): boolean {
  if (section.state === 'complete') return false;
  return section.problems.length === 0 || section.problems.some(({ code }) => code !== 'not-present');
}

/** Evidence of what could not be read. */
export function gapsOf({ id, problems }: EvidenceSection): Evidence[] {
  return problems.map(({ code }, index) => ({ section: id, path: `problems[${index}].code`, value: code }));
}

/**
 * The finding for a part of a section that is absent although the section was read. `path` inside the facts, such as
 * "boot.secureBoot"; `shared-reasons.ts` knows what it is called.
 */
export function partMissing(section: EvidenceSection, path: string): Finding {
  return unknown('part-missing', { section: section.id, part: path }, [
    ...evidenceIn(section.id, { [path]: undefined }),
    ...gapsOf(section),
  ]);
}

/**
 * Whole days from a day of the facts until today, by the server's clock. A day ahead counts as today, because day and
 * clock may stand in different time zones; a day further ahead is `undefined`, as is a day that is none.
 */
export function daysSince(input: RuleInput, day: string | undefined): number | undefined {
  const days = Math.floor(serverTime(input).getTime() / dayMs) - Date.parse(day ?? '') / dayMs;
  return days >= -1 ? Math.max(0, days) : undefined;
}

/** The finding for thresholds that are no numbers: the facts cannot be judged by them. */
export function limitsInvalid(...limits: readonly number[]): Finding | undefined {
  return limits.every((limit) => Number.isFinite(limit)) ? undefined : unknown('limits-invalid');
}
