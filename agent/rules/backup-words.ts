/** Sentences of the rule about fresh backups: for the clerk first, with what a technician asks next. */
import type { Filled, Sentence } from './wording.ts';

/** "Sicherung „Dokumente“ (restic)" */
const job = (v: Filled) => `„${v.text('job')}“ (${v.text('product')})`;
const jobEn = (v: Filled) => `“${v.text('job')}” (${v.text('product')})`;

/** How old the last success is, as far as it is known. */
const last = (v: Filled) =>
  v.has('ageSeconds')
    ? `die letzte erfolgreiche ist ${v.duration('ageSeconds')} alt (vom ${v.day('day')})`
    : 'eine erfolgreiche ist nicht bekannt';
const lastEn = (v: Filled) =>
  v.has('ageSeconds')
    ? `the last successful one is ${v.duration('ageSeconds')} old (of ${v.day('day')})`
    : 'no successful one is known';

/** The likely cause behind a failure, where it is known. */
const cause = (v: Filled) =>
  v.has('failedWriters') ? ' Die Windows-Schattenkopie meldet Fehler; das ist wahrscheinlich die Ursache.' : '';
const causeEn = (v: Filled) =>
  v.has('failedWriters') ? ' The Windows shadow copy reports errors, the likely cause.' : '';

