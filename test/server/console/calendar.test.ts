/** Days in German local time: around midnight, around the changes of the clock, and for what is no day. */
import { expect, test } from 'vitest';
import { ageInDays, dayOf, daysLater, endOfDay } from '../../../server/console/calendar.ts';

test.each([
  ['2026-11-23T22:59:59Z', '2026-11-23'],
  ['2026-11-23T23:00:00Z', '2026-11-24'],
  ['2026-06-30T22:00:00Z', '2026-07-01'],
  ['kein Datum', ''],
])('the German day of %s is %s', (moment, day) => {
  expect(dayOf(new Date(moment))).toBe(day);
});

test.each([
  ['2026-11-24', 0],
  ['2026-11-23', 1],
  ['2026-03-01', 268],
  ['2026-11-25', undefined],
  ['gestern', undefined],
  ['2026-02-31', undefined],
])('%s lies back', (day, age) => {
  expect(ageInDays(day, new Date('2026-11-24T08:00:00Z'))).toBe(age);
});

test('the age at a time that is none is not known', () => {
  expect(ageInDays('2026-11-24', new Date('nie'))).toBeUndefined();
});

test.each([
  ['2026-12-31', 1, '2027-01-01'],
  ['2028-02-28', 1, '2028-02-29'],
  ['2026-03-28', 364, '2027-03-27'],
])('%s and %i days is %s', (day, days, later) => {
  expect(daysLater(day, days)).toBe(later);
});

test.each([
  ['2026-11-24', '2026-11-24T23:00:00.000Z'],
  ['2026-07-01', '2026-07-01T22:00:00.000Z'],
  // The day on which summer time begins ends in it, the one on which it ends does not.
  ['2027-03-28', '2027-03-28T22:00:00.000Z'],
  ['2026-10-25', '2026-10-25T23:00:00.000Z'],
  ['morgen', undefined],
  ['', undefined],
])('%s ends at %s', (day, end) => {
  expect(endOfDay(day)).toBe(end);
});
