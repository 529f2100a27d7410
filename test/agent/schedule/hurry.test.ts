import { expect, test } from 'vitest';
import { createHurry } from '../../../agent/schedule/hurry.ts';

function hurried(random = 0.5) {
  let at = 1_000_000;
  const clock = { now: () => new Date(0), monotonicMs: () => at, sinceBootMs: () => at };
  return {
    ...createHurry(clock, () => random),
    pass: (ms: number) => {
      at += ms;
    },
  };
}

test('wanted at once is due at once, and met once', () => {
  const hurry = hurried();
  expect(hurry.isDue()).toBe(false);
  hurry.want(0);
  expect(hurry.isDue()).toBe(true);
  hurry.met();
  expect(hurry.isDue()).toBe(false);
});

test('wanted within a minute is due at the moment drawn; what is wanted later does not put it off', () => {
  const hurry = hurried();
  hurry.want(60_000);
  hurry.pass(29_999);
  expect(hurry.isDue()).toBe(false);
  hurry.want(3_600_000);
  hurry.pass(1);
  expect(hurry.isDue()).toBe(true);
});

test('a flood of events buys ten check-ins, then thirty an hour', () => {
  const hurry = hurried();
  const bought = (events: number): number => {
    let count = 0;
    for (let event = 0; event < events; event += 1) {
      hurry.want(0);
      if (hurry.isDue()) count += 1;
      hurry.met();
    }
    return count;
  };
  expect(bought(10_000)).toBe(10);
  hurry.pass(3_600_000);
  expect(bought(10_000)).toBe(10);
  let hour = 0;
  for (let second = 0; second < 3600; second += 1) {
    hurry.pass(1000);
    hour += bought(10);
  }
  // The last one may still be a fraction short.
  expect([29, 30]).toContain(hour);
});
