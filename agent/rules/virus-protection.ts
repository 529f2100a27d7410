/**
 * One virus protection works and knows current malware; further products may be off or passive.
 *
 * Windows always has one, so none at all is a finding there. On Linux the BSI asks to weigh whether one is needed
 * (SYS.2.1.A6): without a product the rule does not apply, an installed one is judged.
 */
import type { SecurityFacts } from '../contract/facts/security.ts';
import { type Evidence, evidenceIn, met, notMet, type Rule, type RuleInput, unknown } from './judgement.ts';
import { daysSince, facts, limitsInvalid, partMissing } from './reading.ts';

type Product = NonNullable<SecurityFacts['antivirus']>[number];

/** Leaves room in the evidence for all values of each product named. */
const maxProductsNamed = 6;

const evidenceOf = (products: readonly Product[]): Evidence[] =>
  products.slice(0, maxProductsNamed).flatMap(({ name, state, realTime, signaturesCurrent, signaturesOf }, index) =>
    evidenceIn('security', {
      [`antivirus[${index}].name`]: name,
      [`antivirus[${index}].state`]: state,
      ...(realTime === undefined ? {} : { [`antivirus[${index}].realTime`]: realTime }),
      ...(signaturesCurrent === undefined ? {} : { [`antivirus[${index}].signaturesCurrent`]: signaturesCurrent }),
      ...(signaturesOf === undefined ? {} : { [`antivirus[${index}].signaturesOf`]: signaturesOf }),
    }),
  );

/** From best to worst. `old` products protect, but not against what is new. */
type Grade = 'current' | 'old' | 'too-old' | 'unknown' | 'off';

function gradeOf(input: RuleInput, { state, realTime, signaturesCurrent, signaturesOf }: Product): Grade {
  if (state === 'unknown') return 'unknown';
  if (state !== 'on' || realTime === false) return 'off';
  const days = daysSince(input, signaturesOf);
  if (days !== undefined && days >= input.thresholds.signatureCriticalDays) return 'too-old';
  if (days !== undefined && days >= input.thresholds.signatureWarningDays) return 'old';
  if (signaturesCurrent === false) return 'old';
  return signaturesCurrent === true || days !== undefined ? 'current' : 'unknown';
}

export const virusProtection: Rule = {
  id: 'virus-protection',
  title: { de: 'Virenschutz', en: 'Virus protection' },
  sections: ['security', 'os'],
  controls: ['SYS.2.1.A6', 'OPS.1.1.4.A6', 'WiBA 5.4', 'WiBA 15.1', 'WiBA 15.4'],
  words: {
    'protection-none': {
      de: () => 'Auf diesem Gerät ist kein Virenschutz vorhanden.',
      en: () => 'There is no virus protection on this device.',
    },
    'protection-off': {
      de: (v) => `Der Virenschutz ${v.text('name')} schützt dieses Gerät nicht; er ist nicht eingeschaltet.`,
      en: (v) => `The virus protection ${v.text('name')} does not protect this device; it is not switched on.`,
    },
    'signatures-old': {
      de: (v) =>
        v.has('day')
          ? `Der Virenschutz ${v.text('name')} ist nicht aktuell; sein Stand ist vom ${v.day('day')}.`
          : `Der Virenschutz ${v.text('name')} ist nicht aktuell.`,
      en: (v) =>
        v.has('day')
          ? `The virus protection ${v.text('name')} is not current; it is of ${v.day('day')}.`
          : `The virus protection ${v.text('name')} is not current.`,
    },
    'protection-unknown': {
      de: (v) => `Ob der Virenschutz ${v.text('name')} arbeitet und aktuell ist, ist nicht erkennbar.`,
      en: (v) => `Whether the virus protection ${v.text('name')} works and is current cannot be told.`,
    },
    'protection-current': {
      de: (v) => `Der Virenschutz ${v.text('name')} arbeitet und ist aktuell.`,
      en: (v) => `The virus protection ${v.text('name')} works and is current.`,
    },
  },

  evaluate(input) {
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const os = facts(input, 'os');
    if (os.finding !== undefined) return os.finding;
    const { signatureWarningDays, signatureCriticalDays } = input.thresholds;
    const invalid = limitsInvalid(signatureWarningDays, signatureCriticalDays);
    if (invalid !== undefined) return invalid;
    const products = reading.facts.antivirus;
    if (products === undefined) return partMissing(reading.section, 'antivirus');
    const onWindows = os.facts.family === 'windows';
    const evidence = evidenceOf(products);
    const best = (grade: Grade) => products.find((product) => gradeOf(input, product) === grade);
    const valuesOf = ({ name, signaturesOf }: Product) =>
      signaturesOf === undefined ? { name } : { name, day: signaturesOf };

    const current = best('current');
    if (current !== undefined) return met('protection-current', { name: current.name }, evidence);
    const old = best('old');
    if (old !== undefined) return notMet('warning', 'signatures-old', valuesOf(old), evidence);
    const tooOld = best('too-old');
    if (tooOld !== undefined) return notMet('critical', 'signatures-old', valuesOf(tooOld), evidence);
    const open = best('unknown');
    if (open !== undefined) return unknown('protection-unknown', { name: open.name }, evidence);
    const [off] = products;
    if (off !== undefined) {
      return notMet(onWindows ? 'critical' : 'warning', 'protection-off', { name: off.name }, evidence);
    }
    return onWindows
      ? notMet('critical', 'protection-none', {}, evidenceIn('security', { 'antivirus.length': 0 }))
      : undefined;
  },
};
