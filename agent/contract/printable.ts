/**
 * Words of strangers on a terminal. Control characters, those of eight bits among them, and signs that turn the direction of
 * writing are shown as `\u001b`, never sent: a name of a device must not clear a screen or forge a line. Valid in JSON too.
 */

const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Of a whole output: line feeds and tabs stay. */
export function printable(text: string): string {
  return text.replace(unprintable, (sign) => (sign === '\n' || sign === '\t' ? sign : escaped(sign)));
}

/** Of one value inside a line. */
export function oneLine(value: string): string {
  return value.replace(unprintable, escaped);
}

function escaped(sign: string): string {
  return Array.from({ length: sign.length }, (_, at) => `\\u${sign.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  );
}

const hidden = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}`;
/** A soft hyphen, and what joins the parts of a letter or an emoji, hide nothing. */
const harmless = String.raw`\u00ad\u200c\u200d`;
const allOf = (...signs: string[]) => new RegExp(`^(?:${signs.join('|')})*$`, 'u');

/**
 * Words of KITS for a screen: no sign that cannot be seen, and none that makes words stand in another order than they are read
 * (controls, direction marks, line separators, halves of a sign).
 */
export const shown = {
  line: allOf(`[^${hidden}]`, `[${harmless}]`),
  lines: allOf(`[^${hidden}]`, String.raw`[${harmless}\t\n\r]`),
  link: allOf(`[^${hidden}]`),
} as const;
export const hiddenSigns = 'holds a control character, a direction mark or another sign that cannot be seen';
