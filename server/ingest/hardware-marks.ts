/** Same machine or another one: compares the hashed hardware marks of a device. Pure. */
import { type Fingerprint, fingerprint } from '../../agent/contract/report.ts';

/** Fewer marks than this prove nothing: a new network card is no new PC. */
const enoughMarks = 2;

/**
 * "other" when no mark that both sides know is equal and there are enough of them; "same" when at least one is equal;
 * otherwise "unclear", which is no suspicion.
 */
export function compareMarks(stored: Fingerprint, seen: Fingerprint): 'same' | 'other' | 'unclear' {
  const names = Object.keys(fingerprint.shape) as (keyof Fingerprint)[];
  const both = names.filter((name) => stored[name] !== undefined && seen[name] !== undefined);
  if (both.some((name) => stored[name] === seen[name])) return 'same';
  return both.length >= enoughMarks ? 'other' : 'unclear';
}
