/** The texts of the pages of controls and exceptions, in both languages. */
const many = (count: number, one: string, more: string): string => (count === 1 ? one : more);

export const controlTexts = {
  controls: { de: 'Vorgaben', en: 'Controls' },
  controlsLead: {
    de: 'Was die Geräte zu den Vorgaben des BSI belegen. Eine Prüfung stützt eine Vorgabe, sie beweist sie nicht allein.',
    en: 'What the devices show about the controls of the BSI. A check supports a control and never proves it alone.',
  },
  controlFilter: { de: 'Vorgaben eingrenzen', en: 'Narrow the controls' },
  coverage: { de: 'Stand der Vorgaben', en: 'State of the controls' },
  coverageSentence: {
    de: (measurable: string, total: string, met: number) =>
      `${measurable} von ${total} Vorgaben lassen sich an den Geräten messen, ${met === 0 ? 'keine' : met} davon ${met > 1 ? 'sind' : 'ist'} erfüllt.`,
    en: (measurable: string, total: string, met: number) =>
      `${measurable} of ${total} controls can be measured on the devices, ${met === 0 ? 'none' : met} of them ${met > 1 ? 'are' : 'is'} met.`,
  },
  coverageBasis: {
    de: (count: number, shown: string) =>
      `Grundlage: ${many(count, 'ein Gerät', `${shown} Geräte`)}. Was nicht bekannt ist, gilt nicht als erfüllt.`,
    en: (count: number, shown: string) =>
      `Based on ${many(count, 'one device', `${shown} devices`)}. What is not known does not count as met.`,
  },
  measuredControls: { de: 'Messbare Vorgaben', en: 'Measurable controls' },
  coverageNothing: {
    de: 'Es liegen noch keine Prüfergebnisse vor. Was nicht bekannt ist, gilt nicht als erfüllt.',
    en: 'There are no results yet. What is not known does not count as met.',
  },
  controlState: {
    de: {
      met: 'Erfüllt',
      'not-met': 'Nicht erfüllt',
      unknown: 'Unbekannt',
      exempt: 'Mit Ausnahme',
      'not-measurable': 'Nicht messbar',
    },
    en: {
      met: 'Met',
      'not-met': 'Not met',
      unknown: 'Unknown',
      exempt: 'With exception',
      'not-measurable': 'Not measurable',
    },
  },
  control: { de: 'Vorgabe', en: 'Control' },
  scheme: { de: 'Regelwerk', en: 'Scheme' },
  level: {
    de: { B: 'Basis', S: 'Standard', H: 'erhöhter Schutzbedarf' },
    en: { B: 'basic', S: 'standard', H: 'raised protection needs' },
  },
  devicesMet: { de: 'Erfüllt', en: 'Met' },
  devicesNotMet: { de: 'Nicht erfüllt', en: 'Not met' },
  devicesUnknown: { de: 'Unbekannt', en: 'Unknown' },
  devicesExempt: { de: 'Ausge\u00adnommen', en: 'Exempt' },
  notMeasurable: { de: 'Nicht messbar', en: 'Not measurable' },
  notMeasurableLead: {
    de: 'Diese Fragen kann kein PC beantworten. Sie zählen weder als erfüllt noch als nicht erfüllt und sind an anderer Stelle zu belegen.',
    en: 'No PC can answer these questions. They count neither as met nor as not met and have to be shown elsewhere.',
  },
  whyNot: { de: 'Warum nicht', en: 'Why not' },
  backToControls: { de: 'Zu den Vorgaben', en: 'To the controls' },
  verdictFilter: { de: 'Ergebnis', en: 'Result' },
  rulesOfControl: { de: 'Prüfungen, die sie stützen', en: 'Checks that support it' },
  noControlDevice: { de: 'Kein Gerät hat hier dieses Ergebnis.', en: 'No device has this result here.' },
  devicesOf: {
    de: (control: string) => `Geräte zu ${control}`,
    en: (control: string) => `Devices for ${control}`,
  },
  rule: { de: 'Prüfung', en: 'Check' },

  exceptions: { de: 'Ausnahmen', en: 'Exceptions' },
  exceptionsLead: {
    de: 'Eine Ausnahme nimmt eine Prüfung für begrenzte Zeit aus der Wertung: mit Begründung, mit jemandem, der sie verantwortet, und mit einem Ende. Danach gilt wieder das Ergebnis der Prüfung.',
    en: 'An exception takes a check out of the count for a limited time: with a reason, somebody who answers for it, and an end. After that the result of the check counts again.',
  },
  newException: { de: 'Ausnahme eintragen', en: 'Record an exception' },
  createException: { de: 'Ausnahme eintragen', en: 'Record exception' },
  exceptionMadeForAll: {
    de: 'Die Ausnahme ist eingetragen. Auf allen Geräten der Gemeinde ist sie in ein bis zwei Minuten zu sehen.',
    en: 'The exception has been recorded. On all devices of the municipality it shows within a minute or two.',
  },
  exceptionFilter: { de: 'Ausnahmen filtern', en: 'Filter exceptions' },
  recorded: { de: 'Eingetragen', en: 'Recorded' },
  enteredBy: { de: (user: string) => `eingetragen von ${user}`, en: (user: string) => `recorded by ${user}` },
  withdrawnBy: { de: (user: string) => `zurückgenommen von ${user}`, en: (user: string) => `withdrawn by ${user}` },
  exceptionMade: { de: 'Die Ausnahme ist eingetragen.', en: 'The exception has been recorded.' },
  existingExceptions: { de: 'Eingetragene Ausnahmen', en: 'Recorded exceptions' },
  noException: { de: 'Es ist keine Ausnahme eingetragen.', en: 'No exception has been recorded.' },
  noExceptionMatch: { de: 'Keine Ausnahme passt zu diesem Filter.', en: 'No exception matches this filter.' },
  exceptionFor: { de: 'Gilt für', en: 'Applies to' },
  allOfMunicipality: { de: 'Alle Geräte der Gemeinde', en: 'All devices of the municipality' },
  searchDevice: { de: 'Gerät suchen', en: 'Find a device' },
  searchDeviceHint: { de: 'Grenzt die Auswahl unter „Gilt für“ ein', en: 'Narrows the choice under “Applies to”' },
  exceptionReason: { de: 'Begründung', en: 'Reason' },
  exceptionReasonHint: {
    de: 'Warum sie nötig ist und was stattdessen schützt. Steht so im Protokoll und am Gerät.',
    en: 'Why it is needed and what protects instead. Shown in the audit log and with the device.',
  },
  approver: { de: 'Verantwortet von', en: 'Approved by' },
  approverHint: { de: 'Name und Funktion', en: 'Name and function' },
  endsOn: { de: 'Endet am', en: 'Ends on' },
  endsOnHint: {
    de: (latest: string) => `Spätestens ${latest}. Bis zum Ende dieses Tages.`,
    en: (latest: string) => `${latest} at the latest. Until the end of that day.`,
  },
  askException: { de: 'Ausnahme eintragen', en: 'Record an exception' },
  showException: { de: 'Ausnahme ansehen', en: 'See the exception' },
  exceptionState: {
    de: { active: 'gilt', expired: 'abgelaufen', withdrawn: 'zurückgenommen' },
    en: { active: 'in force', expired: 'expired', withdrawn: 'withdrawn' },
  },
  ends: { de: 'Ende', en: 'End' },
  withdraw: { de: 'Zurücknehmen', en: 'Withdraw' },
  withdrawTitle: { de: 'Ausnahme zurücknehmen', en: 'Withdraw exception' },
  withdrawText: {
    de: (rule: string, place: string) =>
      `Für ${place} gilt danach wieder das Ergebnis der Prüfung „${rule}“. Der Eintrag bleibt als zurückgenommen stehen.`,
    en: (rule: string, place: string) =>
      `For ${place} the result of the check “${rule}” counts again. The entry stays, marked as withdrawn.`,
  },
  withdrawn: { de: 'Die Ausnahme ist zurückgenommen.', en: 'The exception has been withdrawn.' },
};
