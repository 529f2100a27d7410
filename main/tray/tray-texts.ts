/** Texts of the icon's tooltip and menu in both languages. */
import type { OverallState } from '../../agent/contract/status.ts';
import type { Language, PageName } from '../ipc/channels.ts';

export interface TrayTexts {
  readonly sentences: Readonly<Record<OverallState, string>>;
  readonly asOf: (time: string) => string;
  readonly neverCollected: string;
  readonly allSent: string;
  readonly waiting: (count: number) => string;
  readonly device: (name: string) => string;
  readonly since: (day: string, days: string) => string;
  readonly sinceToday: string;
  readonly reason: (title: string, since: string) => string;
  readonly silent: (time: string) => string;
  readonly waking: string;
  readonly newer: string;
  readonly unreadable: string;
  readonly pages: Readonly<Record<PageName, string>>;
  readonly noticesWithCount: (count: number) => string;
  readonly checkNow: string;
}

export const trayTexts: Readonly<Record<Language, TrayTexts>> = {
  de: {
    sentences: {
      ok: 'Ihr PC ist in Ordnung.',
      attention: 'Ihr PC braucht Aufmerksamkeit.',
      critical: 'Ihr PC hat ein dringendes Problem.',
      unknown: 'Der Zustand Ihres PCs ist nicht bekannt.',
    },
    asOf: (time) => `Stand: ${time}`,
    neverCollected: 'Noch keine Angaben erhoben.',
    allSent: 'Alle Berichte sind übermittelt.',
    waiting: (count) => `Noch nicht übermittelte Berichte: ${count}`,
    device: (name) => `Gerät: ${name}`,
    since: (day, days) => `seit ${day}, ${days}`,
    sinceToday: 'seit heute',
    reason: (title, since) => `${title} (${since})`,
    silent: (time) => `Der KITS-Dienst läuft nicht. Letzter Stand: ${time}`,
    waking: 'Der Zustand Ihres PCs wird geprüft.',
    newer: 'KITS Agent wurde aktualisiert und startet gleich neu.',
    unreadable: 'Der KITS-Dienst ist nicht zu erreichen.',
    pages: {
      status: 'Status anzeigen',
      notices: 'Mitteilungen',
      sent: 'Was wird übermittelt?',
      help: 'Hilfe und Verdacht melden',
      about: 'Über KITS Agent',
    },
    noticesWithCount: (count) => `Mitteilungen (${count})`,
    checkNow: 'Jetzt prüfen',
  },
  en: {
    sentences: {
      ok: 'Your PC is fine.',
      attention: 'Your PC needs attention.',
      critical: 'Your PC has an urgent problem.',
      unknown: 'The state of your PC is not known.',
    },
    asOf: (time) => `As of ${time}`,
    neverCollected: 'Nothing has been collected yet.',
    allSent: 'All reports have been sent.',
    waiting: (count) => `Reports not sent yet: ${count}`,
    device: (name) => `Device: ${name}`,
    since: (day, days) => `since ${day}, ${days}`,
    sinceToday: 'since today',
    reason: (title, since) => `${title} (${since})`,
    silent: (time) => `The KITS service is not running. Last state: ${time}`,
    waking: 'The state of your PC is being checked.',
    newer: 'KITS Agent was updated and is about to restart.',
    unreadable: 'The KITS service cannot be reached.',
    pages: {
      status: 'Show status',
      notices: 'Notices',
      sent: 'What is sent?',
      help: 'Help and report a suspicion',
      about: 'About KITS Agent',
    },
    noticesWithCount: (count) => `Notices (${count})`,
    checkNow: 'Check now',
  },
};
