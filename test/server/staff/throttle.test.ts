import { expect, test } from 'vitest';
import { Throttle } from '../../../server/staff/throttle.ts';

const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1000);

test('the first failures are free, then the wait doubles up to its limit', () => {
  const throttle = new Throttle({ free: 3, maxSeconds: 5 });
  let now = 0;
  const waits: number[] = [];
  for (let failure = 0; failure < 7; failure += 1) {
    const wait = throttle.attempt('a', at(now));
    waits.push(wait);
    now += wait;
    if (wait > 0) expect(throttle.attempt('a', at(now))).toBe(0);
  }
  expect(waits).toEqual([0, 0, 0, 1, 2, 4, 5]);
});

test('an attempt during the wait is refused and does not lengthen it', () => {
  const throttle = new Throttle({ free: 1, maxSeconds: 60 });
  expect(throttle.attempt('a', at(0))).toBe(0);
  expect(throttle.attempt('a', at(0))).toBe(1);
  expect(throttle.attempt('a', at(0.5))).toBe(1);
  expect(throttle.attempt('a', at(1))).toBe(0);
});

test('attempts at the same moment count before any of them has failed', () => {
  const throttle = new Throttle({ free: 5, maxSeconds: 60 });
  const waits = Array.from({ length: 50 }, () => throttle.attempt('a', at(0)));
  expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
});

test('keys do not slow each other down', () => {
  const throttle = new Throttle({ free: 1, maxSeconds: 60 });
  throttle.attempt('a', at(0));
  expect(throttle.attempt('b', at(0))).toBe(0);
});

test('success forgets, and 15 quiet minutes do', () => {
  const throttle = new Throttle({ free: 1, maxSeconds: 3600 });
  throttle.attempt('a', at(0));
  throttle.succeeded('a');
  expect(throttle.attempt('a', at(0))).toBe(0);
  expect(throttle.attempt('a', at(899))).toBe(0);
  expect(throttle.attempt('a', at(899))).toBe(2);
  expect(throttle.attempt('a', at(899 + 900))).toBe(0);
  expect(throttle.attempt('a', at(899 + 900))).toBe(1);
});

test('a withdrawn attempt leaves the failures before it', () => {
  const throttle = new Throttle({ free: 2, maxSeconds: 60 });
  throttle.attempt('a', at(0));
  throttle.attempt('a', at(0));
  throttle.withdraw('a');
  expect(throttle.attempt('a', at(0))).toBe(0);
  expect(throttle.attempt('a', at(0))).toBe(1);
});

test('ten thousand other names do not make it forget more than the oldest', () => {
  const throttle = new Throttle({ free: 1, maxSeconds: 600 });
  for (let name = 0; name < 10_000; name += 1) throttle.attempt(`name-${name}`, at(0));
  throttle.attempt('one more', at(0));
  expect(throttle.attempt('name-9999', at(0))).toBe(1);
  expect(throttle.attempt('name-0', at(0))).toBe(0);
});
