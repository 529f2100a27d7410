/** Fields by name instead of by code: in the console, and at the PC for what was sent. */
import { fieldWords, type Words } from './facts.ts';
import { frameWords } from './frame.ts';

type Language = keyof Words;

function lookUp(words: Readonly<Record<string, Words>>, name: string): Words | undefined {
  return Object.hasOwn(words, name) ? words[name] : undefined;
}

/** A field of the facts of a section; one without a name keeps its code. */
export function fieldName(section: string, field: string, language: Language): string {
  return (lookUp(fieldWords, `${section}.${field}`) ?? lookUp(fieldWords, field))?.[language] ?? field;
}

/** "volumes[0].freeBytes" as "Laufwerke 1, Frei". */
export function pathName(section: string, path: string, language: Language): string {
  return inWords(path, (field) => fieldName(section, field, language));
}

/** The same for the path of any field of a report, as `explainReport` gives it. */
export function reportPathName(path: string, language: Language): string {
  const [, section, isFact, rest = path] = /^sections\.([^.]+)\.(data\.)?(.+)$/.exec(path) ?? [];
  if (section !== undefined && isFact !== undefined) return pathName(section, rest, language);
  const inFrame = section === undefined ? path.replace(/^(?:envelope|report)\./, '') : rest;
  return inWords(inFrame, (field) => lookUp(frameWords, field)?.[language] ?? field);
}

function inWords(path: string, nameOf: (field: string) => string): string {
  return path
    .split('.')
    .map((part) => {
      const [, field = part, index] = /^(.+?)\[(\d+)\]$/.exec(part) ?? [];
      const name = nameOf(field);
      return index === undefined ? name : `${name} ${Number(index) + 1}`;
    })
    .join(', ');
}
