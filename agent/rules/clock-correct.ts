/** The device's clock agrees with the server's. Logs and certificates depend on it. */
import { met, notMet, type Rule, serverContact, unknown } from './judgement.ts';
import { limitsInvalid } from './reading.ts';

export const clockCorrect: Rule = {
  id: 'clock-correct',
  title: { de: 'Uhrzeit', en: 'Clock' },
  sections: ['agent'],
  controls: ['OPS.1.1.5.A4', 'OPS.1.1.7.A3', 'WiBA 15.9'],
  words: {
    'clock-far-ahead': {
      de: (v) => `Die Uhr dieses Geräts geht ${v.duration('offsetSeconds')} vor und muss umgehend gestellt werden.`,
      en: (v) => `The clock of this device is ${v.duration('offsetSeconds')} fast and must be set at once.`,
    },
    'clock-far-behind': {
      de: (v) => `Die Uhr dieses Geräts geht ${v.duration('offsetSeconds')} nach und muss umgehend gestellt werden.`,
      en: (v) => `The clock of this device is ${v.duration('offsetSeconds')} slow and must be set at once.`,
    },
    'clock-ahead': {
      de: (v) => `Die Uhr dieses Geräts geht ${v.duration('offsetSeconds')} vor.`,
      en: (v) => `The clock of this device is ${v.duration('offsetSeconds')} fast.`,
    },
    'clock-behind': {
      de: (v) => `Die Uhr dieses Geräts geht ${v.duration('offsetSeconds')} nach.`,
      en: (v) => `The clock of this device is ${v.duration('offsetSeconds')} slow.`,
    },
    'clock-right': {
      de: (v) => `Die Uhr dieses Geräts stimmt (Abweichung: ${v.duration('offsetSeconds')}).`,
      en: (v) => `The clock of this device is right (difference: ${v.duration('offsetSeconds')}).`,
    },
    'offset-unknown': {
      de: () => 'Ob die Uhr stimmt, ist noch nicht bekannt: Sie wurde noch nie mit dem KITS-Server verglichen.',
      en: () => 'Whether the clock is right is not known yet: it was never compared with the KITS server.',
    },
  },

  evaluate({ clockOffsetSeconds: offset, thresholds }) {
    const { clockWarningSeconds: warning, clockCriticalSeconds: critical } = thresholds;
    const invalid = limitsInvalid(warning, critical);
    if (invalid !== undefined) return invalid;
    if (offset === undefined || !Number.isFinite(offset)) return unknown('offset-unknown');
    const evidence = [{ section: serverContact, path: 'clockOffsetSeconds', value: offset }];
    const values = { offsetSeconds: offset };
    const off = Math.abs(offset);
    // The limit itself counts as wrong, as its words in the policy say.
    if (off >= critical) {
      return notMet('critical', offset > 0 ? 'clock-far-ahead' : 'clock-far-behind', values, evidence);
    }
    if (off >= warning) return notMet('warning', offset > 0 ? 'clock-ahead' : 'clock-behind', values, evidence);
    return met('clock-right', values, evidence);
  },
};
