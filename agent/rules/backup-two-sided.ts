/** The device and the backup server tell the same story. Only the server hears both. */
import { countedJobs, newestTarget, successOf, targetSilentMs } from './backup-judgement.ts';
import { type Evidence, evidenceIn, met, notMet, type Rule, unknown } from './judgement.ts';
import { facts, toleranceMs } from './reading.ts';

/** A restore point is stamped at its start, a success at its end, and a server speaks once a day. */
const apartMs = 36 * 3_600_000;

export const backupTwoSided: Rule = {
  id: 'backup-two-sided',
  title: { de: 'PC und Sicherungsserver stimmen überein', en: 'PC and backup server agree' },
  sections: ['backup'],
  controls: ['CON.3.A14'],
  words: {
    'sides-agree': {
      de: (v) => `Der PC und der Sicherungsserver „${v.text('source')}“ nennen denselben Stand der Sicherung.`,
      en: (v) => `The PC and the backup server “${v.text('source')}” name the same state of the backup.`,
    },
    'target-lacks-backup': {
      de: (v) =>
        `Der PC meldet eine erfolgreiche Sicherung vom ${v.day('localDay')}, der Sicherungsserver „${v.text('source')}“ hält aber nur einen Stand vom ${v.day('targetDay')}. Sicherungen können gelöscht oder nie angekommen sein.`,
      en: (v) =>
        `The PC reports a successful backup of ${v.day('localDay')}, but the backup server “${v.text('source')}” holds only one of ${v.day('targetDay')}. Backups may have been deleted or never arrived.`,
    },
    'device-behind-target': {
      de: (v) =>
        `Der Sicherungsserver „${v.text('source')}“ hält einen Stand vom ${v.day('targetDay')}, der PC weiß aber nur von einer Sicherung vom ${v.day('localDay')}. Die Zuordnung oder die Aufzeichnung am PC ist zu prüfen.`,
      en: (v) =>
        `The backup server “${v.text('source')}” holds a restore point of ${v.day('targetDay')}, but the PC knows only of a backup of ${v.day('localDay')}. The assignment or the record on the PC must be checked.`,
    },
    'target-silent': {
      de: (v) =>
        `Der Sicherungsserver „${v.text('source')}“ hat sich zu diesem PC zuletzt am ${v.day('saidOn')} geäußert.`,
      en: (v) => `The backup server “${v.text('source')}” last spoke of this PC on ${v.day('saidOn')}.`,
    },
    'target-from-future': {
      de: (v) =>
        `Der Sicherungsserver „${v.text('source')}“ nennt einen Stand aus der Zukunft; seine Uhr ist zu prüfen.`,
      en: (v) =>
        `The backup server “${v.text('source')}” names a restore point of the future; its clock must be checked.`,
    },
  },

  evaluate(input) {
    const said = input.targetEvidence ?? [];
    if (said.length === 0 || input.backup.declaration !== undefined) return undefined;
    const latest = said.toSorted((a, b) => b.receivedAt.getTime() - a.receivedAt.getTime())[0];
    if (latest === undefined) return undefined;
    const reading = facts(input, 'backup');
    if (reading.finding !== undefined) return reading.finding;
    const target = newestTarget(input);
    if (target === undefined) {
      const evidence: Evidence[] = [{ section: 'backup-target', path: 'receivedAt', value: isoOf(latest.receivedAt) }];
      const silent = !(input.now.getTime() - latest.receivedAt.getTime() <= targetSilentMs);
      return silent
        ? unknown(
            'target-silent',
            { source: latest.source, saidOn: isoOf(latest.receivedAt)?.slice(0, 10) ?? '' },
            evidence,
          )
        : unknown('target-from-future', { source: latest.source }, evidence);
    }
    const newestAt = target.newestAt.toISOString();
    const seen: Evidence[] = [{ section: 'backup-target', path: 'newestAt', value: newestAt }];
    const local = countedJobs(reading.facts, input)
      .flatMap((each) => {
        const success = successOf(each.job, reading.section, input);
        return success === undefined || !(success.ageMs >= -toleranceMs) ? [] : [{ ...each, success }];
      })
      .toSorted((a, b) => a.success.ageMs - b.success.ageMs)[0];
    const values = { source: target.source, targetDay: newestAt.slice(0, 10) };
    // Nothing to compare: whether the target's word alone suffices is said by the rule about fresh backups.
    if (local === undefined) return undefined;
    const evidence = [
      ...seen,
      ...evidenceIn('backup', { [`${local.path}.lastSuccess.endedAt`]: local.success.endedAt }),
    ];
    const both = { ...values, localDay: local.success.endedAt.slice(0, 10) };
    const behind = target.ageMs - local.success.ageMs;
    if (behind > apartMs) return notMet('critical', 'target-lacks-backup', both, evidence);
    if (behind < -apartMs) return notMet('warning', 'device-behind-target', both, evidence);
    return met('sides-agree', both, evidence);
  },
};

function isoOf(time: Date): string | null {
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}
