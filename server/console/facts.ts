/**
 * Facts of any section in words: names of fields, values with units. Pure and generic, so that a section this console
 * does not know yet is still shown in full.
 */
import { fieldWords, problemWords, sectionWords, valueWords, type Words } from '../../agent/contract/words/facts.ts';
import { fieldName } from '../../agent/contract/words/names.ts';
import type { Format, Language } from './format.ts';

/** What words and units a value is shown in. */
export interface FactLanguage {
  readonly language: Language;
  readonly format: Format;
  readonly yes: string;
  readonly no: string;
  readonly none: string;
}

function lookUp(words: Readonly<Record<string, Words>>, name: string): Words | undefined {
  return Object.hasOwn(words, name) ? words[name] : undefined;
}

export function sectionName(id: string, language: Language): string {
  return lookUp(sectionWords, id)?.[language] ?? id;
}

const usualOrder = Object.keys(sectionWords);

/** Sections as people look for them: what it is first; those unknown here come last. */
export function inUsualOrder<T extends { readonly id: string }>(sections: readonly T[]): T[] {
  const place = ({ id }: T): number => (usualOrder.includes(id) ? usualOrder.indexOf(id) : usualOrder.length);
  return sections.toSorted((a, b) => place(a) - place(b));
}

/** Undefined for a code of a newer agent. */
export function problemSentence(code: string, language: Language): string | undefined {
  return lookUp(problemWords, code)?.[language];
}

/** Units by the end of a field's name, as the contract writes them. */
const plainUnits: readonly (readonly [ending: string, unit: string])[] = [
  ['Mhz', 'MHz'],
  ['Mtps', 'MT/s'],
  ['Mbps', 'Mbit/s'],
  ['Ms', 'ms'],
  ['Mm', 'mm'],
  ['Px', 'px'],
];
const days: Words = { de: 'Tage', en: 'days' };
const day: Words = { de: 'Tag', en: 'day' };

function numberWithUnit(field: string, value: number, { format, language }: FactLanguage): string {
  if (field.endsWith('Bytes')) return format.bytes(value);
  if (field.endsWith('KiB')) return format.bytes(value * 1024);
  if (field.endsWith('Mwh')) return `${format.number(value / 1000, 1)} Wh`;
  if (field.endsWith('OffsetSeconds')) return format.offset(value);
  if (field.endsWith('Seconds')) return format.duration(value);
  if (/^days|Days$/.test(field)) return `${format.number(value)} ${(value === 1 ? day : days)[language]}`;
  if (field.endsWith('Percent')) return `${format.number(value, 1)} %`;
  // Numbers that name something and count nothing.
  if (/^(number|revision|port)$|Year$/.test(field)) return String(value);
  const unit = plainUnits.find(([ending]) => field.endsWith(ending))?.[1];
  return unit === undefined ? format.number(value, 2) : `${format.number(value, 2)} ${unit}`;
}

/** A single value in words; `field` is its name in the contract, which says the unit. */
export function factValue(field: string, value: string | number | boolean | null, to: FactLanguage): string {
  if (value === null) return to.none;
  if (typeof value === 'boolean') return value ? to.yes : to.no;
  const words = lookUp(valueWords, `${field}.${value}`);
  if (words !== undefined) return words[to.language];
  if (typeof value === 'number') return numberWithUnit(field, value, to);
  if (/(On|Of|Day|Until)$|^since$/.test(field) && /^\d{4}-\d{2}-\d{2}$/.test(value)) return to.format.day(value);
  if (/(At|Until)$|^at$/.test(field) && !Number.isNaN(Date.parse(value))) return to.format.instant(value);
  return value;
}

export type Scalar = string | number | boolean | null;

export function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** A line for one section alone gives its field a place too, unless the field has one already. */
const fieldOrder = new Map(
  Object.keys(fieldWords)
    .map((field, index) => [field.split('.').at(-1) ?? field, index] as const)
    .toReversed(),
);

/** Facts travel with their fields sorted by the alphabet; people look for the name first. */
function byUsualOrder(a: string, b: string): number {
  return (fieldOrder.get(a) ?? fieldOrder.size) - (fieldOrder.get(b) ?? fieldOrder.size);
}

/** Fields and their values in the usual order, those unknown here last; nothing for what is no object. */
export function fieldsOf(value: unknown): [field: string, value: unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => byUsualOrder(a, b));
}

/** All fields that any row has. */
export function columnsOf(rows: readonly unknown[]): string[] {
  return [...new Set(rows.flatMap((row) => fieldsOf(row).map(([field]) => field)))].sort(byUsualOrder);
}

/** Anything on one line, for a table cell: parts of an object with a middle dot, entries of a list with a comma. */
export function inline(section: string, field: string, value: unknown, to: FactLanguage): string {
  if (value === undefined) return '';
  if (isScalar(value)) return factValue(field, value, to);
  if (Array.isArray(value)) return value.map((entry) => inline(section, field, entry, to)).join(', ');
  const { address, prefixLength } = value as Record<string, unknown>;
  if (typeof address === 'string' && typeof prefixLength === 'number') return `${address}/${prefixLength}`;
  return fieldsOf(value)
    .map(([name, entry]) => `${fieldName(section, name, to.language)}: ${inline(section, name, entry, to)}`)
    .join(' · ');
}
