/**
 * Check-ins out of turn, because an event said that there is something. Anybody on the way can send events, so they buy
 * a few check-ins and not more.
 */
import type { Clock } from '../platform/clock.ts';
import { createAllowance } from './allowance.ts';

/** At once after a quiet time, then one for each `refillMs`. */
const burst = 10;
const refillMs = 120_000;

export interface Hurry {
  /** Wants a check-in within `withinMs`, at a moment drawn at random; an earlier one that is wanted stays. */
  want(withinMs: number): void;
  isDue(): boolean;
  /** A check-in was made, for whatever reason. */
  met(): void;
}

export function createHurry(clock: Clock, random: () => number): Hurry {
  const allowance = createAllowance(clock, { burst, refillMs });
  let due: number | undefined;
  return {
    want: (withinMs) => {
      if (!allowance.take()) return;
      due = Math.min(due ?? Number.POSITIVE_INFINITY, clock.monotonicMs() + random() * withinMs);
    },
    isDue: () => due !== undefined && clock.monotonicMs() >= due,
    met: () => {
      due = undefined;
    },
  };
}
