/** Times that products write in the PC's own time zone. */

/**
 * The instant of a local calendar time (month 1 to 12), or undefined when there is none such. Of the hour that comes twice in
 * autumn the first is taken: a backup must not look younger than it may be.
 */
export function localInstant(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second = 0,
): Date | undefined {
  if (!(year >= 1990 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return undefined;
  if (!(hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 60)) return undefined;
  const date = new Date(year, month - 1, day, hour, minute, Math.min(second, 59));
  // 31 February becomes a day in March.
  return date.getMonth() === month - 1 && date.getDate() === day ? date : undefined;
}

/** "2026-11-24 01:05:02", with "T" or blanks between day and time, seconds optional; nothing else. */
export function parseLocalIso(text: string | undefined): Date | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:T|\s+)(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text?.trim() ?? '');
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  return localInstant(year, month, day, hour, minute, second);
}
