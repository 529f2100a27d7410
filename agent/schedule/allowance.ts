/** So many at once after a quiet time, then one for each `refillMs`; measured on a clock that nobody can set. */
import type { Clock } from '../platform/clock.ts';

export interface Allowance {
  /** False: not now. */
  take(): boolean;
}

export function createAllowance(
  clock: Pick<Clock, 'monotonicMs'>,
  { burst, refillMs }: { readonly burst: number; readonly refillMs: number },
): Allowance {
  let left = burst;
  let countedAt = clock.monotonicMs();
  return {
    take: () => {
      const at = clock.monotonicMs();
      left = Math.min(burst, left + (at - countedAt) / refillMs);
      countedAt = at;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
