/**
 * Elements, attributes and text of small XML files that backup products write. No document type, no entities of its own,
 * no namespaces: what needs more is refused rather than guessed.
 */
import { CollectError } from '../collectors/collector.ts';

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Text directly inside, trimmed. */
  readonly text: string;
}

const maxElements = 100_000;
const maxDepth = 64;
const name = '[A-Za-z_][\\w.:-]*';
/** Comment, declaration, CDATA, end tag, start tag, text; whatever fits none of them is no XML. */
const token = new RegExp(
  `<!--[^]*?-->|<\\?[^]*?\\?>|<!\\[CDATA\\[([^]*?)\\]\\]>|</(${name})\\s*>|<(${name})((?:\\s+${name}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>|([^<]+)`,
  'y',
);
const attribute = new RegExp(`(${name})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'g');
const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

interface OpenElement {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/** The root element. Throws `CollectError` with code "invalid" for what is no well-formed XML of this kind. */
export function parseXml(source: string): XmlElement {
  const text = source.replace(/^\uFEFF/, '');
  const root: OpenElement = { name: '', attributes: {}, children: [], text: '' };
  const open: OpenElement[] = [root];
  let elements = 0;
  token.lastIndex = 0;
  for (let at = 0; at < text.length; at = token.lastIndex) {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found === null) throw bad();
    const [, data, closing, opening, attributes = '', empty, words] = found;
    const current = open.at(-1) as OpenElement;
    if (data !== undefined || words !== undefined) {
      if (current === root && (data !== undefined || words?.trim() !== '')) throw bad();
      current.text += data ?? withoutEntities(words ?? '');
    } else if (opening !== undefined) {
      if (current === root && root.children.length > 0) throw bad();
      if (++elements > maxElements || open.length > maxDepth) throw bad();
      const element: OpenElement = { name: opening, attributes: attributesOf(attributes), children: [], text: '' };
      current.children.push(element);
      if (empty === '') open.push(element);
    } else if (closing !== undefined) {
      if (current.name !== closing) throw bad();
      current.text = current.text.trim();
      open.pop();
    }
  }
  const [first] = root.children;
  if (first === undefined || open.length !== 1) throw bad();
  return first;
}

/** All elements of this name at or below `element`, in the order of the file. */
export function elementsNamed(element: XmlElement, wanted: string): XmlElement[] {
  return [
    ...(element.name === wanted ? [element] : []),
    ...element.children.flatMap((child) => elementsNamed(child, wanted)),
  ];
}

function attributesOf(text: string): Record<string, string> {
  const found: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [, key = '', double, single] of text.matchAll(attribute)) {
    if (key in found) throw bad();
    found[key] = withoutEntities(double ?? single ?? '');
  }
  return found;
}

function withoutEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));?/gi, (all, decimal, hexadecimal, word) => {
    const code =
      decimal !== undefined ? Number(decimal) : hexadecimal !== undefined ? Number.parseInt(hexadecimal, 16) : -1;
    if (code >= 0 && code <= 0x10ffff) return String.fromCodePoint(code);
    return named[String(word)] ?? all;
  });
}

function bad(): CollectError {
  return new CollectError('invalid', 'is no XML this version understands');
}
