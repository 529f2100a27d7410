/** Updates come by themselves, and nobody holds them back for longer than the policy allows. */
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { daysSince, facts, limitsInvalid, partMissing } from './reading.ts';

export const updatesAutomatic: Rule = {
  id: 'updates-automatic',
  title: { de: 'Automatische Aktualisierungen', en: 'Automatic updates' },
  sections: ['patches'],
  controls: ['OPS.1.1.3.A3', 'SYS.2.1.A3', 'WiBA 7.11', 'KONF.8.1.1'],
  words: {
    'automatic-off': {
      de: () => 'Automatische Aktualisierungen sind ausgeschaltet.',
      en: () => 'Automatic updates are switched off.',
    },
    'automatic-paused': {
      de: (v) => `Automatische Aktualisierungen sind bis zum ${v.day('until')} angehalten.`,
      en: (v) => `Automatic updates are paused until ${v.day('until')}.`,
    },
    'automatic-deferred': {
      de: (v) =>
        `Aktualisierungen werden um ${v.number('days')} Tage zurückgestellt; erlaubt sind höchstens ${v.number('limit')}.`,
      en: (v) => `Updates are deferred by ${v.number('days')} days; at most ${v.number('limit')} are allowed.`,
    },
    'automatic-on': {
      de: () => 'Aktualisierungen werden automatisch eingespielt.',
      en: () => 'Updates are installed automatically.',
    },
  },

  evaluate(input) {
    const reading = facts(input, 'patches');
    if (reading.finding !== undefined) return reading.finding;
    const limit = input.thresholds.updateDeferralDays;
    const invalid = limitsInvalid(limit);
    if (invalid !== undefined) return invalid;
    const { enabled, mechanism, pausedUntil, deferQualityDays, lastRunOn } = reading.facts.automatic;
    const evidence = evidenceIn('patches', {
      'automatic.enabled': enabled,
      ...(mechanism === undefined ? {} : { 'automatic.mechanism': mechanism }),
      ...(lastRunOn === undefined ? {} : { 'automatic.lastRunOn': lastRunOn }),
      ...(pausedUntil === undefined ? {} : { 'automatic.pausedUntil': pausedUntil }),
      ...(deferQualityDays === undefined ? {} : { 'automatic.deferQualityDays': deferQualityDays }),
    });
    if (enabled === false) return notMet('warning', 'automatic-off', {}, evidence);
    // The last day of a pause still belongs to it; an age of at least one day means that it is over.
    const overSince = daysSince(input, pausedUntil);
    if (pausedUntil !== undefined && !(overSince !== undefined && overSince >= 1)) {
      return notMet('warning', 'automatic-paused', { until: pausedUntil }, evidence);
    }
    if (deferQualityDays !== undefined && deferQualityDays > limit) {
      return notMet('warning', 'automatic-deferred', { days: deferQualityDays, limit }, evidence);
    }
    if (enabled === undefined) return partMissing(reading.section, 'automatic.enabled');
    return met('automatic-on', {}, evidence);
  },
};
