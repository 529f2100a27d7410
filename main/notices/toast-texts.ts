/** What a toast says besides the words of a notice. */
import type { Notice } from '../../agent/contract/policy.ts';
import type { Language } from '../ipc/channels.ts';

export interface ToastTexts {
  readonly neutral: string;
  /** Below the neutral line, and for several at once. */
  readonly open: string;
  readonly several: (count: number) => string;
  readonly severity: Readonly<Record<Notice['severity'], string>>;
  readonly acknowledge: string;
  readonly later: string;
}

const rules = { de: new Intl.PluralRules('de'), en: new Intl.PluralRules('en') };
const isOne = {
  de: (count: number) => rules.de.select(count) === 'one',
  en: (count: number) => rules.en.select(count) === 'one',
};

export const toastTexts: Readonly<Record<Language, ToastTexts>> = {
  de: {
    neutral: 'Neue Mitteilung von KITS',
    open: 'Zum Lesen anklicken.',
    several: (count) => (isOne.de(count) ? 'Eine weitere Mitteilung von KITS' : `${count} Mitteilungen von KITS`),
    severity: { info: 'KITS, Hinweis', warning: 'KITS, Achtung', urgent: 'KITS, dringend' },
    acknowledge: 'Zur Kenntnis genommen',
    later: 'Später',
  },
  en: {
    neutral: 'New notice from KITS',
    open: 'Click to read it.',
    several: (count) => (isOne.en(count) ? 'One more notice from KITS' : `${count} notices from KITS`),
    severity: { info: 'KITS, information', warning: 'KITS, attention', urgent: 'KITS, urgent' },
    acknowledge: 'Acknowledge',
    later: 'Later',
  },
};
