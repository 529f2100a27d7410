import { expect, test } from 'vitest';
import { isMaintenanceTime } from '../../../agent/update/maintenance.ts';

const offered = new Date('2026-11-23T08:00:00Z');

test.each([
  ['Wednesday, ten in the morning', '2026-11-25T09:00:00Z', false],
  ['Wednesday, half past five in the afternoon', '2026-11-25T16:30:00Z', false],
  ['Wednesday, half past six in the evening', '2026-11-25T17:30:00Z', true],
  ['Wednesday, at night', '2026-11-25T01:00:00Z', true],
  ['Saturday, ten in the morning', '2026-11-28T09:00:00Z', true],
  ['in summer the same hour is another one in UTC', '2026-07-01T16:30:00Z', true],
  ['after five days any hour will do', '2026-11-30T09:00:00Z', true],
  ['a time that is none', 'never', false],
])('%s', (_name, now, expected) => {
  const since = now.startsWith('2026-07') ? new Date('2026-06-30T08:00:00Z') : offered;
  expect(isMaintenanceTime(new Date(now), since)).toBe(expected);
});

test('a release that was offered at no time, or in the future, does not hurry', () => {
  const workday = new Date('2026-11-25T09:00:00Z');
  expect(isMaintenanceTime(workday, new Date('never'))).toBe(false);
  expect(isMaintenanceTime(workday, new Date('2027-01-01T00:00:00Z'))).toBe(false);
});
