/** Times that somebody else states, of something that has happened. */

/** Two clocks that are kept right may differ by this much. */
const toleranceMs = 10 * 60_000;
/** Nothing this server is told about is older. */
const earliestMs = Date.UTC(1995, 0, 1);

/** Up to here a stated time is taken for one of the past. */
export function latestPast(now: Date): Date {
  return new Date(now.getTime() + toleranceMs);
}

/** `not-a-time` also for what lies before all of this began. */
export function placeOf(at: Date, now: Date): 'past' | 'future' | 'not-a-time' {
  // Written so that a time which is none falls on the bad side.
  if (!(at.getTime() >= earliestMs)) return 'not-a-time';
  return at.getTime() <= latestPast(now).getTime() ? 'past' : 'future';
}
