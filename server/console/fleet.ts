/** Sums and order of the overview, and the one sentence about a device. Pure. */
import type { OverallState } from '../../agent/contract/status.ts';
import type { ExplainedVerdict, Municipality } from '../api/contract.ts';
import type { Texts } from './texts.ts';

export type LightCounts = Municipality['lights'];

export function totalLights(municipalities: readonly Municipality[]): LightCounts {
  const total = { ok: 0, attention: 0, critical: 0, unknown: 0 };
  for (const { lights } of municipalities) {
    total.ok += lights.ok;
    total.attention += lights.attention;
    total.critical += lights.critical;
    total.unknown += lights.unknown;
  }
  return total;
}

/** Worst light of any device; a municipality without devices is unknown, never ok. */
export function worstLight({ critical, attention, unknown, ok }: LightCounts): OverallState {
  if (critical > 0) return 'critical';
  if (attention > 0) return 'attention';
  return unknown > 0 || ok === 0 ? 'unknown' : 'ok';
}

const byName = new Intl.Collator('de-DE', { numeric: true });

/** More urgent devices first, then more that need attention, then more unknown ones, then by name. */
export function worstFirst(municipalities: readonly Municipality[]): Municipality[] {
  return municipalities.toSorted(
    (a, b) =>
      b.lights.critical - a.lights.critical ||
      b.lights.attention - a.lights.attention ||
      b.lights.unknown - a.lights.unknown ||
      byName.compare(a.name, b.name),
  );
}

/** What needs a look comes first; within it by title. */
const verdictRank = { 'not-met': 0, unknown: 1, exempt: 2, met: 3 } as const;
const severityRank = { critical: 0, warning: 1, info: 2 } as const;

export function urgentFirst(verdicts: readonly ExplainedVerdict[]): ExplainedVerdict[] {
  return verdicts.toSorted(
    (a, b) =>
      verdictRank[a.verdict] - verdictRank[b.verdict] ||
      (a.verdict === 'met' ? 0 : severityRank[a.severity] - severityRank[b.severity]) ||
      byName.compare(a.title.de, b.title.de),
  );
}

/** The light a single verdict shows. A remark that only informs leaves it green, as it does for the device. */
export function verdictLight({ verdict, severity }: Pick<ExplainedVerdict, 'verdict' | 'severity'>): OverallState {
  switch (verdict) {
    case 'met':
    case 'exempt':
      return 'ok';
    case 'unknown':
      return 'unknown';
    case 'not-met':
      if (severity === 'info') return 'ok';
      return severity === 'critical' ? 'critical' : 'attention';
  }
}

/** The answer first: the light in words and how many checks stand behind it. */
export function deviceSentence(light: OverallState, verdicts: readonly ExplainedVerdict[], texts: Texts): string {
  const words = texts.verdictSummary;
  const failed = verdicts.filter((entry) => ['attention', 'critical'].includes(verdictLight(entry))).length;
  const unclear = verdicts.filter(({ verdict }) => verdict === 'unknown').length;
  switch (light) {
    case 'ok':
      return verdicts.length === 0 ? words.nothing : words.ok(verdicts.length);
    case 'attention':
    case 'critical':
      return words.open(texts.light[light], failed, verdicts.length);
    case 'unknown':
      return verdicts.length === 0 ? words.nothing : words.unknown(unclear, verdicts.length);
  }
}
