/**
 * Passwords and keys in the memory of Windows are out of reach for other programs: by LSA protection or by Credential
 * Guard. The BSI asks for it where the need of protection is high, so that its absence is only pointed out.
 */
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

export const credentialsProtected: Rule = {
  id: 'credentials-protected',
  title: { de: 'Schutz der Anmeldeinformationen', en: 'Protection of credentials' },
  sections: ['security', 'os'],
  controls: ['SYS.2.2.3.A23'],
  words: {
    'credentials-open': {
      de: () =>
        'Anmeldeinformationen im Arbeitsspeicher sind nicht besonders geschützt (weder LSA-Schutz noch Credential Guard).',
      en: () => 'Credentials in memory have no special protection (neither LSA protection nor Credential Guard).',
    },
    'credentials-guarded': {
      de: () => 'Anmeldeinformationen im Arbeitsspeicher sind besonders geschützt.',
      en: () => 'Credentials in memory have special protection.',
    },
  },

  evaluate(input) {
    const os = facts(input, 'os');
    if (os.finding !== undefined) return os.finding;
    if (os.facts.family !== 'windows') return undefined;
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const { lsaProtection, credentialGuard } = reading.facts.hardening ?? {};
    const evidence = evidenceIn('security', {
      'hardening.lsaProtection': lsaProtection,
      'hardening.credentialGuard': credentialGuard,
    });
    if (lsaProtection === true || credentialGuard === true) return met('credentials-guarded', {}, evidence);
    if (lsaProtection === undefined) return partMissing(reading.section, 'hardening.lsaProtection');
    if (credentialGuard === undefined) return partMissing(reading.section, 'hardening.credentialGuard');
    return notMet('info', 'credentials-open', {}, evidence);
  },
};
