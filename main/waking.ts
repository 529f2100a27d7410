/**
 * Right after sleep or logon the file of the service is old although the service is well: for a while that is no alarm.
 * Told by instants alone, so that it holds for a sleep nobody announced and for a clock that was set.
 */

/** The service writes within its first minute; the rest is for a PC that is slow to wake. */
const graceMs = 3 * 60_000;
/** Looking is due every 15 seconds. Who missed this much was asleep. */
const gapMs = 60_000;

export interface Waking {
  woke(now: Date): void;
  /** Call at each regular look. */
  looked(now: Date): void;
  isWaking(now: Date): boolean;
}

/** `start`: the tray starts with the logon of somebody, which may well be before the service has written. */
export function createWaking(start: Date): Waking {
  let since = start.getTime();
  let last = start.getTime();
  return {
    woke: (now) => {
      since = now.getTime();
    },
    looked: (now) => {
      const at = now.getTime();
      if (!(at - last >= 0 && at - last <= gapMs)) since = at;
      last = at;
    },
    isWaking: (now) => {
      const age = now.getTime() - since;
      return age >= 0 && age < graceMs;
    },
  };
}
