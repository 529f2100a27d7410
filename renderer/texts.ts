/** Every text of the window in both languages, side by side; those of a page in a file of their own. German first, whole sentences only. */
import type { OverallState } from '../agent/contract/status.ts';
import type { PageName } from '../main/ipc/channels.ts';
import { aboutTexts } from './about-texts.ts';
import { helpTexts } from './help-texts.ts';
import { noticeTexts } from './notice-texts.ts';
import { sentTexts } from './sent-texts.ts';
import { statusTexts } from './status-texts.ts';

export type Language = 'de' | 'en';

type Light = OverallState | 'offline';

const pairs = {
  windowTitle: { de: (page: string) => `${page} – KITS Agent`, en: (page: string) => `${page} – KITS Agent` },
  navigation: { de: 'Seiten', en: 'Pages' },
  otherLanguage: {
    de: { code: 'en' as Language, name: 'English' },
    en: { code: 'de' as Language, name: 'Deutsch' },
  },
  pages: {
    de: {
      status: 'Status',
      notices: 'Mitteilungen',
      sent: 'Was wird übermittelt?',
      help: 'Hilfe',
      about: 'Über',
    } satisfies Record<PageName, string>,
    en: {
      status: 'Status',
      notices: 'Notices',
      sent: 'What is sent?',
      help: 'Help',
      about: 'About',
    } satisfies Record<PageName, string>,
  },
  noticesWithCount: { de: (count: number) => `Mitteilungen (${count})`, en: (count: number) => `Notices (${count})` },
  loading: { de: 'Wird geladen …', en: 'Loading …' },
  noAnswer: {
    de: 'Das ließ sich nicht lesen. Schließen Sie das Fenster und öffnen Sie es erneut. Bleibt es dabei, wenden Sie sich an KITS.',
    en: 'This could not be read. Close the window and open it again. If that does not help, ask KITS.',
  },
  unknownValue: { de: 'nicht bekannt', en: 'not known' },
  sinceToday: { de: 'Seit heute', en: 'Since today' },
  sinceDay: {
    de: (day: string, days: string) => `Seit ${day}, ${days}`,
    en: (day: string, days: string) => `Since ${day}, ${days}`,
  },
  light: {
    de: {
      ok: 'In Ordnung',
      attention: 'Achtung',
      critical: 'Dringend',
      unknown: 'Unbekannt',
      offline: 'Keine Verbindung zum Dienst',
    } satisfies Record<Light, string>,
    en: {
      ok: 'OK',
      attention: 'Attention',
      critical: 'Urgent',
      unknown: 'Unknown',
      offline: 'No connection to the service',
    } satisfies Record<Light, string>,
  },
  sentence: {
    de: {
      ok: 'Ihr PC ist in Ordnung.',
      attention: 'Ihr PC braucht Aufmerksamkeit.',
      critical: 'Ihr PC hat ein dringendes Problem.',
      unknown: 'Der Zustand Ihres PCs ist nicht bekannt.',
      offline: 'Der KITS-Dienst auf diesem PC meldet sich nicht.',
    } satisfies Record<Light, string>,
    en: {
      ok: 'Your PC is fine.',
      attention: 'Your PC needs attention.',
      critical: 'Your PC has an urgent problem.',
      unknown: 'The state of your PC is not known.',
      offline: 'The KITS service on this PC does not answer.',
    } satisfies Record<Light, string>,
  },
  askFailed: {
    de: 'Das hat nicht geklappt. Bitte versuchen Sie es in einigen Minuten erneut.',
    en: 'That did not work. Please try again in a few minutes.',
  },
  mailboxUnreachable: {
    de: 'Der KITS-Dienst nimmt zurzeit nichts entgegen. Ihre Anfrage ist gespeichert und wird von selbst erneut versucht.',
    en: 'The KITS service takes nothing at the moment. Your request is kept and tried again by itself.',
  },
  ...statusTexts,
  ...noticeTexts,
  ...sentTexts,
  ...helpTexts,
  ...aboutTexts,
};

type Pairs = typeof pairs;
export type Texts = { readonly [K in keyof Pairs]: Pairs[K]['de'] | Pairs[K]['en'] };

const inLanguage = (language: Language): Texts =>
  Object.fromEntries(Object.entries(pairs).map(([name, pair]) => [name, pair[language]])) as Texts;
const all: Readonly<Record<Language, Texts>> = { de: inLanguage('de'), en: inLanguage('en') };

export const textsFor = (language: Language): Texts => all[language];
