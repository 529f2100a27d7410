/** Texts of the page about the state of the PC in both languages. */
import type { Area } from './areas.ts';
import { plural } from './plural.ts';

interface AreaWords {
  readonly name: string;
  /** While all is well. */
  readonly fine: string;
  /** What the person should do while something is wrong. */
  readonly you: string;
  /** What KITS does, once it knows. */
  readonly kits: string;
}

export const statusTexts = {
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
    de: (count: number) =>
      plural.de(count, 'Es gibt eine Mitteilung von KITS.', `Es gibt ${count} Mitteilungen von KITS.`),
    en: (count: number) => plural.en(count, 'There is one notice from KITS.', `There are ${count} notices from KITS.`),
  },
  checkNow: { de: 'Jetzt prüfen', en: 'Check now' },
  checkAsked: { de: 'Die Prüfung ist angefordert …', en: 'The check has been requested …' },
  checkRuns: { de: 'Der PC wird geprüft …', en: 'The PC is being checked …' },
  checkDone: { de: (time: string) => `Geprüft: ${time}.`, en: (time: string) => `Checked: ${time}.` },
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
      plural.de(
        count,
        'Ein Bericht wartet. Er wird von selbst übermittelt.',
        `${count} Berichte warten. Sie werden von selbst übermittelt.`,
      ),
    en: (count: number) =>
      plural.en(
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
  heldUpOnTheWay: {
    de: 'Etwas zwischen diesem PC und KITS hält Berichte auf. Sie bleiben hier erhalten. Bitte sagen Sie KITS Bescheid.',
    en: 'Something between this PC and KITS holds reports back. They stay here. Please tell KITS.',
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
};
