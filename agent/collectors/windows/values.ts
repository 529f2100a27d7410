/** Values as Windows PowerShell 5.1 writes them in JSON, brought to one form. What is in none of the known forms is undefined. */
import { z } from 'zod';

/** Windows writes this and 65535 for "never" where an age in days is meant. */
const neverAges: ReadonlySet<number> = new Set([4_294_967_295, 65_535, -1]);
/** Times before are placeholders: 1601 is the zero of Windows, 1899 that of COM, 1970 that of Unix. */
const earliest = Date.UTC(2000, 0, 1);
const dayMs = 86_400_000;

/** Also nothing at all: what is left out is undefined like what cannot be understood. */
const anything = z.unknown().optional();

/** A list may come as `{value: […], Count: n}`, and one element without its list. */
function unwrap(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { value: inner, Count: count } = value as { value?: unknown; Count?: unknown };
  return inner !== undefined && (count !== undefined || Object.keys(value).length <= 3) ? inner : value;
}

/** Elements that fit, at most `max`; `broken` counts the others and what lies beyond. No list at all does not parse. */
export function listOf<T extends z.ZodType>(
  element: T,
  max: number,
): z.ZodType<{ items: z.output<T>[]; broken: number }> {
  return z.unknown().transform((value, context): { items: z.output<T>[]; broken: number } => {
    const plain = unwrap(value);
    if (plain === undefined || plain === null || plain === '') {
      context.addIssue({ code: 'custom', message: 'no list' });
      return z.NEVER;
    }
    const all = Array.isArray(plain) ? plain : [plain];
    const parsed = all.slice(0, max).map((entry) => element.safeParse(entry));
    const items = parsed.flatMap((result) => (result.success ? [result.data] : []));
    return { items, broken: all.length - items.length };
  });
}

/** A whole number, also as digits in a string; undefined for everything else. */
export const whole = anything.transform((value): number | undefined => {
  const plain = unwrap(value);
  if (typeof plain === 'number') return Number.isSafeInteger(plain) ? plain : undefined;
  if (typeof plain === 'string' && /^-?\d{1,15}$/.test(plain.trim())) return Number(plain);
  return undefined;
});

/** true, false or undefined; 0 and 1 count, words do not (they may be translated). */
export const flag = anything.transform((value): boolean | undefined => {
  const plain = unwrap(value);
  if (typeof plain === 'boolean') return plain;
  return plain === 0 || plain === 1 ? plain === 1 : undefined;
});

/** Words, not empty; undefined for everything else. */
export const words = anything.transform((value): string | undefined => {
  const plain = unwrap(value);
  return typeof plain === 'string' && plain.trim() !== '' ? plain.slice(0, 1000) : undefined;
});

/** Milliseconds since 1970: "2026-11-24T01:02:03.1234567Z", "/Date(1795…)/" or an object that holds one; placeholders are undefined. */
export const time = anything.transform((value): number | undefined => {
  const plain = unwrap(value);
  if (typeof plain !== 'string') return undefined;
  const [, old] = /^\\?\/Date\((-?\d{1,16})(?:[+-]\d{4})?\)\\?\/$/.exec(plain) ?? [];
  const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$/.test(plain);
  const found = old !== undefined ? Number(old) : iso ? Date.parse(plain) : Number.NaN;
  return found >= earliest ? found : undefined;
});

/** An age in days; undefined for "never" and for what cannot be an age. */
export function ageInDays(value: number | undefined): number | undefined {
  return value === undefined || neverAges.has(value) || value < 0 || value > 36_500 ? undefined : value;
}

/** The day (UTC) of a time; undefined when it lies more than a day ahead: the clock or the entry is wrong then. */
export function dayOf(milliseconds: number | undefined, now: Date): string | undefined {
  return instantOf(milliseconds, now)?.slice(0, 10);
}

/** The instant of a time, or undefined when it lies more than a day ahead. */
export function instantOf(milliseconds: number | undefined, now: Date): string | undefined {
  if (milliseconds === undefined || !(milliseconds <= now.getTime() + dayMs)) return undefined;
  return new Date(milliseconds).toISOString();
}

/** An HRESULT as Windows' documents write it; COM gives it as a signed number. */
export function hex(code: number): string {
  return `0x${(code >>> 0).toString(16).toUpperCase().padStart(8, '0')}`;
}

/** "20261101080000.000000-000", in UTC whatever the offset says: System Restore writes no other. */
export function cimTime(text: string): Date | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.\d{6}[+-]000$/.exec(text) ?? [];
  const parsed = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(parsed.getTime()) ? undefined : parsed;
}

/** Tenths of microseconds since 1601 as digits; undefined for 0 and for what is no time. */
export function fileTime(digits: string): Date | undefined {
  if (!/^[1-9]\d{0,18}$/.test(digits)) return undefined;
  return new Date(Number(BigInt(digits) / 10_000n) - 11_644_473_600_000);
}
