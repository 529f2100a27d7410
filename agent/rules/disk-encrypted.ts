/**
 * Drives are encrypted, so that a lost or stolen device gives nothing away.
 *
 * A notebook leaves the house and weighs heavier than a desktop; a device whose kind is not known counts as one.
 * Servers, virtual machines and containers are outside of the rule: their disks are protected by the room or the host.
 * Removable media and the partition the system starts from, which holds no data of users, are outside as well.
 */
import type { SystemFacts } from '../contract/facts/hardware.ts';
import type { SecurityFacts } from '../contract/facts/security.ts';
import { type Evidence, evidenceIn, met, notMet, type Rule, unknown } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

type Volume = NonNullable<SecurityFacts['encryption']>[number] & { readonly index: number };

const startPartition = /^\/(boot(\/efi|\/firmware)?|efi)$/;
const stationary: readonly SystemFacts['chassis'][] = ['desktop', 'all-in-one', 'mini-pc', 'other'];
/** Three values for each volume have to fit. */
const maxVolumesNamed = 10;

const evidenceOf = (volumes: readonly Volume[]): Evidence[] =>
  volumes.slice(0, maxVolumesNamed).flatMap(({ index, mountPoint, state, protection }) =>
    evidenceIn('security', {
      [`encryption[${index}].mountPoint`]: mountPoint,
      [`encryption[${index}].state`]: state,
      [`encryption[${index}].protection`]: protection,
    }),
  );

export const diskEncrypted: Rule = {
  id: 'disk-encrypted',
  title: { de: 'Verschlüsselung der Laufwerke', en: 'Drive encryption' },
  sections: ['security', 'system'],
  controls: ['SYS.2.1.A28', 'WiBA 5.13'],
  words: {
    'drive-open': {
      de: (v) => `Das Laufwerk ${v.text('mountPoint')} ist nicht verschlüsselt.`,
      en: (v) => `Drive ${v.text('mountPoint')} is not encrypted.`,
    },
    'drive-suspended': {
      de: (v) =>
        `Das Laufwerk ${v.text('mountPoint')} ist zwar verschlüsselt, der Schutz ist aber nicht aktiv: Der Schlüssel liegt offen.`,
      en: (v) => `Drive ${v.text('mountPoint')} is encrypted, but not protected: the key lies open.`,
    },
    'drive-partly': {
      de: (v) => `Das Laufwerk ${v.text('mountPoint')} ist erst zum Teil verschlüsselt.`,
      en: (v) => `Drive ${v.text('mountPoint')} is encrypted only in part so far.`,
    },
    'drive-unclear': {
      de: (v) => `Ob das Laufwerk ${v.text('mountPoint')} verschlüsselt ist, ist nicht erkennbar.`,
      en: (v) => `Whether drive ${v.text('mountPoint')} is encrypted cannot be told.`,
    },
    'no-system-drive': {
      de: () => 'Ob dieses Gerät verschlüsselt ist, ist nicht bekannt: Es liegen keine Angaben zum Systemlaufwerk vor.',
      en: () => 'Whether this device is encrypted is not known: there are no facts about its system drive.',
    },
    'drives-encrypted': {
      de: () => 'Alle fest eingebauten Laufwerke sind verschlüsselt.',
      en: () => 'All built-in drives are encrypted.',
    },
  },

  evaluate(input) {
    const system = facts(input, 'system');
    if (system.finding !== undefined) return system.finding;
    const { chassis, virtualization } = system.facts;
    if (virtualization.kind !== 'none' || chassis === 'server') return undefined;
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const { encryption } = reading.facts;
    if (encryption === undefined) return partMissing(reading.section, 'encryption');

    const volumes = encryption
      .map((volume, index) => ({ ...volume, index }))
      .filter(
        ({ removable, system, mountPoint }) => removable !== true && (system || !startPartition.test(mountPoint)),
      );
    const kind = evidenceIn('system', { chassis });
    const severity = stationary.includes(chassis) ? 'warning' : 'critical';
    const open = volumes.filter(({ state }) => state === 'not-encrypted');
    const suspended = volumes.filter(
      ({ state, protection }) => state === 'encrypted' && (protection === 'off' || protection === 'suspended'),
    );
    const partly = volumes.filter(({ state }) => state === 'partly');
    const unclear = volumes.filter(({ state, protection }) => state === 'unknown' || protection === 'unknown');
    const named = ([first]: readonly Volume[]) => ({ mountPoint: first?.mountPoint ?? '' });

    if (open.length > 0) return notMet(severity, 'drive-open', named(open), [...evidenceOf(open), ...kind]);
    if (suspended.length > 0) {
      return notMet(severity, 'drive-suspended', named(suspended), [...evidenceOf(suspended), ...kind]);
    }
    if (partly.length > 0) return notMet('warning', 'drive-partly', named(partly), [...evidenceOf(partly), ...kind]);
    if (unclear.length > 0) return unknown('drive-unclear', named(unclear), evidenceOf(unclear));
    if (!volumes.some((volume) => volume.system)) return unknown('no-system-drive', {}, evidenceOf(volumes));
    return met('drives-encrypted', {}, evidenceOf(volumes));
  },
};
