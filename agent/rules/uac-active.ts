/** Windows asks before a program gets the rights of an administrator. */
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

export const uacActive: Rule = {
  id: 'uac-active',
  title: { de: 'Benutzerkontensteuerung', en: 'User Account Control' },
  sections: ['security', 'os'],
  controls: ['SYS.2.2.3.A20'],
  words: {
    'uac-off': {
      de: () => 'Die Benutzerkontensteuerung (UAC) ist ausgeschaltet.',
      en: () => 'User Account Control (UAC) is switched off.',
    },
    'uac-silent': {
      de: () => 'Die Benutzerkontensteuerung (UAC) gibt Verwaltungsrechte ohne Rückfrage frei.',
      en: () => 'User Account Control (UAC) grants administrative rights without asking.',
    },
    'uac-on': {
      de: () => 'Die Benutzerkontensteuerung (UAC) ist eingeschaltet.',
      en: () => 'User Account Control (UAC) is switched on.',
    },
  },

  evaluate(input) {
    const os = facts(input, 'os');
    if (os.finding !== undefined) return os.finding;
    if (os.facts.family !== 'windows') return undefined;
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const uac = reading.facts.hardening?.uac;
    const evidence = evidenceIn('security', { 'hardening.uac': uac });
    switch (uac) {
      case 'on':
        return met('uac-on', {}, evidence);
      case 'silent':
        return notMet('warning', 'uac-silent', {}, evidence);
      case 'off':
        return notMet('critical', 'uac-off', {}, evidence);
      case undefined:
        return partMissing(reading.section, 'hardening.uac');
    }
  },
};
