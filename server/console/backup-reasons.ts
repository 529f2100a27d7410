/** Short names of the reasons of the rules about backups, to count devices by. A whole sentence comes with each device. */
import type { Words } from '../../agent/contract/words/facts.ts';
import type { Language } from './format.ts';

export const backupReasonWords: Readonly<Record<string, Words>> = {
  'backup-fresh': { de: 'Sicherung ist aktuell', en: 'Backup is up to date' },
  'backup-fresh-with-warnings': { de: 'Aktuell, aber mit Warnungen', en: 'Up to date, but with warnings' },
  'backup-fresh-by-use': { de: 'Genügt, PC war kaum eingeschaltet', en: 'Suffices, PC was hardly on' },
  'backup-proven-by-target': { de: 'Vom Sicherungsserver bestätigt', en: 'Confirmed by the backup server' },
  'backup-overdue': { de: 'Letzte erfolgreiche Sicherung zu alt', en: 'Last successful backup too old' },
  'backup-failing': { de: 'Schlägt fehl, letzte erfolgreiche zu alt', en: 'Fails, last successful one too old' },
  'backup-last-failed': { de: 'Letzter Lauf fehlgeschlagen, noch aktuell', en: 'Last run failed, still up to date' },
  'backup-only-failed': { de: 'Schlägt fehl, keine erfolgreiche bekannt', en: 'Fails, no successful one known' },
  'backup-only-warnings': { de: 'Endet nur noch mit Warnungen', en: 'Ends with warnings only' },
  'backup-hangs': { de: 'Lauf hängt', en: 'Run hangs' },
  'backup-never': { de: 'Eingerichtet, aber nie gelaufen', en: 'Set up, but never ran' },
  'backup-disabled': { de: 'Alle Aufträge abgeschaltet', en: 'All jobs switched off' },
  'backup-no-job': { de: 'Programm ohne eingerichtete Sicherung', en: 'Program without a backup set up' },
  'backup-none': { de: 'Keine Sicherung gefunden', en: 'No backup found' },
  'backup-removed': { de: 'Sicherungsprogramm entfernt', en: 'Backup program removed' },
  'backup-lookalike-only': {
    de: 'Nur Abgleich oder Systemwiederherstellung',
    en: 'Only synchronisation or system restore',
  },
  'backup-product-missing': { de: 'Vorgesehenes Programm fehlt', en: 'Expected program missing' },
  'backup-hint-only': { de: 'Nur Hinweise auf eine Sicherung', en: 'Only hints at a backup' },
  'backup-result-on-server': { de: 'Ergebnis nur auf dem Sicherungsserver', en: 'Result on the backup server only' },
  'backup-result-nowhere': { de: 'Programm führt keine Aufzeichnung', en: 'Program keeps no record' },
  'backup-unreadable': { de: 'Aufzeichnung nicht lesbar', en: 'Record not readable' },
  'backup-partly-read': { de: 'Nicht alle Programme lesbar', en: 'Not all programs readable' },
  'backup-weak-evidence': { de: 'Nur der Start ist belegt', en: 'Only the start is proven' },
  'backup-stated-by-user': { de: 'Nur Angabe aus dem Benutzerprofil', en: 'Stated in a user profile only' },
  'backup-times-impossible': { de: 'Aufzeichnung mit unmöglichem Datum', en: 'Record with an impossible date' },
  'backup-first-run': { de: 'Erste Sicherung läuft', en: 'First backup is running' },
  'backup-log-too-short': { de: 'Aufzeichnung reicht nicht zurück', en: 'Record does not reach back' },
  'backup-proves-nothing': { de: 'Gelaufen, aber nichts belegt', en: 'Ran, but proves nothing' },
  'declared-no-local-data': { de: 'Erklärt: keine Daten auf dem PC', en: 'Declared: no data on the PC' },
  'declared-backed-up-elsewhere': { de: 'Erklärt: andernorts gesichert', en: 'Declared: backed up elsewhere' },
  'declaration-overdue': { de: 'Erklärung ist zu überprüfen', en: 'Declaration must be reviewed' },
  'target-apart': { de: 'Liegt außerhalb des PC', en: 'Lies outside the PC' },
  'target-apart-by-server': { de: 'Sicherungsserver hält die Daten', en: 'Backup server holds the data' },
  'target-same-pc': { de: 'Liegt auf demselben PC', en: 'Lies on the same PC' },
  'target-unknown': { de: 'Sicherungsziel nicht bekannt', en: 'Backup target not known' },
  'target-stated-by-user': {
    de: 'Sicherungsziel nur im Benutzerprofil genannt',
    en: 'Target stated in a user profile only',
  },
  'target-not-reached': { de: 'Am Sicherungsziel noch nichts belegt', en: 'Nothing proven at the target yet' },
  'target-partly-read': { de: 'Sicherungsziel nicht sicher erkennbar', en: 'Backup target not certain' },
  'sides-agree': { de: 'PC und Sicherungsserver stimmen überein', en: 'PC and backup server agree' },
  'target-lacks-backup': { de: 'Sicherungsserver hält nur ältere Stände', en: 'Backup server holds older ones only' },
  'device-behind-target': { de: 'PC weiß nichts vom Stand des Servers', en: 'PC knows less than the server' },
  'target-silent': { de: 'Sicherungsserver meldet sich nicht mehr', en: 'Backup server has fallen silent' },
  'target-from-future': { de: 'Uhr des Sicherungsservers falsch', en: 'Clock of the backup server wrong' },
  'facts-missing': { de: 'Gerät meldet nichts zur Sicherung', en: 'Device reports nothing of backups' },
  'part-missing': { de: 'Angaben unvollständig', en: 'Facts incomplete' },
  'facts-stale': { de: 'Angaben veraltet', en: 'Facts out of date' },
  'facts-from-future': { de: 'Uhr des Geräts falsch', en: 'Clock of the device wrong' },
  'facts-invalid': { de: 'Angaben unverständlich', en: 'Facts not understood' },
  'limits-invalid': { de: 'Richtlinie unbrauchbar', en: 'Policy unusable' },
  exception: { de: 'Ausnahme eingetragen', en: 'Exception recorded' },
  'rule-failed': { de: 'Prüfung fehlgeschlagen', en: 'Check failed' },
};

/** The code itself when it is new to this console. */
export function backupReason(code: string, language: Language): string {
  return (Object.hasOwn(backupReasonWords, code) ? backupReasonWords[code]?.[language] : undefined) ?? code;
}
