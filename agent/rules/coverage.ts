/** What the verdicts of one or many devices say about each control. Pure; the page of controls is built on it. */
import type { Verdict } from '../contract/report.ts';
import { type Control, type ControlId, controls, notMeasurable } from './controls.ts';
import { rules } from './rule.ts';
import type { Words } from './wording.ts';

export type ControlState = 'met' | 'not-met' | 'unknown' | 'exempt' | 'not-measurable';

/** How many verdicts of each kind its rules gave. */
export interface VerdictCounts {
  readonly met: number;
  readonly notMet: number;
  readonly unknown: number;
  readonly exempt: number;
}

export interface ControlCoverage extends Control {
  readonly id: ControlId;
  /** Ids of the rules that support it, sorted; none when it is not measurable. */
  readonly rules: readonly string[];
  readonly counts: VerdictCounts;
  readonly state: ControlState;
  /** Why a PC cannot answer it; only with the state `not-measurable`. */
  readonly why?: Words;
}

/** The worst counts: one device that fails makes the control fail, one excused device keeps it from being met. */
function stateOf(counts: VerdictCounts): ControlState {
  if (counts.notMet > 0) return 'not-met';
  if (counts.unknown > 0) return 'unknown';
  if (counts.exempt > 0) return 'exempt';
  // Without any verdict nothing is known.
  return counts.met > 0 ? 'met' : 'unknown';
}

/** One entry for each control, in the order of `controls`. Verdicts of rules that are unknown here are left out. */
export function coverageOf(verdicts: readonly Pick<Verdict, 'ruleId' | 'verdict'>[]): ControlCoverage[] {
  return (Object.keys(controls) as ControlId[]).map((id) => {
    const citing = rules.filter((rule) => rule.controls.includes(id)).map((rule) => rule.id);
    const own = verdicts.filter(({ ruleId }) => citing.includes(ruleId));
    const count = (kind: Verdict['verdict']) => own.filter(({ verdict }) => verdict === kind).length;
    const counts = { met: count('met'), notMet: count('not-met'), unknown: count('unknown'), exempt: count('exempt') };
    const why = notMeasurable.find(({ control }) => control === id)?.why;
    const common = { id, ...controls[id], rules: citing, counts };
    return why === undefined ? { ...common, state: stateOf(counts) } : { ...common, state: 'not-measurable', why };
  });
}
