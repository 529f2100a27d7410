/** Numbers, sizes and times as people here read them. */
import { describe, expect, test } from 'vitest';
import { formatFor } from '../../../server/console/format.ts';

const de = formatFor('de');
const en = formatFor('en');
const now = new Date('2026-11-24T08:40:00Z');
const ago = (seconds: number): string => new Date(now.getTime() - seconds * 1000).toISOString();

describe('bytes', () => {
  test.each([
    [0, '0 Byte', '0 Byte'],
    [1023, '1.023 Byte', '1,023 Byte'],
    [1024, '1 KiB', '1 KiB'],
    [1536, '1,5 KiB', '1.5 KiB'],
    [16_750_000_000, '15,6 GiB', '15.6 GiB'],
    [2 ** 60, '1.024 PiB', '1,024 PiB'],
  ])('%d', (value, german, english) => {
    expect(de.bytes(value)).toBe(german);
    expect(en.bytes(value)).toBe(english);
  });
  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('%d is unknown', (value) => {
    expect(de.bytes(value)).toBe('unbekannt');
  });
});

describe('instants', () => {
  test('stand in German local time, in winter and in summer', () => {
    expect(de.instant('2026-11-24T08:40:00Z')).toBe('24.11.2026, 09:40');
    expect(de.instant('2026-07-01T22:30:00Z')).toBe('02.07.2026, 00:30');
    expect(en.instant('2026-11-24T08:40:00Z')).toBe('24 Nov 2026, 09:40');
  });
  test('a day is a day in every time zone', () => {
    expect(de.day('2026-03-29')).toBe('29.03.2026');
    expect(en.day('2026-03-29')).toBe('29 Mar 2026');
  });
  test('nonsense is unknown', () => {
    expect(de.instant('gestern')).toBe('unbekannt');
    expect(de.day('2026-13-01')).toBe('unbekannt');
    expect(en.relative('', now)).toBe('unknown');
  });
});

describe('how long ago', () => {
  test.each([
    [0, 'gerade eben', 'just now'],
    [59, 'gerade eben', 'just now'],
    [60, 'vor 1 Minute', '1 minute ago'],
    [7199, 'vor 119 Minuten', '119 minutes ago'],
    [3 * 3600 + 59, 'vor 3 Stunden', '3 hours ago'],
    [48 * 3600 - 1, 'vor 47 Stunden', '47 hours ago'],
    [9 * 86_400, 'vor 9 Tagen', '9 days ago'],
    [70 * 86_400, 'vor 2 Monaten', '2 months ago'],
    [3 * 366 * 86_400, 'vor 3 Jahren', '3 years ago'],
    [-3 * 86_400, 'in 3 Tagen', 'in 3 days'],
  ])('%d seconds', (seconds, german, english) => {
    expect(de.relative(ago(seconds), now)).toBe(german);
    expect(en.relative(ago(seconds), now)).toBe(english);
  });
});

describe('how far a clock is off', () => {
  test.each([
    [0, '0 Sekunden'],
    [119, '+119 Sekunden'],
    [-240, '−4 Minuten'],
    [7200, '+2 Stunden'],
    [3 * 86_400, '+3 Tage'],
  ])('%d seconds', (seconds, words) => {
    expect(de.offset(seconds)).toBe(words);
  });
  test('nonsense is unknown', () => expect(en.offset(Number.NaN)).toBe('unknown'));
});

test('numbers carry the separators of their language', () => {
  expect(de.number(1234.56, 1)).toBe('1.234,6');
  expect(en.number(1234.56, 1)).toBe('1,234.6');
  expect(de.number(Number.NaN)).toBe('unbekannt');
});
