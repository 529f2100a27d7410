/** What the figures about backups say in a few sentences, and in one light. Pure. */
import type { OverallState } from '../../agent/contract/status.ts';
import type { BackupCounts, BackupLight, ProductState } from '../api/contract.ts';
import type { Texts } from './texts.ts';

/** What is not known is never green, and neither is what is only declared. */
export function backupLight({ devices, states }: BackupCounts): OverallState {
  if (states.critical > 0) return 'critical';
  if (states.attention > 0) return 'attention';
  return devices > 0 && states.unknown === 0 && states.exempt < devices ? 'ok' : 'unknown';
}

/** The answer first, then what else is worth knowing. */
export function backupSentences(counts: BackupCounts, t: Texts): string[] {
  const words = t.backupAnswer;
  const { devices, states, presence, twoSided, restoreTests } = counts;
  if (devices === 0) return [words.noDevices];
  if (states.unknown === devices) return [words.nothing(devices)];
  const lacking = states.critical + states.attention;
  const sentences = [lacking > 0 ? words.lacking(lacking, devices) : words.noneLacking(devices)];
  if (presence.none > 0) sentences.push(words.withoutAny(presence.none));
  if (states.unknown > 0) sentences.push(words.unknown(states.unknown));
  if (states.exempt > 0) sentences.push(words.exempt(states.exempt));
  if (twoSided.disagree > 0) sentences.push(words.disagree(twoSided.disagree));
  const expected = devices - restoreTests.exempt;
  if (expected > 0) sentences.push(words.tested(restoreTests.inTime, expected));
  return sentences;
}

/** As `parts/state-mark.tsx` shows them. */
type Tone = OverallState | 'plain';

export const backupTones: Readonly<Record<BackupLight, Tone>> = {
  critical: 'critical',
  attention: 'attention',
  unknown: 'unknown',
  note: 'ok',
  exempt: 'plain',
  ok: 'ok',
};

/** Of a product, a job or a run. */
export const productTones: Readonly<Record<ProductState, Tone>> = {
  success: 'ok',
  warning: 'attention',
  failed: 'critical',
  cancelled: 'attention',
  running: 'plain',
  unknown: 'unknown',
  never: 'attention',
  'log-too-short': 'unknown',
  disabled: 'attention',
  removed: 'plain',
};

/** How the devices with a product stand, in three heaps; each state is in one of them. */
export function productHeaps(states: Readonly<Partial<Record<ProductState, number>>>): {
  readonly good: number;
  readonly bad: number;
  readonly open: number;
} {
  const heaps = { good: 0, bad: 0, open: 0 };
  for (const [state, count] of Object.entries(states)) {
    const tone = productTones[state as ProductState];
    if (state === 'success' || state === 'warning') heaps.good += count;
    else if (tone === 'critical' || tone === 'attention') heaps.bad += count;
    else heaps.open += count;
  }
  return heaps;
}
