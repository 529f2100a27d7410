/**
 * How many reports one device may send: a burst, then a steady rate. In memory, one small entry for each device that has
 * proved its key. A queue of 40 days (about 1,000 reports) is still in within half an hour.
 */

export interface ReportRateLimits {
  /** Reports at once after a quiet time. */
  readonly burst: number;
  readonly perMinute: number;
}

interface Allowance {
  readonly left: number;
  /** Server time of the last look, ms since 1970. */
  readonly at: number;
}

const minuteMs = 60_000;
/** So that a device that comes back finds room for some reports instead of one. */
const retryAfterSeconds = 60;

export class ReportRate {
  readonly #limits: ReportRateLimits;
  readonly #devices = new Map<string, Allowance>();

  constructor(limits: ReportRateLimits) {
    this.#limits = limits;
  }

  /** Whole seconds to wait; 0 = go ahead, and the report has been counted. */
  attempt(deviceId: string, now: Date): number {
    const at = now.getTime();
    const { burst, perMinute } = this.#limits;
    const known = this.#devices.get(deviceId);
    // A clock that was set back gives nothing, and takes nothing.
    const gained = known === undefined ? burst : (Math.max(0, at - known.at) / minuteMs) * perMinute;
    const left = Math.min(burst, (known?.left ?? 0) + gained);
    const allowed = left >= 1;
    this.#devices.set(deviceId, { left: allowed ? left - 1 : left, at });
    return allowed ? 0 : retryAfterSeconds;
  }
}
