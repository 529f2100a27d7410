/**
 * The firmware starts only what its maker or the operating system's maker has signed. Virtual machines and containers
 * are outside of the rule: their start is protected by the host.
 */
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

export const secureBoot: Rule = {
  id: 'secure-boot',
  title: { de: 'Sicherer Start (Secure Boot)', en: 'Secure Boot' },
  sections: ['security', 'system'],
  controls: ['SYS.2.1.A8', 'WiBA 5.5'],
  words: {
    'secure-boot-off': {
      de: () => 'Der sichere Start (Secure Boot) ist ausgeschaltet.',
      en: () => 'Secure Boot of this device is switched off.',
    },
    'secure-boot-setup': {
      de: () => 'Der sichere Start (Secure Boot) ist nicht eingerichtet; die Firmware nimmt jeden Schlüssel an.',
      en: () => 'Secure Boot is not set up; the firmware accepts any key.',
    },
    'secure-boot-unsupported': {
      de: () => 'Dieses Gerät startet auf die alte Art (BIOS) und damit ohne sicheren Start (Secure Boot).',
      en: () => 'This device starts the old way (BIOS) and therefore without Secure Boot.',
    },
    'secure-boot-on': {
      de: () => 'Der sichere Start (Secure Boot) ist eingeschaltet.',
      en: () => 'Secure Boot of this device is switched on.',
    },
  },

  evaluate(input) {
    const system = facts(input, 'system');
    if (system.finding !== undefined) return system.finding;
    if (system.facts.virtualization.kind !== 'none') return undefined;
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const state = reading.facts.boot?.secureBoot;
    const evidence = evidenceIn('security', { 'boot.secureBoot': state });
    switch (state) {
      case 'on':
        return met('secure-boot-on', {}, evidence);
      case 'off':
        return notMet('warning', 'secure-boot-off', {}, evidence);
      case 'setup-mode':
        return notMet('warning', 'secure-boot-setup', {}, evidence);
      case 'unsupported':
        return notMet('warning', 'secure-boot-unsupported', {}, evidence);
      case undefined:
        return partMissing(reading.section, 'boot.secureBoot');
    }
  },
};
