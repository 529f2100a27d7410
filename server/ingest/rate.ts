/**
 * How often somebody may do something: a burst, then a steady rate. In memory, one small entry for each of them, and never
 * more than `maxEntries`: addresses and guessed tokens are for anybody to choose.
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
const maxEntries = 200_000;
/** So that who comes back finds room for some instead of one. */
const retryAfterSeconds = 60;

export class Rate {
  readonly #limits: RateLimits;
  readonly #maxEntries: number;
  readonly #allowances = new Map<string, Allowance>();

  constructor(limits: RateLimits, entries = maxEntries) {
    this.#limits = limits;
    this.#maxEntries = entries;
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
    this.#allowances.delete(id);
    // The one that was asked about least recently: it has the most of its allowance back.
    if (this.#allowances.size >= this.#maxEntries) this.#allowances.delete(this.#allowances.keys().next().value ?? '');
    this.#allowances.set(id, { left: allowed ? left - 1 : left, at });
    return allowed ? 0 : retryAfterSeconds;
  }

  /** Takes back one attempt: only what failed counts. */
  giveBack(id: string): void {
    const known = this.#allowances.get(id);
    if (known !== undefined) this.#allowances.set(id, { ...known, left: Math.min(this.#limits.burst, known.left + 1) });
  }
}
