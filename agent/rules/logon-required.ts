/** Nobody gets to work with the device without a password of their own. */
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

export const logonRequired: Rule = {
  id: 'logon-required',
  title: { de: 'Anmeldung mit Kennwort', en: 'Logon with password' },
  sections: ['security', 'os'],
  controls: ['SYS.2.1.A1', 'WiBA 5.1'],
  words: {
    'logon-password-open': {
      de: () => 'Ein Anmeldekennwort steht im Klartext in der Registrierung; jeder Benutzer dieses PCs kann es lesen.',
      en: () => 'A logon password stands in the registry in plain text; every user of this PC can read it.',
    },
    'logon-automatic': {
      de: () => 'Dieses Gerät meldet sich beim Start selbst an, ohne nach einem Kennwort zu fragen.',
      en: () => 'This device logs on by itself when it starts, without asking for a password.',
    },
    'guest-enabled': {
      de: () => 'Das Gastkonto dieses Geräts ist eingeschaltet.',
      en: () => 'The guest account of this device is enabled.',
    },
    'logon-protected': {
      de: () => 'Die Anmeldung an diesem Gerät verlangt ein Kennwort.',
      en: () => 'The logon to this device asks for a password.',
    },
  },

  evaluate(input) {
    const os = facts(input, 'os');
    if (os.finding !== undefined) return os.finding;
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const { accounts } = reading.facts;
    if (accounts === undefined) return partMissing(reading.section, 'accounts');
    const { automaticLogon, plainLogonPassword, guestEnabled } = accounts;
    const evidence = evidenceIn('security', {
      'accounts.automaticLogon': automaticLogon,
      'accounts.plainLogonPassword': plainLogonPassword,
      'accounts.guestEnabled': guestEnabled,
    });
    if (plainLogonPassword === true) return notMet('critical', 'logon-password-open', {}, evidence);
    if (automaticLogon === true) return notMet('critical', 'logon-automatic', {}, evidence);
    if (guestEnabled === true) return notMet('warning', 'guest-enabled', {}, evidence);
    if (automaticLogon === undefined) return partMissing(reading.section, 'accounts.automaticLogon');
    // Only Windows has a registry, and a guest account on each PC.
    if (os.facts.family === 'windows') {
      if (plainLogonPassword === undefined) return partMissing(reading.section, 'accounts.plainLogonPassword');
      if (guestEnabled === undefined) return partMissing(reading.section, 'accounts.guestEnabled');
    }
    return met('logon-protected', {}, evidence);
  },
};
