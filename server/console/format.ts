/**
 * Numbers, sizes and times in the words of a language. Pure. Instants are shown in German local time wherever the
 * browser stands; nonsense is called unknown, never shown as a date of 1970.
 */

export type Language = 'de' | 'en';

export interface Format {
  number(value: number, digits?: number): string;
  /** Binary units, one decimal: "15,6 GiB". */
  bytes(value: number): string;
  /** "24.11.2026, 09:40" */
  instant(iso: string): string;
  /** A calendar day, YYYY-MM-DD: "24.11.2026". */
  day(iso: string): string;
  /** "vor 3 Stunden", as of `now`. */
  relative(iso: string, now: Date): string;
  /** Seconds with their sign: "−2 Minuten". */
  offset(seconds: number): string;
  /** Seconds without a sign: "15 Minuten". */
  duration(seconds: number): string;
}

const unknownWord = { de: 'unbekannt', en: 'unknown' };
const locales = { de: 'de-DE', en: 'en-GB' };
const byteUnits = ['Byte', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const timeZone = 'Europe/Berlin';

/** From which distance in seconds on a unit is used. */
const relativeUnits = [
  { unit: 'year', from: 730 * 86_400, seconds: 365.25 * 86_400 },
  { unit: 'month', from: 60 * 86_400, seconds: 30.44 * 86_400 },
  { unit: 'day', from: 48 * 3600, seconds: 86_400 },
  { unit: 'hour', from: 2 * 3600, seconds: 3600 },
  { unit: 'minute', from: 60, seconds: 60 },
] as const;

const durationUnits = [
  { unit: 'day', seconds: 86_400 },
  { unit: 'hour', seconds: 3600 },
  { unit: 'minute', seconds: 60 },
] as const;

export function formatFor(language: Language): Format {
  const locale = locales[language];
  const unknown = unknownWord[language];
  const dateParts: Intl.DateTimeFormatOptions =
    language === 'de'
      ? { day: '2-digit', month: '2-digit', year: 'numeric' }
      : { day: 'numeric', month: 'short', year: 'numeric' };
  const instantFormat = new Intl.DateTimeFormat(locale, {
    ...dateParts,
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  });
  const dayFormat = new Intl.DateTimeFormat(locale, { ...dateParts, timeZone: 'UTC' });
  const relativeFormat = new Intl.RelativeTimeFormat(locale, { numeric: 'always' });
  const now = { de: 'gerade eben', en: 'just now' }[language];

  const number = (value: number, digits = 0): string =>
    Number.isFinite(value)
      ? new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value).replace('-', '−')
      : unknown;

  const inSteps = (seconds: number, signDisplay: 'exceptZero' | 'auto'): string => {
    if (!Number.isFinite(seconds)) return unknown;
    const size = Math.abs(seconds);
    const { unit, seconds: per } = durationUnits.find((entry) => size >= 2 * entry.seconds) ?? {
      unit: 'second' as const,
      seconds: 1,
    };
    const amount = new Intl.NumberFormat(locale, {
      style: 'unit',
      unit,
      unitDisplay: 'long',
      maximumFractionDigits: 0,
      signDisplay,
    });
    return amount.format(Math.trunc(seconds / per)).replace('-', '−');
  };

  return {
    number,
    bytes(value) {
      if (!Number.isFinite(value) || value < 0) return unknown;
      const power = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), byteUnits.length - 1);
      return `${number(value / 1024 ** power, power === 0 ? 0 : 1)} ${byteUnits[power] ?? ''}`;
    },
    instant(iso) {
      const time = Date.parse(iso);
      return Number.isNaN(time) ? unknown : instantFormat.format(time);
    },
    day(iso) {
      const time = Date.parse(`${iso}T00:00:00Z`);
      return Number.isNaN(time) ? unknown : dayFormat.format(time);
    },
    relative(iso, at) {
      const seconds = (Date.parse(iso) - at.getTime()) / 1000;
      if (Number.isNaN(seconds)) return unknown;
      const unit = relativeUnits.find(({ from }) => Math.abs(seconds) >= from);
      return unit === undefined ? now : relativeFormat.format(Math.trunc(seconds / unit.seconds), unit.unit);
    },
    offset: (seconds) => inSteps(seconds, 'exceptZero'),
    duration: (seconds) => inSteps(seconds, 'auto'),
  };
}
