/** Texts of the page of the notices in both languages. */
import type { View } from '../main/ipc/contract.ts';
import { plural } from './plural.ts';

type Severity = View['notices'][number]['severity'];
type DeferralKind = View['notices'][number]['deferralChoices'][number]['kind'];

export const noticeTexts = {
  noNotices: {
    de: (deferred: number) => (deferred === 0 ? 'Es gibt keine Mitteilungen.' : 'Es gibt keine weiteren Mitteilungen.'),
    en: (deferred: number) => (deferred === 0 ? 'There are no notices.' : 'There are no other notices.'),
  },
  noticesUnknown: {
    de: 'Ob es Mitteilungen gibt, ist nicht bekannt: Der KITS-Dienst meldet sich nicht.',
    en: 'Whether there are notices is not known: the KITS service does not answer.',
  },
  refusedNotices: {
    de: (count: number) =>
      plural.de(
        count,
        'Eine Mitteilung wird nicht gezeigt, weil ihre Echtheit nicht nachgewiesen ist. Bleibt dieser Hinweis stehen, sagen Sie es KITS.',
        `${count} Mitteilungen werden nicht gezeigt, weil ihre Echtheit nicht nachgewiesen ist. Bleibt dieser Hinweis stehen, sagen Sie es KITS.`,
      ),
    en: (count: number) =>
      plural.en(
        count,
        'One notice is not shown because it is not proven to be genuine. If this stays here, tell KITS.',
        `${count} notices are not shown because they are not proven to be genuine. If this stays here, tell KITS.`,
      ),
  },
  severity: {
    de: { info: 'Hinweis', warning: 'Achtung', urgent: 'Dringend' } satisfies Record<Severity, string>,
    en: { info: 'Information', warning: 'Attention', urgent: 'Urgent' } satisfies Record<Severity, string>,
  },
  genuineSince: {
    de: (sender: string, time: string) => `Von ${sender}, ${time}. Echtheit geprüft.`,
    en: (sender: string, time: string) => `From ${sender}, ${time}. Verified as genuine.`,
  },
  linksNotOpened: {
    de: 'Diese Adressen gehören zur Mitteilung. Was nicht unterstrichen ist, lässt sich von hier aus nicht öffnen.',
    en: 'These addresses belong to the notice. What is not underlined cannot be opened from here.',
  },
  linksOpened: {
    de: 'Diese Adressen gehören zur Mitteilung und öffnen sich im Browser, wenn Sie sie anklicken:',
    en: 'These addresses belong to the notice and open in the browser when you click on them:',
  },
  validUntil: { de: (time: string) => `Gilt bis ${time}`, en: (time: string) => `Valid until ${time}` },
  later: { de: 'Später erinnern', en: 'Remind me later' },
  deferral: {
    de: {
      'one-hour': 'In einer Stunde',
      'four-hours': 'In vier Stunden',
      'next-morning': 'Am nächsten Arbeitstag',
    } satisfies Record<DeferralKind, string>,
    en: {
      'one-hour': 'In an hour',
      'four-hours': 'In four hours',
      'next-morning': 'On the next working day',
    } satisfies Record<DeferralKind, string>,
  },
  remindAt: {
    de: (when: string, time: string) => `${when} (${time})`,
    en: (when: string, time: string) => `${when} (${time})`,
  },
  deferredTitle: { de: 'Zurückgestellt', en: 'Postponed' },
  deferredUntil: {
    de: (time: string) => `Zurückgestellt. Wir erinnern Sie: ${time}.`,
    en: (time: string) => `Postponed. You will be reminded: ${time}.`,
  },
  deferredNow: {
    de: (title: string, time: string) => `„${title}“ ist bis ${time} zurückgestellt.`,
    en: (title: string, time: string) => `“${title}” is postponed until ${time}.`,
  },
  // A name stands apart from the words around it, whatever direction it is written in.
  answeredByName: {
    de: (name: string) => `Ihre Bestätigung wird mit dem Namen „\u2068${name}\u2069“ an KITS gemeldet.`,
    en: (name: string) => `Your acknowledgement is reported to KITS with the name “\u2068${name}\u2069”.`,
  },
  whoReadsName: {
    de: 'So heißt Ihr Konto an diesem PC. Den Namen sieht, wer bei KITS oder in Ihrer Verwaltung die Geräte Ihrer Gemeinde betreut, und wer an diesem PC die letzten Berichte aufruft. Nach dem Ende der Mitteilung löscht KITS ihn.',
    en: 'This is what your account on this PC is called. The name is seen by those who look after the devices of your municipality at KITS or in your administration, and by whoever opens the last reports on this PC. After the end of the notice KITS deletes it.',
  },
  answeredWithoutName: {
    de: 'KITS fragt bei dieser Mitteilung nach dem Namen Ihres Kontos. Er ist auf diesem PC nicht festzustellen: Ihre Bestätigung wird ohne Namen gemeldet.',
    en: 'For this notice KITS asks for the name of your account. It cannot be determined on this PC: your acknowledgement is reported without a name.',
  },
  acknowledgeByName: {
    de: (title: string) => `„${title}“ mit Namen zur Kenntnis genommen`,
    en: (title: string) => `Acknowledge “${title}” by name`,
  },
  acknowledge: {
    de: (title: string) => `„${title}“ zur Kenntnis genommen`,
    en: (title: string) => `Acknowledge “${title}”`,
  },
  acknowledging: {
    de: 'Ihre Kenntnisnahme ist gespeichert und wird übergeben …',
    en: 'Your acknowledgement is kept and being handed over …',
  },
  acknowledgedByName: {
    de: (name: string) =>
      `Mit dem Namen „\u2068${name}\u2069“ zur Kenntnis genommen. Der KITS-Dienst hat das übernommen.`,
    en: (name: string) => `Acknowledged with the name “\u2068${name}\u2069”. The KITS service has taken it on.`,
  },
  acknowledged: {
    de: 'Zur Kenntnis genommen. Der KITS-Dienst hat das übernommen.',
    en: 'Acknowledged. The KITS service has taken it on.',
  },
};
