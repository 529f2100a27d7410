/** Parts of Windows that are known to be attacked and have long been replaced are gone: SMBv1 and PowerShell 2.0. */
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

export const outdatedComponents: Rule = {
  id: 'outdated-components',
  title: { de: 'Veraltete Bestandteile von Windows', en: 'Outdated parts of Windows' },
  sections: ['security', 'os'],
  controls: ['SYS.2.1.A16'],
  words: {
    'smb1-on': {
      de: () =>
        'Das veraltete Verfahren SMBv1 für Freigaben ist eingeschaltet; darüber verbreitet sich Schadsoftware im Netz.',
      en: () => 'The outdated protocol SMBv1 for shares is switched on; malware spreads over it in networks.',
    },
    'powershell2-installed': {
      de: () => 'Die veraltete PowerShell 2.0 ist eingeschaltet; sie umgeht Schutz und Protokollierung.',
      en: () => 'The outdated PowerShell 2.0 is switched on; it evades protection and logging.',
    },
    'outdated-components-gone': {
      de: () => 'SMBv1 und PowerShell 2.0 sind ausgeschaltet.',
      en: () => 'SMBv1 and PowerShell 2.0 are switched off.',
    },
  },

  evaluate(input) {
    const os = facts(input, 'os');
    if (os.finding !== undefined) return os.finding;
    if (os.facts.family !== 'windows') return undefined;
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const smb1 = reading.facts.remoteAccess?.smb1;
    const powershell2 = reading.facts.hardening?.powershell2;
    const evidence = evidenceIn('security', { 'remoteAccess.smb1': smb1, 'hardening.powershell2': powershell2 });
    if (smb1 === true) return notMet('critical', 'smb1-on', {}, evidence);
    if (powershell2 === true) return notMet('warning', 'powershell2-installed', {}, evidence);
    if (smb1 === undefined) return partMissing(reading.section, 'remoteAccess.smb1');
    if (powershell2 === undefined) return partMissing(reading.section, 'hardening.powershell2');
    return met('outdated-components-gone', {}, evidence);
  },
};
