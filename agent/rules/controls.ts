/**
 * Controls that rules cite, and controls that no PC can answer: BSI IT-Grundschutz-Kompendium, edition 2023; WiBA ("Weg
 * in die Basis-Absicherung"); Grundschutz++, the successor.
 *
 * Titles of WiBA are paraphrases; cite by list and number. Withdrawn requirements are never listed here. A rule supports
 * a control and never proves it alone, and `level` keeps a SOLLTE from being shown as a MUSS.
 */
import type { Words } from './wording.ts';

export interface Control {
  readonly scheme: 'IT-Grundschutz 2023' | 'WiBA' | 'Grundschutz++';
  readonly title: string;
  /** IT-Grundschutz only: Basis, Standard, or for raised needs of protection (erhöhter Schutzbedarf). */
  readonly level?: 'B' | 'S' | 'H';
}

export const controls = {
  'CON.3.A1': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Erhebung der Einflussfaktoren für Datensicherungen',
    level: 'B',
  },
  'CON.3.A5': { scheme: 'IT-Grundschutz 2023', title: 'Regelmäßige Datensicherung', level: 'B' },
  'CON.3.A6': { scheme: 'IT-Grundschutz 2023', title: 'Entwicklung eines Datensicherungskonzepts', level: 'S' },
  'CON.3.A12': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Sichere Aufbewahrung der Speichermedien für die Datensicherungen',
    level: 'B',
  },
  'CON.3.A14': { scheme: 'IT-Grundschutz 2023', title: 'Schutz von Datensicherungen', level: 'B' },
  'CON.3.A15': { scheme: 'IT-Grundschutz 2023', title: 'Regelmäßiges Testen der Datensicherungen', level: 'B' },
  'DER.2.1.A3': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Festlegung von Verantwortlichkeiten und Ansprechpersonen bei Sicherheitsvorfällen',
    level: 'B',
  },
  'DER.2.1.A4': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Benachrichtigung betroffener Stellen bei Sicherheitsvorfällen',
    level: 'B',
  },
  'DER.2.1.A9': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Festlegung von Meldewegen für Sicherheitsvorfälle',
    level: 'S',
  },
  'OPS.1.1.1.A9': { scheme: 'IT-Grundschutz 2023', title: 'Durchführung von IT-Monitoring', level: 'S' },
  'OPS.1.1.3.A1': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Konzept für das Patch- und Änderungsmanagement',
    level: 'B',
  },
  'OPS.1.1.3.A2': { scheme: 'IT-Grundschutz 2023', title: 'Festlegung der Zuständigkeiten', level: 'B' },
  'OPS.1.1.3.A3': { scheme: 'IT-Grundschutz 2023', title: 'Konfiguration von Autoupdate-Mechanismen', level: 'B' },
  'OPS.1.1.3.A10': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Sicherstellung der Integrität und Authentizität von Softwarepaketen',
    level: 'S',
  },
  'OPS.1.1.3.A15': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Regelmäßige Aktualisierung von IT-Systemen und Software',
    level: 'B',
  },
  'OPS.1.1.4.A2': { scheme: 'IT-Grundschutz 2023', title: 'Nutzung systemspezifischer Schutzmechanismen', level: 'B' },
  'OPS.1.1.4.A6': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Regelmäßige Aktualisierung der eingesetzten Virenschutzprogramme',
    level: 'B',
  },
  'OPS.1.1.5.A4': { scheme: 'IT-Grundschutz 2023', title: 'Zeitsynchronisation der IT-Systeme', level: 'B' },
  'OPS.1.1.5.A5': { scheme: 'IT-Grundschutz 2023', title: 'Einhaltung rechtlicher Rahmenbedingungen', level: 'B' },
  'OPS.1.1.7.A3': { scheme: 'IT-Grundschutz 2023', title: 'Zeitsynchronisation für das Systemmanagement', level: 'B' },
  'OPS.1.1.7.A15': {
    scheme: 'IT-Grundschutz 2023',
    title:
      'Statusüberwachung, Protokollierung und Alarmierung bei relevanten Ereignissen im Systemmanagement-Lösung und den zu verwaltenden Systemen',
    level: 'S',
  },
  'OPS.1.1.7.A18': { scheme: 'IT-Grundschutz 2023', title: 'Überprüfung des Systemzustands', level: 'S' },
  'OPS.1.2.5.A2': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Sicherer Verbindungsaufbau bei der Fernwartung von Clients',
    level: 'B',
  },
  'ORP.3.A3': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Einweisung des Personals in den sicheren Umgang mit IT',
    level: 'B',
  },
  'ORP.5.A5': { scheme: 'IT-Grundschutz 2023', title: 'Ausnahmegenehmigungen', level: 'S' },
  'SYS.2.1.A1': { scheme: 'IT-Grundschutz 2023', title: 'Sichere Authentisierung von Benutzenden', level: 'B' },
  'SYS.2.1.A3': { scheme: 'IT-Grundschutz 2023', title: 'Aktivieren von Autoupdate-Mechanismen', level: 'B' },
  'SYS.2.1.A6': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Einsatz von Schutzprogrammen gegen Schadsoftware',
    level: 'B',
  },
  'SYS.2.1.A8': { scheme: 'IT-Grundschutz 2023', title: 'Absicherung des Bootvorgangs', level: 'B' },
  'SYS.2.1.A16': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Deaktivierung und Deinstallation nicht benötigter Komponenten und Kennungen',
    level: 'S',
  },
  'SYS.2.1.A20': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Schutz der Administrationsverfahren bei Clients',
    level: 'S',
  },
  'SYS.2.1.A27': { scheme: 'IT-Grundschutz 2023', title: 'Geregelte Außerbetriebnahme eines Clients', level: 'S' },
  'SYS.2.1.A28': { scheme: 'IT-Grundschutz 2023', title: 'Verschlüsselung der Clients', level: 'H' },
  'SYS.2.1.A31': { scheme: 'IT-Grundschutz 2023', title: 'Einrichtung lokaler Paketfilter', level: 'H' },
  'SYS.2.2.3.A13': { scheme: 'IT-Grundschutz 2023', title: 'Einsatz der SmartScreen-Funktion', level: 'S' },
  'SYS.2.2.3.A19': { scheme: 'IT-Grundschutz 2023', title: 'Sicherheit beim Fernzugriff über RDP', level: 'S' },
  'SYS.2.2.3.A20': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Einsatz der Benutzerkontensteuerung UAC für privilegierte Konten',
    level: 'S',
  },
  'SYS.2.2.3.A23': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Erweiterter Schutz der Anmeldeinformationen unter Windows',
    level: 'H',
  },
  'WiBA 2.1': {
    scheme: 'WiBA',
    title: 'Arbeit innerhalb / Haustechnik 2.1: Räume und Bildschirme mit Publikumsverkehr',
  },
  'WiBA 3.2': { scheme: 'WiBA', title: 'Backup 3.2: Sicherungsintervall festgelegt' },
  'WiBA 3.6': { scheme: 'WiBA', title: 'Backup 3.6: Sicherungen vor Verlust, Einsicht und Änderung geschützt' },
  'WiBA 3.7': { scheme: 'WiBA', title: 'Backup 3.7: Sicherung und Rücksicherung erprobt' },
  'WiBA 5.1': { scheme: 'WiBA', title: 'Client 5.1: Anmeldung am Client' },
  'WiBA 5.2': { scheme: 'WiBA', title: 'Client 5.2: Bildschirmsperre' },
  'WiBA 5.4': { scheme: 'WiBA', title: 'Client 5.4: Schadsoftwareschutz am Client' },
  'WiBA 5.5': { scheme: 'WiBA', title: 'Client 5.5: Startvorgang geschützt' },
  'WiBA 5.6': { scheme: 'WiBA', title: 'Client 5.6: Firmware auf das Nötige beschränkt' },
  'WiBA 5.8': { scheme: 'WiBA', title: 'Client 5.8: Nur Produkte mit Sicherheitsupdates' },
  'WiBA 5.9': { scheme: 'WiBA', title: 'Client 5.9: Fremde Geräte und Wechselmedien untersagt' },
  'WiBA 5.11': { scheme: 'WiBA', title: 'Client 5.11: Daten vor Ausmusterung gelöscht' },
  'WiBA 5.12': { scheme: 'WiBA', title: 'Client 5.12: Ablauf für Ausmusterung' },
  'WiBA 5.13': { scheme: 'WiBA', title: 'Client 5.13: Laufwerke verschlüsselt' },
  'WiBA 7.10': { scheme: 'WiBA', title: 'IT-Administration 7.10: Verfahren für Patches und Änderungen' },
  'WiBA 7.11': { scheme: 'WiBA', title: 'IT-Administration 7.11: Umgang mit Auto-Update entschieden' },
  'WiBA 7.12': { scheme: 'WiBA', title: 'IT-Administration 7.12: Patches zügig installiert' },
  'WiBA 7.13': { scheme: 'WiBA', title: 'IT-Administration 7.13: Patches vor dem Einspielen erprobt' },
  'WiBA 7.17': { scheme: 'WiBA', title: 'IT-Administration 7.17: Fernzugriff nur mit Zustimmung' },
  'WiBA 8.7': { scheme: 'WiBA', title: 'Mobile Endgeräte 8.7: Firewall auf Laptops unterwegs' },
  'WiBA 10.8': { scheme: 'WiBA', title: 'Organisation und Personal 10.8: Kontakt für Informationssicherheit benannt' },
  'WiBA 10.10': { scheme: 'WiBA', title: 'Organisation und Personal 10.10: Auf Regelungen hingewiesen' },
  'WiBA 10.17': { scheme: 'WiBA', title: 'Organisation und Personal 10.17: Für sichere IT-Nutzung sensibilisiert' },
  'WiBA 11.1': { scheme: 'WiBA', title: 'Outsourcing und Cloud 11.1: Dienstleister an Sicherheitsvorgaben gebunden' },
  'WiBA 11.2': { scheme: 'WiBA', title: 'Outsourcing und Cloud 11.2: Ausgelagerte Dienste dokumentiert' },
  'WiBA 15.1': { scheme: 'WiBA', title: 'Sicherheitsmechanismen 15.1: Schadsoftwareschutz vorhanden' },
  'WiBA 15.3': { scheme: 'WiBA', title: 'Sicherheitsmechanismen 15.3: Mailanhänge vor dem Öffnen geprüft' },
  'WiBA 15.4': { scheme: 'WiBA', title: 'Sicherheitsmechanismen 15.4: Virenschutz und Signaturen aktuell' },
  'WiBA 15.5': { scheme: 'WiBA', title: 'Sicherheitsmechanismen 15.5: Cloud-Virenschutz datenschutzgerecht' },
  'WiBA 15.6': { scheme: 'WiBA', title: 'Sicherheitsmechanismen 15.6: Eingebaute Schutzfunktionen genutzt' },
  'WiBA 15.9': { scheme: 'WiBA', title: 'Sicherheitsmechanismen 15.9: Uhren der protokollierenden Systeme gleich' },
  'WiBA 18.2': {
    scheme: 'WiBA',
    title: 'Vorbereitung für Sicherheitsvorfälle 18.2: Verhaltensregeln für den Sicherheitsvorfall',
  },
  'WiBA 18.5': { scheme: 'WiBA', title: 'Vorbereitung für Sicherheitsvorfälle 18.5: Notfallkontakte aktuell' },
  'DET.5.10': { scheme: 'Grundschutz++', title: 'Zeitnahes Patchmanagement' },
  'DET.5.10.2': { scheme: 'Grundschutz++', title: 'Automatisierte Überwachung von Systemupdates' },
  'KONF.8.1.1': { scheme: 'Grundschutz++', title: 'Automatische Sicherheitsupdates' },
} as const satisfies Record<string, Control>;

