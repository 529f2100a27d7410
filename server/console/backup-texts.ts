/** Names of the fields and values of the section about backups; fact-texts.ts takes them up. */
import type { Language } from './format.ts';

type Words = Readonly<Record<Language, string>>;

const same = (word: string): Words => ({ de: word, en: word });

/** In the order in which they are shown. */
export const backupFields: Readonly<Record<string, Words>> = {
  products: { de: 'Sicherungsprogramme', en: 'Backup programs' },
  installed: { de: 'Installiert', en: 'Installed' },
  service: { de: 'Dienst', en: 'Service' },
  onDemand: { de: 'Läuft nur bei Bedarf', en: 'Runs on demand only' },
  answers: { de: 'Ergebnis ablesbar', en: 'Result can be read' },
  jobs: { de: 'Aufträge', en: 'Jobs' },
  lastSuccess: { de: 'Letzte erfolgreiche Sicherung', en: 'Last successful backup' },
  lastRun: { de: 'Letzter Lauf', en: 'Last run' },
  recentRuns: { de: 'Letzte Läufe', en: 'Recent runs' },
  startedAt: { de: 'Begonnen', en: 'Started' },
  endedAt: { de: 'Beendet', en: 'Ended' },
  onDaysSinceSuccess: { de: 'Seitdem eingeschaltet an', en: 'Switched on since then on' },
  nextRunAt: { de: 'Nächster Lauf', en: 'Next run' },
  schedule: { de: 'Zeitplan', en: 'Schedule' },
  provesNothing: { de: 'Ohne Daten am Ziel', en: 'Put no data at its target' },
  encrypted: { de: 'Verschlüsselt', en: 'Encrypted' },
  writableBy: { de: 'Nachweis änderbar durch', en: 'Evidence can be changed by' },
  evidence: { de: 'Nachweis', en: 'Evidence' },
  reference: { de: 'Fundstelle', en: 'Reference' },
  'backup.reasons': { de: 'Hinweise', en: 'Notes' },
  failedWriters: { de: 'Gestörte Schattenkopie-Dienste', en: 'Failed shadow copy writers' },
  error: { de: 'Fehler', en: 'Error' },
  restoreTests: { de: 'Rücksicherungsproben', en: 'Restore tests' },
  files: { de: 'Dateien', en: 'Files' },
  bytes: { de: 'Umfang', en: 'Size' },
  different: { de: 'Abweichend', en: 'Different' },
  by: { de: 'Durch', en: 'By' },
  durationSeconds: { de: 'Dauer', en: 'Duration' },
};

