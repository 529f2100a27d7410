/**
 * The screen locks by itself when nobody is there, by a setting of the machine that users cannot change. Servers and
 * containers are outside of the rule: nobody works at them.
 */
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { facts, limitsInvalid, partMissing } from './reading.ts';

export const screenLock: Rule = {
  id: 'screen-lock',
  title: { de: 'Bildschirmsperre', en: 'Screen lock' },
  sections: ['security', 'system'],
  controls: ['SYS.2.1.A1', 'WiBA 5.2'],
  words: {
    'lock-never': {
      de: () => 'Der Bildschirm sperrt sich nie von selbst.',
      en: () => 'The screen of this device never locks by itself.',
    },
    'lock-late': {
      de: (v) =>
        `Der Bildschirm sperrt sich erst nach ${v.duration('seconds', 'dative')}; höchstens ${v.duration('limit')} sind vorgesehen.`,
      en: (v) => `The screen locks only after ${v.duration('seconds')}; at most ${v.duration('limit')} are intended.`,
    },
    'lock-in-time': {
      de: (v) => `Der Bildschirm sperrt sich nach ${v.duration('seconds', 'dative')} von selbst.`,
      en: (v) => `The screen locks by itself after ${v.duration('seconds')}.`,
    },
  },

  evaluate(input) {
    const system = facts(input, 'system');
    if (system.finding !== undefined) return system.finding;
    const { chassis, virtualization } = system.facts;
    if (chassis === 'server' || virtualization.kind === 'container') return undefined;
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const limit = input.thresholds.screenLockSeconds;
    const invalid = limitsInvalid(limit);
    if (invalid !== undefined) return invalid;
    const seconds = reading.facts.accounts?.screenLockSeconds;
    if (seconds === undefined) return partMissing(reading.section, 'accounts.screenLockSeconds');
    const evidence = evidenceIn('security', { 'accounts.screenLockSeconds': seconds });
    if (seconds === 0) return notMet('warning', 'lock-never', {}, evidence);
    if (seconds > limit) return notMet('warning', 'lock-late', { seconds, limit }, evidence);
    return met('lock-in-time', { seconds }, evidence);
  },
};
