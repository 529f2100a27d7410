/** What the figures about updates say in a few sentences, and in one light. Pure. */
import type { OverallState } from '../../agent/contract/status.ts';
import type { PatchCounts } from '../api/contract.ts';
import type { Format } from './format.ts';
import type { Texts } from './texts.ts';

/** What is not known is never green; a known gap outweighs it. */
export function patchLight({ devices, security, restart, scan }: PatchCounts): OverallState {
  if (security.missing > 0 || restart.due > 0) return 'attention';
  const known = security.unknown === 0 && restart.unknown === 0 && scan.unknown === 0 && scan.older === 0;
  return devices > 0 && known ? 'ok' : 'unknown';
}

/** The answer first, then what else is worth knowing. */
export function patchSentences({ devices, security, restart, scan }: PatchCounts, t: Texts, format: Format): string[] {
  const words = t.patchAnswer;
  if (devices === 0) return [words.noDevices];
  if (security.unknown === devices && restart.unknown === devices) return [words.nothing(devices)];
  const sentences = [security.missing > 0 ? words.missing(security.missing, devices) : words.noneKnown(devices)];
  if (security.unknown > 0) sentences.push(words.unknown(security.unknown));
  if (restart.due > 0) {
    const since = restart.oldestSince === null ? undefined : format.day(restart.oldestSince);
    sentences.push(words.restart(restart.due, since));
  }
  const stale = scan.older + scan.unknown;
  sentences.push(stale === 0 ? words.scansRecent : words.scansStale(stale));
  return sentences;
}
