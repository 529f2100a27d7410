import { expect, test } from 'vitest';
import { Rate } from '../../../server/ingest/rate.ts';

const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1000);
const taken = (rate: Rate, device: string, seconds: number): number => {
  for (let count = 0; ; count += 1) if (rate.attempt(device, at(seconds)) > 0) return count;
};

test('a burst, then the rate, and never more than the burst', () => {
  const rate = new Rate({ burst: 5, perMinute: 2 });
  expect(taken(rate, 'a', 0)).toBe(5);
  expect(taken(rate, 'a', 29)).toBe(0);
  expect(taken(rate, 'a', 60)).toBe(2);
  expect(taken(rate, 'a', 86_400)).toBe(5);
});

test('who waits as told finds room, and devices do not wait for each other', () => {
  const rate = new Rate({ burst: 5, perMinute: 2 });
  taken(rate, 'a', 0);
  expect(taken(rate, 'b', 0)).toBe(5);
  const wait = rate.attempt('a', at(0));
  expect(wait).toBe(60);
  expect(taken(rate, 'a', wait)).toBe(2);
});

test('a clock that was set back gives nothing and locks nobody out', () => {
  const rate = new Rate({ burst: 5, perMinute: 2 });
  taken(rate, 'a', 0);
  expect(rate.attempt('a', at(-3600))).toBe(60);
  expect(taken(rate, 'a', -3540)).toBe(2);
});

test('what is given back may be had again, and never more than the burst', () => {
  const rate = new Rate({ burst: 5, perMinute: 2 });
  expect(taken(rate, 'a', 0)).toBe(5);
  rate.giveBack('a');
  expect(taken(rate, 'a', 0)).toBe(1);
  for (let count = 0; count < 9; count += 1) rate.giveBack('a');
  rate.giveBack('nobody');
  expect(taken(rate, 'a', 0)).toBe(5);
});

test('a stranger with many names makes it remember no more than it has room for', () => {
  const rate = new Rate({ burst: 5, perMinute: 2 }, 3);
  taken(rate, 'a', 0);
  expect(rate.attempt('b', at(0))).toBe(0);
  expect(rate.attempt('c', at(0))).toBe(0);
  // Asked about again, so it is not the one that is forgotten.
  expect(rate.attempt('a', at(0))).toBe(60);
  expect(rate.attempt('d', at(0))).toBe(0);
  expect(rate.attempt('a', at(0))).toBe(60);
  expect(taken(rate, 'b', 0)).toBe(5);
});