export const backupValues: Readonly<Record<string, Words>> = {
  'kind.backup': { de: 'Sicherung', en: 'backup' },
  'kind.hint': { de: 'Hinweis auf eine Sicherung', en: 'hint at a backup' },
  'kind.file-sync': { de: 'Dateiabgleich, keine Sicherung', en: 'file synchronisation, not a backup' },
  'kind.system-restore': { de: 'Systemwiederherstellung, keine Sicherung', en: 'system restore, not a backup' },
  'kind.local-disk': { de: 'Laufwerk desselben PC', en: 'disk of the same PC' },
  'kind.removable': { de: 'Wechseldatenträger', en: 'removable disk' },
  'kind.share': { de: 'Netzfreigabe', en: 'network share' },
  'kind.repository': { de: 'Sicherungsserver', en: 'backup server' },
  'kind.cloud': same('Cloud'),
  'answers.here': { de: 'auf diesem PC', en: 'on this PC' },
  'answers.server': { de: 'nur auf dem Sicherungsserver', en: 'on the backup server only' },
  'answers.nowhere': { de: 'nirgends', en: 'nowhere' },
  'state.success': { de: 'erfolgreich', en: 'succeeded' },
  'state.warning': { de: 'mit Warnungen beendet', en: 'ended with warnings' },
  'state.failed': { de: 'fehlgeschlagen', en: 'failed' },
  'state.cancelled': { de: 'abgebrochen', en: 'cancelled' },
  'state.running': { de: 'läuft', en: 'running' },
  'state.never': { de: 'noch nie gelaufen', en: 'never ran' },
  'state.log-too-short': { de: 'Aufzeichnung zu kurz', en: 'record too short' },
  'state.stopped': { de: 'beendet', en: 'stopped' },
  'state.disabled': { de: 'deaktiviert', en: 'disabled' },
  'result.success': { de: 'erfolgreich', en: 'succeeded' },
  'result.warning': { de: 'mit Warnungen beendet', en: 'ended with warnings' },
  'result.cancelled': { de: 'abgebrochen', en: 'cancelled' },
  'result.running': { de: 'läuft', en: 'running' },
  'result.equal': { de: 'alle Dateien gleich', en: 'all files equal' },
  'result.different': { de: 'Dateien weichen ab', en: 'files differ' },
  'writableBy.administrator': { de: 'Administratoren', en: 'administrators' },
  'writableBy.user': { de: 'angemeldete Person', en: 'the user' },
  'reasons.result-on-server': {
    de: 'Das Ergebnis liegt auf dem Sicherungsserver.',
    en: 'The result is kept on the backup server.',
  },
  'reasons.needs-credentials': {
    de: 'Auskunft gibt das Programm nur mit dem Kennwort der Sicherung, das der KITS Agent nie liest.',
    en: 'The program answers only with the password of the backup, which the KITS Agent never reads.',
  },
  'reasons.no-readable-record': {
    de: 'Das Programm führt keine auswertbare Aufzeichnung.',
    en: 'The program keeps no record that can be read.',
  },
  'reasons.user-source-unreadable': {
    de: 'Die Aufzeichnung liegt in einem Benutzerprofil und war nicht lesbar.',
    en: 'The record stands in a user profile and could not be read.',
  },
  'reasons.source-missing': { de: 'Die Aufzeichnung fehlt.', en: 'The record is missing.' },
  'reasons.source-unreadable': { de: 'Die Aufzeichnung ist beschädigt.', en: 'The record is damaged.' },
  'reasons.source-denied': { de: 'Das Lesen der Aufzeichnung wurde verweigert.', en: 'Reading the record was denied.' },
  'reasons.source-locked': { de: 'Die Aufzeichnung ist gesperrt.', en: 'The record is locked.' },
  'reasons.source-too-large': { de: 'Die Aufzeichnung ist zu groß.', en: 'The record is too large.' },
  'reasons.schema-unknown': {
    de: 'Das Format der Aufzeichnung ist dieser Fassung unbekannt.',
    en: 'This version does not know the format of the record.',
  },
  'reasons.weak-evidence': {
    de: 'Belegt ist nur, dass ein Programm gestartet oder eine Datei geschrieben wurde.',
    en: 'All that is proven is that a program was started or a file written.',
  },
  'reasons.time-in-future': {
    de: 'Eine Aufzeichnung mit unmöglichem Datum zählt nicht.',
    en: 'A record with an impossible date does not count.',
  },
  'reasons.records-disagree': {
    de: 'Aufzeichnungen widersprechen sich; die schlechtere zählt.',
    en: 'Records disagree; the worse one counts.',
  },
  'reasons.retry-pending': {
    de: 'Ein neuer Versuch steht aus.',
    en: 'Another attempt is due.',
  },
  'reasons.cache-only': {
    de: 'Die Daten liegen erst im Zwischenspeicher des PC.',
    en: 'The data is only in the cache of the PC so far.',
  },
  'reasons.target-full': { de: 'Das Sicherungsziel ist voll.', en: 'The backup target is full.' },
  'reasons.target-unreachable': {
    de: 'Das Sicherungsziel war nicht erreichbar.',
    en: 'The backup target could not be reached.',
  },
  'reasons.repository-locked': {
    de: 'Das Sicherungsarchiv ist gesperrt.',
    en: 'The backup repository is locked.',
  },
  'reasons.wrong-password': {
    de: 'Das Kennwort der Sicherung ist falsch.',
    en: 'The password of the backup is wrong.',
  },
  'reasons.shadow-copy-failed': {
    de: 'Die Schattenkopie ist fehlgeschlagen.',
    en: 'The shadow copy failed.',
  },
  'reasons.licence-expired': { de: 'Die Lizenz ist abgelaufen.', en: 'The licence has expired.' },
  'reasons.files-skipped': {
    de: 'Einzelne Dateien fehlen in der Sicherung.',
    en: 'Some files are missing from the backup.',
  },
  'reasons.interrupted': { de: 'Der Lauf wurde unterbrochen.', en: 'The run was interrupted.' },
  'reasons.no-schedule': { de: 'Es gibt keinen Zeitplan.', en: 'There is no schedule.' },
  'reasons.service-stopped': {
    de: 'Der Dienst des Programms läuft nicht.',
    en: 'The service of the program does not run.',
  },
  'reasons.program-removed': {
    de: 'Das Programm ist entfernt, Daten davon sind noch da.',
    en: 'The program is removed, data of it is still there.',
  },
};
