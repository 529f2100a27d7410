/** Words the firmware and the kernel give: cleaned, bounded, and told from placeholders. */
import type { ProblemCode } from '../contract/report.ts';
import type { Machine } from '../platform/machine.ts';
import { type CollectContext, CollectError } from './collector.ts';

/** Words of visible ASCII with one blank between them: nearly all there are, and nothing to clean. */
const plainWords = /^[!-~]+(?: [!-~]+)*$/;

/** Without control characters and doubled blanks, cut to `max` UTF-16 code units; undefined when nothing is left. */
export function clean(value: string | undefined, max: number): string | undefined {
  if (value === undefined) return undefined;
  if (value.length <= max && plainWords.test(value)) return value;
  const words = value
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (words === '') return undefined;
  return words.length <= max
    ? words
    : words
        .slice(0, max)
        .replace(/[\ud800-\udbff]$/, '')
        .trim() || undefined;
}

/** What mainboard makers leave in the fields nobody filled in. Two PCs with the same of these are still two PCs. */
const placeholders: ReadonlySet<string> = new Set([
  'default string',
  'to be filled by o.e.m.',
  'to be filled by oem',
  'o.e.m.',
  'oem',
  'system serial number',
  'system product name',
  'system manufacturer',
  'system version',
  'chassis serial number',
  'base board serial number',
  'board serial number',
  'asset tag',
  'asset-1234567890',
  'no asset tag',
  'no asset information',
  'not specified',
  'not applicable',
  'not available',
  'not present',
  'not settable',
  'not defined',
  'unspecified',
  'undefined',
  'unknown',
  'none',
  'n/a',
  'na',
  'null',
  'empty',
  'invalid',
  'serial',
  'sernum',
  'type1productconfigid',
  '0123456789',
  '0123456789abcdef',
  '1234567890',
  '123456789',
  '12345678',
  '03000200-0400-0500-0006-000700080009',
  '12345678-1234-5678-90ab-cddeefaabbcc',
]);

/** True for words that look like an answer and are none; a run of one character ("0000", "xxxx", all-F UUID) as well. */
export function isPlaceholder(value: string): boolean {
  const plain = value.trim().toLowerCase();
  return placeholders.has(plain) || /^(.)\1*$/.test(plain.replace(/[-:. ]/g, '') || 'x');
}

/** Cleaned words, or undefined when they are a placeholder. */
export function meaningful(value: string | undefined, max: number): string | undefined {
  const words = clean(value, max);
  return words === undefined || isPlaceholder(words) ? undefined : words;
}

/** By code unit, the same on every machine whatever its language. */
export function byKey<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...items].sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

/** The first `max` items; what is cut off is noted, so that no list is short in silence. */
export function atMost<T>(
  items: readonly T[],
  max: number,
  what: string,
  { problem }: Pick<CollectContext, 'problem'>,
): T[] {
  if (items.length > max) problem('truncated', `${items.length - max} of ${items.length} ${what} are left out`);
  return items.slice(0, max);
}

/** Keys without a value are left out: `undefined` is no JSON. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

const codesOfErrors: Readonly<Record<string, ProblemCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  ENODEV: 'not-found',
  ENXIO: 'not-found',
  EACCES: 'denied',
  EPERM: 'denied',
  EFBIG: 'truncated',
  ENOTSUP: 'unsupported',
};

/** Problem code of a failed read; anything that is no read error stays a bug. */
export function codeOf(error: unknown): ProblemCode {
  const { name, code } = error as { name?: unknown; code?: unknown };
  if (name === 'CollectError') return (error as CollectError).code;
  if (name !== 'ReadError') return 'bug';
  return codesOfErrors[String(code)] ?? 'unreadable';
}

/** The trimmed text of a file, or undefined when it cannot be read: for the many small files that may not exist. */
export async function readOptional(machine: Machine, path: string, maxBytes = 65_536): Promise<string | undefined> {
  try {
    return (await machine.readText(path, { maxBytes })).trim();
  } catch {
    // Absent, denied or refused by the driver: in each case there is no value, and the caller knows what that means.
    return undefined;
  }
}

/** A whole number within bounds, or undefined: kernels write -1 and 4294967295 for "I do not know". */
export function wholeNumber(value: string | undefined, low: number, high: number): number | undefined {
  if (value === undefined || !/^-?\d+$/.test(value.trim())) return undefined;
  const number = Number(value);
  return number >= low && number <= high ? number : undefined;
}

/** Reads a file the section cannot do without; throws `CollectError` with the right code. */
export async function readRequired(machine: Machine, path: string, maxBytes?: number): Promise<string> {
  try {
    return await machine.readText(path, maxBytes === undefined ? {} : { maxBytes });
  } catch (cause) {
    throw new CollectError(codeOf(cause), (cause as Error).message, { cause });
  }
}

/** Names in a directory; an empty list when it does not exist. Any other failure is thrown as `CollectError`. */
export async function listOrNone(machine: Machine, path: string): Promise<string[]> {
  try {
    return await machine.list(path);
  } catch (cause) {
    if (codeOf(cause) === 'not-found') return [];
    throw new CollectError(codeOf(cause), (cause as Error).message, { cause });
  }
}

/** The same context, which also notices whether a gap was noted through it: for a part of a section that must be whole. */
export function noticing(context: CollectContext): { context: CollectContext; hasGaps(): boolean } {
  let noted = false;
  return {
    context: {
      ...context,
      problem: (code, detail) => {
        noted ||= code !== 'not-present';
        context.problem(code, detail);
      },
    },
    hasGaps: () => noted,
  };
}
