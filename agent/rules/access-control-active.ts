/** Linux confines its services by AppArmor or SELinux, in force and not only logging. */
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

export const accessControlActive: Rule = {
  id: 'access-control-active',
  title: { de: 'Zugriffsschutz des Systems', en: 'Access control of the system' },
  sections: ['security', 'os'],
  controls: ['OPS.1.1.4.A2', 'WiBA 15.6'],
  words: {
    'access-control-off': {
      de: () => 'Weder AppArmor noch SELinux ist in Kraft; Dienste dieses Geräts sind nicht voneinander abgeschottet.',
      en: () => 'Neither AppArmor nor SELinux is in force; services of this device are not confined.',
    },
    'access-control-empty': {
      de: () => 'AppArmor ist eingeschaltet, aber kein einziges Profil ist in Kraft.',
      en: () => 'AppArmor is switched on, but not a single profile is in force.',
    },
    'access-control-on': {
      de: (v) => `Der Zugriffsschutz des Systems (${v.text('name')}) ist in Kraft.`,
      en: (v) => `The access control of the system (${v.text('name')}) is in force.`,
    },
  },

  evaluate(input) {
    const os = facts(input, 'os');
    if (os.finding !== undefined) return os.finding;
    if (os.facts.family !== 'linux') return undefined;
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const { accessControl, enforcedProfiles } = reading.facts.hardening ?? {};
    const evidence = evidenceIn('security', {
      'hardening.accessControl': accessControl,
      'hardening.enforcedProfiles': enforcedProfiles,
    });
    switch (accessControl) {
      case 'none':
        return notMet('warning', 'access-control-off', {}, evidence);
      case 'selinux':
        return met('access-control-on', { name: 'SELinux' }, evidence);
      case 'apparmor':
        if (enforcedProfiles === undefined) return partMissing(reading.section, 'hardening.enforcedProfiles');
        if (enforcedProfiles === 0) return notMet('warning', 'access-control-empty', {}, evidence);
        return met('access-control-on', { name: 'AppArmor' }, evidence);
      default:
        return partMissing(reading.section, 'hardening.accessControl');
    }
  },
};
