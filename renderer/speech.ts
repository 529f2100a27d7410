/** The language in force: texts, dates and numbers. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { type Language, type Texts, textsFor } from './texts.ts';

export interface Speech {
  readonly language: Language;
  readonly t: Texts;
  /** "24.11.2026, 09:40", German local time; nonsense is called unknown. */
  instant(iso: string): string;
  /** "24. November 2026"; nonsense is called unknown. */
  day(iso: string): string;
  /** Whole days since; undefined for nonsense and for what lies ahead by more than a day. */
  ageInDays(iso: string, now: Date): number | undefined;
  number(value: number): string;
  bytes(value: number): string;
  /** "seit 14.11., 9 Tage"; undefined when it is not known or lies ahead. */
  since(iso: string | undefined, now: Date): string | undefined;
}

const locales = { de: 'de-DE', en: 'en-GB' };
const timeZone = 'Europe/Berlin';
const dayMs = 86_400_000;
const storageKey = 'kits-language';

export function speechFor(language: Language): Speech {
  const locale = locales[language];
  const t = textsFor(language);
  const instantFormat = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone });
  const longDayFormat = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone });
  const dayFormat = new Intl.DateTimeFormat(locale, { day: '2-digit', month: '2-digit', timeZone });
  const daysFormat = new Intl.NumberFormat(locale, { style: 'unit', unit: 'day', unitDisplay: 'long' });
  const numberFormat = new Intl.NumberFormat(locale);
  const byteFormat = new Intl.NumberFormat(locale, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 1 });
  return {
    language,
    t,
    instant: (iso) => {
      const time = Date.parse(iso);
      return Number.isNaN(time) ? t.unknownValue : instantFormat.format(time);
    },
    day: (iso) => {
      const time = Date.parse(iso);
      return Number.isNaN(time) ? t.unknownValue : longDayFormat.format(time);
    },
    ageInDays: (iso, now) => {
      const age = Math.floor((now.getTime() - Date.parse(iso)) / dayMs);
      return age >= -1 ? age : undefined;
    },
    number: (value) => numberFormat.format(value),
    bytes: (value) => byteFormat.format(value / 1000),
    since: (iso, now) => {
      const start = Date.parse(iso ?? '');
      const age = now.getTime() - start;
      if (!(age >= 0)) return undefined;
      const days = Math.floor(age / dayMs);
      return days === 0 ? t.sinceToday : t.sinceDay(dayFormat.format(start), daysFormat.format(days));
    },
  };
}

/** Undefined while nobody has chosen. */
export function rememberedLanguage(): Language | undefined {
  try {
    const remembered = window.localStorage.getItem(storageKey);
    return remembered === 'en' || remembered === 'de' ? remembered : undefined;
  } catch {
    // Storage may be switched off; the window then speaks as the system does.
    return undefined;
  }
}

export function rememberLanguage(language: Language): void {
  try {
    window.localStorage.setItem(storageKey, language);
  } catch {
    // As above: the choice then holds until the window is closed.
  }
}

export const SpeechContext = createContext<Speech>(speechFor('de'));
export const useSpeech = (): Speech => useContext(SpeechContext);
