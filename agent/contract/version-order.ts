/** Versions as this project numbers them: three numbers, and perhaps a suffix of one that comes before the release. */
import { releaseVersion } from './release.ts';

/** A version also names a folder: nothing in it can lead anywhere else. */
export function isVersion(text: string): boolean {
  return releaseVersion.safeParse(text).success;
}

/**
 * Negative when `a` is older than `b`, 0 when they are the same, as in https://semver.org (precedence). Throws a `RangeError`
 * for what is no version: an order that is not known must not let anything pass.
 */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [split(a), split(b)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (one.numbers[index] ?? 0) - (other.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  // "1.2.0-rc.1" comes before "1.2.0".
  if (one.suffix.length === 0 || other.suffix.length === 0) return other.suffix.length - one.suffix.length;
  for (let index = 0; index < Math.max(one.suffix.length, other.suffix.length); index += 1) {
    const difference = comparePart(one.suffix[index], other.suffix[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function split(version: string): { numbers: readonly number[]; suffix: readonly string[] } {
  if (!isVersion(version)) throw new RangeError(`"${version.slice(0, 60)}" is not a version such as "1.4.2"`);
  const dash = version.indexOf('-');
  const numbers = (dash === -1 ? version : version.slice(0, dash)).split('.').map(Number);
  return { numbers, suffix: dash === -1 ? [] : version.slice(dash + 1).split('.') };
}

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  const [numeric, other] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (numeric && other) return Number(a) - Number(b);
  if (numeric !== other) return numeric ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
