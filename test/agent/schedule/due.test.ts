import { describe, expect, test } from 'vitest';
import { type DueInput, dueTasks, secondOfTick, tasks } from '../../../agent/schedule/due.ts';
import { fc, tries } from '../../fixtures/properties.ts';

const now = Date.parse('2026-11-24T09:00:00Z');
const minute = 60_000;
const intervalsMs = {
  'check-in': 15 * minute,
  'cheap-round': 60 * minute,
  'full-round': 240 * minute,
  status: 5 * minute,
};
/** Started long ago, everything has just run. */
const quiet: DueInput = {
  now: new Date(now),
  lastRuns: new Map(tasks.map((task) => [task, now - 1000])),
  intervalsMs,
  seed: 'device',
  awakeSince: now - 86_400_000,
};
const with_ = (task: string, last: number | undefined): ReadonlyMap<string, number> => {
  const runs = new Map(quiet.lastRuns);
  if (last === undefined) runs.delete(task);
  else runs.set(task, last);
  return runs;
};

test('nothing is due right after everything ran', () => {
  expect(dueTasks(quiet)).toEqual([]);
});

test.each(tasks)(
  '%s is due when it never ran, after its interval, and when its last run lies in the future',
  (task) => {
    const interval = intervalsMs[task];
    // What a round has found is told at once.
    const expected = task.endsWith('round') ? [task, 'check-in', 'status'] : [task];
    expect(dueTasks({ ...quiet, lastRuns: with_(task, undefined) })).toEqual(expected);
    expect(dueTasks({ ...quiet, lastRuns: with_(task, now - 1.11 * interval) })).toEqual(expected);
    expect(dueTasks({ ...quiet, lastRuns: with_(task, now - 0.89 * interval) })).toEqual([]);
    expect(dueTasks({ ...quiet, lastRuns: with_(task, now + 1) })).toEqual(expected);
    expect(dueTasks({ ...quiet, lastRuns: with_(task, Number.NaN) })).toEqual(expected);
  },
);

describe('the next exchange', () => {
  const failing = { notBefore: now + 10 * minute, more: false };
  const due = (input: Partial<DueInput>): readonly string[] => dueTasks({ ...quiet, ...input });

  test('after a failure comes when its time has come, neither with the interval nor with a round before', () => {
    expect(due({ exchange: failing, lastRuns: with_('check-in', now - 60 * minute) })).toEqual([]);
    expect(due({ exchange: failing, lastRuns: with_('cheap-round', undefined) })).toEqual(['cheap-round', 'status']);
    expect(due({ exchange: { ...failing, notBefore: now } })).toEqual(['check-in']);
  });

  test('does not wait for years because the clock was set back', () => {
    expect(due({ exchange: { ...failing, notBefore: now + 400 * 86_400_000 } })).toEqual(['check-in']);
  });

  test('comes within a minute while more waits than may be sent at once', () => {
    expect(due({ exchange: { notBefore: 0, more: true } })).toEqual(['check-in']);
    expect(due({ exchange: { notBefore: 0, more: true }, awakeSince: now })).toEqual(['check-in']);
    expect(due({ exchange: { ...failing, more: true } })).toEqual([]);
  });
});

test('a fleet looks at what is due in all seconds of the minute', () => {
  const seconds = Array.from({ length: 6000 }, (_, index) => secondOfTick(`device ${index}`));
  const perSecond = Array.from({ length: 60 }, (_, second) => seconds.filter((one) => one === second).length);
  expect(Math.min(...perSecond)).toBeGreaterThan(50);
  expect(Math.max(...perSecond)).toBeLessThan(150);
});

test('many missed runs are one run, and a full round takes the place of a cheap one', () => {
  const lastRuns = new Map(tasks.map((task) => [task, now - 14 * 86_400_000]));
  expect(dueTasks({ ...quiet, lastRuns })).toEqual(['full-round', 'check-in', 'status']);
});

test('devices that wake at the same moment spread over the first minutes, and none is forgotten', () => {
  const lastRuns = new Map(tasks.map((task) => [task, now - 86_400_000]));
  const due = (seed: string, afterMs: number): boolean =>
    dueTasks({ ...quiet, seed, lastRuns, awakeSince: now - afterMs }).includes('check-in');
  const seeds = Array.from({ length: 200 }, (_, index) => `device ${index}`);
  const early = seeds.filter((seed) => due(seed, 30_000)).length;
  expect(early).toBeGreaterThan(60);
  expect(early).toBeLessThan(140);
  expect(seeds.every((seed) => due(seed, 60_000))).toBe(true);
});

test('a first round waits for nothing, also where an earlier one counts as never', () => {
  const lastRuns = new Map([...with_('check-in', now), ['full-round', 0]]);
  const seeds = Array.from({ length: 50 }, (_, index) => `device ${index}`);
  const waiting = seeds.filter(
    (seed) => !dueTasks({ ...quiet, seed, lastRuns, awakeSince: now }).includes('full-round'),
  );
  expect(waiting).toEqual([]);
});

test('the interval varies by at most a tenth and differs between devices', () => {
  const lastRuns = with_('check-in', now);
  const firstDue = (seed: string): number => {
    for (let age = 0.85; age < 1.2; age += 0.001) {
      const later = new Date(now + age * intervalsMs['check-in']);
      if (dueTasks({ ...quiet, seed, lastRuns, now: later }).includes('check-in')) return age;
    }
    return Number.NaN;
  };
  const ages = Array.from({ length: 50 }, (_, index) => firstDue(`device ${index}`));
  expect(Math.min(...ages)).toBeGreaterThanOrEqual(0.899);
  expect(Math.max(...ages)).toBeLessThanOrEqual(1.101);
  expect(Math.max(...ages) - Math.min(...ages)).toBeGreaterThan(0.1);
});

test('whatever the clock does, a task does not starve: due at the latest an interval and its spread later', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e13, max: 1e13 }), fc.string(), (last, seed) => {
      const later = new Date(Math.max(now, last) + 2 * intervalsMs['full-round']);
      const lastRuns = with_('full-round', last);
      expect(dueTasks({ ...quiet, seed, lastRuns, now: later, awakeSince: now })).toContain('full-round');
    }),
    { numRuns: tries(200) },
  );
});
