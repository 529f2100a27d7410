/** Every text of the window in both languages, side by side. German first: it is what people here read. Whole sentences only. */
import type { OverallState, Status } from '../agent/contract/status.ts';
import type { PageName } from '../main/ipc/channels.ts';
import type { SentItem, View } from '../main/ipc/contract.ts';
import type { Area } from './areas.ts';
import { helpTexts } from './help-texts.ts';

export type Language = 'de' | 'en';

interface AreaWords {
  readonly name: string;
  /** While all is well. */
  readonly fine: string;
  /** What the person should do while something is wrong. */
  readonly you: string;
  /** What KITS does, once it knows. */
  readonly kits: string;
}
type Light = OverallState | 'offline';
type Severity = View['notices'][number]['severity'];
type DeferralKind = View['notices'][number]['deferralChoices'][number]['kind'];

const one = (count: number, singular: string, plural: string): string => (count === 1 ? singular : plural);

const pairs = {
  windowTitle: { de: (page: string) => `${page} – KITS Agent`, en: (page: string) => `${page} – KITS Agent` },
  navigation: { de: 'Seiten', en: 'Pages' },
  otherLanguage: {
    de: { code: 'en' as Language, name: 'English' },
    en: { code: 'de' as Language, name: 'Deutsch' },
  },
  pages: {
    de: {
      status: 'Status',
      notices: 'Mitteilungen',
      sent: 'Was wird übermittelt?',
      help: 'Hilfe',
      about: 'Über',
    } satisfies Record<PageName, string>,
    en: {
      status: 'Status',
      notices: 'Notices',
      sent: 'What is sent?',
      help: 'Help',
      about: 'About',
    } satisfies Record<PageName, string>,
  },
  noticesWithCount: { de: (count: number) => `Mitteilungen (${count})`, en: (count: number) => `Notices (${count})` },
  loading: { de: 'Wird geladen …', en: 'Loading …' },
  noAnswer: {
    de: 'Das ließ sich nicht lesen. Schließen Sie das Fenster und öffnen Sie es erneut. Bleibt es dabei, wenden Sie sich an KITS.',
    en: 'This could not be read. Close the window and open it again. If that does not help, ask KITS.',
  },
  unknownValue: { de: 'nicht bekannt', en: 'not known' },
  sinceToday: { de: 'Seit heute', en: 'Since today' },
  sinceDay: {
    de: (day: string, days: string) => `Seit ${day}, ${days}`,
    en: (day: string, days: string) => `Since ${day}, ${days}`,
  },
  light: {
    de: {
      ok: 'In Ordnung',
      attention: 'Achtung',
      critical: 'Dringend',
      unknown: 'Unbekannt',
      offline: 'Keine Verbindung zum Dienst',
    } satisfies Record<Light, string>,
    en: {
      ok: 'OK',
      attention: 'Attention',
      critical: 'Urgent',
      unknown: 'Unknown',
      offline: 'No connection to the service',
    } satisfies Record<Light, string>,
  },
  sentence: {
    de: {
      ok: 'Ihr PC ist in Ordnung.',
      attention: 'Ihr PC braucht Aufmerksamkeit.',
      critical: 'Ihr PC hat ein dringendes Problem.',
      unknown: 'Der Zustand Ihres PCs ist nicht bekannt.',
      offline: 'Der KITS-Dienst auf diesem PC meldet sich nicht.',
    } satisfies Record<Light, string>,
    en: {
      ok: 'Your PC is fine.',
      attention: 'Your PC needs attention.',
      critical: 'Your PC has an urgent problem.',
      unknown: 'The state of your PC is not known.',
      offline: 'The KITS service on this PC does not answer.',
    } satisfies Record<Light, string>,
  },
  asOf: { de: (time: string) => `Stand: ${time}`, en: (time: string) => `As of ${time}` },
  neverCollected: { de: 'Noch keine Angaben erhoben.', en: 'Nothing has been collected yet.' },
  silent: {
    de: (time: string) =>
      `Der letzte Stand ist vom ${time} und gilt nicht mehr. Starten Sie den PC neu. Bleibt es dabei, wenden Sie sich an KITS.`,
    en: (time: string) =>
      `The last state is from ${time} and no longer counts. Restart the PC. If that does not help, ask KITS.`,
  },
  unreadable: {
    de: 'Seine Angaben fehlen oder sind nicht zu lesen. Starten Sie den PC neu. Bleibt es dabei, wenden Sie sich an KITS.',
    en: 'What it says is missing or cannot be read. Restart the PC. If that does not help, ask KITS.',
  },
  newer: {
    de: 'KITS Agent wurde aktualisiert. Schließen Sie dieses Fenster: Das Programm startet dann von selbst neu.',
    en: 'KITS Agent was updated. Close this window: the program then restarts by itself.',
  },
  waking: { de: 'Der Zustand Ihres PCs wird geprüft.', en: 'The state of your PC is being checked.' },
  wakingHint: {
    de: 'Der PC ist gerade erst angelaufen. In wenigen Minuten steht hier, wie es ihm geht.',
    en: 'The PC has only just started up. In a few minutes you will see here how it is doing.',
  },
  noticesWaiting: {
    de: (count: number) => one(count, 'Es gibt eine Mitteilung von KITS.', `Es gibt ${count} Mitteilungen von KITS.`),
    en: (count: number) => one(count, 'There is one notice from KITS.', `There are ${count} notices from KITS.`),
  },
  checkNow: { de: 'Jetzt prüfen', en: 'Check now' },
  checkAsked: { de: 'Die Prüfung ist angefordert …', en: 'The check has been requested …' },
  checkRuns: { de: 'Der PC wird geprüft …', en: 'The PC is being checked …' },
  checkDone: { de: (time: string) => `Geprüft: ${time}.`, en: (time: string) => `Checked: ${time}.` },
  askFailed: {
    de: 'Das hat nicht geklappt. Bitte versuchen Sie es in einigen Minuten erneut.',
    en: 'That did not work. Please try again in a few minutes.',
  },
  mailboxUnreachable: {
    de: 'Der KITS-Dienst nimmt zurzeit nichts entgegen. Ihre Anfrage ist gespeichert und wird von selbst erneut versucht.',
    en: 'The KITS service takes nothing at the moment. Your request is kept and tried again by itself.',
  },
  nothingKnown: { de: 'Dazu gibt es noch keine Angaben.', en: 'Nothing is known about this yet.' },
  exempt: { de: 'Dafür ist mit KITS eine Ausnahme vereinbart.', en: 'An exception is agreed with KITS.' },
  whatYouDo: { de: 'Was Sie tun können', en: 'What you can do' },
  whatKitsDoes: { de: 'Was KITS tut', en: 'What KITS does' },
  nothingToDo: { de: 'Sie müssen nichts tun.', en: 'You do not need to do anything.' },
  kitsWillKnow: {
    de: 'KITS erfährt davon, sobald dieser PC seinen Bericht übermitteln kann.',
    en: 'KITS will know as soon as this PC can send its report.',
  },
  kitsLooks: {
    de: 'KITS sieht, dass dazu Angaben fehlen.',
    en: 'KITS sees that this is not known.',
  },
  lastAccepted: {
    de: (time: string) => `Zuletzt hat KITS einen Bericht empfangen: ${time}.`,
    en: (time: string) => `KITS last received a report: ${time}.`,
  },
  neverAccepted: {
    de: 'KITS hat von diesem PC noch keinen Bericht empfangen.',
    en: 'KITS has not received a report from this PC yet.',
  },
  waiting: {
    de: (count: number) =>
      one(
        count,
        'Ein Bericht wartet. Er wird von selbst übermittelt.',
        `${count} Berichte warten. Sie werden von selbst übermittelt.`,
      ),
    en: (count: number) =>
      one(
        count,
        'One report waits. It will be sent by itself.',
        `${count} reports wait. They will be sent by themselves.`,
      ),
  },
  storageFailed: {
    de: 'Der PC kann zurzeit keine Berichte speichern.',
    en: 'The PC cannot store reports at the moment.',
  },
  notAccepted: {
    de: 'Der KITS-Server nimmt diesen PC zurzeit nicht an. Darüber muss KITS entscheiden.',
    en: 'The KITS server does not accept this PC at the moment. KITS has to decide about it.',
  },
  areas: {
    de: {
      backup: {
        name: 'Sicherung',
        fine: 'Ihre Daten werden gesichert.',
        you: 'Lassen Sie den PC während der Arbeitszeit eingeschaltet und am Netzwerk.',
        kits: 'KITS sieht die Meldung und kümmert sich um die Sicherung.',
      },
      updates: {
        name: 'Aktualisierungen',
        fine: 'Die Programme sind auf dem erwarteten Stand.',
        you: 'Lassen Sie den PC eingeschaltet, bis die Aktualisierungen fertig sind.',
        kits: 'KITS sieht die Meldung und prüft, warum Aktualisierungen fehlen.',
      },
      restart: {
        name: 'Neustart',
        fine: 'Es ist kein Neustart nötig.',
        you: 'Speichern Sie Ihre Arbeit und starten Sie den PC neu, am besten heute nach der Arbeit.',
        kits: 'KITS sieht, dass ein Neustart aussteht, und startet Ihren PC nicht von sich aus.',
      },
      protection: {
        name: 'Schutz',
        fine: 'Die Schutzfunktionen sind aktiv.',
        you: 'Ändern Sie an den Schutzfunktionen nichts. Melden Sie, wenn Ihnen etwas verdächtig vorkommt.',
        kits: 'KITS sieht die Meldung und stellt den Schutz wieder her.',
      },
      storage: {
        name: 'Speicherplatz',
        fine: 'Es ist genug Platz frei.',
        you: 'Leeren Sie den Papierkorb und löschen Sie Dateien, die Sie nicht mehr brauchen.',
        kits: 'KITS sieht die Meldung und meldet sich, wenn ein Datenträger zu klein ist.',
      },
      connection: {
        name: 'Verbindung',
        fine: 'Der PC meldet sich bei KITS.',
        you: 'Prüfen Sie, ob das Netzwerkkabel steckt oder das WLAN verbunden ist.',
        kits: 'KITS sieht die Meldung und prüft die Verbindung.',
      },
      other: {
        name: 'Weiteres',
        fine: 'Alles Weitere ist in Ordnung.',
        you: 'Sie müssen nichts tun.',
        kits: 'KITS sieht die Meldung.',
      },
    } satisfies Record<Area, AreaWords>,
    en: {
      backup: {
        name: 'Backup',
        fine: 'Your data is backed up.',
        you: 'Leave the PC switched on and connected during working hours.',
        kits: 'KITS sees this and takes care of the backup.',
      },
      updates: {
        name: 'Updates',
        fine: 'The programs are as up to date as they should be.',
        you: 'Leave the PC switched on until the updates are done.',
        kits: 'KITS sees this and looks into why updates are missing.',
      },
      restart: {
        name: 'Restart',
        fine: 'No restart is needed.',
        you: 'Save your work and restart the PC, best today after work.',
        kits: 'KITS sees that a restart is due and does not restart your PC by itself.',
      },
      protection: {
        name: 'Protection',
        fine: 'The protection is active.',
        you: 'Change nothing about the protection. Tell KITS when something seems suspicious.',
        kits: 'KITS sees this and restores the protection.',
      },
      storage: {
        name: 'Storage space',
        fine: 'There is enough free space.',
        you: 'Empty the recycle bin and delete files that you no longer need.',
        kits: 'KITS sees this and gets in touch when a disk is too small.',
      },
      connection: {
        name: 'Connection',
        fine: 'The PC reports to KITS.',
        you: 'Check that the network cable is plugged in or Wi-Fi is connected.',
        kits: 'KITS sees this and checks the connection.',
      },
      other: {
        name: 'Other',
        fine: 'Everything else is fine.',
        you: 'You do not need to do anything.',
        kits: 'KITS sees this.',
      },
    } satisfies Record<Area, AreaWords>,
  },

  noNotices: {
    de: (deferred: number) => (deferred === 0 ? 'Es gibt keine Mitteilungen.' : 'Es gibt keine weiteren Mitteilungen.'),
    en: (deferred: number) => (deferred === 0 ? 'There are no notices.' : 'There are no other notices.'),
  },
  noticesUnknown: {
    de: 'Ob es Mitteilungen gibt, ist nicht bekannt: Der KITS-Dienst meldet sich nicht.',
    en: 'Whether there are notices is not known: the KITS service does not answer.',
  },
  refusedNotices: {
    de: (count: number) =>
      one(
        count,
        'Eine Mitteilung wird nicht gezeigt, weil ihre Echtheit nicht nachgewiesen ist.',
        `${count} Mitteilungen werden nicht gezeigt, weil ihre Echtheit nicht nachgewiesen ist.`,
      ),
    en: (count: number) =>
      one(
        count,
        'One notice is not shown because it is not proven to be genuine.',
        `${count} notices are not shown because they are not proven to be genuine.`,
      ),
  },
  severity: {
    de: { info: 'Hinweis', warning: 'Achtung', urgent: 'Dringend' } satisfies Record<Severity, string>,
    en: { info: 'Information', warning: 'Attention', urgent: 'Urgent' } satisfies Record<Severity, string>,
  },
  noticeFrom: { de: (sender: string) => `Von ${sender}`, en: (sender: string) => `From ${sender}` },
  genuineSince: {
    de: (severity: string, sender: string, time: string) => `${severity}. ${sender}, ${time}. Echtheit geprüft.`,
    en: (severity: string, sender: string, time: string) => `${severity}. ${sender}, ${time}. Verified as genuine.`,
  },
  linksNotOpened: {
    de: 'Diese Adressen gehören zur Mitteilung. Was nicht unterstrichen ist, lässt sich von hier aus nicht öffnen.',
    en: 'These addresses belong to the notice. What is not underlined cannot be opened from here.',
  },
  linksOpened: {
    de: 'Diese Adressen gehören zur Mitteilung und öffnen sich im Browser, wenn Sie sie anklicken:',
    en: 'These addresses belong to the notice and open in the browser when you click on them:',
  },
  validUntil: { de: (time: string) => `Gilt bis ${time}`, en: (time: string) => `Valid until ${time}` },
  later: { de: 'Später erinnern', en: 'Remind me later' },
  deferral: {
    de: {
      'one-hour': 'In einer Stunde',
      'four-hours': 'In vier Stunden',
      'next-morning': 'Am nächsten Arbeitstag',
    } satisfies Record<DeferralKind, string>,
    en: {
      'one-hour': 'In an hour',
      'four-hours': 'In four hours',
      'next-morning': 'On the next working day',
    } satisfies Record<DeferralKind, string>,
  },
  remindAt: {
    de: (when: string, time: string) => `${when} (${time})`,
    en: (when: string, time: string) => `${when} (${time})`,
  },
  deferredTitle: { de: 'Zurückgestellt', en: 'Postponed' },
  deferredUntil: {
    de: (time: string) => `Zurückgestellt. Wir erinnern Sie: ${time}.`,
    en: (time: string) => `Postponed. You will be reminded: ${time}.`,
  },
  acknowledge: {
    de: (title: string) => `„${title}“ zur Kenntnis genommen`,
    en: (title: string) => `Acknowledge “${title}”`,
  },
  acknowledging: {
    de: 'Ihre Kenntnisnahme ist gespeichert und wird übergeben …',
    en: 'Your acknowledgement is kept and being handed over …',
  },
  acknowledged: {
    de: 'Zur Kenntnis genommen. Der KITS-Dienst hat das übernommen.',
    en: 'Acknowledged. The KITS service has taken it on.',
  },

  sentIntro: {
    de: 'Hier sehen Sie die letzten Berichte dieses PCs so, wie sie übermittelt wurden, und wozu jede Angabe dient.',
    en: 'Here you see the last reports of this PC as they were sent, and what each value is for.',
  },
  neverTitle: { de: 'Was nie erhoben wird', en: 'What is never collected' },
  neverCollectedList: {
    de: [
      'was Sie am PC tun und wann Sie sich an- oder abmelden',
      'Fenstertitel und besuchte Internetseiten',
      'Namen und Inhalte Ihrer Dateien',
      'Befehlszeilen laufender Programme und Umgebungsvariablen',
      'Kennwörter und Produktschlüssel',
    ],
    en: [
      'what you do at the PC and when you sign in or out',
      'window titles and websites you visit',
      'names and contents of your files',
      'command lines of running programs and environment variables',
      'passwords and product keys',
    ],
  },
  lastReports: { de: 'Die letzten Berichte', en: 'The last reports' },
  noReports: { de: 'Auf diesem PC liegt noch kein Bericht.', en: 'There is no report on this PC yet.' },
  reportClass: {
    de: {
      routine: 'Zwischenbericht',
      full: 'Vollständiger Bericht',
      incident: 'Gemeldeter Verdacht',
      acknowledgement: 'Kenntnisnahme',
      gap: 'Nachweis fehlender Berichte',
    } satisfies Record<SentItem['class'], string>,
    en: {
      routine: 'Routine report',
      full: 'Full report',
      incident: 'Reported suspicion',
      acknowledgement: 'Acknowledgement',
      gap: 'Account of missing reports',
    } satisfies Record<SentItem['class'], string>,
  },
  reportOf: {
    de: (time: string, kind: string) => `${kind} vom ${time}`,
    en: (time: string, kind: string) => `${kind} of ${time}`,
  },
  reportAccepted: {
    de: (time: string, size: string) => `Von KITS empfangen: ${time}. Größe: ${size}.`,
    en: (time: string, size: string) => `Received by KITS: ${time}. Size: ${size}.`,
  },
  reportWaits: { de: 'Noch nicht übermittelt.', en: 'Not sent yet.' },
  reportGone: {
    de: 'Dieser Bericht liegt nicht mehr auf dem PC.',
    en: 'This report is no longer on the PC.',
  },
  exportReport: { de: 'Diesen Bericht als Datei speichern', en: 'Save this report as a file' },
  savedAs: { de: (path: string) => `Gespeichert: ${path}`, en: (path: string) => `Saved: ${path}` },
  notSaved: { de: 'Nicht gespeichert.', en: 'Not saved.' },
  saveFailed: {
    de: 'Die Datei ließ sich dort nicht speichern. Wählen Sie einen anderen Ordner.',
    en: 'The file could not be saved there. Choose another folder.',
  },
  groupTitle: {
    de: (name: string, count: string) => `${name}: ${count} Angaben`,
    en: (name: string, count: string) => `${name}: ${count} values`,
  },
  asHash: {
    de: 'Unverändert: Übermittelt wurde nur eine Prüfsumme, weil KITS diese Angaben schon hatte.',
    en: 'Unchanged: only a checksum was sent, because KITS had these values already.',
  },
  noPurpose: { de: 'Kein Zweck angegeben.', en: 'No purpose stated.' },
  moreFields: { de: 'Weitere Angaben zeigen', en: 'Show more values' },
  sections: {
    de: {
      envelope: 'Umschlag des Berichts',
      report: 'Bericht',
      system: 'Gerät',
      os: 'Betriebssystem',
      cpu: 'Prozessor',
      memory: 'Arbeitsspeicher',
      storage: 'Speicher und Laufwerke',
      network: 'Netzwerk',
      display: 'Bildschirme und Grafik',
      battery: 'Akku',
      printers: 'Drucker',
      usb: 'USB-Geräte',
      software: 'Programme',
      patches: 'Aktualisierungen',
      security: 'Sicherheit',
      backup: 'Sicherung',
      energy: 'Energie',
      infrastructure: 'Erreichbarkeit',
      agent: 'KITS Agent',
    } as Readonly<Record<string, string>>,
    en: {
      envelope: 'Envelope of the report',
      report: 'Report',
      system: 'System',
      os: 'Operating system',
      cpu: 'Processor',
      memory: 'Memory',
      storage: 'Storage',
      network: 'Network',
      display: 'Displays and graphics',
      battery: 'Battery',
      printers: 'Printers',
      usb: 'USB devices',
      software: 'Software',
      patches: 'Updates',
      security: 'Security',
      backup: 'Backup',
      energy: 'Energy',
      infrastructure: 'Reachability',
      agent: 'KITS Agent',
    } as Readonly<Record<string, string>>,
  },

  aboutText: {
    de: 'KITS Agent meldet KITS, dem IT-Dienst der Kommunen, wie es diesem PC geht. Er ändert nichts an Ihrem PC und nimmt keine Befehle entgegen.',
    en: 'KITS Agent tells KITS, the IT service of the municipalities, how this PC is doing. It changes nothing on your PC and takes no commands.',
  },
  versionOfWindow: { de: 'Version dieses Programms', en: 'Version of this program' },
  versionOfService: { de: 'Version des KITS-Dienstes', en: 'Version of the KITS service' },
  deviceState: { de: 'Dieser PC bei KITS', en: 'This PC at KITS' },
  deviceStates: {
    de: {
      active: 'angemeldet',
      pending: 'wartet auf Freigabe durch KITS',
      quarantined: 'wird von KITS geprüft',
      retired: 'ausgemustert',
      'not-enrolled': 'nicht angemeldet',
    } satisfies Record<Status['device']['state'], string>,
    en: {
      active: 'enrolled',
      pending: 'awaiting approval by KITS',
      quarantined: 'being looked into by KITS',
      retired: 'retired',
      'not-enrolled': 'not enrolled',
    } satisfies Record<Status['device']['state'], string>,
  },
  statusWritten: { de: 'Letzte Angabe des Dienstes', en: 'Last update from the service' },
  licencesTitle: { de: 'Lizenzen', en: 'Licences' },
  licences: {
    de: 'Dieses Programm enthält Software anderer:',
    en: 'This program contains software of others:',
  },
  licensed: {
    de: (name: string, version: string, licence: string) => `${name} ${version}, Lizenz ${licence}`,
    en: (name: string, version: string, licence: string) => `${name} ${version}, licence ${licence}`,
  },
  licenceTexts: {
    de: 'Die Texte der Lizenzen liegen im Programmordner. Electron enthält Chromium und Node.js mit weiteren Lizenzen; sie stehen dort in „LICENSES.chromium.html“.',
    en: 'The texts of the licences are in the folder of the program. Electron contains Chromium and Node.js with further licences; they are there in “LICENSES.chromium.html”.',
  },
  accessibilityTitle: { de: 'Barrierefreiheit', en: 'Accessibility' },
  accessibility: {
    de: 'Alle Funktionen lassen sich mit der Tastatur bedienen. Farben, Schriftgröße und reduzierte Bewegung folgen den Einstellungen Ihres PCs. Wenn Sie auf eine Hürde stoßen, sagen Sie es KITS.',
    en: 'Everything works with the keyboard. Colours, text size and reduced motion follow the settings of your PC. If you meet a barrier, please tell KITS.',
  },

  ...helpTexts,
};

type Pairs = typeof pairs;
export type Texts = { readonly [K in keyof Pairs]: Pairs[K]['de'] | Pairs[K]['en'] };

const inLanguage = (language: Language): Texts =>
  Object.fromEntries(Object.entries(pairs).map(([name, pair]) => [name, pair[language]])) as Texts;
const all: Readonly<Record<Language, Texts>> = { de: inLanguage('de'), en: inLanguage('en') };

export const textsFor = (language: Language): Texts => all[language];
