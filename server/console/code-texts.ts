/** Words for codes of the server that may grow: actions of the audit log with their details, and events of a device. */
import type { Words } from '../../agent/contract/words/facts.ts';
import { type FactLanguage, factValue, fieldsOf, isScalar } from './facts.ts';
import type { Language } from './format.ts';

const actions: Readonly<Record<string, Words>> = {
  'session.open': { de: 'Angemeldet', en: 'Signed in' },
  'session.refused': { de: 'Anmeldung abgelehnt', en: 'Sign-in refused' },
  'session.close': { de: 'Abgemeldet', en: 'Signed out' },
  'user.create': { de: 'Konto angelegt', en: 'Account created' },
  'user.set-password': { de: 'Kennwort festgelegt', en: 'Password set' },
  'user.sign-in-link': { de: 'Anmeldelink ausgestellt', en: 'Sign-in link issued' },
  'municipality.create': { de: 'Gemeinde angelegt', en: 'Municipality added' },
  'municipality.change': { de: 'Gemeinde geändert', en: 'Municipality changed' },
  'token.create': { de: 'Anmelde-Token angelegt', en: 'Enrolment token created' },
  'token.revoke': { de: 'Anmelde-Token widerrufen', en: 'Enrolment token revoked' },
  'api-token.create': { de: 'API-Token angelegt', en: 'API token created' },
  'api-token.revoke': { de: 'API-Token widerrufen', en: 'API token revoked' },
  'device.change': { de: 'Gerät geändert', en: 'Device changed' },
  'device.history-export': { de: 'Nachweis heruntergeladen', en: 'Evidence downloaded' },
  'device.report-now': { de: 'Bericht angefordert', en: 'Report asked for' },
  'device.removed-by-installation': {
    de: 'Gerät ausgemustert, von der Installation gemeldet',
    en: 'Device retired, reported by the installation',
  },
  'device.replaced': { de: 'Gerät ersetzt', en: 'Device replaced' },
  'exception.create': { de: 'Ausnahme eingetragen', en: 'Exception recorded' },
  'group.create': { de: 'Gruppe angelegt', en: 'Group added' },
  'group.change': { de: 'Gruppe geändert', en: 'Group changed' },
  'group.members': { de: 'Geräte einer Gruppe geändert', en: 'Devices of a group changed' },
  'group.delete': { de: 'Gruppe gelöscht', en: 'Group deleted' },
  'policy.change': { de: 'Richtlinie geändert', en: 'Policy changed' },
  'policy.restore': { de: 'Richtlinie wiederhergestellt', en: 'Policy restored' },
  'exception.withdraw': { de: 'Ausnahme zurückgenommen', en: 'Exception withdrawn' },
  'backup-server.create': { de: 'Sicherungsserver eingetragen', en: 'Backup server set up' },
  'backup-server.revoke': { de: 'Sicherungsserver widerrufen', en: 'Backup server revoked' },
  'restore-test.enter': { de: 'Rücksicherungsprobe eingetragen', en: 'Restore test entered' },
  'restore-test.withdraw': { de: 'Rücksicherungsprobe zurückgenommen', en: 'Restore test withdrawn' },
  'notice.publish': { de: 'Mitteilung veröffentlicht', en: 'Notice published' },
  'notice.recall': { de: 'Mitteilung zurückgenommen', en: 'Notice recalled' },
  'time.correct': { de: 'Falsche Serverzeit berichtigt', en: 'Wrong time of the server corrected' },
  'retention.change': { de: 'Aufbewahrungsfristen geändert', en: 'Retention periods changed' },
  'retention.clock': {
    de: 'Uhr des Servers bestätigt, Löschung geht weiter',
    en: 'Clock of the server confirmed, removal goes on',
  },
  'retention.removed': { de: 'Nach Ablauf der Frist gelöscht', en: 'Removed after the retention period' },
  'device.import-records': { de: 'Stammdaten übernommen', en: 'Device records imported' },
};

