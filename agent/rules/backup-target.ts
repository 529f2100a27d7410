/** The backup does not lie on a disk of the PC it is of: that one burns, is stolen and is encrypted with it. */
import type { TargetKind } from '../contract/facts/backup.ts';
import { countedJobs, newestTarget } from './backup-judgement.ts';
import { evidenceIn, met, notMet, type Rule, unknown } from './judgement.ts';
import { facts, gapsOf, hasGaps } from './reading.ts';

const apart: ReadonlySet<TargetKind> = new Set<TargetKind>(['removable', 'share', 'repository', 'cloud']);

export const backupTarget: Rule = {
  id: 'backup-target',
  title: { de: 'Sicherung außerhalb des PC', en: 'Backup outside the PC' },
  sections: ['backup'],
  controls: ['CON.3.A12', 'WiBA 3.6'],
  words: {
    'target-apart': {
      de: () => 'Die Sicherung liegt außerhalb dieses PC.',
      en: () => 'The backup lies outside this PC.',
    },
    'target-apart-by-server': {
      de: (v) => `Der Sicherungsserver „${v.text('source')}“ bestätigt, dass er Daten dieses PC hält.`,
      en: (v) => `The backup server “${v.text('source')}” confirms that it holds data of this PC.`,
    },
    'target-same-pc': {
      de: (v) =>
        `Die Sicherung „${v.text('job')}“ (${v.text('product')}) liegt auf einem Laufwerk desselben PC. Bei Diebstahl, Brand oder Verschlüsselung ist sie mit verloren.`,
      en: (v) =>
        `The backup “${v.text('job')}” (${v.text('product')}) lies on a disk of the same PC. Theft, fire or ransomware takes it as well.`,
    },
    'target-unknown': {
      de: (v) => `Wohin die Sicherung „${v.text('job')}“ (${v.text('product')}) schreibt, ist nicht bekannt.`,
      en: (v) => `Where the backup “${v.text('job')}” (${v.text('product')}) writes to is not known.`,
    },
    'target-stated-by-user': {
      de: (v) =>
        `Die Sicherung „${v.text('job')}“ (${v.text('product')}) geht an ein Ziel außerhalb dieses PC. Die Angabe steht im Profil der Person am PC und ist allein kein Nachweis.`,
      en: (v) =>
        `The backup “${v.text('job')}” (${v.text('product')}) goes to a place outside this PC. That stands in the profile of the user and proves nothing alone.`,
    },
    'target-not-reached': {
      de: (v) =>
        `Die Sicherung „${v.text('job')}“ (${v.text('product')}) soll an ein Ziel außerhalb dieses PC gehen. Eine erfolgreiche ist aber noch nicht bekannt.`,
      en: (v) =>
        `The backup “${v.text('job')}” (${v.text('product')}) is to go to a place outside this PC, but no successful one is known yet.`,
    },
    'target-partly-read': {
      de: () => 'Nicht alle Sicherungsprogramme konnten gelesen werden; wohin gesichert wird, ist deshalb offen.',
      en: () => 'Not all backup programs could be read; where the backup goes is therefore open.',
    },
  },

  evaluate(input) {
    if (input.backup.declaration !== undefined) return undefined;
    const reading = facts(input, 'backup');
    if (reading.finding !== undefined) return reading.finding;
    const jobs = countedJobs(reading.facts, input);
    // Without a job there is nothing to say about its target; that there is none is said by another rule.
    if (jobs.length === 0) return undefined;
    const same = jobs.filter(
      ({ job }) => job.targets.length > 0 && job.targets.every(({ kind }) => kind === 'local-disk'),
    );
    const elsewhere = jobs.filter(({ job }) => job.targets.some(({ kind }) => apart.has(kind)));
    const about = (each: (typeof jobs)[number]) => ({ product: each.product.name, job: each.job.name });
    const evidence = (chosen: typeof jobs) =>
      chosen
        .slice(0, 8)
        .flatMap(({ job, path }) => evidenceIn('backup', { [`${path}.targets[0].kind`]: job.targets[0]?.kind }));
    // One job that goes elsewhere makes up for another that does not, once something arrived there.
    const arrived = elsewhere.filter(({ job }) => job.writableBy === 'administrator' && job.lastSuccess !== undefined);
    if (arrived.length > 0) {
      return hasGaps(reading.section)
        ? unknown('target-partly-read', {}, gapsOf(reading.section))
        : met('target-apart', {}, evidence(arrived));
    }
    const target = newestTarget(input);
    if (target !== undefined) {
      const newestAt = target.newestAt.toISOString();
      return met('target-apart-by-server', { source: target.source }, [
        { section: 'backup-target', path: 'newestAt', value: newestAt },
      ]);
    }
    const [first] = jobs;
    if (first === undefined) return undefined;
    if (same.length === jobs.length)
      return notMet('warning', 'target-same-pc', about(same[0] ?? first), evidence(same));
    const [meant] = elsewhere;
    if (meant !== undefined) {
      const byUser = meant.job.writableBy !== 'administrator';
      return unknown(byUser ? 'target-stated-by-user' : 'target-not-reached', about(meant), evidence([meant]));
    }
    const open = jobs.find((each) => !same.includes(each)) ?? first;
    return unknown('target-unknown', about(open), evidence([open]));
  },
};
