/**
 * A firewall filters what comes in, in each network the device may join. What counts is what is in force now. A product
 * of another maker that is on answers for itself: it switches the profiles of Windows off on purpose.
 */
import type { SecurityFacts } from '../contract/facts/security.ts';
import { evidenceIn, met, notMet, type Rule, unknown } from './judgement.ts';
import { facts, partMissing } from './reading.ts';
import type { Words } from './wording.ts';

type Profile = NonNullable<SecurityFacts['firewall']>['profiles'][number];

/** Firewalls whose profiles are the ones in the facts. */
const judgedByProfiles = /^(windows|microsoft) (defender )?firewall$|^(nftables|iptables|ufw|firewalld)$/i;

const networks: Readonly<Record<string, Words>> = {
  all: { de: 'alle Netze', en: 'all networks' },
  domain: { de: 'das Netz der Verwaltung', en: 'the network of the administration' },
  private: { de: 'private Netze', en: 'private networks' },
  public: { de: 'öffentliche Netze', en: 'public networks' },
} satisfies Record<Profile['name'], Words>;

const network = (name: string): Words =>
  (Object.hasOwn(networks, name) ? networks[name] : undefined) ?? { de: `„${name}“`, en: `“${name}”` };

export const firewallActive: Rule = {
  id: 'firewall-active',
  title: { de: 'Firewall', en: 'Firewall' },
  sections: ['security', 'os'],
  controls: ['SYS.2.1.A31', 'WiBA 8.7'],
  words: {
    'firewall-off': {
      de: () => 'Die Firewall dieses Geräts ist ausgeschaltet.',
      en: () => 'The firewall of this device is switched off.',
    },
    'firewall-profile-off': {
      de: (v) => `Die Firewall dieses Geräts ist für ${network(v.text('network')).de} ausgeschaltet.`,
      en: (v) => `The firewall of this device is switched off for ${network(v.text('network')).en}.`,
    },
    'firewall-open': {
      de: (v) =>
        `Für ${network(v.text('network')).de} lässt die Firewall dieses Geräts alles herein, was nicht ausdrücklich verboten ist.`,
      en: (v) =>
        `For ${network(v.text('network')).en} the firewall of this device lets in everything that is not forbidden.`,
    },
    'firewall-unclear': {
      de: () => 'Ob die Firewall in jedem Netz schützt, ist nicht vollständig erkennbar.',
      en: () => 'Whether the firewall protects in each network cannot be told completely.',
    },
    'firewall-on': {
      de: () => 'Die Firewall dieses Geräts ist eingeschaltet.',
      en: () => 'The firewall of this device is switched on.',
    },
  },

  evaluate(input) {
    const reading = facts(input, 'security');
    if (reading.finding !== undefined) return reading.finding;
    const os = facts(input, 'os');
    if (os.finding !== undefined) return os.finding;
    const { firewall } = reading.facts;
    if (firewall === undefined) return partMissing(reading.section, 'firewall');
    const { active, product, profiles } = firewall;
    const evidence = evidenceIn('security', {
      'firewall.active': active,
      ...(product === undefined ? {} : { 'firewall.product': product }),
      ...Object.fromEntries(
        profiles.flatMap(({ name, enabled, inboundDefault }, index) => [
          [`firewall.profiles[${index}].name`, name],
          [`firewall.profiles[${index}].enabled`, enabled],
          [`firewall.profiles[${index}].inboundDefault`, inboundDefault],
        ]),
      ),
    });
    // Windows has it on from the start, Debian has none: off means another thing on each.
    const severity = os.facts.family === 'windows' ? 'critical' : 'warning';
    if (active === false) return notMet(severity, 'firewall-off', {}, evidence);
    if (active === true && product !== undefined && !judgedByProfiles.test(product)) {
      return met('firewall-on', {}, evidence);
    }
    const off = profiles.find(({ enabled }) => enabled === false);
    if (off !== undefined) return notMet(severity, 'firewall-profile-off', { network: off.name }, evidence);
    const open = profiles.find(({ inboundDefault }) => inboundDefault === 'allow');
    if (open !== undefined) return notMet('warning', 'firewall-open', { network: open.name }, evidence);
    const closed = (wanted: Profile['name']) =>
      profiles.some(
        ({ name, enabled, inboundDefault }) => name === wanted && enabled === true && inboundDefault === 'block',
      );
    const everywhere = closed('all') || (closed('domain') && closed('private') && closed('public'));
    if (active !== true || !everywhere) return unknown('firewall-unclear', {}, evidence);
    return met('firewall-on', {}, evidence);
  },
};
