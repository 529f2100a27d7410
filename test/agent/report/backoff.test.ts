import { expect, test } from 'vitest';
import { backoffMs } from '../../../agent/report/backoff.ts';

test('doubles with each failure, is drawn between half and all of it, and ends at an hour', () => {
  expect([1, 2, 3].map((failures) => backoffMs(failures, 0))).toEqual([15_000, 30_000, 60_000]);
  expect(backoffMs(1, 0.999)).toBeLessThanOrEqual(30_000);
  expect(backoffMs(1000, 1)).toBe(3_600_000);
});

test('waits at least as long as the server asks, but never longer than about six hours', () => {
  expect(backoffMs(1, 0, 600)).toBe(600_000);
  expect(backoffMs(1, 0, 1e9)).toBe(6 * 3_600_000);
  expect(backoffMs(1, 0, Number.NaN)).toBe(15_000);
  expect(backoffMs(1, 0, -5)).toBe(15_000);
});
