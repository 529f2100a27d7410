/** The paragraphs Debian writes nearly everything in (deb822(5)): "Field: value", continued on indented lines. */

/** Paragraphs of a text, without empty ones. */
export function paragraphs(text: string): string[] {
  return text.split(/\n[ \t\r]*\n/).filter((entry) => entry.trim() !== '');
}

/**
 * The first line of a field, or undefined. Found by text search, because 3,000 paragraphs with 20 fields each are a lot of
 * objects; `field` as it is usually written.
 */
export function fieldOf(paragraph: string, field: string): string | undefined {
  const mark = `${field}:`;
  const start = paragraph.startsWith(mark) ? 0 : paragraph.indexOf(`\n${mark}`) + 1;
  if (start === 0 && !paragraph.startsWith(mark)) return undefined;
  const end = paragraph.indexOf('\n', start);
  return paragraph.slice(start + mark.length, end < 0 ? undefined : end).trim();
}

/** Every field of a short paragraph, names in lower case, continued lines joined by a line feed, comment lines left out. */
export function allFields(paragraph: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let last: string | undefined;
  for (const line of paragraph.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const match = /^([^\s:][^:]*):(.*)$/.exec(line);
    if (match !== null && !/^\s/.test(line)) {
      last = (match[1] ?? '').trim().toLowerCase();
      fields.set(last, (match[2] ?? '').trim());
    } else if (last !== undefined && line.trim() !== '') {
      fields.set(last, `${fields.get(last) ?? ''}\n${line.trim()}`);
    }
  }
  return fields;
}
