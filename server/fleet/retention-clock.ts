/**
 * Nothing is removed by a clock that may be wrong: years ahead, it would take everything at once. The measure is the last sweep,
 * which comes about once a day; what does not follow on it waits for a person who says what day it is.
 */

const dayMs = 86_400_000;
/** A server may be off for a while. A wrong leap of no more than this removes what was due within as long anyway. */
export const longestLeapMs = 31 * dayMs;
/** Two processes, or a clock that was a little ahead and has been set. */
const toleranceMs = dayMs;

export interface Hold {
  /** The clock against that of the last sweep. */
  readonly clock: 'ahead' | 'behind';
  /** When the last sweep was, by the clock of then. */
  readonly sweptAt: string;
}

/** Undefined when the clock follows on the last sweep; null = there was none. */
export function holdOf(sweptAt: string | null, now: Date): Hold | undefined {
  if (sweptAt === null) return undefined;
  const passedMs = now.getTime() - Date.parse(sweptAt);
  if (passedMs >= -toleranceMs && passedMs <= longestLeapMs) return undefined;
  return { clock: passedMs < 0 ? 'behind' : 'ahead', sweptAt };
}

/** For a log and a terminal. The day is for a person to say: one that stands there already would only be copied. */
export function inWords({ clock, sweptAt }: Hold, now: Date): string {
  const far = clock === 'ahead' ? 'far ahead of' : 'behind';
  return (
    `Nothing is removed: the clock of this server says ${now.toISOString()}, which is ${far} the last sweep (${sweptAt}). ` +
    `If the clock is wrong, set it right. If it is right, say what day it is: kits-server retention --today YYYY-MM-DD`
  );
}
