/**
 * Windows starts with the certificates of 2023. Those of 2011 ran out in 2026: a PC without the new ones keeps starting,
 * but gets no further protection of its start. Without Secure Boot nobody checks a certificate; then this rule does not
 * apply, and the one about Secure Boot speaks.
 */
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

export const secureBootCertificates: Rule = {
  id: 'secure-boot-certificates',
  title: { de: 'Zertifikate für den sicheren Start', en: 'Certificates of Secure Boot' },
  sections: ['security', 'os'],
  controls: ['SYS.2.1.A8'],
  words: {
    'certificates-old': {
      de: () =>
        'Die Zertifikate für den sicheren Start sind von 2011 und abgelaufen; die neuen von 2023 sind noch nicht eingespielt.',
      en: () =>
        'The certificates of Secure Boot are of 2011 and have expired; the new ones of 2023 are not installed yet.',
    },
    'certificates-changing': {
      de: () => 'Die neuen Zertifikate für den sicheren Start werden gerade eingespielt.',
      en: () => 'The new certificates of Secure Boot are being installed.',
    },
    'certificates-current': {
      de: () => 'Die Zertifikate für den sicheren Start sind auf dem Stand von 2023.',
      en: () => 'The certificates of Secure Boot are those of 2023.',
    },
  },

  evaluate(input) {
    const os = facts(input, 'os');
    if (os.finding !== undefined) return os.finding;
    if (os.facts.family !== 'windows') return undefined;
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const { secureBoot, certificates2023: state } = reading.facts.boot ?? {};
    if (secureBoot === undefined) return partMissing(reading.section, 'boot.secureBoot');
    if (secureBoot !== 'on') return undefined;
    const evidence = evidenceIn('security', { 'boot.certificates2023': state });
    switch (state) {
      case 'updated':
        return met('certificates-current', {}, evidence);
      case 'in-progress':
        return notMet('info', 'certificates-changing', {}, evidence);
      case 'not-started':
        return notMet('warning', 'certificates-old', {}, evidence);
      case 'unknown':
      case undefined:
        return partMissing(reading.section, 'boot.certificates2023');
    }
  },
};
