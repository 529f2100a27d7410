/** "Later": how often and until when, over both nights in which the clocks change and with clocks that are set. */
import { describe, expect, test } from 'vitest';
import { deferralChoices, isDeferred, maxDeferrals } from '../../agent/contract/deferral.ts';

const farAway = '2027-06-01T12:00:00.000Z';
const choices = (
  now: string,
  change: { count?: number; severity?: 'info' | 'warning' | 'urgent'; until?: string } = {},
) =>
  deferralChoices(
    { severity: change.severity ?? 'warning', validUntil: change.until ?? farAway },
    { now: new Date(now), count: change.count ?? 0 },
  ).map(({ kind, until }) => [kind, until.toISOString()]);

/** Reads the clock on the wall in another way than the code does. */
const berlin = (instant: Date | string) => new Date(instant).toLocaleString('sv-SE', { timeZone: 'Europe/Berlin' });

describe('what is offered', () => {
  test('on a working morning: an hour, four hours, the next morning', () => {
    expect(choices('2026-11-24T08:00:00.000Z')).toEqual([
      ['one-hour', '2026-11-24T09:00:00.000Z'],
      ['four-hours', '2026-11-24T12:00:00.000Z'],
      ['next-morning', '2026-11-25T06:00:00.000Z'],
    ]);
  });

  test('late in the afternoon: what would come back at night comes back in the morning, said once', () => {
    expect(choices('2026-11-24T16:30:00.000Z')).toEqual([['one-hour', '2026-11-25T06:00:00.000Z']]);
  });

  test.each([
    ['the night to summer time', '2026-03-27T15:00:00.000Z', '2026-03-30T05:00:00.000Z', '2026-03-30 07:00:00'],
    ['the night to winter time', '2026-10-23T14:00:00.000Z', '2026-10-26T06:00:00.000Z', '2026-10-26 07:00:00'],
    ['the hour that does not exist', '2026-03-29T00:59:59.000Z', '2026-03-30T05:00:00.000Z', '2026-03-30 07:00:00'],
    ['the hour that comes twice, first', '2026-10-25T00:30:00.000Z', '2026-10-26T06:00:00.000Z', '2026-10-26 07:00:00'],
    ['the hour that comes twice, again', '2026-10-25T01:30:00.000Z', '2026-10-26T06:00:00.000Z', '2026-10-26 07:00:00'],
    ['the turn of the year', '2026-12-31T16:30:00.000Z', '2027-01-01T06:00:00.000Z', '2027-01-01 07:00:00'],
  ])('over %s it is seven on the clock on the wall', (_, now, until, wall) => {
    const last = choices(now).at(-1);
    expect(last?.[1]).toBe(until);
    expect(berlin(until)).toBe(wall);
  });

  test('what is urgent can be put off once, by an hour', () => {
    expect(choices('2026-11-24T08:00:00.000Z', { severity: 'urgent' })).toEqual([
      ['one-hour', '2026-11-24T09:00:00.000Z'],
    ]);
    expect(choices('2026-11-24T09:00:00.000Z', { severity: 'urgent', count: 1 })).toEqual([]);
  });

  test.each(['info', 'warning', 'urgent'] as const)('%s is not offered any more after so many times', (severity) => {
    const now = '2026-11-24T08:00:00.000Z';
    expect(choices(now, { severity, count: maxDeferrals[severity] - 1 })).not.toEqual([]);
    for (const count of [maxDeferrals[severity], 1000, Number.NaN, -1])
      expect(choices(now, { severity, count })).toEqual([]);
  });

  test('an hour before the end is the latest; closer to it nothing is offered', () => {
    const until = '2026-11-24T12:00:00.000Z';
    expect(choices('2026-11-24T08:00:00.000Z', { until })).toEqual([
      ['one-hour', '2026-11-24T09:00:00.000Z'],
      ['four-hours', '2026-11-24T11:00:00.000Z'],
    ]);
    expect(choices('2026-11-24T10:45:00.000Z', { until })).toEqual([['one-hour', '2026-11-24T11:00:00.000Z']]);
    expect(choices('2026-11-24T10:45:01.000Z', { until })).toEqual([]);
    expect(choices('2026-11-25T10:45:01.000Z', { until })).toEqual([]);
  });

  test('an end at night or on Sunday is met in the working hours before it', () => {
    expect(choices('2026-11-27T15:00:00.000Z', { until: '2026-11-29T12:00:00.000Z' })).toEqual([
      ['one-hour', '2026-11-27T16:00:00.000Z'],
    ]);
    expect(choices('2026-11-24T15:00:00.000Z', { until: '2026-11-25T03:00:00.000Z' })).toEqual([
      ['one-hour', '2026-11-24T16:00:00.000Z'],
    ]);
  });

  test('nothing where the time is none', () => {
    expect(choices('nonsense')).toEqual([]);
    expect(choices('2026-11-24T08:00:00.000Z', { until: 'nonsense' })).toEqual([]);
  });

  test.each([
    ['spring', '2026-03-20T00:00:00.000Z'],
    ['autumn', '2026-10-16T00:00:00.000Z'],
  ])(
    'each half hour around the change in %s: after now, in working hours, before the end, and in force until then',
    (_, start) => {
      const until = new Date(Date.parse(start) + 17 * 86_400_000).toISOString();
      let offered = 0;
      for (let step = 0; step < 18 * 48; step += 1) {
        const now = new Date(Date.parse(start) + step * 30 * 60_000);
        for (const choice of deferralChoices({ severity: 'info', validUntil: until }, { now, count: 0 })) {
          offered += 1;
          const [day, time = ''] = berlin(choice.until).split(' ');
          expect(choice.until.getTime()).toBeGreaterThan(now.getTime());
          expect(choice.until.getTime()).toBeLessThanOrEqual(Date.parse(until) - 3_600_000);
          expect([time >= '07:00:00' && time < '18:00:00', new Date(`${day}T12:00:00Z`).getUTCDay() % 6 > 0]).toEqual([
            true,
            true,
          ]);
          const deferral = { deferredAt: now.toISOString(), until: choice.until.toISOString() };
          expect(isDeferred({ validUntil: until }, deferral, new Date(choice.until.getTime() - 1))).toBe(true);
          expect(isDeferred({ validUntil: until }, deferral, choice.until)).toBe(false);
        }
      }
      expect(offered).toBeGreaterThan(1000);
    },
  );
});

