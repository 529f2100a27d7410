/**
 * Elements, attributes and text of small XML files that backup products write (adapter of @rgrove/parse-xml). A document
 * type is refused: with it come entities of its own, which no product here needs.
 */
import { XmlElement as ParsedElement, parseXml as parseDocument, XmlCdata, XmlText } from '@rgrove/parse-xml';
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

/** The root element. Throws `CollectError` with code "invalid" for what is no well-formed XML of this kind. */
export function parseXml(source: string): XmlElement {
  // Told before parsing: the parser goes one level down its own stack for each level of the document.
  if (source.includes('<!DOCTYPE') || isDeep(source)) throw bad();
  let root: ParsedElement | null;
  try {
    ({ root } = parseDocument(source.replace(/^\uFEFF/, ''), { ignoreUndefinedEntities: true }));
  } catch {
    // Its message quotes the file, which may hold credentials.
    throw bad();
  }
  if (root === null) throw bad();
  return described(root, { left: maxElements });
}

/** All elements of this name at or below `element`, in the order of the file. */
export function elementsNamed(element: XmlElement, wanted: string): XmlElement[] {
  return [
    ...(element.name === wanted ? [element] : []),
    ...element.children.flatMap((child) => elementsNamed(child, wanted)),
  ];
}

function isDeep(source: string): boolean {
  let depth = 0;
  for (const [, closes, empty] of source.matchAll(/<(\/?)[A-Za-z_][^<>]*?(\/?)>/g)) {
    depth += closes === '/' ? -1 : empty === '/' ? 0 : 1;
    if (depth > maxDepth) return true;
  }
  return false;
}

function described({ name, attributes, children }: ParsedElement, budget: { left: number }): XmlElement {
  budget.left -= 1;
  if (budget.left < 0) throw bad();
  const text = children
    .filter((child) => child instanceof XmlText || child instanceof XmlCdata)
    .map((child) => child.text)
    .join('');
  return {
    name,
    // Without a prototype: a name such as "toString" is then absent, not a function.
    attributes: Object.assign(Object.create(null) as Record<string, string>, attributes),
    children: children.flatMap((child) => (child instanceof ParsedElement ? [described(child, budget)] : [])),
    text: text.trim(),
  };
}

function bad(): CollectError {
  return new CollectError('invalid', 'is no XML this version understands');
}
