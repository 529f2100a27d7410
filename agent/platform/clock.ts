/** Time as the agent sees it; tests hand in their own. */
import { uptime } from 'node:os';

export interface Clock {
  now(): Date;
  /** Milliseconds since an arbitrary moment; never jumps when the clock is set. */
  monotonicMs(): number;
  /** Milliseconds since the machine was started, time asleep included; never jumps when the clock is set. */
  sinceBootMs(): number;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  // CLOCK_BOOTTIME on Linux, GetTickCount64 on Windows: both go on while the machine sleeps.
  sinceBootMs: () => uptime() * 1000,
};
