/** The list of missing updates rests on a recent look at their source. */
import { evidenceIn, met, notMet, type Rule, unknown } from './judgement.ts';
import { daysSince, facts, limitsInvalid } from './reading.ts';

export const updateScanFresh: Rule = {
  id: 'update-scan-fresh',
  title: { de: 'Suche nach Aktualisierungen', en: 'Search for updates' },
  sections: ['patches'],
  controls: ['SYS.2.1.A3', 'DET.5.10.2'],
  words: {
    'scan-old': {
      de: (v) =>
        `Dieses Gerät hat zuletzt am ${v.day('day')} erfolgreich nach Aktualisierungen gesucht (vor ${v.number('days')} ${v.many('days') ? 'Tagen' : 'Tag'}).`,
      en: (v) =>
        `This device last searched for updates successfully on ${v.day('day')} (${v.number('days')} ${v.many('days') ? 'days' : 'day'} ago).`,
    },
    'scan-never': {
      de: () => 'Wann dieses Gerät zuletzt erfolgreich nach Aktualisierungen gesucht hat, ist nicht bekannt.',
      en: () => 'When this device last searched for updates successfully is not known.',
    },
    'scan-from-future': {
      de: () => 'Die letzte Suche nach Aktualisierungen trägt ein Datum in der Zukunft; ihr Alter ist nicht erkennbar.',
      en: () => 'The last search for updates is dated in the future; its age cannot be told.',
    },
    'scan-recent': {
      de: (v) => `Dieses Gerät hat zuletzt am ${v.day('day')} erfolgreich nach Aktualisierungen gesucht.`,
      en: (v) => `This device last searched for updates successfully on ${v.day('day')}.`,
    },
  },

  evaluate(input) {
    const reading = facts(input, 'patches');
    if (reading.finding !== undefined) return reading.finding;
    const { updateScanWarningDays: warning, updateScanCriticalDays: critical } = input.thresholds;
    const invalid = limitsInvalid(warning, critical);
    if (invalid !== undefined) return invalid;
    const { succeededOn, kind, failure, failureCode } = reading.facts.scan;
    const evidence = evidenceIn('patches', {
      'scan.succeededOn': succeededOn,
      'scan.kind': kind,
      ...(failure === undefined ? {} : { 'scan.failure': failure }),
      ...(failureCode === undefined ? {} : { 'scan.failureCode': failureCode }),
    });
    // A comparison with a table asks nobody, however fresh the table is.
    if (succeededOn === undefined || kind === 'build-table') return unknown('scan-never', {}, evidence);
    const days = daysSince(input, succeededOn);
    if (days === undefined) return unknown('scan-from-future', {}, evidence);
    const values = { day: succeededOn, days };
    if (days >= critical) return notMet('critical', 'scan-old', values, evidence);
    if (days >= warning) return notMet('warning', 'scan-old', values, evidence);
    return met('scan-recent', values, evidence);
  },
};