export type ControlId = keyof typeof controls;

/** What the agent cannot tell, and why. Shown as "nicht messbar", never as kept. No rule cites one of these. */
export const notMeasurable: readonly { readonly control: ControlId; readonly why: Words }[] = [
  {
    control: 'CON.3.A1',
    why: {
      de: 'Welche Daten wie wichtig sind, kann nur die Verwaltung erheben.',
      en: 'Which data matter how much can only be found out by the administration.',
    },
  },
  {
    control: 'CON.3.A6',
    why: {
      de: 'Ein Datensicherungskonzept ist ein Dokument; an einem PC lässt es sich nicht ablesen.',
      en: 'A backup concept is a document; a PC does not show it.',
    },
  },
  {
    control: 'DER.2.1.A3',
    why: {
      de: 'Verantwortliche und Ansprechpersonen benennt die Verwaltung.',
      en: 'Responsible and contact persons are named by the administration.',
    },
  },
  {
    control: 'DER.2.1.A4',
    why: {
      de: 'Wer bei einem Vorfall zu benachrichtigen ist, regelt die Verwaltung.',
      en: 'Who has to be told of an incident is decided by the administration.',
    },
  },
  {
    control: 'DER.2.1.A9',
    why: { de: 'Meldewege sind Absprachen zwischen Menschen.', en: 'Ways of reporting are agreements between people.' },
  },
  {
    control: 'OPS.1.1.3.A1',
    why: {
      de: 'Ein Konzept für Patches und Änderungen ist ein Dokument; an einem PC lässt es sich nicht ablesen.',
      en: 'A concept for patches and changes is a document; a PC does not show it.',
    },
  },
  {
    control: 'OPS.1.1.3.A2',
    why: {
      de: 'Wer zuständig ist, legt die Verwaltung fest; am PC steht es nicht.',
      en: 'Who is responsible is decided by the administration; it does not stand on a PC.',
    },
  },
  {
    control: 'OPS.1.1.5.A5',
    why: {
      de: 'Ob Mitbestimmung und Löschfristen gewahrt sind, entscheidet sich in Vereinbarungen.',
      en: 'Whether co-determination and deletion are respected is decided in agreements.',
    },
  },
  {
    control: 'OPS.1.2.5.A2',
    why: {
      de: 'Ob jemand der Fernwartung zugestimmt hat, wird vom Agent nicht erfasst.',
      en: 'Whether somebody agreed to remote maintenance is not collected by the agent.',
    },
  },
  {
    control: 'ORP.3.A3',
    why: {
      de: 'Ob Beschäftigte eingewiesen wurden, steht in Nachweisen der Verwaltung.',
      en: 'Whether staff were instructed stands in records of the administration.',
    },
  },
  {
    control: 'ORP.5.A5',
    why: {
      de: 'Wie Ausnahmen genehmigt werden, regelt die Verwaltung; KITS führt nur das Verzeichnis.',
      en: 'How exceptions are approved is decided by the administration; KITS only keeps the list.',
    },
  },
  {
    control: 'SYS.2.1.A27',
    why: {
      de: 'Die Außerbetriebnahme geschieht, wenn der Agent nicht mehr läuft.',
      en: 'Decommissioning happens when the agent no longer runs.',
    },
  },
  {
    control: 'WiBA 2.1',
    why: {
      de: 'Wie ein Bildschirm im Raum steht, weiß der PC nicht.',
      en: 'How a screen stands in a room is unknown to the PC.',
    },
  },
  {
    control: 'WiBA 5.6',
    why: {
      de: 'Welche Funktionen der Firmware gebraucht werden, kann nur ein Mensch entscheiden.',
      en: 'Which functions of the firmware are needed can only be decided by a person.',
    },
  },
  {
    control: 'WiBA 5.9',
    why: {
      de: 'Eine Regelung zu fremden Wechselmedien gilt für Menschen; am PC steht sie nicht.',
      en: 'A rule about foreign removable media is for people; it does not stand on a PC.',
    },
  },
  {
    control: 'WiBA 5.11',
    why: {
      de: 'Ob Daten vor der Ausmusterung gelöscht wurden, kann ein ausgemusterter PC nicht mehr melden.',
      en: 'Whether data were erased before retirement cannot be reported by a retired PC.',
    },
  },
  {
    control: 'WiBA 5.12',
    why: {
      de: 'Der Ablauf der Ausmusterung ist eine Regelung der Verwaltung.',
      en: 'The way to retire a device is a rule of the administration.',
    },
  },
  {
    control: 'WiBA 7.10',
    why: {
      de: 'Ob Patches geplant, freigegeben und dokumentiert werden, ist ein Verfahren und kein Zustand eines PCs.',
      en: 'Whether patches are planned, approved and documented is a procedure, not a state of a PC.',
    },
  },
  {
    control: 'WiBA 7.13',
    why: {
      de: 'Ob Patches vorher erprobt wurden, sieht man dem PC nicht an, der sie erhält.',
      en: 'Whether patches were tried before cannot be seen on the PC that gets them.',
    },
  },
  {
    control: 'WiBA 7.17',
    why: {
      de: 'Ob jemand dem Fernzugriff zugestimmt hat, wird vom Agent nicht erfasst.',
      en: 'Whether somebody agreed to remote access is not collected by the agent.',
    },
  },
  {
    control: 'WiBA 10.8',
    why: {
      de: 'Wer für Informationssicherheit zuständig ist, benennt die Verwaltung.',
      en: 'Who is responsible for information security is named by the administration.',
    },
  },
  {
    control: 'WiBA 10.10',
    why: {
      de: 'Ob auf Regelungen hingewiesen wurde, steht in Nachweisen der Verwaltung.',
      en: 'Whether rules were pointed out stands in records of the administration.',
    },
  },
  {
    control: 'WiBA 10.17',
    why: {
      de: 'Ob Beschäftigte für sichere IT-Nutzung sensibilisiert sind, kann ein PC nicht messen.',
      en: 'Whether staff are aware of safe use cannot be measured by a PC.',
    },
  },
  {
    control: 'WiBA 11.1',
    why: {
      de: 'Verträge mit Dienstleistern stehen nicht am PC.',
      en: 'Contracts with providers do not stand on a PC.',
    },
  },
  {
    control: 'WiBA 11.2',
    why: {
      de: 'Die Dokumentation ausgelagerter Dienste ist ein Dokument der Verwaltung.',
      en: 'The documentation of outsourced services is a document of the administration.',
    },
  },
  {
    control: 'WiBA 15.3',
    why: {
      de: 'Mailanhänge prüft der Mailserver, bevor sie den PC erreichen.',
      en: 'Mail attachments are checked by the mail server before they reach the PC.',
    },
  },
  {
    control: 'WiBA 15.5',
    why: {
      de: 'Ob Datenschutz und Virenschutz in der Cloud zusammenpassen, ist eine rechtliche Bewertung.',
      en: 'Whether data protection and cloud virus protection fit together is a legal judgement.',
    },
  },
  {
    control: 'WiBA 18.2',
    why: {
      de: 'Verhaltensregeln für den Sicherheitsvorfall sind ein Dokument der Verwaltung.',
      en: 'Rules of behaviour for incidents are a document of the administration.',
    },
  },
  {
    control: 'WiBA 18.5',
    why: {
      de: 'Ob Notfallkontakte noch stimmen, kann nur ein Mensch prüfen.',
      en: 'Whether emergency contacts are still right can only be checked by a person.',
    },
  },
];
