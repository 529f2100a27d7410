/** Order of Debian versions, deb-version(7): epoch, upstream version, revision; `~` sorts before everything, even the end. */

/** Negative when `a` is older than `b`, positive when newer, 0 when dpkg takes them for the same. Any text is compared. */
export function compareDebVersions(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [split(a), split(b)];
  return (
    compareNumbers(left.epoch, right.epoch) ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  );
}

function split(version: string): { epoch: string; upstream: string; revision: string } {
  const colon = version.indexOf(':');
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: colon < 0 ? '0' : version.slice(0, colon),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    // A version without a revision sorts like one with the revision 0.
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  };
}

/** Alternately the longest run without digits and the longest run of digits. */
function comparePart(a: string, b: string): number {
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const difference = weight(a, i) - weight(b, j);
      if (difference !== 0) return difference;
      i += 1;
      j += 1;
    }
    const [endA, endB] = [endOfDigits(a, i), endOfDigits(b, j)];
    const difference = compareNumbers(a.slice(i, endA), b.slice(j, endB));
    if (difference !== 0) return difference;
    [i, j] = [endA, endB];
  }
  return 0;
}

/** Numbers of any length, as text: a date with a serial number behind it does not fit a double. */
function compareNumbers(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Letters before everything else, `~` before the end, the end (and a digit) as 0. */
function weight(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (Number.isNaN(code) || isDigit(text, index)) return 0;
  const char = text.charAt(index);
  if (char === '~') return -1;
  return /[A-Za-z]/.test(char) ? code : code + 256;
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 48 && code <= 57;
}

function endOfDigits(text: string, start: number): number {
  let end = start;
  while (end < text.length && isDigit(text, end)) end += 1;
  return end;
}
