/**
 * How often a device, or all devices of a municipality together, may do something: a burst, then a steady rate. In memory,
 * one small entry for each one that has proved its key.
 */

export interface RateLimits {
  /** At once after a quiet time. */
  readonly burst: number;
  readonly perMinute: number;
}

interface Allowance {
  readonly left: number;
  /** Server time of the last look, ms since 1970. */
  readonly at: number;
}

const minuteMs = 60_000;
/** So that who comes back finds room for some instead of one. */
const retryAfterSeconds = 60;

export class Rate {
  readonly #limits: RateLimits;
  readonly #allowances = new Map<string, Allowance>();

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  /** Whole seconds to wait; 0 = go ahead, and it has been counted. */
  attempt(id: string, now: Date): number {
    const at = now.getTime();
    const { burst, perMinute } = this.#limits;
    const known = this.#allowances.get(id);
    // A clock that was set back gives nothing, and takes nothing.
    const gained = known === undefined ? burst : (Math.max(0, at - known.at) / minuteMs) * perMinute;
    const left = Math.min(burst, (known?.left ?? 0) + gained);
    const allowed = left >= 1;
    this.#allowances.set(id, { left: allowed ? left - 1 : left, at });
    return allowed ? 0 : retryAfterSeconds;
  }
}
