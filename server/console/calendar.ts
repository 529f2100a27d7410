/** Days as people here count them: in German local time, wherever the browser and the server stand. Pure. */
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const timeZone = 'Europe/Berlin';

// The Swedish way of writing a date is the one of ISO 8601.
const dayFormat = new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
const hourFormat = new Intl.DateTimeFormat('sv-SE', { timeZone, hour: '2-digit', hourCycle: 'h23' });

function timeOf(day: string): number {
  const time = Date.parse(`${day}T00:00:00Z`);
  // A 31 February is read as a day of March.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day) ? time : Number.NaN;
}

/** The calendar day of a moment as YYYY-MM-DD; nothing for a moment that is none. */
export function dayOf(moment: Date): string {
  return Number.isNaN(moment.getTime()) ? '' : dayFormat.format(moment);
}

/** How many days a day lies back, 0 = today; `undefined` for one in the future and for what is no day. */
export function ageInDays(day: string, now: Date): number | undefined {
  const age = Math.round((timeOf(dayOf(now)) - timeOf(day)) / dayMs);
  return age >= 0 ? age : undefined;
}

/** The day so many days later. `day` must be one. */
export function daysLater(day: string, days: number): string {
  return new Date(timeOf(day) + days * dayMs).toISOString().slice(0, 10);
}

/** The moment a day ends, as an instant; `undefined` for what is no day. */
export function endOfDay(day: string): string | undefined {
  const next = timeOf(day) + dayMs;
  // Summer time is two hours ahead of UTC, the rest of the year one.
  const end = [2, 1].map((hours) => new Date(next - hours * hourMs)).find((moment) => hourIs(moment, '00'));
  return end?.toISOString();
}

function hourIs(moment: Date, hour: string): boolean {
  return !Number.isNaN(moment.getTime()) && hourFormat.format(moment) === hour;
}

/**
 * A moment of a day of which only the day is known: noon there, or now when that has not come yet (also in the hours after
 * midnight, when the day before still lasts in UTC); `undefined` for what is no day.
 */
export function noonOf(day: string, now: Date): string | undefined {
  const start = timeOf(day);
  if (Number.isNaN(start)) return undefined;
  // Noon by any of the two times used here is on the same day.
  const noon = start + 11 * hourMs;
  return new Date(day === dayOf(now) ? Math.min(noon, now.getTime()) : noon).toISOString();
}

const localFormat = new Intl.DateTimeFormat('sv-SE', {
  timeZone,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** A moment as an input for date and time has it, YYYY-MM-DDTHH:MM; nothing for a moment that is none. */
export function localOf(moment: Date): string {
  return Number.isNaN(moment.getTime()) ? '' : localFormat.format(moment).replace(' ', 'T');
}

/** The instant of a local time; the first of the two in the hour that comes twice; `undefined` for what is no time or is skipped. */
export function momentOf(local: string): string | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(local)) return undefined;
  const asUtc = Date.parse(`${local}:00Z`);
  const moment = [2, 1].map((hours) => new Date(asUtc - hours * hourMs)).find((one) => localOf(one) === local);
  return moment?.toISOString();
}
