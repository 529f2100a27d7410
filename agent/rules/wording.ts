/**
 * Fills the values of a verdict into sentences, in German and English. Values may come from a stranger's report: they
 * are shown as plain text on one line, and what is missing or no number is called unknown.
 */
import type { Verdict } from '../contract/report.ts';

export interface Words {
  readonly de: string;
  readonly en: string;
}

/** Values of one verdict in the words of one language. */
export interface Filled {
  text(name: string): string;
  /** A finite number, with `digits` decimals at most. */
  number(name: string, digits?: number): string;
  /** Whether the noun behind the number takes its plural: anything but exactly 1. */
  many(name: string): boolean;
  /** Bytes in the largest binary unit that gives at least 1, one decimal, rounded down. */
  bytes(name: string): string;
  /** Seconds without sign in the unit that a person would choose; the dative follows "seit" and "von". */
  duration(name: string, grammaticalCase?: 'accusative' | 'dative'): string;
  /** A calendar day, YYYY-MM-DD. */
  day(name: string): string;
  /** Whether the value is there at all. */
  has(name: string): boolean;
}

export interface Sentence {
  readonly de: (values: Filled) => string;
  readonly en: (values: Filled) => string;
}

type Language = keyof Words;

const unknownValue: Words = { de: 'unbekannt', en: 'unknown' };
const locales: Words = { de: 'de-DE', en: 'en-GB' };
const byteUnits = ['Byte', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
/** Beyond it a number has lost its whole part and nothing sensible can be said. */
const largestShown = Number.MAX_SAFE_INTEGER;

const durationUnits = [
  { seconds: 86_400, from: 172_800, de: ['Tag', 'Tage', 'Tagen'], en: ['day', 'days', 'days'] },
  { seconds: 3600, from: 7200, de: ['Stunde', 'Stunden', 'Stunden'], en: ['hour', 'hours', 'hours'] },
  { seconds: 60, from: 120, de: ['Minute', 'Minuten', 'Minuten'], en: ['minute', 'minutes', 'minutes'] },
  { seconds: 1, from: 0, de: ['Sekunde', 'Sekunden', 'Sekunden'], en: ['second', 'seconds', 'seconds'] },
] as const;

/** One line of visible characters: control, formatting and direction characters would let a value pose as other words. */
export function plainText(value: string): string {
  return value.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

function formatNumber(value: number, digits: number, language: Language): string {
  return new Intl.NumberFormat(locales[language], { maximumFractionDigits: digits }).format(value);
}

function formatBytes(value: number, language: Language): string {
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), byteUnits.length - 1);
  const rounded = Math.floor((value / 1024 ** power) * 10) / 10;
  return `${formatNumber(rounded, 1, language)} ${byteUnits[power] ?? byteUnits[0]}`;
}

function formatDuration(value: number, language: Language, dative: boolean): string {
  const seconds = Math.abs(value);
  const unit = durationUnits.find(({ from }) => seconds >= from) ?? durationUnits[3];
  const count = Math.floor(seconds / unit.seconds);
  const [one, some, dativeSome] = unit[language];
  const plural = dative ? dativeSome : some;
  return `${formatNumber(count, 0, language)} ${count === 1 ? one : plural}`;
}

function formatDay(value: string, language: Language): string | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  if (language === 'de') return `${day}.${month}.${year}`;
  const date = new Date(`${value}T00:00:00Z`);
  if (Number.isNaN(date.getTime())) return undefined;
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(date);
}

function filled(values: Verdict['values'], language: Language): Filled {
  const numeric = (name: string): number | undefined => {
    const value = values[name];
    return typeof value === 'number' && Math.abs(value) <= largestShown ? value : undefined;
  };
  const shown = (name: string, format: (value: number) => string): string => {
    const value = numeric(name);
    return value === undefined ? unknownValue[language] : format(value);
  };
  return {
    text(name) {
      const value = values[name];
      return typeof value === 'string' ? plainText(value) || unknownValue[language] : unknownValue[language];
    },
    number: (name, digits = 0) => shown(name, (value) => formatNumber(value, digits, language)),
    many: (name) => numeric(name) !== 1,
    bytes: (name) => shown(name, (value) => formatBytes(value, language)),
    duration: (name, grammaticalCase) =>
      shown(name, (value) => formatDuration(value, language, grammaticalCase === 'dative')),
    day(name) {
      const value = values[name];
      return (typeof value === 'string' ? formatDay(value, language) : undefined) ?? unknownValue[language];
    },
    has: (name) => values[name] !== undefined,
  };
}

/** The sentence in both languages; never throws, whatever the values are. */
export function say(sentence: Sentence, values: Verdict['values']): Words {
  return { de: sentence.de(filled(values, 'de')), en: sentence.en(filled(values, 'en')) };
}
