/**
 * Updates that need a restart have had it. Weak signs, such as files waiting to be renamed, are left behind by many
 * programs every day: they are shown as evidence and never decide.
 */
import { evidenceIn, met, notMet, type Rule } from './judgement.ts';
import { daysSince, facts, limitsInvalid, partMissing } from './reading.ts';

/** Leaves room in the evidence for the other values. */
const maxReasonsNamed = 16;

export const restartDue: Rule = {
  id: 'restart-due',
  title: { de: 'Neustart', en: 'Restart' },
  sections: ['patches'],
  controls: ['OPS.1.1.3.A15', 'WiBA 7.12'],
  words: {
    'restart-overdue': {
      de: (v) =>
        `Dieses Gerät wartet seit ${v.number('days')} ${v.many('days') ? 'Tagen' : 'Tag'} auf einen Neustart; bis dahin sind Aktualisierungen nicht wirksam.`,
      en: (v) =>
        `This device has been waiting for a restart for ${v.number('days')} ${v.many('days') ? 'days' : 'day'}; until then updates are not in force.`,
    },
    'restart-pending': {
      de: () => 'Ein Neustart steht aus; bis dahin sind Aktualisierungen nicht wirksam. Seit wann, ist nicht bekannt.',
      en: () => 'A restart is due; until then updates are not in force. Since when is not known.',
    },
    'restart-soon': {
      de: () => 'Ein Neustart steht aus. Bitte starten Sie den PC bei nächster Gelegenheit neu.',
      en: () => 'A restart is due. Please restart the PC at the next opportunity.',
    },
    'no-restart-due': {
      de: () => 'Für dieses Gerät steht kein Neustart aus.',
      en: () => 'No restart of this device is due.',
    },
  },

  evaluate(input) {
    const reading = facts(input, 'patches');
    if (reading.finding !== undefined) return reading.finding;
    const { restartWarningDays: warning, restartCriticalDays: critical } = input.thresholds;
    const invalid = limitsInvalid(warning, critical);
    if (invalid !== undefined) return invalid;
    const { required, reasons, since, runningKernel, newestKernel } = reading.facts.restart;
    const evidence = evidenceIn('patches', {
      'restart.required': required,
      ...(since === undefined ? {} : { 'restart.since': since }),
      ...(newestKernel === undefined ? {} : { 'restart.runningKernel': runningKernel }),
      ...(newestKernel === undefined ? {} : { 'restart.newestKernel': newestKernel }),
      ...Object.fromEntries(
        reasons.slice(0, maxReasonsNamed).map(({ code }, index) => [`restart.reasons[${index}].code`, code]),
      ),
    });
    const due = required === true || reasons.some(({ strength }) => strength === 'strong');
    if (!due) {
      return required === false
        ? met('no-restart-due', {}, evidence)
        : partMissing(reading.section, 'restart.required');
    }
    const days = daysSince(input, since);
    if (days === undefined) return notMet('warning', 'restart-pending', {}, evidence);
    if (days >= critical) return notMet('critical', 'restart-overdue', { days }, evidence);
    if (days >= warning) return notMet('warning', 'restart-overdue', { days }, evidence);
    return notMet('info', 'restart-soon', {}, evidence);
  },
};
