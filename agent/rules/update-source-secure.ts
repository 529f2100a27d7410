/**
 * Updates come from a source that nobody on the way can replace: over TLS, or signed packages whose signature is
 * checked. A WSUS server that is asked without TLS hands the PC to whoever sits in between.
 */
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { facts, partMissing } from './reading.ts';

/** What `scan.server` says where a PC asks its maker: always over TLS. */
const maker = 'Microsoft Update';

export const updateSourceSecure: Rule = {
  id: 'update-source-secure',
  title: { de: 'Quelle der Aktualisierungen', en: 'Source of updates' },
  sections: ['patches'],
  controls: ['OPS.1.1.3.A10'],
  words: {
    'source-open': {
      de: (v) =>
        `Dieses Gerät bezieht Aktualisierungen ungesichert (${v.text('server')}); sie könnten unterwegs verfälscht werden.`,
      en: (v) => `This device gets updates unprotected (${v.text('server')}); they could be tampered with on the way.`,
    },
    'source-protected': {
      de: () => 'Dieses Gerät bezieht Aktualisierungen aus einer gesicherten Quelle.',
      en: () => 'This device gets updates from a protected source.',
    },
  },

  evaluate(input) {
    const reading = facts(input, 'patches');
    if (reading.finding !== undefined) return reading.finding;
    const { insecure, server } = reading.facts.scan;
    const evidence = evidenceIn('patches', { 'scan.insecure': insecure, 'scan.server': server });
    if (insecure === true) return notMet('warning', 'source-open', { server: server ?? '' }, evidence);
    if (insecure === undefined && server !== maker) return partMissing(reading.section, 'scan.insecure');
    return met('source-protected', {}, evidence);
  },
};
