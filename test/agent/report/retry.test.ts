import { describe, expect, test } from 'vitest';
import { refusalOf } from '../../../agent/report/refusal.ts';
import {
  afterFailure,
  afterSuccess,
  failuresPerHour,
  isHeldBack,
  needsAttention,
  type RetryState,
  refusedSince,
  waitMs,
} from '../../../agent/report/retry.ts';

const now = new Date('2026-11-24T09:00:00.000Z');
const later = (ms: number): Date => new Date(now.getTime() + ms);
const fresh: RetryState = { failures: 0, failedAt: [], notBefore: 0 };

describe('the wait', () => {
  test('is drawn over the whole span, which triples with each failure and ends at an hour', () => {
    expect([1, 2, 3].map((failures) => waitMs(failures, 0))).toEqual([0, 0, 0]);
    expect([1, 2, 3].map((failures) => waitMs(failures, 0.5))).toEqual([30_000, 90_000, 270_000]);
    expect(waitMs(1000, 1)).toBe(3_600_000);
  });

  test('is at least what the server asks, spread over as much again, but never longer than six hours', () => {
    expect(waitMs(1, 0, 600)).toBe(600_000);
    expect(waitMs(1, 0.5, 600)).toBe(900_000);
    expect(waitMs(1, 0.5, 1)).toBe(31_000);
    // An absurd time brings nobody back together either.
    expect([0, 0.5, 0.9].map((random) => waitMs(1, random, 1e9) / 3_600_000)).toEqual([6, 6.5, 6.9]);
    expect(isHeldBack(now.getTime() + waitMs(1, 0.999, 1e15), now)).toBe(true);
    expect(waitMs(1, 0.5, Number.NaN)).toBe(30_000);
    expect(waitMs(1, 0.5, -5)).toBe(30_000);
  });

  test('keeps its spread behind what the server asks for: a short answer to all must not bring all back together', () => {
    expect(waitMs(20, 0, 60)).toBe(60_000);
    expect(waitMs(20, 0.5, 60)).toBe(60_000 + 1_800_000);
  });
});

test.each<[string, string | undefined, number | undefined]>([
  ['120', undefined, 120],
  ['0', undefined, undefined],
  ['-5', 'Tue, 24 Nov 2026 09:00:00 GMT', undefined],
  ['1e3', 'Tue, 24 Nov 2026 09:00:00 GMT', undefined],
  ['soon', 'Tue, 24 Nov 2026 09:00:00 GMT', undefined],
  ['Infinity', undefined, undefined],
  ['999999999999', undefined, 999_999_999_999],
  // By the clock of whoever says it, whatever the one of this PC says.
  ['Tue, 24 Nov 2026 09:02:00 GMT', 'Tue, 24 Nov 2026 09:00:00 GMT', 120],
  ['Tue, 24 Nov 2009 09:02:00 GMT', 'Tue, 24 Nov 2009 09:00:00 GMT', 120],
  ['Tue, 24 Nov 2026 09:02:00 GMT', undefined, undefined],
  ['Tue, 24 Nov 2026 08:00:00 GMT', 'Tue, 24 Nov 2026 09:00:00 GMT', undefined],
])('Retry-After "%s" (Date: %s) is %s s', (said, date, seconds) => {
  const headers = { 'retry-after': said, ...(date === undefined ? {} : { date }) };
  const refusal = refusalOf({ status: 503, headers, body: Buffer.from('<html>') });
  expect(refusal.retryAfterSeconds).toBe(seconds);
});

test('failures add up until a success', () => {
  const once = afterFailure(fresh, { now, random: 0.5 });
  expect(once).toEqual({ failures: 1, failedAt: [now.getTime()], notBefore: now.getTime() + 30_000 });
  const twice = afterFailure(once, { now: later(20_000), random: 0.5 });
  expect(twice.notBefore).toBe(now.getTime() + 20_000 + 90_000);
  expect(afterSuccess(twice)).toEqual({ failures: 0, failedAt: twice.failedAt, notBefore: 0 });
});

test('a server that keeps asking for a second is asked twelve times an hour, not sixty', () => {
  let state = fresh;
  let attempts = 0;
  for (let minute = 0; minute < 180; minute += 1) {
    const at = later(minute * 60_000);
    if (isHeldBack(state.notBefore, at)) continue;
    attempts += 1;
    // Successes in between, such as a check-in before a report that fails, do not refill the budget.
    state = afterFailure(afterSuccess(state), { now: at, random: 0.1, retryAfterSeconds: 1 });
  }
  expect(attempts).toBeLessThanOrEqual(3 * failuresPerHour);
  expect(attempts).toBeGreaterThanOrEqual(2 * failuresPerHour);
});

test('a clock that is set back neither silences the agent nor counts old failures', () => {
  const state = afterFailure(fresh, { now, random: 0.5 });
  const back = new Date('2019-01-01T00:00:00Z');
  expect(isHeldBack(state.notBefore, now)).toBe(true);
  expect(isHeldBack(state.notBefore, back)).toBe(false);
  expect(afterFailure(state, { now: back, random: 0 }).failedAt).toEqual([back.getTime()]);
});

describe('a server that does not know this device', () => {
  test.each(['unknown-device', 'proof-invalid', 'signature-invalid', 'device-not-active'])(
    '%s needs attention only after a day',
    (code) => {
      const since = refusedSince(undefined, code, now);
      expect(refusedSince(since, code, later(5))).toBe(since);
      expect(needsAttention(since, later(23 * 3_600_000))).toBe(false);
      expect(needsAttention(since, later(24 * 3_600_000))).toBe(true);
    },
  );

  test('other failures neither begin nor end it; an unreadable time counts as long ago', () => {
    expect(refusedSince(undefined, 'busy', now)).toBeUndefined();
    expect(refusedSince('x', 'busy', now)).toBe('x');
    expect(needsAttention(undefined, now)).toBe(false);
    expect(needsAttention('x', now)).toBe(true);
  });
});