export const recentWords: Readonly<Record<string, Sentence>> = {
  'backup-fresh': {
    de: (v) => `Die Sicherung ${job(v)} ist aktuell: Zuletzt gelang sie am ${v.day('day')}.`,
    en: (v) => `The backup ${jobEn(v)} is up to date: it last succeeded on ${v.day('day')}.`,
  },
  'backup-fresh-with-warnings': {
    de: (v) => `Die Sicherung ${job(v)} gelang am ${v.day('day')}, aber mit Warnungen: Einzelne Dateien können fehlen.`,
    en: (v) => `The backup ${jobEn(v)} succeeded on ${v.day('day')}, but with warnings: some files may be missing.`,
  },
  'backup-fresh-by-use': {
    de: (v) =>
      `Die letzte erfolgreiche Sicherung ${job(v)} ist vom ${v.day('day')}. Der PC war seitdem kaum eingeschaltet (an ${v.number('onDays')} ${v.many('onDays') ? 'Tagen' : 'Tag'}), daher genügt sie.`,
    en: (v) =>
      `The last successful backup ${jobEn(v)} is of ${v.day('day')}. The PC was hardly switched on since then (on ${v.number('onDays')} ${v.many('onDays') ? 'days' : 'day'}), so it suffices.`,
  },
  'backup-proven-by-target': {
    de: (v) =>
      `Der Sicherungsserver „${v.text('source')}“ hält einen aktuellen Stand dieses PC vom ${v.day('day')}. Der PC selbst kann das nicht belegen.`,
    en: (v) =>
      `The backup server “${v.text('source')}” holds a recent restore point of this PC of ${v.day('day')}. The PC itself cannot prove it.`,
  },
  'backup-overdue': {
    de: (v) => `Die Sicherung ${job(v)} ist eingerichtet, aber ${last(v)}.`,
    en: (v) => `The backup ${jobEn(v)} is set up, but ${lastEn(v)}.`,
  },
  'backup-failing': {
    de: (v) => `Die Sicherung ${job(v)} schlägt fehl; ${last(v)}.${cause(v)}`,
    en: (v) => `The backup ${jobEn(v)} fails; ${lastEn(v)}.${causeEn(v)}`,
  },
  'backup-last-failed': {
    de: (v) =>
      `Der letzte Lauf der Sicherung ${job(v)} schlug fehl. Noch genügt die Sicherung vom ${v.day('day')}.${cause(v)}`,
    en: (v) =>
      `The last run of the backup ${jobEn(v)} failed. The backup of ${v.day('day')} still suffices.${causeEn(v)}`,
  },
  'backup-only-failed': {
    de: (v) => `Die Sicherung ${job(v)} schlägt fehl, und eine erfolgreiche ist nicht bekannt.${cause(v)}`,
    en: (v) => `The backup ${jobEn(v)} fails, and no successful one is known.${causeEn(v)}`,
  },
  'backup-only-warnings': {
    de: (v) =>
      `Die Sicherung ${job(v)} endete zuletzt nur mit Warnungen; nach der Vorgabe von KITS zählt das nicht als Sicherung.`,
    en: (v) =>
      `The backup ${jobEn(v)} ended with warnings only; by the policy of KITS that does not count as a backup.`,
  },
  'backup-hangs': {
    de: (v) => `Die Sicherung ${job(v)} läuft seit mehr als einem Tag und hängt vermutlich; ${last(v)}.`,
    en: (v) => `The backup ${jobEn(v)} has been running for more than a day and probably hangs; ${lastEn(v)}.`,
  },
  'backup-never': {
    de: (v) => `Die Sicherung ${job(v)} ist eingerichtet, aber noch nie gelaufen.`,
    en: (v) => `The backup ${jobEn(v)} is set up but has never run.`,
  },
  'backup-disabled': {
    de: (v) => `Das Sicherungsprogramm ${v.text('products')} ist installiert, aber alle Aufträge sind abgeschaltet.`,
    en: (v) => `The backup program ${v.text('products')} is installed, but all of its jobs are switched off.`,
  },
  'backup-no-job': {
    de: (v) =>
      `Das Sicherungsprogramm ${v.text('products')} ist installiert, aber es ist keine Sicherung eingerichtet.`,
    en: (v) => `The backup program ${v.text('products')} is installed, but no backup is set up.`,
  },
  'backup-none': {
    de: () => 'Auf diesem PC wurde keine Sicherung gefunden.',
    en: () => 'No backup was found on this PC.',
  },
  'backup-removed': {
    de: (v) =>
      `Das Sicherungsprogramm ${v.text('products')} wurde entfernt; eine andere Sicherung wurde nicht gefunden.`,
    en: (v) => `The backup program ${v.text('products')} was removed; no other backup was found.`,
  },
  'backup-lookalike-only': {
    de: (v) =>
      `Auf diesem PC gibt es nur ${v.text('products')}. Das ist keine Sicherung: Gelöschte oder verschlüsselte Dateien sind auch dort verloren.`,
    en: (v) =>
      `This PC has only ${v.text('products')}. That is no backup: deleted or encrypted files are lost there as well.`,
  },
  'backup-product-missing': {
    de: (v) =>
      v.has('others')
        ? `Vorgesehen ist die Sicherung mit ${v.text('expected')}. Installiert ist stattdessen ${v.text('others')}.`
        : `Vorgesehen ist die Sicherung mit ${v.text('expected')}. Auf diesem PC ist sie nicht installiert.`,
    en: (v) =>
      v.has('others')
        ? `Backup is to be made with ${v.text('expected')}. What is installed instead is ${v.text('others')}.`
        : `Backup is to be made with ${v.text('expected')}. It is not installed on this PC.`,
  },
  'backup-hint-only': {
    de: (v) =>
      `Es gibt nur Hinweise auf eine Sicherung (${v.text('products')}). Ob sie gelingt, ist auf diesem PC nicht zu erkennen.`,
    en: (v) =>
      `There are only hints at a backup (${v.text('products')}). Whether it succeeds cannot be seen on this PC.`,
  },
  'backup-result-on-server': {
    de: (v) =>
      `Ob die Sicherung mit ${v.text('products')} gelingt, weiß nur der Sicherungsserver. Auf dem PC ist es nicht zu erkennen.`,
    en: (v) => `Whether the backup with ${v.text('products')} succeeds is known to the backup server only.`,
  },
  'backup-result-nowhere': {
    de: (v) => `${v.text('products')} führt keine Aufzeichnung, an der sich der Stand der Sicherung ablesen lässt.`,
    en: (v) => `${v.text('products')} keeps no record that tells the state of the backup.`,
  },
  'backup-unreadable': {
    de: (v) => `Der Stand der Sicherung mit ${v.text('products')} konnte nicht gelesen werden.`,
    en: (v) => `The state of the backup with ${v.text('products')} could not be read.`,
  },
  'backup-partly-read': {
    de: () => 'Nicht alle Sicherungsprogramme konnten gelesen werden; der Stand der Sicherung ist deshalb offen.',
    en: () => 'Not all backup programs could be read; the state of the backup is therefore open.',
  },
  'backup-weak-evidence': {
    de: (v) =>
      `Von der Sicherung ${job(v)} ist nur bekannt, dass sie gestartet wurde; ob Daten gesichert wurden, ist nicht belegt.`,
    en: (v) => `Of the backup ${jobEn(v)} it is only known that it was started; that data was saved is not proven.`,
  },
  'backup-stated-by-user': {
    de: (v) =>
      `Die Sicherung ${job(v)} meldet Erfolg am ${v.day('day')}. Die Angabe steht im Profil der Person am PC und ist allein kein Nachweis.`,
    en: (v) =>
      `The backup ${jobEn(v)} reports success on ${v.day('day')}. That stands in the profile of the user and proves nothing alone.`,
  },
  'backup-times-impossible': {
    de: (v) => `Die Aufzeichnung der Sicherung ${job(v)} enthält ein unmögliches Datum; ihr Alter ist nicht erkennbar.`,
    en: (v) => `The record of the backup ${jobEn(v)} holds an impossible date; its age cannot be told.`,
  },
  'backup-first-run': {
    de: (v) => `Die Sicherung ${job(v)} läuft gerade; eine frühere erfolgreiche ist nicht bekannt.`,
    en: (v) => `The backup ${jobEn(v)} is running; no earlier successful one is known.`,
  },
  'backup-log-too-short': {
    de: (v) => `Die Aufzeichnung der Sicherung ${job(v)} reicht nicht weit genug zurück, um ihren Stand zu erkennen.`,
    en: (v) => `The record of the backup ${jobEn(v)} does not reach back far enough to tell its state.`,
  },
  'backup-proves-nothing': {
    de: (v) => `Die Sicherung ${job(v)} lief, hat aber keine Daten nachweislich am Sicherungsziel abgelegt.`,
    en: (v) => `The backup ${jobEn(v)} ran, but has not provably put data at its target.`,
  },
  'declared-no-local-data': {
    de: (v) =>
      `Nach Erklärung von ${v.text('owner')} liegen auf diesem PC keine Daten, die zu sichern sind. Zu prüfen am ${v.day('reviewOn')}.`,
    en: (v) =>
      `${v.text('owner')} declares that this PC holds no data to back up. To be reviewed on ${v.day('reviewOn')}.`,
  },
  'declared-backed-up-elsewhere': {
    de: (v) =>
      `Nach Erklärung von ${v.text('owner')} werden die Daten dieses PC an anderer Stelle gesichert${v.has('where') ? ` (${v.text('where')})` : ''}. Zu prüfen am ${v.day('reviewOn')}.`,
    en: (v) =>
      `${v.text('owner')} declares that the data of this PC is backed up elsewhere${v.has('where') ? ` (${v.text('where')})` : ''}. To be reviewed on ${v.day('reviewOn')}.`,
  },
  'declaration-overdue': {
    de: (v) =>
      `Die Erklärung von ${v.text('owner')} zur Sicherung dieses PC war am ${v.day('reviewOn')} zu prüfen und gilt nicht mehr.`,
    en: (v) =>
      `The declaration of ${v.text('owner')} about the backup of this PC was to be reviewed on ${v.day('reviewOn')} and no longer counts.`,
  },
};