const events: Readonly<Record<string, Words>> = {
  'report-conflict': { de: 'Zwei verschiedene Berichte an derselben Stelle', en: 'Two different reports in one place' },
  'clone-suspected': { de: 'Mögliche Kopie eines anderen Geräts', en: 'Possible clone of another device' },
  'sequence-rewound': { de: 'Auf einen älteren Stand zurückgesetzt', en: 'Set back to an older state' },
  'sequence-gap': { de: 'Berichte fehlen', en: 'Reports are missing' },
  'hardware-before': {
    de: 'Alte Berichte von früherer Hardware sind noch einmal eingetroffen',
    en: 'Old reports made on earlier hardware have come again',
  },
  'report-late': { de: 'Fehlender Bericht nachträglich eingetroffen', en: 'A missing report has come after all' },
  'chain-broken': { de: 'Berichtskette unterbrochen', en: 'Chain of reports broken' },
  'gap-mismatch': { de: 'Angaben zu fehlenden Berichten passen nicht', en: 'Account of missing reports does not fit' },
  'clock-jump': { de: 'Uhr des Geräts ist gesprungen', en: 'Clock of the device jumped' },
  'request-altered': {
    de: 'Ein Proxy oder Filter verändert, was das Gerät sendet',
    en: 'A proxy or filter changes what the device sends',
  },
  'store-epoch-new': { de: 'Neuer Datenspeicher auf dem Gerät', en: 'New store on the device' },
  'store-epoch-returned': {
    de: 'Ein früherer Datenspeicher meldet sich wieder',
    en: 'An earlier store reports again',
  },
  'suspicion-reported': { de: 'Verdacht gemeldet', en: 'Suspicion reported' },
  'name-discarded': {
    de: 'Name verworfen, nach dem keine Mitteilung fragt',
    en: 'Name discarded that no notice asks for',
  },
  readmitted: {
    de: 'Dem Server nicht mehr bekannt, mit seiner früheren Anmeldung wieder aufgenommen',
    en: 'No longer known to the server, admitted again with its earlier enrolment',
  },
  'same-hardware': { de: 'Dieselbe Hardware wie ein anderes Gerät', en: 'Same hardware as another device' },
  'removed-by-installation': {
    de: 'Agent entfernt, von der Installation gemeldet',
    en: 'Agent removed, reported by the installation',
  },
  replaces: { de: 'Ersetzt ein anderes Gerät', en: 'Replaces another device' },
  'replaced-by': { de: 'Durch ein anderes Gerät ersetzt', en: 'Replaced by another device' },
};

