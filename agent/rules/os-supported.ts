/**
 * The operating system still gets security updates.
 *
 * Debian: the LTS phase counts as supported, because its updates come over the normal sources to everybody; the verdict
 * says `lts` so that the end of the regular phase can be seen. Of the paid extensions
 * Windows ESU counts where its licence was found on the device; of Ubuntu Pro and Debian ELTS no fact says whether the
 * device has them. Windows is told by its build number; names in its registry still say "Windows 10" on 11.
 */
import type { OsFacts } from '../contract/facts/software.ts';
import {
  type Evidence,
  evidenceIn,
  type Finding,
  met,
  notMet,
  type Rule,
  type RuleInput,
  unknown,
} from './judgement.ts';
import { osSupport, type SupportRow, type WindowsChannel } from './os-support.ts';
import { facts, limitsInvalid, serverTime } from './reading.ts';

const dayMs = 86_400_000;

/** `undefined` when the edition is absent or not one of these; both the registry's ids and the captions occur. */
function windowsChannel(edition: string | undefined): WindowsChannel | undefined {
  const words = (edition ?? '').toLowerCase().replace(/[^a-z]/g, '');
  if (words === '') return undefined;
  const enterprise = /enterprise/.test(words);
  if (enterprise && /(enterprisesn?(eval)?$|lts[bc])/.test(words)) return words.includes('iot') ? 'iot-ltsc' : 'ltsc';
  if (/^(windows)?(core|home|pro)/.test(words)) return 'home-pro';
  return enterprise || /^(windows)?education/.test(words) ? 'enterprise' : undefined;
}

/** Rows that may hold for this system, the one that ends first in front; several when the edition of Windows is not known. */
export function supportRowsOf(os: OsFacts): readonly SupportRow[] {
  const rows = osSupport.filter((row) => row.os === os.id && (os.version === undefined || row.version === os.version));
  if (os.id !== 'windows') return os.version === undefined ? [] : rows;
  // Builds are shared with servers, which live by other dates.
  if (/server/i.test(`${os.name} ${os.edition ?? ''}`)) return [];
  const build = Number(/^(?:10\.0\.)?(\d{5})(?:\.\d+)?$/.exec(os.build ?? '')?.[1]);
  const channel = windowsChannel(os.edition);
  return rows.filter((row) => row.build === build && (channel === undefined || row.channel === channel));
}

/** Last day on which the release gets updates without a contract. */
const lastDay = ({ regularUntil, ltsUntil }: SupportRow): string => ltsUntil ?? regularUntil;

/** Whole days from today until the last day; negative when it is over. */
const daysUntil = (day: string, today: string): number => (Date.parse(day) - Date.parse(today)) / dayMs;

/** Beyond the last day for everybody: only a licence for paid updates, seen on the device itself, still helps. */
function afterTheEnd(
  input: RuleInput,
  today: string,
  row: SupportRow,
  values: { readonly os: string; readonly until: string; readonly daysLeft: number },
  evidence: readonly Evidence[],
): Finding {
  const { paidUntil } = row;
  const paidDays = paidUntil === undefined ? -1 : daysUntil(paidUntil, today);
  if (paidUntil === undefined || !(paidDays >= 0)) return notMet('critical', 'os-ended', values, evidence);
  const patches = facts(input, 'patches');
  if (row.os !== 'windows' || patches.facts?.build?.esu !== 'licensed') {
    return notMet('critical', 'os-ended-paid-updates', { ...values, paidUntil }, evidence);
  }
  const paid = { ...values, until: paidUntil, daysLeft: paidDays };
  const paidEvidence = [...evidence, ...evidenceIn('patches', { 'build.esu': 'licensed' })];
  return paidDays <= input.thresholds.osSupportWarningDays
    ? notMet('warning', 'os-ends-soon', { ...paid, phase: 'paid' }, paidEvidence)
    : met('os-supported-paid', { ...paid, phase: 'paid' }, paidEvidence);
}

