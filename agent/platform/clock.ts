/** Time as the agent sees it; tests hand in their own. */
export interface Clock {
  now(): Date;
  /** Milliseconds since an arbitrary moment; never jumps when the clock is set. */
  monotonicMs(): number;
}

export const systemClock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() };
