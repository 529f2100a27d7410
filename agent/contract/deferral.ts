/**
 * "Later": how often and until when a notice may be put off. The same for the tray, which offers it, and the service, which
 * records it. Deadlines are instants in UTC; only the hours in which somebody is there to read are those of Europe/Berlin.
 */
import type { Notice } from './policy.ts';

/** How often one person may put off one notice. */
export const maxDeferrals: Readonly<Record<Notice['severity'], number>> = { info: 5, warning: 3, urgent: 1 };

/** Before its end a notice is shown once more, with time left to do what it asks for. */
const lastCallMs = 60 * 60_000;
/** What would come back sooner than this is not worth putting off. */
const leastMs = 15 * 60_000;
/** Nothing offered here is longer: a weekend and the working day before it, with an hour to spare for a clock change. */
const longestMs = 4 * 24 * 60 * 60_000;

/** What is known of the time moves a little with each answer of the server: no clock was set back by so little. */
const toleranceMs = 5 * 60_000;

const zone = 'Europe/Berlin';
/** Monday to Friday, local hours; public holidays count as working days. */
const opensAt = 7;
const closesAt = 18;

export interface Deferral {
  /** ISO 8601 in UTC, device time. */
  readonly deferredAt: string;
  readonly until: string;
}

export interface DeferralChoice {
  readonly kind: 'one-hour' | 'four-hours' | 'next-morning';
  readonly until: Date;
}

/**
 * What may be offered to somebody who has put off this notice `count` times; empty = not any more. Each lies in working
 * hours, after `now`, and an hour before the end of the notice at the latest.
 */
export function deferralChoices(
  { severity, validUntil }: Pick<Notice, 'severity' | 'validUntil'>,
  { now, count }: { readonly now: Date; readonly count: number },
): DeferralChoice[] {
  const at = now.getTime();
  const latest = lastWorkingMoment(Date.parse(validUntil) - lastCallMs);
  // Written so that a time that is none offers nothing.
  if (!(count < maxDeferrals[severity]) || !(count >= 0) || !(latest - at >= leastMs)) return [];
  const wanted: readonly (readonly [DeferralChoice['kind'], number])[] = [
    ['one-hour', nextWorkingMoment(at + 60 * 60_000)],
    // What is urgent is put off by an hour and not more.
    ...(severity === 'urgent'
      ? []
      : ([
          ['four-hours', nextWorkingMoment(at + 4 * 60 * 60_000)],
          ['next-morning', morningAfter(at)],
        ] as const)),
  ];
  const seen = new Set<number>();
  return wanted.flatMap(([kind, moment]) => {
    const until = Math.min(moment, latest);
    if (seen.has(until)) return [];
    seen.add(until);
    return [{ kind, until: new Date(until) }];
  });
}

/**
 * Whether a notice stays out of sight now. A clock that was set back behind the moment of putting off, or a deferral longer
 * than any that is offered, ends it: shown twice is better than not shown.
 */
export function isDeferred(
  { validUntil }: Pick<Notice, 'validUntil'>,
  { deferredAt, until }: Deferral,
  now: Date,
): boolean {
  const at = now.getTime();
  const [since, end] = [Date.parse(deferredAt), Date.parse(until)];
  return at >= since - toleranceMs && at < end && end - since <= longestMs && at < Date.parse(validUntil) - lastCallMs;
}

/** Somebody may be at work at a PC now. */
export function isWorkingTime(now: Date): boolean {
  return nextWorkingMoment(now.getTime()) === now.getTime();
}

interface LocalDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

const local = new Intl.DateTimeFormat('en-GB', {
  timeZone: zone,
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
});

/** The wall clock in Berlin, read as if it were UTC; ms. */
function wallClock(at: number): number {
  const parts = new Map(local.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? Number.NaN;
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
}

/** The instant at which clocks in Berlin show this hour. Clocks change at night, so that there is exactly one. */
function instantOf({ year, month, day }: LocalDay, hour: number): number {
  const wanted = Date.UTC(year, month - 1, day, hour);
  const near = wanted - (wallClock(wanted) - wanted);
  return near - (wallClock(near) - wanted);
}

/** `days` after the day that clocks in Berlin show at `at`. */
function localDay(at: number, days = 0): LocalDay {
  const date = new Date(wallClock(at));
  date.setUTCDate(date.getUTCDate() + days);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

function isWorkingDay({ year, month, day }: LocalDay): boolean {
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  return weekday >= 1 && weekday <= 5;
}

/** `at` itself when it lies in working hours, or else the next morning. */
function nextWorkingMoment(at: number): number {
  const today = localDay(at);
  if (isWorkingDay(today)) {
    if (at < instantOf(today, opensAt)) return instantOf(today, opensAt);
    if (at < instantOf(today, closesAt)) return at;
  }
  return morningAfter(at);
}

/** Of the first working day after that of `at`. */
function morningAfter(at: number): number {
  for (let days = 1; days <= 3; days += 1) {
    const day = localDay(at, days);
    if (isWorkingDay(day)) return instantOf(day, opensAt);
  }
  return Number.NaN;
}

/** `at` itself when it lies in working hours, or else the hour before the last ones ended. */
function lastWorkingMoment(at: number): number {
  if (!Number.isFinite(at)) return Number.NaN;
  const today = localDay(at);
  if (isWorkingDay(today) && at >= instantOf(today, opensAt)) {
    return at < instantOf(today, closesAt) ? at : instantOf(today, closesAt - 1);
  }
  for (let days = -1; days >= -3; days -= 1) {
    const day = localDay(at, days);
    if (isWorkingDay(day)) return instantOf(day, closesAt - 1);
  }
  return Number.NaN;
}
