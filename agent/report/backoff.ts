/** How long to wait after failures: grows to an hour, drawn at random so that a fleet does not come back at once. */

const firstMs = 30_000;
const longestMs = 3_600_000;
/** A server may ask for more patience than that, but not for silence. */
const longestRetryAfterMs = 6 * 3_600_000;

/** `failures` in a row, at least 1; `random` in [0, 1); `retryAfterSeconds` as the server sent it. Milliseconds. */
export function backoffMs(failures: number, random: number, retryAfterSeconds?: number): number {
  const bound = Math.min(longestMs, firstMs * 2 ** Math.min(20, Math.max(0, failures - 1)));
  const drawn = bound / 2 + (bound / 2) * random;
  const asked =
    retryAfterSeconds !== undefined && retryAfterSeconds > 0
      ? Math.min(longestRetryAfterMs, retryAfterSeconds * 1000 * (1 + random * 0.1))
      : 0;
  return Math.round(Math.max(drawn, asked));
}
