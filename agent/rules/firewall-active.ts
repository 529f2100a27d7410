/**
 * A firewall filters what comes in, in each network the device may join. What counts is what is in force now. A product
 * of another maker that is on answers for itself: it switches the profiles of Windows off on purpose.
 */
import type { SecurityFacts } from '../contract/facts/security.ts';
import { evidenceIn, met, notMet, type Rule, unknown } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

type Profile = NonNullable<SecurityFacts['firewall']>['profiles'][number];

/** Firewalls whose profiles are the ones in the facts. */
const judgedByProfiles = /^(windows|microsoft) (defender )?firewall$|^(nftables|iptables|ufw|firewalld)$/i;

const names: Readonly<Record<Profile['name'], { readonly de: string; readonly en: string }>> = {
  all: { de: 'alle Netze', en: 'all networks' },
  domain: { de: 'das Netz der Verwaltung', en: 'the network of the administration' },
  private: { de: 'private Netze', en: 'private networks' },
  public: { de: 'öffentliche Netze', en: 'public networks' },
};

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
      de: (v) => `Die Firewall dieses Geräts ist für ${v.text('networkDe')} ausgeschaltet.`,
      en: (v) => `The firewall of this device is switched off for ${v.text('networkEn')}.`,
    },
    'firewall-open': {
      de: (v) => `Die Firewall dieses Geräts lässt für ${v.text('networkDe')} alles herein, was nicht verboten ist.`,
      en: (v) => `The firewall of this device lets in everything that is not forbidden for ${v.text('networkEn')}.`,
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
    const valuesOf = ({ name }: Profile) => ({ networkDe: names[name].de, networkEn: names[name].en });
    const off = profiles.find(({ enabled }) => enabled === false);
    if (off !== undefined) return notMet(severity, 'firewall-profile-off', valuesOf(off), evidence);
    const open = profiles.find(({ inboundDefault }) => inboundDefault === 'allow');
    if (open !== undefined) return notMet('warning', 'firewall-open', valuesOf(open), evidence);
    const closed = (wanted: Profile['name']) =>
      profiles.some(
        ({ name, enabled, inboundDefault }) => name === wanted && enabled === true && inboundDefault === 'block',
      );
    const everywhere = closed('all') || (closed('domain') && closed('private') && closed('public'));
    if (active !== true || !everywhere) return unknown('firewall-unclear', {}, evidence);
    return met('firewall-on', {}, evidence);
  },
};
