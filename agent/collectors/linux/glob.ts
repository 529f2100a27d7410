/** Shell patterns of configuration files. */

/** Whole match of `*` and `?`; walked by hand, since a pattern of stars would cost a regular expression its time. */
export function glob(pattern: string, value: string): boolean {
  let [i, j, star, mark] = [0, 0, -1, 0];
  while (j < value.length) {
    const char = pattern[i];
    if (char === '*') {
      [star, mark] = [i, j];
      i += 1;
    } else if (char !== undefined && (char === '?' || char === value[j])) {
      i += 1;
      j += 1;
    } else if (star >= 0) {
      mark += 1;
      [i, j] = [star + 1, mark];
    } else {
      return false;
    }
  }
  while (pattern[i] === '*') i += 1;
  return i === pattern.length;
}
