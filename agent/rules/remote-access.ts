/**
 * Where the device can be reached by SSH, only with a key, and not as root with a password. A server that is installed
 * but not running is judged as open as soon as it runs.
 */
import type { SecurityFacts } from '../contract/facts/security.ts';
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

type Ssh = NonNullable<NonNullable<SecurityFacts['remoteAccess']>['ssh']>;
type Setting = Exclude<keyof Ssh, 'installed'>;
/** Each of them decides: as long as one is not known, nothing can be said. */
const needed: readonly Setting[] = ['rootLogin', 'passwordAuthentication', 'emptyPasswords'];

export const remoteAccess: Rule = {
  id: 'remote-access',
  title: { de: 'Fernzugriff über SSH', en: 'Remote access by SSH' },
  sections: ['security', 'os'],
  controls: ['SYS.2.1.A20'],
  words: {
    'ssh-empty-passwords': {
      de: () => 'Über SSH kann man sich an diesem Gerät mit einem leeren Kennwort anmelden.',
      en: () => 'This device accepts an empty password over SSH.',
    },
    'ssh-root-password': {
      de: () => 'Über SSH kann man sich an diesem Gerät mit einem Kennwort als root anmelden.',
      en: () => 'This device lets root log on over SSH with a password.',
    },
    'ssh-password': {
      de: () => 'Über SSH kann man sich an diesem Gerät mit einem Kennwort statt mit einem Schlüssel anmelden.',
      en: () => 'This device accepts a password over SSH instead of a key.',
    },
    'ssh-protected': {
      de: () => 'Über SSH kann man sich an diesem Gerät nur mit einem Schlüssel anmelden.',
      en: () => 'This device accepts only keys over SSH.',
    },
    'ssh-absent': {
      de: () => 'Dieses Gerät ist über SSH nicht zu erreichen.',
      en: () => 'This device cannot be reached over SSH.',
    },
  },

  evaluate(input) {
    const os = facts(input, 'os');
    if (os.finding !== undefined) return os.finding;
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const ssh = reading.facts.remoteAccess?.ssh;
    if (ssh === undefined) {
      // On Windows an SSH server is a rare addition, and the rule about the remote desktop speaks.
      return os.facts.family === 'windows' ? undefined : partMissing(reading.section, 'remoteAccess.ssh');
    }
    const evidence = evidenceIn('security', {
      'remoteAccess.ssh.installed': ssh.installed,
      'remoteAccess.ssh.running': ssh.running,
      ...Object.fromEntries(needed.map((setting) => [`remoteAccess.ssh.${setting}`, ssh[setting]])),
    });
    if (!ssh.installed || ssh.running === false) return met('ssh-absent', {}, evidence);
    const byPassword = ssh.passwordAuthentication !== false;
    if (byPassword && ssh.emptyPasswords === true) return notMet('critical', 'ssh-empty-passwords', {}, evidence);
    if (ssh.passwordAuthentication === true && ssh.rootLogin === 'yes') {
      return notMet('critical', 'ssh-root-password', {}, evidence);
    }
    if (ssh.passwordAuthentication === true) return notMet('warning', 'ssh-password', {}, evidence);
    const open = needed.find((setting) => ssh[setting] === undefined);
    if (open !== undefined) return partMissing(reading.section, `remoteAccess.ssh.${open}`);
    return met('ssh-protected', {}, evidence);
  },
};