const details: Readonly<Record<string, Words>> = {
  hostname: { de: 'Gerät', en: 'Device' },
  state: { de: 'Status', en: 'Status' },
  inventoryNumber: { de: 'Inventarnummer', en: 'Inventory number' },
  inventory_number: { de: 'Inventarnummer', en: 'Inventory number' },
  location: { de: 'Standort', en: 'Location' },
  office: { de: 'Amt', en: 'Office' },
  note: { de: 'Notiz', en: 'Note' },
  municipality: { de: 'Gemeinde', en: 'Municipality' },
  municipality_id: { de: 'Gemeinde', en: 'Municipality' },
  replaces: { de: 'ersetzt', en: 'replaces' },
  replacedBy: { de: 'ersetzt durch', en: 'replaced by' },
  replaced_by: { de: 'ersetzt durch', en: 'replaced by' },
  approvalRequired: { de: 'Freigabe nötig', en: 'Approval required' },
  uses: { de: 'Anzahl Geräte', en: 'Number of devices' },
  expiresAt: { de: 'gültig bis', en: 'valid until' },
  sections: { de: 'Bereiche', en: 'Sections' },
  updated: { de: 'aktualisiert', en: 'updated' },
  lines: { de: 'Zeilen', en: 'lines' },
  refused: { de: 'nicht übernommen', en: 'not imported' },
  role: { de: 'Rolle', en: 'Role' },
  municipalities: { de: 'Gemeinden', en: 'Municipalities' },
  by: { de: 'mit', en: 'by' },
  rule: { de: 'Prüfung', en: 'Check' },
  device: { de: 'Gerätekennung', en: 'Device id' },
  approvedBy: { de: 'genehmigt von', en: 'approved by' },
  at: { de: 'am', en: 'on' },
  testedBy: { de: 'geprüft von', en: 'tested by' },
  source: { de: 'aus', en: 'from' },
  result: { de: 'Ergebnis', en: 'Result' },
  files: { de: 'Dateien', en: 'Files' },
  different: { de: 'abweichend', en: 'different' },
  reason: { de: 'Begründung', en: 'Reason' },
  group: { de: 'Gruppe', en: 'Group' },
  name: { de: 'Name', en: 'Name' },
  position: { de: 'Rang', en: 'Rank' },
  added: { de: 'aufgenommen', en: 'added' },
  removed: { de: 'herausgenommen', en: 'taken out' },
  addedDevices: { de: 'neu darin', en: 'new in it' },
  removedDevices: { de: 'nicht mehr darin', en: 'no longer in it' },
  devices: { de: 'Geräte', en: 'Devices' },
  policyEnded: { de: 'Richtlinie beendet', en: 'Policy ended' },
  reportBodies: { de: 'Inhalte von Berichten', en: 'content of reports' },
  incidentBodies: { de: 'Inhalte von Vorfällen und Bestätigungen', en: 'content of incidents and acknowledgements' },
  softwareChanges: { de: 'Änderungen an Programmen', en: 'changes of software' },
  spoken: { de: 'Antworten und Meldungen', en: 'answers and suspicions' },
  events: { de: 'Ereignisse', en: 'events' },
  gaps: { de: 'erklärte Lücken', en: 'gaps accounted for' },
  deliveries: { de: 'Zustellungen', en: 'deliveries' },
  names: { de: 'Namen in Antworten', en: 'names in answers' },
  answers: { de: 'Antworten', en: 'Answers' },
  until: { de: 'bis', en: 'until' },
  before: { de: 'vorher', en: 'before' },
  after: { de: 'nachher', en: 'after' },
  level: { de: 'gilt für', en: 'for' },
  version: { de: 'Fassung', en: 'Version' },
  restoredFrom: { de: 'wie Fassung', en: 'as version' },
  settings: { de: 'Festlegungen', en: 'Settings' },
  address: { de: 'von Adresse', en: 'from address' },
};

/** The code itself when it is new to this console. */
function wordsFor(known: Readonly<Record<string, Words>>, code: string, language: Language): string {
  return (Object.hasOwn(known, code) ? known[code]?.[language] : undefined) ?? code;
}

export function auditAction(code: string, language: Language): string {
  return wordsFor(actions, code, language);
}

export function deviceEvent(code: string, language: Language): string {
  return wordsFor(events, code, language);
}

/** Fields whose values are codes or ids that have a word or a name. */
const named = new Set(['state', 'role', 'level', 'answers', 'municipality_id', 'municipalities']);

/** What a value of a named field is called: the name of a municipality, the word for a state or role. */
export type Names = ReadonlyMap<string, string>;

function shown(name: string, value: unknown, to: FactLanguage, names: Names): string {
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return '–';
  if (typeof value === 'string' && named.has(name)) return names.get(value) ?? value;
  return isScalar(value) ? factValue(name, value, to) : JSON.stringify(value);
}

function parsed(detail: string): [name: string, value: unknown][] {
  try {
    return fieldsOf(JSON.parse(detail));
  } catch {
    // Cut off at its greatest length: shown as it is.
    return [];
  }
}

/** The details of an audit entry, a JSON object whose pairs are "before, after". Anything else is shown as it is. */
export function auditDetail(detail: string, to: FactLanguage, names: Names): string {
  const fields = parsed(detail);
  if (fields.length === 0) return detail;
  return fields
    .map(([name, value]) => {
      const isChange = Array.isArray(value) && value.length === 2 && name !== 'municipalities';
      const parts: readonly unknown[] = isChange ? value : [value];
      const words = parts.map((part) => shown(name, part, to, names)).join(' → ');
      return `${wordsFor(details, name, to.language)}: ${words}`;
    })
    .join(' · ');
}

/** What the device was called then, so that a person need not read its id. */
export function auditHostname(detail: string | null): string | undefined {
  const hostname = parsed(detail ?? '').find(([name]) => name === 'hostname')?.[1];
  return typeof hostname === 'string' && hostname !== '' ? hostname : undefined;
}
