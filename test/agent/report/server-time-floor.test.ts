import { expect, test } from 'vitest';
import { type FloorState, floorAfter } from '../../../agent/report/server-time-floor.ts';

const day = 86_400_000;
const minute = 60_000;
const now = Date.parse('2026-11-25T09:00:00Z');
const known: FloorState = { serverTimeFloor: now };
const after = (state: FloorState, serverTime: number, bootMs: number, wrongUntil?: number) =>
  floorAfter(state, { serverTime, bootMs, wrongUntil });

test('the first time counts, and the floor rises with each answer and never falls', () => {
  expect(after({ serverTimeFloor: 0 }, now, 0)).toEqual({ serverTimeFloor: now });
  expect(after(known, now + day, 0)).toEqual({ serverTimeFloor: now + day });
  expect(after(known, now - 400 * day, 0)).toEqual(known);
});

test('one answer from years ahead changes nothing', () => {
  const ahead = after(known, now + 4000 * day, 1000);
  expect(ahead.serverTimeFloor).toBe(now);
  expect(after(ahead, now + 15 * minute, 15 * minute)).toEqual({ serverTimeFloor: now + 15 * minute });
});

test('a PC that was off for weeks follows with its second check-in', () => {
  const first = after(known, now + 40 * day, 1000);
  expect(first.serverTimeFloor).toBe(now);
  // Too soon: whatever was wrong may still be.
  const soon = after(first, now + 40 * day + minute, 1000 + minute);
  expect(soon.serverTimeFloor).toBe(now);
  const second = now + 40 * day + 15 * minute;
  expect(after(soon, second, 1000 + 15 * minute)).toEqual({ serverTimeFloor: second });
});

test('two leaps that do not agree with the time that passed, or a restart between, do not count', () => {
  const first = after(known, now + 40 * day, 10 * minute);
  expect(after(first, now + 80 * day, 30 * minute).serverTimeFloor).toBe(now);
  expect(after(first, now + 40 * day, 0).serverTimeFloor).toBe(now);
  expect(after(first, Number.NaN, 30 * minute).serverTimeFloor).toBe(now);
});

test('a leap is a leap beyond two days, is confirmed after five minutes, and five minutes more or less are the same', () => {
  expect(after(known, now + 2 * day, 0)).toEqual({ serverTimeFloor: now + 2 * day });
  expect(after(known, now + 2 * day + 1, 0)).toMatchObject({ serverTimeFloor: now });
  const first = after(known, now + 40 * day, 7 * minute);
  const candidate = { serverTime: now + 40 * day, bootMs: 7 * minute };
  expect(first).toEqual({ serverTimeFloor: now, floorCandidate: candidate });
  for (const [late, expected] of [
    [-5 * minute - 1, now],
    [-5 * minute, candidate.serverTime],
    [5 * minute, candidate.serverTime + 10 * minute],
    [5 * minute + 1, now],
  ] as const) {
    const said = candidate.serverTime + 5 * minute + late;
    expect(after(first, said, 12 * minute).serverTimeFloor, String(late)).toBe(expected);
  }
  expect(after(first, candidate.serverTime + 5 * minute - 1, 12 * minute - 1)).toEqual(first);
});

test('of two leaps that do not agree the later one is what a third has to confirm', () => {
  const first = after(known, now + 40 * day, 10 * minute);
  const other = after(first, now + 80 * day, 20 * minute);
  expect(other).toEqual({
    serverTimeFloor: now,
    floorCandidate: { serverTime: now + 80 * day, bootMs: 20 * minute },
  });
  const third = now + 80 * day + 10 * minute;
  expect(after(other, third, 30 * minute)).toEqual({ serverTimeFloor: third });
});

test('the server’s word that its clock was wrong lets go of a floor it covers, and of no other', () => {
  const poisoned = { serverTimeFloor: now + 4000 * day };
  expect(after(poisoned, now, 0)).toEqual(poisoned);
  expect(after(poisoned, now, 0, now + 4001 * day)).toEqual({ serverTimeFloor: now });
  expect(after(poisoned, now, 0, now + 3999 * day)).toEqual(poisoned);
  // It never lifts a floor, nor lowers one that is right.
  expect(after(known, now + minute, 0, now + 4001 * day)).toEqual({ serverTimeFloor: now + minute });
  expect(after(known, now - minute, 0, now + 4001 * day)).toEqual(known);
});
