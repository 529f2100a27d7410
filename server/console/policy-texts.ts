/** The texts of groups and policies in both languages, and the words for what policies set. */
import type { Words } from '../../agent/contract/words/facts.ts';

const many = (count: number, one: string, more: string): string => (count === 1 ? one : more);

export const policyTexts = {
  groups: { de: 'Gruppen', en: 'Groups' },
  groupsLead: {
    de: 'Eine Gruppe fasst Geräte einer Gemeinde zusammen, für die dasselbe gelten soll. Ist ein Gerät in mehreren Gruppen, gewinnt diejenige, die weiter oben steht.',
    en: 'A group holds devices of one municipality that are to be treated alike. Where a device is in several groups, the one that stands higher wins.',
  },
  newGroup: { de: 'Gruppe anlegen', en: 'Add a group' },
  groupName: { de: 'Name der Gruppe', en: 'Name of the group' },
  groupNameHint: { de: 'Zum Beispiel Bürgerbüro oder Notebooks', en: 'For example front office or notebooks' },
  createGroup: { de: 'Gruppe anlegen', en: 'Add group' },
  groupMade: {
    de: (name: string) => `Die Gruppe „${name}“ ist angelegt. Nehmen Sie jetzt Geräte auf.`,
    en: (name: string) => `The group “${name}” has been added. Put devices into it now.`,
  },
  group: { de: 'Gruppe', en: 'Group' },
  rank: { de: 'Rang', en: 'Rank' },
  deviceCount: { de: 'Geräte', en: 'Devices' },
  settingCount: { de: 'Festlegungen', en: 'Settings' },
  moveUp: { de: 'Nach oben', en: 'Move up' },
  moveDown: { de: 'Nach unten', en: 'Move down' },
  groupMoved: {
    de: (name: string, position: number) => `„${name}“ steht jetzt an ${position}. Stelle.`,
    en: (name: string, position: number) => `“${name}” now stands in place ${position}.`,
  },
  noGroup: { de: 'Es gibt noch keine Gruppe.', en: 'There is no group yet.' },
  noGroupHint: {
    de: 'Ohne Gruppen gelten die Richtlinien des Landkreises und der Gemeinde.',
    en: 'Without groups the policies of the district and the municipality are in force.',
  },
  toGroups: { de: 'Zu den Gruppen', en: 'To the groups' },
  groupLoading: { de: 'Gruppe wird geladen', en: 'Loading group' },
  groupSummary: {
    de: (municipality: string, position: number, devices: number) =>
      `${municipality}, ${position}. Stelle, ${devices} ${many(devices, 'Gerät', 'Geräte')}.`,
    en: (municipality: string, position: number, devices: number) =>
      `${municipality}, place ${position}, ${devices} ${many(devices, 'device', 'devices')}.`,
  },
  groupPolicy: { de: 'Richtlinie dieser Gruppe', en: 'Policy of this group' },
  members: { de: 'Geräte der Gruppe', en: 'Devices of the group' },
  noMember: { de: 'Die Gruppe hat noch kein Gerät.', en: 'The group has no device yet.' },
  takeOut: { de: 'Herausnehmen', en: 'Take out' },
  takenOut: {
    de: (hostname: string) => `${hostname} ist nicht mehr in der Gruppe.`,
    en: (hostname: string) => `${hostname} is no longer in the group.`,
  },
  addDevices: { de: 'Geräte aufnehmen', en: 'Add devices' },
  candidates: { de: 'Gefundene Geräte', en: 'Devices found' },
  noCandidate: {
    de: 'Kein weiteres Gerät der Gemeinde passt dazu.',
    en: 'No further device of the municipality matches.',
  },
  moreCandidates: {
    de: 'Es gibt weitere Geräte. Grenzen Sie die Suche ein.',
    en: 'There are more devices. Narrow the search.',
  },
  addChosen: {
    de: (count: number) =>
      count === 0 ? 'Ausgewählte aufnehmen' : many(count, '1 Gerät aufnehmen', `${count} Geräte aufnehmen`),
    en: (count: number) => (count === 0 ? 'Add selected' : many(count, 'Add 1 device', `Add ${count} devices`)),
  },
  added: {
    de: (count: number) => many(count, '1 Gerät ist aufgenommen.', `${count} Geräte sind aufgenommen.`),
    en: (count: number) => many(count, '1 device has been added.', `${count} devices have been added.`),
  },
  renameGroup: { de: 'Umbenennen', en: 'Rename' },
  renamed: { de: 'Die Gruppe heißt jetzt anders.', en: 'The group has a new name.' },
  deleteGroup: { de: 'Gruppe löschen', en: 'Delete group' },
  deleteGroupText: {
    de: (devices: number, settings: number) =>
      `${devices === 0 ? 'Die Gruppe hat keine Geräte' : many(devices, '1 Gerät verlässt die Gruppe', `${devices} Geräte verlassen die Gruppe`)}, ${settings === 0 ? 'eine Richtlinie hat sie nicht' : many(settings, 'ihre Richtlinie mit 1 Festlegung endet', `ihre Richtlinie mit ${settings} Festlegungen endet`)}. Was war, bleibt im Verlauf und im Protokoll erhalten.`,
    en: (devices: number, settings: number) =>
      `${devices === 0 ? 'The group has no devices' : many(devices, '1 device leaves the group', `${devices} devices leave the group`)}, ${settings === 0 ? 'and it has no policy' : many(settings, 'and its policy with 1 setting ends', `and its policy with ${settings} settings ends`)}. What was stays in the history and in the audit log.`,
  },
  groupDeleted: {
    de: (name: string) => `Die Gruppe „${name}“ ist gelöscht.`,
    en: (name: string) => `The group “${name}” has been deleted.`,
  },

  policies: { de: 'Richtlinien', en: 'Policies' },
  policiesLead: {
    de: 'Was KITS für alle Geräte, eine Gemeinde, eine Gruppe oder ein einzelnes Gerät festlegt. Je näher am Gerät, desto stärker: Gerät vor Gruppe vor Gemeinde vor Landkreis.',
    en: 'What KITS sets for all devices, a municipality, a group or a single device. The nearer to the device, the stronger: device before group before municipality before district.',
  },
  policyLevel: {
    de: { district: 'Landkreis', municipality: 'Gemeinde', group: 'Gruppe', device: 'Gerät' },
    en: { district: 'District', municipality: 'Municipality', group: 'Group', device: 'Device' },
  },
  policyWide: { de: 'Landkreis und Gemeinden', en: 'District and municipalities' },
  policyDevices: { de: 'Einzelne Geräte', en: 'Single devices' },
  noDevicePolicy: {
    de: 'Für kein einzelnes Gerät ist etwas festgelegt.',
    en: 'Nothing is set for a single device.',
  },
  noDevicePolicyHint: {
    de: 'Das geht von der Seite des Geräts aus.',
    en: 'It can be done from the page of the device.',
  },
  policyFor: { de: 'Gilt für', en: 'For' },
  policyChanged: { de: 'Zuletzt geändert', en: 'Last changed' },
  policyTitle: {
    de: (audience: string) => `Richtlinie: ${audience}`,
    en: (audience: string) => `Policy: ${audience}`,
  },
  policyLoading: { de: 'Richtlinie wird geladen', en: 'Loading policy' },
  toPolicies: { de: 'Zu den Richtlinien', en: 'To the policies' },
  policyReach: {
    de: (devices: number) => many(devices, 'Sie erreicht 1 Gerät.', `Sie erreicht ${devices} Geräte.`),
    en: (devices: number) => many(devices, 'It reaches 1 device.', `It reaches ${devices} devices.`),
  },
  policyEmptyMeans: {
    de: 'Was hier leer bleibt, entscheidet die nächstweitere Richtlinie oder die Voreinstellung.',
    en: 'What is left empty here is decided by the next wider policy or the preset.',
  },
  policyVersionLine: {
    de: (version: number, by: string) => `Fassung ${version}, gespeichert von ${by}`,
    en: (version: number, by: string) => `Version ${version}, stored by ${by}`,
  },
  policyNothing: { de: 'Diese Richtlinie legt nichts fest.', en: 'This policy sets nothing.' },
  policyDistrictOnly: {
    de: 'Ändern kann sie nur die Administration, die für den ganzen Landkreis zuständig ist.',
    en: 'Only administrators of the whole district can change it.',
  },
  policyForm: { de: 'Richtlinie bearbeiten', en: 'Edit policy' },
  settingsHere: {
    de: (count: number) => (count === 0 ? 'nichts festgelegt' : many(count, '1 Festlegung', `${count} Festlegungen`)),
    en: (count: number) => (count === 0 ? 'nothing set' : many(count, '1 setting', `${count} settings`)),
  },
  otherwise: {
    de: (value: string, origin: string) => `Ohne Eintrag: ${value} (${origin}).`,
    en: (value: string, origin: string) => `If empty: ${value} (${origin}).`,
  },
  notSpecified: { de: 'keine Vorgabe', en: 'not specified' },
  otherwiseNothing: { de: 'Ohne Eintrag: keine Vorgabe.', en: 'If empty: not specified.' },
  preset: { de: 'Voreinstellung', en: 'preset' },
  allowed: {
    de: (from: string, to: string) => `Erlaubt: ${from} bis ${to}.`,
    en: (from: string, to: string) => `Allowed: ${from} to ${to}.`,
  },
  wholeNumbers: { de: 'Ganze Zahlen.', en: 'Whole numbers.' },
  notSet: { de: 'nicht festgelegt', en: 'not set' },
  setHere: { de: 'Hier festlegen', en: 'Set here' },
  onePerLine: { de: 'Ein Eintrag je Zeile.', en: 'One entry a line.' },
  entry: {
    de: (number: number) => `Eintrag ${number}`,
    en: (number: number) => `Entry ${number}`,
  },
  addEntry: { de: 'Eintrag hinzufügen', en: 'Add entry' },
  removeEntry: { de: 'Eintrag entfernen', en: 'Remove entry' },
  noEntries: { de: 'leer', en: 'empty' },
  fault: {
    de: {
      number: 'Geben Sie eine Zahl im erlaubten Bereich ein.',
      missing: 'Diese Angabe fehlt.',
      long: 'Der Text ist zu lang.',
      many: 'Das sind zu viele Einträge.',
      day: 'Geben Sie einen Tag an.',
      form: 'Die Angabe hat nicht die erwartete Form.',
    },
    en: {
      number: 'Enter a number in the allowed range.',
      missing: 'This is missing.',
      long: 'The text is too long.',
      many: 'These are too many entries.',
      day: 'Enter a day.',
      form: 'This does not have the expected form.',
    },
  },
  faultsFound: {
    de: (count: number) =>
      many(
        count,
        'Eine Eingabe passt noch nicht. Sie ist unten gekennzeichnet.',
        `${count} Eingaben passen noch nicht. Sie sind unten gekennzeichnet.`,
      ),
    en: (count: number) =>
      many(
        count,
        'One entry does not fit yet. It is marked below.',
        `${count} entries do not fit yet. They are marked below.`,
      ),
  },
  checkChanges: { de: 'Änderung prüfen', en: 'Check the change' },
  unchanged: { de: 'Sie haben noch nichts geändert.', en: 'You have not changed anything yet.' },
  effects: { de: 'Was sich ändert', en: 'What changes' },
  effectSentence: {
    de: (changed: string, devices: string, none: boolean) =>
      none
        ? 'Auf keinem Gerät ändert sich etwas: Es ist keines erreicht, oder eine nähere Richtlinie geht vor.'
        : `Auf ${changed} von ${devices} Geräten gilt danach etwas anderes. Die Geräte übernehmen es mit ihrer nächsten Meldung.`,
    en: (changed: string, devices: string, none: boolean) =>
      none
        ? 'Nothing changes on any device: none is reached, or a nearer policy goes first.'
        : `Something else will be in force on ${changed} of ${devices} devices. They take it over when they next report.`,
  },
  effectBySetting: { de: 'Geänderte Einstellungen', en: 'Changed settings' },
  effectByDevice: { de: 'Betroffene Geräte', en: 'Devices concerned' },
  effectShown: {
    de: (shown: string, all: string) => `Die ersten ${shown} von ${all} Geräten.`,
    en: (shown: string, all: string) => `The first ${shown} of ${all} devices.`,
  },
  setting: { de: 'Einstellung', en: 'Setting' },
  change: { de: 'Änderung', en: 'Change' },
  policyReason: { de: 'Grund der Änderung (freiwillig)', en: 'Reason for the change (optional)' },
  policyReasonHint: {
    de: 'Steht im Verlauf, damit später klar ist, warum.',
    en: 'Kept in the history, so that it is clear later why.',
  },
  savePolicy: { de: 'Richtlinie speichern', en: 'Store policy' },
  policySaved: {
    de: (version: number) => `Gespeichert als Fassung ${version}. Die Prüfungen zeigen es in ein bis zwei Minuten.`,
    en: (version: number) => `Stored as version ${version}. The checks show it in a minute or two.`,
  },
  policyHistory: { de: 'Verlauf', en: 'History' },
  noPolicyHistory: { de: 'Es gibt noch keine Fassung.', en: 'There is no version yet.' },
  policyVersion: { de: 'Fassung', en: 'Version' },
  restoredFrom: {
    de: (version: number) => `wie Fassung ${version}`,
    en: (version: number) => `as version ${version}`,
  },
  restore: { de: 'Wiederherstellen', en: 'Restore' },
  restoreTitle: {
    de: (version: number) => `Fassung ${version} wiederherstellen`,
    en: (version: number) => `Restore version ${version}`,
  },
  restoreText: {
    de: 'Es entsteht eine neue Fassung mit den alten Festlegungen. Die bisherigen Fassungen bleiben erhalten.',
    en: 'A new version with the old settings is made. The versions so far are kept.',
  },

  devicePolicy: { de: 'Richtlinie', en: 'Policy' },
  devicePolicyVersion: {
    de: (version: number) =>
      version === 0
        ? 'Für dieses Gerät gilt überall die Voreinstellung.'
        : `Fassung ${version} für dieses Gerät. Es gilt, was hier steht; alles andere ist voreingestellt.`,
    en: (version: number) =>
      version === 0
        ? 'The presets are in force for this device throughout.'
        : `Version ${version} for this device. What is listed here is in force; everything else is preset.`,
  },
  inGroups: { de: 'In den Gruppen', en: 'In the groups' },
  inNoGroup: { de: 'in keiner', en: 'in none' },
  inForceThrough: { de: 'Gilt durch', en: 'In force through' },
  showPresets: { de: 'Auch die Voreinstellungen zeigen', en: 'Show the presets too' },
  hidePresets: { de: 'Voreinstellungen ausblenden', en: 'Hide the presets' },
  editDevicePolicy: { de: 'Für dieses Gerät etwas festlegen', en: 'Set something for this device' },
} as const;