export const osSupported: Rule = {
  id: 'os-supported',
  title: { de: 'Betriebssystem mit Sicherheitsaktualisierungen', en: 'Operating system with security updates' },
  sections: ['os', 'patches'],
  controls: ['OPS.1.1.3.A15', 'WiBA 5.8'],
  words: {
    'os-ended': {
      de: (v) =>
        `Für ${v.text('os')} gibt es seit dem ${v.day('until')} keine Sicherheitsaktualisierungen mehr; das System muss abgelöst werden.`,
      en: (v) =>
        `There have been no security updates for ${v.text('os')} since ${v.day('until')}; it must be replaced.`,
    },
    'os-ended-paid-updates': {
      de: (v) =>
        `Für ${v.text('os')} gibt es seit dem ${v.day('until')} keine allgemeinen Sicherheitsaktualisierungen mehr, nur noch kostenpflichtige bis ${v.day('paidUntil')}; ob dieses Gerät sie erhält, ist nicht bekannt.`,
      en: (v) =>
        `There have been no general security updates for ${v.text('os')} since ${v.day('until')}, only paid ones until ${v.day('paidUntil')}; whether this device gets them is not known.`,
    },
    'os-ends-soon': {
      de: (v) =>
        `Für ${v.text('os')} gibt es nur noch bis zum ${v.day('until')} Sicherheitsaktualisierungen (noch ${v.number('daysLeft')} ${v.many('daysLeft') ? 'Tage' : 'Tag'}).`,
      en: (v) =>
        `Security updates for ${v.text('os')} end on ${v.day('until')} (${v.number('daysLeft')} ${v.many('daysLeft') ? 'days' : 'day'} left).`,
    },
    'os-supported-regular': {
      de: (v) => `${v.text('os')} erhält Sicherheitsaktualisierungen bis zum ${v.day('until')}.`,
      en: (v) => `${v.text('os')} gets security updates until ${v.day('until')}.`,
    },
    'os-supported-lts': {
      de: (v) =>
        `${v.text('os')} erhält im Rahmen der Langzeitpflege (LTS) noch Sicherheitsaktualisierungen bis zum ${v.day('until')}; die reguläre Pflege endete am ${v.day('regularUntil')}.`,
      en: (v) =>
        `${v.text('os')} still gets security updates under long-term support (LTS) until ${v.day('until')}; regular support ended on ${v.day('regularUntil')}.`,
    },
    'os-supported-paid': {
      de: (v) =>
        `${v.text('os')} erhält auf diesem Gerät kostenpflichtige Sicherheitsaktualisierungen (ESU) bis zum ${v.day('until')}.`,
      en: (v) => `${v.text('os')} gets paid security updates (ESU) on this device until ${v.day('until')}.`,
    },
    'os-unknown': {
      de: (v) => `Zu ${v.text('os')} ist nicht hinterlegt, bis wann es Sicherheitsaktualisierungen gibt.`,
      en: (v) => `It is not on record until when ${v.text('os')} gets security updates.`,
    },
    'os-edition-unknown': {
      de: (v) =>
        `Bis wann ${v.text('os')} Sicherheitsaktualisierungen erhält, hängt von der Edition ab, und diese ist nicht bekannt.`,
      en: (v) => `Until when ${v.text('os')} gets security updates depends on its edition, which is not known.`,
    },
  },

  evaluate(input) {
    const reading = facts(input, 'os');
    if (reading.finding !== undefined) return reading.finding;
    const warningDays = input.thresholds.osSupportWarningDays;
    const invalid = limitsInvalid(warningDays);
    if (invalid !== undefined) return invalid;

    const os = reading.facts;
    const evidence: Evidence[] = (['id', 'version', 'build', 'edition'] as const).flatMap((path) => {
      const value = os[path];
      return value === undefined ? [] : [{ section: 'os', path, value }];
    });
    const rows = supportRowsOf(os);
    const [row] = rows;
    const latest = rows.at(-1);
    if (row === undefined || latest === undefined) return unknown('os-unknown', { os: os.name }, evidence);

    const today = serverTime(input).toISOString().slice(0, 10);
    const daysLeft = daysUntil(lastDay(row), today);
    const values = { os: row.label, until: lastDay(row), daysLeft };
    if (!(daysLeft >= 0)) {
      if (daysUntil(lastDay(latest), today) >= 0) return unknown('os-edition-unknown', { os: os.name }, evidence);
      return afterTheEnd(input, today, row, values, evidence);
    }
    const phase = daysUntil(row.regularUntil, today) >= 0 ? 'regular' : 'lts';
    if (daysLeft <= warningDays) return notMet('warning', 'os-ends-soon', { ...values, phase }, evidence);
    return phase === 'regular'
      ? met('os-supported-regular', { ...values, phase }, evidence)
      : met('os-supported-lts', { ...values, phase, regularUntil: row.regularUntil }, evidence);
  },
};
