/** What a rule is: its input, what it finds, and the words that belong to each reason. */

import type { RestoreTest } from '../contract/facts/backup.ts';
import type { SectionId } from '../contract/facts/index.ts';
import type { BackupPolicy, Thresholds } from '../contract/policy.ts';
import type { Section, Severity, Verdict } from '../contract/report.ts';
import type { DeviceState } from '../contract/wire.ts';
import type { ControlId } from './controls.ts';
import type { Sentence, Words } from './wording.ts';

/** The part of a section that rules read. */
export interface EvidenceSection extends Pick<Section, 'id' | 'state' | 'collectedAt' | 'data' | 'problems'> {
  /** Device clock minus server time when it was reported; only the server keeps it. Absent = as at the last exchange. */
  readonly clockOffsetSeconds?: number;
}

export interface RuleInput {
  /** The newest known sections with their facts in full, by id. */
  readonly sections: ReadonlyMap<string, EvidenceSection>;
  readonly thresholds: Thresholds;
  /** What KITS expects of the backup of this PC. */
  readonly backup: BackupPolicy;
  /** The server's time on the server, the device's time on the device. */
  readonly now: Date;
  /** Device clock minus server time at the last signed exchange, in seconds. */
  readonly clockOffsetSeconds?: number;
  /** Only the server knows it; absent on the device. `lastAt` is server time. */
  readonly heard?: { readonly lastAt?: Date };
  /** Only the server knows it; absent on the device. */
  readonly deviceState?: DeviceState;
  /** Restore tests entered by staff, in any order; those the device ran itself stand in its facts. */
  readonly restoreTests?: readonly RestoreTest[];
  /** The word of backup servers about this device; only the server hears it. Absent when none has ever said anything. */
  readonly targetEvidence?: readonly TargetEvidence[];
}

/** What the target side says: a backup server, not the device. */
export interface TargetEvidence {
  /** Name of the backup server as KITS registered it. */
  readonly source: string;
  /** Time of the newest restore point it holds of the device, by its own word. */
  readonly newestAt: Date;
  /** Server time at which it said so. */
  readonly receivedAt: Date;
}

/** A verdict before it is signed with the id of its rule. */
export type Finding = Omit<Verdict, 'ruleId'>;
export type Values = Verdict['values'];
export type Evidence = Verdict['evidence'][number];

export interface Rule {
  readonly id: string;
  readonly title: Words;
  /** Sections it reads, so that the console can lead there. */
  readonly sections: readonly SectionId[];
  /** Controls that a kept rule supports; it never proves one alone. */
  readonly controls: readonly ControlId[];
  /** One sentence for each reason that is the rule's own; reasons that all rules share stand in `shared-reasons.ts`. */
  readonly words: Readonly<Record<string, Sentence>>;
  /** Pure. `undefined` = the rule does not apply here. */
  evaluate(input: RuleInput): Finding | undefined;
}

/** Evidence that stands in no section: what the server and the device saw of each other. */
export const serverContact = 'server-contact';

/** Evidence by path inside one section; what the facts do not hold stands there as null. */
export const evidenceIn = (
  section: string,
  values: Readonly<Record<string, string | number | boolean | undefined>>,
): Evidence[] => Object.entries(values).map(([path, value]) => ({ section, path, value: value ?? null }));

/** Bounds of the contract for what a verdict carries. */
const maxEvidence = 32;
const maxValueLength = 260;

function bounded(
  kind: Finding['verdict'],
  severity: Severity,
  reason: string,
  values: Values,
  evidence: readonly Evidence[],
): Finding {
  const cut = (value: string | number) => (typeof value === 'string' ? value.slice(0, maxValueLength) : value);
  return {
    verdict: kind,
    severity,
    reason,
    values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, cut(value)])),
    evidence: evidence.slice(0, maxEvidence),
  };
}

export const met = (reason: string, values: Values, evidence: readonly Evidence[]): Finding =>
  bounded('met', 'info', reason, values, evidence);

export const notMet = (severity: Severity, reason: string, values: Values, evidence: readonly Evidence[]): Finding =>
  bounded('not-met', severity, reason, values, evidence);

/** Excused by a declaration: neither kept nor broken, and never shown as green. */
export const exempt = (reason: string, values: Values, evidence: readonly Evidence[]): Finding =>
  bounded('exempt', 'info', reason, values, evidence);

export const unknown = (reason: string, values: Values = {}, evidence: readonly Evidence[] = []): Finding =>
  bounded('unknown', 'warning', reason, values, evidence);
