/** The texts of the device page in both languages. */
const many = (count: number, one: string, more: string): string => (count === 1 ? one : more);

export const deviceTexts = {
  deviceLoading: { de: 'Gerät wird geladen', en: 'Loading device' },
  backToList: { de: 'Zur Geräteliste', en: 'To the device list' },
  verdictSummary: {
    de: {
      ok: (count: number) => `In Ordnung. ${many(count, 'Die Prüfung ist', `Alle ${count} Prüfungen sind`)} bestanden.`,
      open: (light: string, open: number, count: number) =>
        `${light}. ${open} von ${count} Prüfungen ${many(open, 'ist', 'sind')} nicht bestanden.`,
      unknown: (open: number, count: number) =>
        `Unbekannt. ${open} von ${count} Prüfungen ${many(open, 'ließ', 'ließen')} sich nicht beurteilen.`,
      nothing: 'Unbekannt. Zu diesem Gerät liegt noch nichts vor.',
    },
    en: {
      ok: (count: number) => `OK. ${many(count, 'The check has', `All ${count} checks have`)} passed.`,
      open: (light: string, open: number, count: number) =>
        `${light}. ${open} of ${count} checks ${many(open, 'has', 'have')} not passed.`,
      unknown: (open: number, count: number) => `Unknown. ${open} of ${count} checks could not be judged.`,
      nothing: 'Unknown. Nothing is known of this device yet.',
    },
  },
  stateNotice: {
    de: {
      active: '',
      pending: 'Dieses Gerät wartet auf Freigabe. Seine Berichte werden erst nach der Freigabe angenommen.',
      quarantined:
        'Dieses Gerät steht unter Quarantäne: Seine Berichte überschreiben nichts, bis jemand die Ereignisse unten geprüft hat.',
      retired: 'Dieses Gerät ist ausgemustert. Es zählt in keiner Übersicht mehr mit.',
    },
    en: {
      active: '',
      pending: 'This device awaits approval. Its reports are accepted only afterwards.',
      quarantined:
        'This device is quarantined: its reports overwrite nothing until someone has checked the events below.',
      retired: 'This device is retired. It no longer counts in any overview.',
    },
  },
  verdicts: { de: 'Prüfungen', en: 'Checks' },
  verdict: {
    de: { met: 'Bestanden', 'not-met': 'Nicht bestanden', unknown: 'Nicht zu beurteilen', exempt: 'Ausgenommen' },
    en: { met: 'Passed', 'not-met': 'Not passed', unknown: 'Cannot be judged', exempt: 'Exempt' },
  },
  hint: { de: 'Hinweis', en: 'Note' },
  evidence: { de: 'Nachweis', en: 'Evidence' },
  noEvidence: { de: 'Zu dieser Prüfung liegen keine Messwerte vor.', en: 'There are no readings for this check.' },
  field: { de: 'Angabe', en: 'Field' },
  value: { de: 'Wert', en: 'Value' },
  section: { de: 'Bereich', en: 'Section' },
  since: { de: 'seit', en: 'since' },

  summary: { de: 'Auf einen Blick', en: 'At a glance' },
  enrolled: { de: 'Angemeldet', en: 'Enrolled' },
  agentVersion: { de: 'KITS Agent', en: 'KITS Agent' },
  clockOffset: { de: 'Uhr gegenüber dem Server', en: 'Clock against the server' },
  clockExact: { de: 'stimmt', en: 'exact' },
  deviceId: { de: 'Gerätekennung', en: 'Device id' },

  record: { de: 'Stammdaten', en: 'Record' },
  inventoryNumber: { de: 'Inventarnummer', en: 'Inventory number' },
  location: { de: 'Standort', en: 'Location' },
  office: { de: 'Zuständiges Amt', en: 'Responsible office' },
  note: { de: 'Notiz', en: 'Note' },
  saveRecord: { de: 'Stammdaten speichern', en: 'Save record' },
  recordSaved: { de: 'Die Stammdaten sind gespeichert.', en: 'The record has been saved.' },

  approve: { de: 'Freigeben', en: 'Approve' },
  approveTitle: { de: 'Gerät freigeben', en: 'Approve device' },
  approveText: {
    de: (name: string) => `${name} gehört danach zum Bestand, und seine Berichte werden angenommen.`,
    en: (name: string) => `${name} then belongs to the fleet and its reports are accepted.`,
  },
  approved: { de: 'Das Gerät ist freigegeben.', en: 'The device has been approved.' },
  releaseText: {
    de: (name: string) => `Berichte von ${name} werden danach wieder angenommen. Prüfen Sie vorher die Ereignisse.`,
    en: (name: string) => `Reports of ${name} are accepted again. Check the events first.`,
  },
  move: { de: 'Umziehen', en: 'Move' },
  moveTitle: { de: 'In eine andere Gemeinde umziehen', en: 'Move to another municipality' },
  moveText: {
    de: (name: string) => `${name} wird danach von der neuen Gemeinde gesehen und von der bisherigen nicht mehr.`,
    en: (name: string) => `The new municipality will see ${name}, the former one no longer will.`,
  },
  newMunicipality: { de: 'Neue Gemeinde', en: 'New municipality' },
  moved: { de: 'Das Gerät ist umgezogen.', en: 'The device has been moved.' },
  replace: { de: 'Ersetzt anderes Gerät', en: 'Replaces another device' },
  replaceTitle: { de: 'Dieses Gerät ersetzt ein anderes', en: 'This device replaces another one' },
  replaceText: {
    de: (name: string) => `${name} übernimmt die Stammdaten des anderen Geräts, das dabei ausgemustert wird.`,
    en: (name: string) => `${name} takes over the record of the other device, which is then retired.`,
  },
  replaceSearch: { de: 'Altes Gerät suchen', en: 'Find the old device' },
  replaceChoose: { de: 'Altes Gerät', en: 'Old device' },
  replaceNone: { de: 'Kein anderes Gerät gefunden.', en: 'No other device found.' },
  replaced: { de: 'Das andere Gerät ist ersetzt.', en: 'The other device has been replaced.' },
  retire: { de: 'Ausmustern', en: 'Retire' },
  retireTitle: { de: 'Gerät ausmustern', en: 'Retire device' },
  retireText: {
    de: (name: string) =>
      `Von ${name} werden danach keine Berichte mehr angenommen, und das Gerät zählt in keiner Übersicht mehr mit. Das lässt sich rückgängig machen.`,
    en: (name: string) =>
      `Reports of ${name} are no longer accepted, and it no longer counts in any overview. This can be undone.`,
  },
  retired: { de: 'Das Gerät ist ausgemustert.', en: 'The device has been retired.' },
  bringBack: { de: 'Wieder aufnehmen', en: 'Bring back' },
  bringBackText: {
    de: (name: string) => `${name} gehört danach wieder zum Bestand.`,
    en: (name: string) => `${name} then belongs to the fleet again.`,
  },
  broughtBack: { de: 'Das Gerät ist wieder aufgenommen.', en: 'The device is back in the fleet.' },
  reportNow: { de: 'Bericht anfordern', en: 'Ask for a report' },
  reportNowTitle: { de: 'Bericht jetzt anfordern', en: 'Ask for a report now' },
  reportNowText: {
    de: (name: string) =>
      `${name} erhebt die Angaben neu und schickt sie, meist innerhalb weniger Sekunden. Ist der PC ausgeschaltet, gilt die Anforderung 24 Stunden lang.`,
    en: (name: string) =>
      `${name} collects the facts anew and sends them, mostly within seconds. While the PC is off, the request stands for 24 hours.`,
  },
  allSections: { de: 'Alle Bereiche', en: 'All sections' },
  reportNowAsked: {
    de: 'Der Bericht ist angefordert. Laden Sie die Seite in einer Minute neu.',
    en: 'The report has been asked for. Reload the page in a minute.',
  },
  requested: { de: 'Angefordert', en: 'Asked for' },
  print: { de: 'Drucken', en: 'Print' },

  suspicions: { de: 'Gemeldete Verdachtsfälle', en: 'Reported suspicions' },
  suspicionsStated: {
    de: 'So am Gerät angegeben, nicht bewiesen. Wer es geschrieben hat, wird nicht erfasst; die Uhrzeit ist die des Geräts.',
    en: 'As stated at the device, not proven. Who wrote it is not recorded; the time is that of the device.',
  },
  suspicionWithheld: {
    de: 'Den Wortlaut sehen nur Technik und Verwaltung.',
    en: 'Only technicians and administrators see the words.',
  },
  suspicionReceived: { de: 'Eingegangen', en: 'Received' },
  gaps: { de: 'Fehlende Berichte', en: 'Missing reports' },
  gapsExplained: {
    de: 'Diese Berichte liegen hier nicht oder nicht vollständig vor. Bei belegten Lücken hat das Gerät selbst unterschrieben, was fehlt und warum; unbelegte sollten geprüft werden.',
    en: 'These reports are not here, or not in full. For gaps that are accounted for, the device itself has signed what is missing and why; the others should be looked into.',
  },
  missingReports: { de: 'Anzahl', en: 'Reports' },
  gapCountUnknown: { de: 'unbekannt', en: 'unknown' },
  gapFirst: { de: 'Erster vom', en: 'First made' },
  gapLast: { de: 'Letzter vom', en: 'Last made' },
  gapCause: { de: 'Grund', en: 'Cause' },
  gapAccount: { de: 'Nachweis', en: 'Account' },
  gapReason: {
    de: {
      'outbox-full': 'Warteschlange war voll',
      'outbox-age': 'zu lange nicht übermittelt',
      refused: 'vom Server abgelehnt',
      'store-damaged': 'Datenspeicher des Agenten beschädigt',
      'storage-failed': 'Datenträger voll oder schreibgeschützt',
      'body-expired': 'auf dem Gerät nicht mehr vorhanden',
      'held-before': 'liegt unter einer früheren Nummer schon vor',
      'rolled-back': 'Aktualisierung des Agenten zurückgenommen',
      undeclared: 'unbekannt',
    },
    en: {
      'outbox-full': 'queue was full',
      'outbox-age': 'not delivered for too long',
      refused: 'refused by the server',
      'store-damaged': 'store of the agent damaged',
      'storage-failed': 'disk full or read-only',
      'body-expired': 'no longer on the device',
      'held-before': 'held under an earlier number',
      'rolled-back': 'update of the agent taken back',
      undeclared: 'unknown',
    },
  },
  gapStanding: {
    de: { declared: 'vom Gerät belegt', contradicted: 'widerspricht vorhandenen Berichten', undeclared: 'unbelegt' },
    en: { declared: 'accounted for', contradicted: 'contradicts reports held here', undeclared: 'not accounted for' },
  },
  bareReport: { de: 'nur Kopf', en: 'header only' },
  removedReport: { de: 'Inhalt nach Ablauf der Frist gelöscht', en: 'content removed after its retention period' },
  events: { de: 'Auffällige Ereignisse', en: 'Events that need an eye' },
  facts: { de: 'Ausstattung und Betrieb', en: 'Equipment and operation' },
  noFacts: { de: 'Es ist noch kein Bericht eingegangen.', en: 'No report has arrived yet.' },
  collected: { de: 'Erhoben', en: 'Collected' },
  took: { de: 'Dauer', en: 'Took' },
  problems: { de: 'Was nicht gelesen werden konnte', en: 'What could not be read' },
  noData: { de: 'Zu diesem Bereich liegen keine Angaben vor.', en: 'There is nothing about this section.' },
  notSent: {
    de: 'Die Angaben haben sich nicht geändert und folgen mit dem nächsten vollständigen Bericht.',
    en: 'The facts have not changed and follow with the next full report.',
  },
  entries: {
    de: (shown: string, count: number) => `${shown} ${many(count, 'Eintrag', 'Einträge')}`,
    en: (shown: string, count: number) => `${shown} ${many(count, 'entry', 'entries')}`,
  },
  freeOf: {
    de: (volume: string, free: string, size: string) => `${volume}: ${free} von ${size} frei`,
    en: (volume: string, free: string, size: string) => `${volume}: ${free} of ${size} free`,
  },
  emptyList: { de: 'keine vorhanden', en: 'none present' },
  filterEntries: { de: 'Einträge filtern', en: 'Filter entries' },
  showAll: {
    de: (count: string) => `Alle ${count} anzeigen`,
    en: (count: string) => `Show all ${count}`,
  },
  shownOf: {
    de: (shown: string, count: string) => `${shown} von ${count} Einträgen`,
    en: (shown: string, count: string) => `${shown} of ${count} entries`,
  },
  sectionState: {
    de: { complete: 'vollständig', partial: 'unvollständig', missing: 'fehlt' },
    en: { complete: 'complete', partial: 'incomplete', missing: 'missing' },
  },
  notPresent: { de: 'nicht vorhanden', en: 'not present' },

  history: { de: 'Verlauf der Berichte', en: 'History of reports' },
  downloadEvidence: { de: 'Nachweis herunterladen', en: 'Download evidence' },
  downloadEvidenceHint: {
    de: 'Alle Berichte, wie das Gerät sie unterschrieben hat. „kits-agent verify-chain“ prüft die Datei auf jedem PC, auch ohne diesen Server.',
    en: 'All reports as the device signed them. “kits-agent verify-chain” checks the file on any PC, also without this server.',
  },
  noHistory: { de: 'Es ist noch kein Bericht eingegangen.', en: 'No report has arrived yet.' },
  received: { de: 'Eingegangen', en: 'Received' },
  reportClass: {
    de: {
      routine: 'Regelbericht',
      full: 'Vollbericht',
      incident: 'Vorfall',
      acknowledgement: 'Bestätigung',
      gap: 'Lücke',
    },
    en: { routine: 'routine', full: 'full', incident: 'incident', acknowledgement: 'acknowledgement', gap: 'gap' },
  },
  kindOfReport: { de: 'Art', en: 'Kind' },
  number: { de: 'Nr.', en: 'No.' },
  size: { de: 'Größe', en: 'Size' },
  changed: { de: 'Geändert', en: 'Changed' },
  nothingChanged: { de: 'nichts', en: 'nothing' },
  withProblems: { de: 'Mit Lücken', en: 'With gaps' },
};
