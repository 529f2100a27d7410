/**
 * When to try again after a failure. Drawn at random over the whole span (full jitter), so that a fleet that lost its server
 * at one moment comes back over an hour and not at once; never before the time the server asks for; and whatever happens, only
 * so many attempts fail in an hour.
 */

const firstMs = 60_000;
/** Each wait is drawn from three times the span of the one before: an ailing server soon has peace. */
const growth = 3;
const longestMs = 3_600_000;
/** A server may ask for more patience than that, but not for silence. */
const longestRetryAfterMs = 6 * 3_600_000;
const hourMs = 3_600_000;
/** Doubling alone stays below; a server that keeps asking for one second does not. */
export const failuresPerHour = 12;
/** How long the server may not know this device before that is more than a passing fault. */
const graceMs = 24 * 3_600_000;

export interface RetryState {
  /** In a row; 0 after a success. */
  readonly failures: number;
  /** Of the last hour, ms since 1970, oldest first; a success does not clear them. */
  readonly failedAt: readonly number[];
  /** No request before this instant, ms since 1970; 0 = at any time. */
  readonly notBefore: number;
}

/** `random` in [0, 1); `retryAfterSeconds` as the server sent it. */
export function afterFailure(
  state: RetryState,
  { now, random, retryAfterSeconds }: { now: Date; random: number; retryAfterSeconds?: number | undefined },
): RetryState {
  const at = now.getTime();
  const failures = state.failures + 1;
  // What lies in the future was noted by another clock.
  const recent = state.failedAt.filter((then) => then <= at && at - then < hourMs);
  const failedAt = [...recent, at].slice(-failuresPerHour);
  const wait = waitMs(failures, random, retryAfterSeconds);
  const [oldest = at] = failedAt;
  const budgetMs = failedAt.length < failuresPerHour ? 0 : oldest + hourMs - at + random * firstMs;
  return { failures, failedAt, notBefore: Math.round(at + Math.max(wait, budgetMs)) };
}

export function afterSuccess(state: RetryState): RetryState {
  return { failures: 0, failedAt: state.failedAt, notBefore: 0 };
}

/** `failures` in a row, at least 1. Milliseconds. */
export function waitMs(failures: number, random: number, retryAfterSeconds?: number): number {
  const span = Math.min(longestMs, firstMs * growth ** Math.min(20, Math.max(0, failures - 1)));
  if (retryAfterSeconds === undefined || !(retryAfterSeconds > 0)) return random * span;
  const asked = Math.min(longestRetryAfterMs, retryAfterSeconds * 1000);
  // Never before the time asked for; those who were asked at one moment are spread behind it, also where that is too long.
  return Math.min(longestRetryAfterMs + random * longestMs, asked + random * Math.max(asked, span));
}

/** Waiting that a clock set back has stretched beyond all bounds is over. */
export function isHeldBack(notBefore: number, now: Date): boolean {
  const leftMs = notBefore - now.getTime();
  return leftMs > 0 && leftMs <= longestRetryAfterMs + hourMs;
}

/** Codes by which a server says that it does not accept this device. They may be wrong: a restored server, a proxy. */
const aboutTheDevice: ReadonlySet<string> = new Set([
  'unknown-device',
  'proof-invalid',
  'signature-invalid',
  'device-not-active',
  // Somebody on the way speaks in the server's place.
  'refusal-unsigned',
  'request-altered',
]);

/** Since when the server has not accepted this device; undefined when the failure says nothing of the kind. */
export function refusedSince(before: string | undefined, code: string, now: Date): string | undefined {
  return aboutTheDevice.has(code) ? (before ?? now.toISOString()) : before;
}

/** The server has not accepted this device for longer than a fault passes. Only people can decide what to do. */
export function needsAttention(since: string | undefined, now: Date): boolean {
  return since !== undefined && !(now.getTime() - Date.parse(since) < graceMs);
}
