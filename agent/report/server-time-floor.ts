/**
 * How far the floor under the server's time rises. The server's clock may be wrong for a while, and a floor that lies years
 * ahead would hold for ever: a leap counts only once a second answer, minutes later by a clock nobody can set, says the same.
 */

/** Rises without further ado by what a PC that is in use may have missed. */
const freeLeapMs = 2 * 86_400_000;
const apartMs = 5 * 60_000;
/** Answers are late by a little, clocks of server processes differ by a little. */
export const toleranceMs = 5 * 60_000;

export interface FloorState {
  /** ms since 1970; 0 before the first answer. */
  readonly serverTimeFloor: number;
  /** A time far beyond the floor, and when it was said; `bootMs` as `Clock.sinceBootMs`. */
  readonly floorCandidate?: { readonly serverTime: number; readonly bootMs: number } | undefined;
}

/** `wrongUntil`: the server's signed word that times up to there were wrong. */
export function floorAfter(
  { serverTimeFloor: floor, floorCandidate: candidate }: FloorState,
  said: { readonly serverTime: number; readonly bootMs: number; readonly wrongUntil?: number | undefined },
): FloorState {
  const { serverTime, bootMs, wrongUntil = Number.NEGATIVE_INFINITY } = said;
  if (floor <= wrongUntil && floor > serverTime + toleranceMs) return { serverTimeFloor: serverTime };
  if (floor === 0 || serverTime - floor <= freeLeapMs) return { serverTimeFloor: Math.max(floor, serverTime) };
  if (candidate === undefined) return { serverTimeFloor: floor, floorCandidate: { serverTime, bootMs } };
  const passed = bootMs - candidate.bootMs;
  // Negative after a restart of the PC.
  const agrees = passed >= 0 && Math.abs(serverTime - (candidate.serverTime + passed)) <= toleranceMs;
  if (!agrees) return { serverTimeFloor: floor, floorCandidate: { serverTime, bootMs } };
  return passed >= apartMs ? { serverTimeFloor: serverTime } : { serverTimeFloor: floor, floorCandidate: candidate };
}