test('whatever is offered, around every change of the clocks, comes back in working hours and before the last hour', () => {
  // A fixed series, so that a failure can be looked at.
  let state = 7;
  const upTo = (most: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * most);
  };
  const starts = ['2026-03-27', '2026-10-23', '2026-12-30'].map((day) => Date.parse(`${day}T00:00:00Z`));
  let offered = 0;
  for (let round = 0; round < 6000; round += 1) {
    const now = new Date((starts[round % 3] ?? 0) + upTo(6 * 1440) * 60_000 + upTo(60_000));
    const validUntil = new Date(now.getTime() + upTo(round % 2 === 0 ? 180 : 14_400) * 60_000).toISOString();
    const severity = (['info', 'warning', 'urgent'] as const)[upTo(3)] ?? 'info';
    for (const { until } of deferralChoices({ severity, validUntil }, { now, count: 0 })) {
      offered += 1;
      const [date = '', time = ''] = berlin(until).split(' ');
      const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
      const deferral = { deferredAt: now.toISOString(), until: until.toISOString() };
      expect(
        [
          weekday >= 1 && weekday <= 5 && time >= '07:00:00' && time <= '18:00:00',
          until.getTime() - now.getTime() >= 15 * 60_000,
          until.getTime() <= Date.parse(validUntil) - 3_600_000,
          isDeferred({ validUntil }, deferral, now),
          !isDeferred({ validUntil }, deferral, until),
        ],
        `${now.toISOString()} ${validUntil} ${severity}`,
      ).toEqual(Array(5).fill(true));
    }
  }
  expect(offered).toBeGreaterThan(2000);
});

describe('a notice that was put off', () => {
  const deferral = { deferredAt: '2026-11-24T08:00:00.000Z', until: '2026-11-24T12:00:00.000Z' };
  const at = (now: string, validUntil = farAway, change: Partial<typeof deferral> = {}) =>
    isDeferred({ validUntil }, { ...deferral, ...change }, new Date(now));

  test('stays away until then, and comes back when the PC slept past it', () => {
    expect([at('2026-11-24T08:00:00.000Z'), at('2026-11-24T11:59:59.999Z')]).toEqual([true, true]);
    expect([at('2026-11-24T12:00:00.000Z'), at('2026-12-24T12:00:00.000Z')]).toEqual([false, false]);
  });

  test('comes back when the clock was set back behind it, or forward past it', () => {
    expect([at('2026-11-24T07:54:59.999Z'), at('2016-11-24T09:00:00.000Z'), at('2036-11-24T09:00:00.000Z')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('stays away where the time was only measured anew', () => {
    expect([at('2026-11-24T07:59:58.000Z'), at('2026-11-24T07:55:00.000Z')]).toEqual([true, true]);
  });

  test('does not outlive its end, which may have been moved up since', () => {
    expect(at('2026-11-24T09:59:59.999Z', '2026-11-24T11:00:00.000Z')).toBe(true);
    expect(at('2026-11-24T10:00:00.000Z', '2026-11-24T11:00:00.000Z')).toBe(false);
  });

  test('is shown where the words that put it off are none', () => {
    expect(at('2026-11-24T09:00:00.000Z', farAway, { until: '9999-01-01T00:00:00.000Z' })).toBe(false);
    expect(at('2026-11-24T09:00:00.000Z', farAway, { until: 'nonsense' })).toBe(false);
    expect(at('2026-11-24T09:00:00.000Z', farAway, { deferredAt: 'nonsense' })).toBe(false);
    expect(at('2026-11-24T09:00:00.000Z', 'nonsense')).toBe(false);
    expect(at('nonsense')).toBe(false);
  });

  test('in the hour that comes twice is put off once', () => {
    const night = { deferredAt: '2026-10-25T00:15:00.000Z', until: '2026-10-25T00:45:00.000Z' };
    expect(at('2026-10-25T00:30:00.000Z', farAway, night)).toBe(true);
    // The clock on the wall shows 02:30 once more.
    expect(berlin('2026-10-25T01:30:00.000Z').slice(11)).toBe('02:30:00');
    expect(at('2026-10-25T01:30:00.000Z', farAway, night)).toBe(false);
  });
});
