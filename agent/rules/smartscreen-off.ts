/**
 * SmartScreen is off. This one is the other way round than most people expect: SmartScreen tells Microsoft what users
 * open, and the BSI says that it should be off (SYS.2.2.3.A13). It says "should", so that it is only pointed out.
 */
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

export const smartscreenOff: Rule = {
  id: 'smartscreen-off',
  title: { de: 'SmartScreen nach Empfehlung des BSI', en: 'SmartScreen as recommended by the BSI' },
  sections: ['security', 'os'],
  controls: ['SYS.2.2.3.A13'],
  words: {
    'smartscreen-on': {
      de: () =>
        'SmartScreen ist eingeschaltet und meldet Microsoft, was geöffnet wird; das BSI empfiehlt, darauf zu verzichten.',
      en: () => 'SmartScreen is switched on and tells Microsoft what is opened; the BSI recommends to do without.',
    },
    'smartscreen-disabled': {
      de: () => 'SmartScreen ist ausgeschaltet, wie es das BSI empfiehlt.',
      en: () => 'SmartScreen is switched off, as the BSI recommends.',
    },
  },

  evaluate(input) {
    const os = facts(input, 'os');
    if (os.finding !== undefined) return os.finding;
    if (os.facts.family !== 'windows') return undefined;
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const state = reading.facts.hardening?.smartScreen;
    const evidence = evidenceIn('security', { 'hardening.smartScreen': state });
    switch (state) {
      case 'off':
        return met('smartscreen-disabled', {}, evidence);
      case 'on':
        return notMet('info', 'smartscreen-on', {}, evidence);
      case 'unknown':
      case undefined:
        return partMissing(reading.section, 'hardening.smartScreen');
    }
  },
};
