/** The agent itself works: its reports get through, it has its rights, its settings hold and its sections can be read. */
import type { ProblemCode } from '../contract/report.ts';
import { type Evidence, type EvidenceSection, met, notMet, type Rule, type Values } from './judgement.ts';
import { facts, serverTime, toleranceMs } from './reading.ts';

const longestWaitMs = 24 * 3_600_000;
/** Leaves room in the evidence for the other complaints. */
const maxSettingsNamed = 8;
/**
 * Codes that speak of a fault in the agent or on the machine, not of a machine that lacks something. `invalid` counts
 * only when it took the whole section away: a single nonsense value, such as the serial number "Default string", is
 * the maker's fault and common.
 */
function isFault(code: ProblemCode, state: EvidenceSection['state']): boolean {
  return code === 'bug' || code === 'timeout' || (code === 'invalid' && state === 'missing');
}

interface Complaint {
  readonly reason: string;
  readonly values: Values;
  readonly evidence: Evidence[];
}

export const agentHealthy: Rule = {
  id: 'agent-healthy',
  title: { de: 'KITS Agent', en: 'KITS Agent' },
  sections: ['agent'],
  controls: ['OPS.1.1.7.A15'],
  words: {
    'reports-refused': {
      de: (v) =>
        v.many('refused')
          ? `${v.number('refused')} Berichte dieses Geräts wurden vom KITS-Server endgültig abgelehnt.`
          : `${v.number('refused')} Bericht dieses Geräts wurde vom KITS-Server endgültig abgelehnt.`,
      en: (v) =>
        `${v.number('refused')} ${v.many('refused') ? 'reports' : 'report'} of this device ${v.many('refused') ? 'were' : 'was'} refused for good by the KITS server.`,
    },
    'reports-aside': {
      de: (v) =>
        v.many('aside')
          ? `${v.number('aside')} Berichte dieses Geräts kommen nicht bis zum KITS-Server durch. Sie sind zurückgestellt und werden täglich neu versucht.`
          : `${v.number('aside')} Bericht dieses Geräts kommt nicht bis zum KITS-Server durch. Er ist zurückgestellt und wird täglich neu versucht.`,
      en: (v) =>
        `${v.number('aside')} ${v.many('aside') ? 'reports' : 'report'} of this device ${v.many('aside') ? 'do' : 'does'} not get through to the KITS server; set aside and tried again every day.`,
    },
    'reports-waiting': {
      de: (v) =>
        v.has('waitedSeconds')
          ? `${v.number('waiting')} ${v.many('waiting') ? 'Berichte warten' : 'Bericht wartet'} auf die Übertragung, der älteste seit ${v.duration('waitedSeconds', 'dative')}.`
          : `${v.number('waiting')} ${v.many('waiting') ? 'Berichte warten' : 'Bericht wartet'} auf die Übertragung; seit wann, ist nicht erkennbar.`,
      en: (v) =>
        v.has('waitedSeconds')
          ? `${v.number('waiting')} ${v.many('waiting') ? 'reports wait' : 'report waits'} to be sent, the oldest for ${v.duration('waitedSeconds')}.`
          : `${v.number('waiting')} ${v.many('waiting') ? 'reports wait' : 'report waits'} to be sent; since when cannot be told.`,
    },
    'rights-missing': {
      de: () => 'Der KITS Agent läuft nicht mit den vorgesehenen Rechten und kann daher nicht alles lesen.',
      en: () => 'The KITS Agent does not run with the rights it was designed for and therefore cannot read everything.',
    },
    'settings-ignored': {
      de: (v) =>
        v.many('count')
          ? `${v.number('count')} Einstellungen des KITS Agent sind ungültig, darunter: ${v.text('first')}.`
          : `Eine Einstellung des KITS Agent ist ungültig: ${v.text('first')}.`,
      en: (v) =>
        v.many('count')
          ? `${v.number('count')} settings of the KITS Agent are invalid, among them: ${v.text('first')}.`
          : `A setting of the KITS Agent is invalid: ${v.text('first')}.`,
    },
    'words-refused': {
      de: (v) =>
        `Anweisungen des KITS-Servers wurden nicht angenommen, weil sie nicht nachweislich von KITS stammen oder nicht für dieses Gerät gelten (${v.text('first')}). Es gilt weiter, was zuletzt bestätigt war.`,
      en: (v) =>
        `Words of the KITS server were not accepted because they are not proven to be from KITS or not meant for this device (${v.text('first')}). What was last verified stays in force.`,
    },
    'policy-expired': {
      de: (v) =>
        `Die Richtlinie (Version ${v.number('version')}) ist am ${v.day('expiredOn')} abgelaufen und gilt weiter, bis der KITS-Server eine neue schickt.`,
      en: (v) =>
        `The policy (version ${v.number('version')}) expired on ${v.day('expiredOn')} and stays in force until the KITS server sends a new one.`,
    },
    'sections-failing': {
      de: (v) =>
        v.many('count')
          ? `${v.number('count')} Abschnitte des Berichts konnten wegen eines Fehlers nicht richtig gelesen werden: ${v.text('sections')}.`
          : `Der Abschnitt ${v.text('sections')} des Berichts konnte wegen eines Fehlers nicht richtig gelesen werden.`,
      en: (v) =>
        v.many('count')
          ? `${v.number('count')} sections of the report could not be read properly because of a fault: ${v.text('sections')}.`
          : `The section ${v.text('sections')} of the report could not be read properly because of a fault.`,
    },
    'agent-works': {
      de: (v) => `Der KITS Agent (Version ${v.text('version')}) arbeitet fehlerfrei.`,
      en: (v) => `The KITS Agent (version ${v.text('version')}) works without faults.`,
    },
  },

  evaluate(input) {
    const reading = facts(input, 'agent');
    if (reading.finding !== undefined) return reading.finding;
    const {
      queue,
      privileged,
      settingsProblems,
      refusedWords = [],
      policyVersion,
      policyExpiresAt,
      version,
    } = reading.facts;
    // In the order in which they are told; the evidence names all of them.
    const complaints: Complaint[] = [];

    if (queue.refused > 0) {
      complaints.push({
        reason: 'reports-refused',
        values: { refused: queue.refused },
        evidence: [{ section: 'agent', path: 'queue.refused', value: queue.refused }],
      });
    }

    if (queue.aside !== undefined && queue.aside > 0) {
      complaints.push({
        reason: 'reports-aside',
        values: { aside: queue.aside },
        evidence: [{ section: 'agent', path: 'queue.aside', value: queue.aside }],
      });
    }

    // Both instants are of the device's clock, so its offset does not matter.
    const waitedMs = Date.parse(reading.section.collectedAt) - Date.parse(queue.oldestAt ?? '');
    const plausible = waitedMs >= -toleranceMs;
    if (queue.waiting > 0 && !(plausible && waitedMs <= longestWaitMs)) {
      complaints.push({
        reason: 'reports-waiting',
        values: plausible
          ? { waiting: queue.waiting, waitedSeconds: Math.floor(waitedMs / 1000) }
          : { waiting: queue.waiting },
        evidence: [
          { section: 'agent', path: 'queue.waiting', value: queue.waiting },
          { section: 'agent', path: 'queue.oldestAt', value: queue.oldestAt ?? null },
        ],
      });
    }

    if (!privileged) {
      complaints.push({
        reason: 'rights-missing',
        values: {},
        evidence: [{ section: 'agent', path: 'privileged', value: false }],
      });
    }

    const [first] = settingsProblems;
    if (first !== undefined) {
      complaints.push({
        reason: 'settings-ignored',
        values: { count: settingsProblems.length, first },
        evidence: settingsProblems.slice(0, maxSettingsNamed).map((value, index) => ({
          section: 'agent',
          path: `settingsProblems[${index}]`,
          value,
        })),
      });
    }

    const [refusedFirst] = refusedWords;
    if (refusedFirst !== undefined) {
      complaints.push({
        reason: 'words-refused',
        values: { count: refusedWords.length, first: refusedFirst },
        evidence: refusedWords.slice(0, maxSettingsNamed).map((value, index) => ({
          section: 'agent',
          path: `refusedWords[${index}]`,
          value,
        })),
      });
    }

    if (policyExpiresAt !== undefined && !(serverTime(input).getTime() < Date.parse(policyExpiresAt))) {
      complaints.push({
        reason: 'policy-expired',
        values: { version: policyVersion, expiredOn: policyExpiresAt.slice(0, 10) },
        evidence: [{ section: 'agent', path: 'policyExpiresAt', value: policyExpiresAt }],
      });
    }

    const failing = [...input.sections.values()].flatMap(({ id, state, problems }) => {
      const index = problems.findIndex(({ code }) => isFault(code, state));
      const code = problems[index]?.code;
      return code === undefined ? [] : [{ section: id, path: `problems[${index}].code`, value: code }];
    });
    if (failing.length > 0) {
      complaints.push({
        reason: 'sections-failing',
        values: { count: failing.length, sections: failing.map(({ section }) => section).join(', ') },
        evidence: failing,
      });
    }

    const [worst] = complaints;
    if (worst === undefined) {
      return met('agent-works', { version }, [{ section: 'agent', path: 'queue.refused', value: queue.refused }]);
    }
    return notMet(
      'warning',
      worst.reason,
      worst.values,
      complaints.flatMap(({ evidence }) => evidence),
    );
  },
};