/** Headings of the editor, in their order. A setting stands under the first one whose expression fits its key. */
export const settingTopics: readonly (readonly [words: Words, keys: RegExp])[] = [
  [{ de: 'Melden und Erheben', en: 'Reporting and collecting' }, /^(checkIn|fullRound|without|infrastructure)/],
  [{ de: 'Ansprechpartner im Notfall', en: 'Emergency contacts' }, /^contacts$/],
  [{ de: 'Sicherung', en: 'Backup' }, /^backup\./],
  [{ de: 'Aktualisierungen und Neustart', en: 'Updates and restart' }, /update|restart|osSupport/i],
  [{ de: 'Schutz', en: 'Protection' }, /signature|screenLock/],
  [{ de: 'Speicherplatz', en: 'Storage' }, /storage/],
  [{ de: 'Erreichbarkeit und Uhr', en: 'Contact and clock' }, /silent|clock/],
  [{ de: 'Mitteilungen', en: 'Notices' }, /^linkHosts$/],
  [{ de: 'Weitere Festlegungen', en: 'Further settings' }, /./],
];

/** Units of the contract (UCUM) in words. */
export const unitWords: Readonly<Record<string, Words>> = {
  '%': { de: '%', en: '%' },
  s: { de: 'Sekunden', en: 'seconds' },
  min: { de: 'Minuten', en: 'minutes' },
  h: { de: 'Stunden', en: 'hours' },
  d: { de: 'Tage', en: 'days' },
};

/** Words for the options of a setting, as "key.option"; those of sections and of `valueWords` are known already. */
export const optionWords: Readonly<Record<string, Words>> = {
  'kind.no-local-data': { de: 'Auf dem PC liegen keine Daten', en: 'The PC holds no data of its own' },
  'kind.backed-up-elsewhere': { de: 'Wird an anderer Stelle gesichert', en: 'Backed up elsewhere' },
  'updateRing.early': { de: 'Zuerst', en: 'First' },
  'updateRing.regular': { de: 'Mit den meisten', en: 'With most' },
  'updateRing.late': { de: 'Zuletzt', en: 'Last' },
};
