/** Words of the group policy editor for each setting of the machine; the compiler asks for both languages when one is added. */
import type { z } from 'zod';
import type { machineFile } from '../../agent/settings/settings.ts';

export interface PolicyText {
  readonly name: string;
  /** What it does, when to set it, what holds without it. */
  readonly explain: string;
  /** Stands before the field. */
  readonly label: string;
}
export type MachineSetting = keyof z.infer<typeof machineFile>;
export type PolicyTexts = Readonly<Record<MachineSetting, PolicyText>>;

const json = {
  de: 'JSON in einer oder mehreren Zeilen, Umlaute als \\u00fc und so fort',
  en: 'JSON on one or more lines; letters beyond ASCII as \\u00fc and so on',
};

export const policyTexts: Readonly<Record<'de-DE' | 'en-US', PolicyTexts>> = {
  'de-DE': {
    serverUrl: {
      name: 'Adresse des KITS-Servers',
      explain:
        'An diesen Server meldet sich der PC. Ein PC, der schon angemeldet ist, bleibt bei seinem Server. Ohne diese Richtlinie gilt die Angabe der Installation.',
      label: 'Adresse, zum Beispiel https://kits.example.de',
    },
    serverKey: {
      name: 'Fingerabdruck des Server-Schlüssels',
      explain:
        'Daran erkennt der PC bei der Anmeldung den echten KITS-Server. Die Konsole zeigt ihn unter "Anmeldung". Ohne ihn wird die Anmeldung abgelehnt.',
      label: 'Fingerabdruck (43 Zeichen)',
    },
    recoveryKey: {
      name: 'Fingerabdruck des Wiederherstellungsschlüssels',
      explain:
        'Mit diesem Schlüssel, der nicht auf dem Server liegt, kann KITS den PCs einen neuen Server-Schlüssel nennen, wenn der alte verloren ist.',
      label: 'Fingerabdruck (43 Zeichen)',
    },
    selfUpdate: {
      name: 'Selbstaktualisierung',
      explain:
        'Der PC holt neue Versionen selbst und installiert sie außerhalb der Dienstzeit. Ausschalten, wo eine Softwareverteilung dafür sorgt. Ohne diese Richtlinie gilt die Angabe der Installation, sonst: aus.',
      label: 'true oder false',
    },
    releaseKey: {
      name: 'Fingerabdruck des Freigabeschlüssels',
      explain:
        'Nur Versionen, die mit diesem Schlüssel unterschrieben sind, installiert der PC von selbst. Er liegt nicht auf dem Server. Ohne ihn gibt es keine Selbstaktualisierung.',
      label: 'Fingerabdruck (43 Zeichen)',
    },
    updateKilobytesPerSecond: {
      name: 'Geschwindigkeit der Selbstaktualisierung',
      explain: 'Schneller lädt der PC eine neue Version nicht. Ohne diese Richtlinie: 1024 KiB je Sekunde.',
      label: 'KiB je Sekunde',
    },
    proxy: {
      name: 'Proxy',
      explain:
        'Über diesen Proxy erreicht der Dienst den KITS-Server. Ohne diese Richtlinie gilt die Einstellung der Installation, sonst eine direkte Verbindung.',
      label: 'Adresse, zum Beispiel http://proxy:3128',
    },
    caFile: {
      name: 'Zusätzliche Zertifizierungsstelle',
      explain:
        'Datei im PEM-Format mit Zertifizierungsstellen, denen der Dienst neben denen des Systems vertraut. Nur Administratoren dürfen sie ändern können.',
      label: 'Vollständiger Pfad der Datei',
    },
    checkInSeconds: {
      name: 'Abstand der Meldungen',
      explain: 'So oft fragt der PC beim Server nach Neuem, mit etwas Streuung. Ohne diese Richtlinie: 900 Sekunden.',
      label: 'Sekunden',
    },
    cheapRoundMinutes: {
      name: 'Abstand der kleinen Erfassung',
      explain: 'So oft werden die Angaben erfasst, die wenig kosten. Ohne diese Richtlinie: 60 Minuten.',
      label: 'Minuten',
    },
    fullRoundMinutes: {
      name: 'Abstand der vollständigen Erfassung',
      explain: 'So oft werden alle Angaben erfasst. Ohne diese Richtlinie: 240 Minuten.',
      label: 'Minuten',
    },
    outboxMegabytes: {
      name: 'Platz für wartende Meldungen',
      explain:
        'So viel Platz belegen Meldungen höchstens, die den Server noch nicht erreicht haben. Ohne diese Richtlinie: 64 MiB.',
      label: 'MiB',
    },
    outboxDays: {
      name: 'Aufbewahrung wartender Meldungen',
      explain:
        'So viele Tage mit Meldungen bleiben höchstens liegen, wenn der Server nicht erreichbar ist. Ohne diese Richtlinie: 100 Tage.',
      label: 'Tage',
    },
    withoutSections: {
      name: 'Bereiche, die nicht erfasst werden',
      explain:
        'Diese Bereiche werden auf dem PC weder erfasst noch gemeldet. Weder der Server noch eine Datei auf dem PC kann sie zurückholen. Möglich sind: {values}.',
      label: 'Ein Bereich je Zeile',
    },
    infrastructureTargets: {
      name: 'Ziele im Netzwerk, deren Erreichbarkeit geprüft wird',
      explain: `Liste von Zielen mit name, kind (gateway, backup-target, kits-server, other), host, port und tls. ${json.de}.`,
      label: 'Liste als JSON',
    },
    backup: {
      name: 'Quellen für Sicherungen',
      explain: `Sicherungen, die der Dienst nicht von selbst findet: hooks und custom wie in agent.json. ${json.de}.`,
      label: 'Angaben als JSON',
    },
    logLevel: {
      name: 'Ausführlichkeit des Protokolls',
      explain: 'Wie viel der Dienst in sein Protokoll schreibt. Ohne diese Richtlinie: info.',
      label: 'Stufe',
    },
  },
  'en-US': {
    serverUrl: {
      name: 'Address of the KITS server',
      explain:
        'The PC reports to this server. A PC that is enrolled already stays with its server. Without this policy the word of the installation counts.',
      label: 'Address, such as https://kits.example.de',
    },
    serverKey: {
      name: 'Thumbprint of the server key',
      explain:
        'By it the PC knows the genuine KITS server when it enrols. The console shows it. Without it enrolment is refused.',
      label: 'Thumbprint (43 characters)',
    },
    recoveryKey: {
      name: 'Thumbprint of the recovery key',
      explain:
        'With this key, which does not lie on the server, KITS can name a new server key to the PCs when the old one is lost.',
      label: 'Thumbprint (43 characters)',
    },
    selfUpdate: {
      name: 'Self-update',
      explain:
        'The PC fetches new versions itself and installs them outside working hours. Switch it off where software distribution sees to that. Without this policy the word of the installation counts, otherwise: off.',
      label: 'true or false',
    },
    releaseKey: {
      name: 'Thumbprint of the release key',
      explain:
        'The PC installs by itself only versions signed with this key. It does not lie on the server. Without it there is no self-update.',
      label: 'Thumbprint (43 characters)',
    },
    updateKilobytesPerSecond: {
      name: 'Speed of the self-update',
      explain: 'The PC does not fetch a new version faster than this. Without this policy: 1024 KiB a second.',
      label: 'KiB a second',
    },
    proxy: {
      name: 'Proxy',
      explain:
        'The service reaches the KITS server through this proxy. Without this policy the word of the installation counts, otherwise a direct connection.',
      label: 'Address, such as http://proxy:3128',
    },
    caFile: {
      name: 'Additional certification authority',
      explain:
        'PEM file of authorities the service trusts beside those of the system. Only administrators may be able to change it.',
      label: 'Absolute path of the file',
    },
    checkInSeconds: {
      name: 'Time between check-ins',
      explain: 'How often the PC asks the server for news, with some spread. Without this policy: 900 seconds.',
      label: 'Seconds',
    },
    cheapRoundMinutes: {
      name: 'Time between small rounds',
      explain: 'How often what costs little is collected. Without this policy: 60 minutes.',
      label: 'Minutes',
    },
    fullRoundMinutes: {
      name: 'Time between full rounds',
      explain: 'How often everything is collected. Without this policy: 240 minutes.',
      label: 'Minutes',
    },
    outboxMegabytes: {
      name: 'Room for reports that wait',
      explain: 'The most that reports take which have not reached the server. Without this policy: 64 MiB.',
      label: 'MiB',
    },
    outboxDays: {
      name: 'How long reports wait',
      explain:
        'The most days with reports that are kept while the server is out of reach. Without this policy: 100 days.',
      label: 'Days',
    },
    withoutSections: {
      name: 'Sections that are not collected',
      explain:
        'These sections are neither collected nor reported on the PC. Neither the server nor a file on the PC brings them back. There are: {values}.',
      label: 'One section a line',
    },
    infrastructureTargets: {
      name: 'Targets in the network whose reachability is checked',
      explain: `List of targets with name, kind (gateway, backup-target, kits-server, other), host, port and tls. ${json.en}.`,
      label: 'List as JSON',
    },
    backup: {
      name: 'Sources of backups',
      explain: `Backups the service does not find by itself: hooks and custom as in agent.json. ${json.en}.`,
      label: 'As JSON',
    },
    logLevel: {
      name: 'Verbosity of the log',
      explain: 'How much the service writes into its log. Without this policy: info.',
      label: 'Level',
    },
  },
};
