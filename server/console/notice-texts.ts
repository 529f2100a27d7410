/** Texts of the pages about notices. Part of texts.ts, through which they are used. */
import type { Language } from './format.ts';

const many = (count: number, one: string, more: string): string => (count === 1 ? one : more);

export const noticeTexts = {
  notices: { de: 'Mitteilungen', en: 'Notices' },
  noticesLead: {
    de: 'Worte von KITS an die Menschen an den PCs. Sie sind unterschrieben und stehen nach Sekunden auf dem Bildschirm; wo die Verbindung fehlt, bringt sie die nächste Meldung des Geräts.',
    en: 'Words from KITS to the people at the PCs. They are signed and reach the screen within seconds; where the connection is missing, the next check-in of the device brings them.',
  },
  newNotice: { de: 'Neue Mitteilung', en: 'New notice' },
  toNotices: { de: 'Zu den Mitteilungen', en: 'To the notices' },
  notice: { de: 'Mitteilung', en: 'Notice' },
  noticeList: { de: 'Veröffentlichte Mitteilungen', en: 'Published notices' },
  noticeFilter: { de: 'Mitteilungen filtern', en: 'Filter notices' },
  noNotice: { de: 'Es ist noch keine Mitteilung veröffentlicht.', en: 'No notice has been published yet.' },
  noNoticeMatch: { de: 'Keine Mitteilung passt zu diesem Filter.', en: 'No notice matches this filter.' },
  noticeState: {
    de: {
      scheduled: 'Geplant',
      active: 'In Kraft',
      ended: 'Abgelaufen',
      replaced: 'Ersetzt',
      // With a place to divide it: not every browser knows where German words may be.
      recalled: 'Zurück\u00ADgenommen',
    },
    en: { scheduled: 'Scheduled', active: 'In force', ended: 'Ended', replaced: 'Replaced', recalled: 'Recalled' },
  },
  noticeFor: { de: 'Für', en: 'For' },
  noticeWhole: { de: 'Alle Geräte', en: 'All devices' },
  noticePeriod: { de: 'Wird gezeigt', en: 'Shown' },
  noticeFromTo: {
    de: (from: string, to: string) => `${from} bis ${to}`,
    en: (from: string, to: string) => `${from} to ${to}`,
  },
  noticeProgress: { de: 'Fortschritt', en: 'Progress' },
  noticeDeliveredOf: {
    de: (delivered: string, devices: string) => `${delivered} von ${devices} zugestellt`,
    en: (delivered: string, devices: string) => `${delivered} of ${devices} delivered`,
  },
  noticeRecallDeliveredOf: {
    de: (delivered: string, devices: string) => `Rücknahme bei ${delivered} von ${devices}`,
    en: (delivered: string, devices: string) => `Recall at ${delivered} of ${devices}`,
  },
  noticeAcknowledgedBy: {
    de: (count: string) => `${count} zur Kenntnis genommen`,
    en: (count: string) => `${count} acknowledged`,
  },
  noticePublishedBy: {
    de: (at: string, by: string) => `Veröffentlicht am ${at} von ${by}.`,
    en: (at: string, by: string) => `Published on ${at} by ${by}.`,
  },

  noticeKeyOffline: {
    de: 'Auf diesem Server kann keine Mitteilung unterschrieben werden: Der Schlüssel dafür wird an anderer Stelle aufbewahrt.',
    en: 'No notice can be signed on this server: the key for it is kept elsewhere.',
  },
  noticeKeyMissing: {
    de: 'Auf diesem Server kann keine Mitteilung unterschrieben werden: Der Schlüssel dafür fehlt.',
    en: 'No notice can be signed on this server: the key for it is missing.',
  },
  noticeKeyOfflineSteps: {
    de: 'Unterschreiben Sie dort, wo der Schlüssel liegt, und veröffentlichen Sie das Ergebnis auf dem Server:',
    en: 'Sign where the key is kept, and publish the result on the server:',
  },
  noticeKeyMissingSteps: {
    de: 'Spielen Sie den Ordner „keys“ aus der Sicherung zurück oder legen Sie bei angehaltenem Server einen neuen Schlüssel an:',
    en: 'Restore the folder “keys” from the backup, or make a new key while the server is stopped:',
  },

  noticeComposeLead: {
    de: 'Schreiben Sie kurz, was geschieht, wen es betrifft und was zu tun ist. Veröffentlicht wird erst nach der Vorschau.',
    en: 'Say briefly what happens, whom it concerns and what to do. Nothing is published before the preview.',
  },
  noticeReplacesLead: {
    de: (title: string) => `Diese Mitteilung tritt an die Stelle von „${title}“, die dann nicht mehr gezeigt wird.`,
    en: (title: string) => `This notice takes the place of “${title}”, which is then no longer shown.`,
  },
  noticeAudience: { de: 'Empfänger', en: 'Recipients' },
  noticeLevel: { de: 'Wer sie sieht', en: 'Who sees it' },
  noticeLevels: {
    de: { municipality: 'alle Geräte der Gemeinde', group: 'eine Gruppe', device: 'ein einzelnes Gerät' },
    en: { municipality: 'all devices of the municipality', group: 'one group', device: 'a single device' },
  },
  noticeReach: {
    de: (devices: number, shown: string) =>
      many(devices, 'Diese Auswahl erreicht 1 Gerät.', `Diese Auswahl erreicht ${shown} Geräte.`),
    en: (devices: number, shown: string) =>
      many(devices, 'This choice reaches 1 device.', `This choice reaches ${shown} devices.`),
  },
  noticeReachQuiet: {
    de: (count: number, shown: string) =>
      many(
        count,
        '1 davon hat sich seit über 24 Stunden nicht gemeldet und sieht sie erst, wenn es wieder eingeschaltet ist.',
        `${shown} davon haben sich seit über 24 Stunden nicht gemeldet und sehen sie erst, wenn sie wieder eingeschaltet sind.`,
      ),
    en: (count: number, shown: string) =>
      many(
        count,
        '1 of them has not been heard of for over 24 hours and sees it once it is switched on again.',
        `${shown} of them have not been heard of for over 24 hours and see it once they are switched on again.`,
      ),
  },
  noticeReachNone: { de: 'Diese Auswahl erreicht kein Gerät.', en: 'This choice reaches no device.' },
  noticeText: { de: 'Text', en: 'Text' },
  noticeTitleDe: { de: 'Überschrift auf Deutsch', en: 'Title in German' },
  noticeBodyDe: { de: 'Text auf Deutsch', en: 'Text in German' },
  noticeTitleEn: { de: 'Überschrift auf Englisch (freiwillig)', en: 'Title in English (optional)' },
  noticeBodyEn: { de: 'Text auf Englisch (freiwillig)', en: 'Text in English (optional)' },
  noticeEnglishHint: {
    de: 'Ohne englischen Text steht auch dort der deutsche.',
    en: 'Without an English text the German one is shown there too.',
  },
  noticeUpTo: {
    de: (count: number, most: string) => `${count} von höchstens ${most} Zeichen`,
    en: (count: number, most: string) => `${count} of at most ${most} characters`,
  },
  noticeLinks: { de: 'Links (freiwillig)', en: 'Links (optional)' },
  noticeLinksHint: {
    de: 'Höchstens 5, je Zeile einer, jeder beginnt mit https://. Öffnen lassen sich nur Adressen, die eine Richtlinie freigibt; andere stehen dort als Text.',
    en: 'At most 5, one a line, each beginning with https://. Only addresses that a policy allows can be opened; others stand there as text.',
  },
  noticeSender: { de: 'Absender', en: 'Sender' },
  noticeSenderHint: {
    de: 'Steht unter der Mitteilung, zum Beispiel „KITS Service, Tel. 115“',
    en: 'Stands below the notice, such as “KITS service desk”',
  },
  noticeSeverity: { de: 'Dringlichkeit', en: 'Urgency' },
  noticeSeverities: {
    de: { info: 'Hinweis', warning: 'Achtung', urgent: 'Dringend' },
    en: { info: 'Information', warning: 'Attention', urgent: 'Urgent' },
  },
  noticeMustAcknowledge: {
    de: 'Muss zur Kenntnis genommen werden',
    en: 'Has to be acknowledged',
  },
  noticeAnswersAre: { de: 'Antworten', en: 'Answers' },
  noticeAnswersKind: {
    de: { counted: 'nur gezählt', named: 'mit Namen' },
    en: { counted: 'counted only', named: 'with names' },
  },
  noticeAsksForNames: { de: 'Fragt nach Namen', en: 'Asks for names' },
  noticeAnswersHint: {
    de: 'Namen sind nur mit einem Grund zulässig, etwa einer Unterweisung, die nachzuweisen ist. Klären Sie das vorher mit der oder dem Datenschutzbeauftragten. Gemeldet wird der Name des Kontos am PC; er ist angegeben und nicht nachgewiesen. Vor der Antwort wird es gesagt, nach dem Ende der Mitteilung werden die Namen gelöscht.',
    en: 'Names are allowed only for a reason, such as a briefing that has to be documented. Ask the data protection officer first. Reported is the name of the account on the PC, as stated and not proven. People are told before they answer, and after the end of the notice the names are deleted.',
  },
  noticeManner: { de: 'Dringlichkeit und Antwort', en: 'Urgency and answer' },
  noticeWhen: { de: 'Zeitraum', en: 'Period' },
  noticeFrom: { de: 'Zeigen ab', en: 'Show from' },
  noticeFromHint: { de: 'Leer: sofort. Ortszeit.', en: 'Empty: at once. Local time in Germany.' },
  noticeUntil: { de: 'Zeigen bis (Frist)', en: 'Show until (deadline)' },
  noticeUntilHint: {
    de: 'Danach verschwindet sie von allen Bildschirmen. Höchstens 366 Tage.',
    en: 'It then disappears from all screens. At most 366 days.',
  },
  noticeFault: {
    de: {
      missing: 'Diese Angabe fehlt.',
      long: 'Das ist zu lang.',
      'no-time': 'Diesen Zeitpunkt gibt es nicht.',
      past: 'Das Ende muss in der Zukunft liegen.',
      'ends-first': 'Das Ende muss nach dem Beginn liegen.',
      far: 'Höchstens 366 Tage von heute an.',
      hidden:
        'Hier stehen Zeichen, die man nicht sieht oder die die Schreibrichtung ändern. Schreiben Sie es neu, statt es einzufügen.',
      'not-https': 'Jede Zeile muss eine vollständige Adresse sein, die mit https:// beginnt.',
      'too-many': 'Höchstens 5 Links.',
      english: 'Überschrift und Text gehören zusammen: Füllen Sie beide aus oder keines.',
    },
    en: {
      missing: 'This is missing.',
      long: 'This is too long.',
      'no-time': 'There is no such time.',
      past: 'The end must lie in the future.',
      'ends-first': 'The end must come after the beginning.',
      far: 'At most 366 days from today.',
      hidden:
        'This holds signs that cannot be seen or that change the direction of writing. Type it anew instead of pasting it.',
      'not-https': 'Each line must be a complete address that begins with https://.',
      'too-many': 'At most 5 links.',
      english: 'Title and text belong together: fill in both or neither.',
    },
  },
  noticeFaults: {
    de: (count: number) => many(count, 'Eine Eingabe passt noch nicht.', `${count} Eingaben passen noch nicht.`),
    en: (count: number) => many(count, 'One entry does not fit yet.', `${count} entries do not fit yet.`),
  },
  noticeToPreview: { de: 'Vorschau zeigen', en: 'Show preview' },
  noticePreview: { de: 'So erscheint die Mitteilung', en: 'What the notice looks like' },
  noticePreviewIn: { de: { de: 'Deutsch', en: 'Englisch' }, en: { de: 'German', en: 'English' } },
  noticeFromSender: { de: (sender: string) => `Von ${sender}`, en: (sender: string) => `From ${sender}` },
  noticeUntilTime: { de: (time: string) => `Gilt bis ${time}`, en: (time: string) => `Valid until ${time}` },
  noticeAcknowledge: {
    de: (title: string) => `„${title}“ zur Kenntnis genommen`,
    en: (title: string) => `Acknowledge “${title}”`,
  },
  noticeAcknowledgeByName: {
    de: (title: string) => `„${title}“ mit Namen zur Kenntnis genommen`,
    en: (title: string) => `Acknowledge “${title}” by name`,
  },
  noticeAnsweredByName: {
    de: (name: string) => `Ihre Bestätigung wird mit dem Namen „\u2068${name}\u2069“ an KITS gemeldet.`,
    en: (name: string) => `Your acknowledgement is reported to KITS with the name “\u2068${name}\u2069”.`,
  },
  noticeWhoReadsName: {
    de: 'So heißt Ihr Konto an diesem PC. Den Namen sieht, wer bei KITS oder in Ihrer Verwaltung die Geräte Ihrer Gemeinde betreut, und wer an diesem PC die letzten Berichte aufruft. Nach dem Ende der Mitteilung löscht KITS ihn.',
    en: 'This is what your account on this PC is called. The name is seen by those who look after the devices of your municipality at KITS or in your administration, and by whoever opens the last reports on this PC. After the end of the notice KITS deletes it.',
  },
  noticeAccount: { de: 'Name des Kontos', en: 'name of the account' },
  noticePublish: { de: 'Veröffentlichen …', en: 'Publish …' },
  noticePublishNow: { de: 'Jetzt veröffentlichen', en: 'Publish now' },
  noticePublishTitle: { de: 'Mitteilung veröffentlichen', en: 'Publish notice' },
  noticePublishText: {
    de: (title: string, devices: number, shown: string) =>
      `„${title}“ geht an ${many(devices, '1 Gerät', `${shown} Geräte`)} und ist dort in Sekunden. Zurücknehmen können Sie sie jederzeit; gelesen ist gelesen.`,
    en: (title: string, devices: number, shown: string) =>
      `“${title}” goes to ${many(devices, '1 device', `${shown} devices`)} and is there within seconds. You can recall it at any time; what has been read has been read.`,
  },
  noticePublishNamed: {
    de: 'Wer sie zur Kenntnis nimmt, wird mit Namen gemeldet.',
    en: 'Whoever acknowledges it is reported by name.',
  },
  noticePublished: { de: 'Die Mitteilung ist veröffentlicht.', en: 'The notice has been published.' },

  noticeRecall: { de: 'Zurücknehmen', en: 'Recall' },
  noticeRecallTitle: { de: 'Mitteilung zurücknehmen', en: 'Recall notice' },
  noticeRecallText: {
    de: (title: string) =>
      `„${title}“ verschwindet von den Bildschirmen: in Sekunden, wo eine Verbindung besteht, sonst mit der nächsten Meldung des Geräts. Das lässt sich nicht rückgängig machen.`,
    en: (title: string) =>
      `“${title}” disappears from the screens: within seconds where there is a connection, otherwise with the next check-in of the device. This cannot be undone.`,
  },
  noticeRecalled: { de: 'Die Mitteilung ist zurückgenommen.', en: 'The notice has been recalled.' },
  noticeReplace: { de: 'Durch eine neue ersetzen', en: 'Replace with a new one' },
  noticeReplacesLink: { de: 'Ersetzt eine frühere Mitteilung', en: 'Replaces an earlier notice' },
  noticeReplacedByLink: { de: 'Ersetzt durch eine neuere Mitteilung', en: 'Replaced by a newer notice' },
  noticeDevicesTotal: {
    de: (count: number, shown: string) => many(count, 'Für 1 Gerät', `Für ${shown} Geräte`),
    en: (count: number, shown: string) => many(count, 'For 1 device', `For ${shown} devices`),
  },
  noticeWay: {
    de: { delivered: 'Zugestellt', waiting: 'Unterwegs', unreachable: 'Nicht erreichbar' },
    en: { delivered: 'Delivered', waiting: 'On its way', unreachable: 'Not reachable' },
  },
  noticeWayHint: {
    de: '„Zugestellt“ zählt, sobald das Gerät bestätigt, dass es diese Fassung hat. Über die offene Verbindung ist sie meist schon früher da. „Nicht erreichbar“: seit der Veröffentlichung nicht gemeldet.',
    en: '“Delivered” counts once the device confirms that it holds this wording. Over the open connection it is usually there earlier. “Not reachable”: not heard of since the publication.',
  },
  noticeAnswers: { de: 'Antworten an den Geräten', en: 'Answers at the devices' },
  noticeAnswer: {
    de: {
      seen: 'Gesehen',
      acknowledged: 'Zur Kenntnis genommen',
      deferred: 'Zurückgestellt',
      notShown: 'Konnte nicht gezeigt werden',
    },
    en: { seen: 'Seen', acknowledged: 'Acknowledged', deferred: 'Deferred', notShown: 'Could not be shown' },
  },
  noticeAtDevices: {
    de: (count: number, shown: string) => many(count, 'an 1 Gerät', `an ${shown} Geräten`),
    en: (count: number, shown: string) => many(count, 'at 1 device', `at ${shown} devices`),
  },
  noticeAnswersStated: {
    de: 'So an den Geräten angegeben, nicht bewiesen. Namen werden nicht erfasst.',
    en: 'As stated at the devices, not proven. Names are not collected.',
  },
  noticeAnswersNamed: {
    de: 'So an den Geräten angegeben, nicht bewiesen. Diese Mitteilung verlangt Namen; sie stehen unten.',
    en: 'As stated at the devices, not proven. This notice asks for names; they are listed below.',
  },
  noticeNames: { de: 'Wer sie zur Kenntnis genommen hat', en: 'Who acknowledged it' },
  noticeNamesLead: {
    de: (days: string) =>
      `Am Gerät angegeben und von niemandem geprüft: Wer sich dort anmelden kann, kann auch unter einem anderen Namen antworten. ${days} nach dem Ende der Mitteilung werden die Namen gelöscht.`,
    en: (days: string) =>
      `Stated at the device and checked by nobody: whoever can sign in there can also answer under another name. ${days} after the end of the notice the names are deleted.`,
  },
  noticeNameDays: {
    de: (count: number, shown: string) => many(count, '1 Tag', `${shown} Tage`),
    en: (count: number, shown: string) => many(count, '1 day', `${shown} days`),
  },
  noticeName: { de: 'Name', en: 'Name' },
  noticeNameMark: { de: 'angegeben, nicht nachgewiesen', en: 'as stated, not proven' },
  noticeNameless: { de: 'ohne Namen', en: 'without a name' },
  noticeNoName: { de: 'Noch niemand hat sie zur Kenntnis genommen.', en: 'Nobody has acknowledged it yet.' },
  noticeDevices: { de: 'Geräte', en: 'Devices' },
  noticeDeviceFilter: { de: 'Geräte dieser Mitteilung filtern', en: 'Filter the devices of this notice' },
  noticeDelivery: { de: 'Zustellung', en: 'Delivery' },
  noticeConfirmed: { de: 'Bestätigt', en: 'Confirmed' },
  noticeNoDevice: { de: 'Kein Gerät in diesem Zustand.', en: 'No device in this state.' },
} satisfies Record<string, Record<Language, unknown>>;
