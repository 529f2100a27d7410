import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  ageInDays,
  cimTime,
  dayOf,
  fileTime,
  flag,
  hex,
  instantOf,
  listOf,
  time,
  whole,
  words,
} from '../../../../agent/collectors/windows/values.ts';

const now = new Date('2026-11-24T09:00:00.000Z');
const list = listOf(z.number(), 4);

describe('lists', () => {
  test.each([
    ['a list', [1, 2], { items: [1, 2], broken: 0 }],
    ['one element without its list', 7, { items: [7], broken: 0 }],
    ['a list with its count', { value: [1, 2], Count: 2 }, { items: [1, 2], broken: 0 }],
    ['one element with its count', { value: 3, Count: 1 }, { items: [3], broken: 0 }],
    ['an empty list', [], { items: [], broken: 0 }],
    ['an element that does not fit', [1, 'x'], { items: [1], broken: 1 }],
    ['an empty object', {}, { items: [], broken: 1 }],
    ['more than allowed', [1, 2, 3, 4, 5], { items: [1, 2, 3, 4], broken: 1 }],
  ])('%s', (_name, value, expected) => {
    expect(list.parse(value)).toEqual(expected);
  });

  test.each([null, undefined, ''])('%j is no list', (value) => {
    expect(list.safeParse(value).success).toBe(false);
  });

  test('an object with a field of that name is not taken apart', () => {
    const objects = listOf(z.object({ value: z.string(), a: z.string(), b: z.string(), c: z.string() }), 4);
    const row = { value: 'v', a: '1', b: '2', c: '3' };
    expect(objects.parse(row)).toEqual({ items: [row], broken: 0 });
  });
});

describe('times', () => {
  const noon = Date.UTC(2026, 10, 23, 12);
  test.each([
    ['2026-11-23T12:00:00.0000000Z', noon],
    ['2026-11-23T12:00:00Z', noon],
    [`/Date(${noon})/`, noon],
    [`\\/Date(${noon})\\/`, noon],
    [`/Date(${noon}+0100)/`, noon],
    [{ value: `/Date(${noon})/`, DisplayHint: 2, DateTime: 'Montag, 23. November 2026 13:00:00' }, noon],
  ])('%j is a time', (value, expected) => {
    expect(time.parse(value)).toBe(expected);
  });

  test.each([
    '1601-01-01T00:00:00.0000000Z',
    '1899-12-30T00:00:00Z',
    '1970-01-01T00:00:00Z',
    '/Date(-11644473600000)/',
    '23.11.2026 12:00',
    '11/23/2026 12:00:00 PM',
    '2026-13-45T99:00:00Z',
    '2026-11-23T12:00:00',
    null,
    undefined,
    0,
    noon,
    {},
    [],
  ])('%j is none', (value) => {
    expect(time.parse(value)).toBeUndefined();
  });

  test('a time more than a day ahead gives no day', () => {
    const day = 86_400_000;
    expect(dayOf(now.getTime() + day, now)).toBe('2026-11-25');
    expect(dayOf(now.getTime() + day + 1, now)).toBeUndefined();
    expect(instantOf(now.getTime(), now)).toBe('2026-11-24T09:00:00.000Z');
    expect(dayOf(Number.NaN, now)).toBeUndefined();
  });
});

test.each([
  [5, 5],
  ['26100', 26100],
  [' 7 ', 7],
  [-2145124318, -2145124318],
  [{ value: 8, Count: 1 }, 8],
  ['0x10', undefined],
  ['', undefined],
  ['12,5', undefined],
  [1.5, undefined],
  [Number.NaN, undefined],
  [1e99, undefined],
  [true, undefined],
  [null, undefined],
])('whole number of %j', (value, expected) => {
  expect(whole.parse(value)).toBe(expected);
});

test.each([
  [true, true],
  [false, false],
  [1, true],
  [0, false],
  [2, undefined],
  ['True', undefined],
  ['Wahr', undefined],
  [null, undefined],
])('flag of %j', (value, expected) => {
  expect(flag.parse(value)).toBe(expected);
});

test('words are words', () => {
  expect(words.parse('Gebührenkasse')).toBe('Gebührenkasse');
  expect(words.parse({ value: 'x', Count: 1 })).toBe('x');
  for (const value of ['', '  ', 5, null, [], {}]) expect(words.parse(value)).toBeUndefined();
});

test.each([
  [0, 0],
  [7, 7],
  [65_534, undefined],
  [65_535, undefined],
  [4_294_967_295, undefined],
  [-1, undefined],
  [undefined, undefined],
])('age of %j days', (value, expected) => {
  expect(ageInDays(value)).toBe(expected);
});

test('codes as the documents write them', () => {
  expect(hex(-2145124318)).toBe('0x80240022');
  expect(hex(0)).toBe('0x00000000');
});

test('times of CIM as text, and of the registry as digits', () => {
  expect(cimTime('20261101080000.123456-000')?.toISOString()).toBe('2026-11-01T08:00:00.000Z');
  for (const text of ['', '20261101080000.123456+060', '20261301080000.000000-000', '2026'])
    expect(cimTime(text)).toBeUndefined();
  expect(fileTime('134079936000000000')?.toISOString()).toBe('2025-11-19T02:40:00.000Z');
  for (const text of ['', '0', '-1', '1e18', '99999999999999999999']) expect(fileTime(text)).toBeUndefined();
});
