/** Whoever wants to the desktop of a Windows PC from afar proves who they are before they see it (NLA). */
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

export const remoteDesktop: Rule = {
  id: 'remote-desktop',
  title: { de: 'Remotedesktop', en: 'Remote desktop' },
  sections: ['security', 'os'],
  controls: ['SYS.2.2.3.A19'],
  words: {
    'desktop-open': {
      de: () => 'Der Remotedesktop ist eingeschaltet und verlangt vorab keine Anmeldung (NLA ist ausgeschaltet).',
      en: () => 'The remote desktop is switched on and asks for no logon beforehand (NLA is off).',
    },
    'desktop-protected': {
      de: () => 'Der Remotedesktop ist eingeschaltet und verlangt vorab eine Anmeldung (NLA).',
      en: () => 'The remote desktop is switched on and asks for a logon beforehand (NLA).',
    },
    'desktop-off': {
      de: () => 'Der Remotedesktop ist ausgeschaltet.',
      en: () => 'The remote desktop is switched off.',
    },
  },

  evaluate(input) {
    const os = facts(input, 'os');
    if (os.finding !== undefined) return os.finding;
    if (os.facts.family !== 'windows') return undefined;
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const rdp = reading.facts.remoteAccess?.rdp;
    if (rdp === undefined) return partMissing(reading.section, 'remoteAccess.rdp');
    const beforehand = rdp.networkLevelAuthentication;
    const evidence = evidenceIn('security', {
      'remoteAccess.rdp.enabled': rdp.enabled,
      'remoteAccess.rdp.networkLevelAuthentication': beforehand,
    });
    if (!rdp.enabled) return met('desktop-off', {}, evidence);
    if (beforehand === undefined) {
      return partMissing(reading.section, 'remoteAccess.rdp.networkLevelAuthentication');
    }
    return beforehand ? met('desktop-protected', {}, evidence) : notMet('critical', 'desktop-open', {}, evidence);
  },
};
