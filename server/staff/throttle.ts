/**
 * Slows down guessing: after some failures each further one doubles the wait. Kept in memory; forgotten after 15
 * minutes without a failure. An attempt counts as failed until it has succeeded, so that many at once gain nothing.
 */

interface Failures {
  readonly count: number;
  readonly lastAt: number;
}

export interface ThrottleLimits {
  /** Failures without any wait. */
  readonly free: number;
  /** Longest wait, seconds. */
  readonly maxSeconds: number;
}

const forgottenAfterMs = 15 * 60_000;
const maxKeys = 10_000;

export class Throttle {
  readonly #limits: ThrottleLimits;
  readonly #failures = new Map<string, Failures>();

  constructor(limits: ThrottleLimits) {
    this.#limits = limits;
  }

  /** Whole seconds to wait; 0 = go ahead, and the attempt has been counted. */
  attempt(key: string, now: Date): number {
    const at = now.getTime();
    const known = this.#known(key, at);
    const wait = known === undefined ? 0 : Math.ceil((known.lastAt + this.#waitMs(known.count) - at) / 1000);
    if (wait > 0) return wait;
    this.#failures.delete(key);
    if (this.#failures.size >= maxKeys) this.#makeRoom(at);
    // Deleted and set again: the map stays in order of the last failure.
    this.#failures.set(key, { count: (known?.count ?? 0) + 1, lastAt: at });
    return 0;
  }

  /** Forgets the failures of a user who has proved to be that user. */
  succeeded(key: string): void {
    this.#failures.delete(key);
  }

  /** Takes back one attempt: an office behind one address is not slowed down by those who get it right. */
  withdraw(key: string): void {
    const known = this.#failures.get(key);
    if (known === undefined) return;
    if (known.count <= 1) this.#failures.delete(key);
    else this.#failures.set(key, { ...known, count: known.count - 1 });
  }

  #known(key: string, at: number): Failures | undefined {
    const known = this.#failures.get(key);
    return known !== undefined && at - known.lastAt < forgottenAfterMs ? known : undefined;
  }

  #waitMs(count: number): number {
    if (count < this.#limits.free) return 0;
    return Math.min(2 ** (count - this.#limits.free), this.#limits.maxSeconds) * 1000;
  }

  #makeRoom(at: number): void {
    for (const [key, { lastAt }] of this.#failures) {
      if (this.#failures.size < maxKeys && at - lastAt < forgottenAfterMs) return;
      this.#failures.delete(key);
    }
  }
}
