/**
 * Every text of the console in both languages, side by side. German first: it is what people here read.
 * Names of sections and fields stand in agent/contract/words.
 */
import { backupPageTexts } from './backup-page-texts.ts';
import { controlTexts } from './control-texts.ts';
import { deviceBackupTexts } from './device-backup-texts.ts';
import { deviceTexts } from './device-texts.ts';
import type { Language } from './format.ts';
import { noticeTexts } from './notice-texts.ts';
import { patchTexts } from './patch-texts.ts';
import { policyTexts } from './policy-texts.ts';
import { versionTexts } from './version-texts.ts';

const many = (count: number, one: string, more: string): string => (count === 1 ? one : more);

const pairs = {
  product: { de: 'KITS-Konsole', en: 'KITS console' },
  skip: { de: 'Zum Inhalt springen', en: 'Skip to content' },
  navigation: { de: 'Hauptnavigation', en: 'Main navigation' },
  overview: { de: 'Übersicht', en: 'Overview' },
  devices: { de: 'Geräte', en: 'Devices' },
  records: { de: 'Stammdaten', en: 'Device records' },
  tokens: { de: 'Anmelde-Token', en: 'Enrolment tokens' },
  audit: { de: 'Protokoll', en: 'Audit log' },
  signOut: { de: 'Abmelden', en: 'Sign out' },
  signedInAs: { de: 'Angemeldet als', en: 'Signed in as' },
  role: {
    de: { admin: 'Administration', technician: 'Technik', viewer: 'nur Lesen' },
    en: { admin: 'administrator', technician: 'technician', viewer: 'read only' },
  },

  light: {
    de: { ok: 'In Ordnung', attention: 'Achtung', critical: 'Dringend', unknown: 'Unbekannt' },
    en: { ok: 'OK', attention: 'Attention', critical: 'Urgent', unknown: 'Unknown' },
  },
  state: {
    de: { active: 'Aktiv', pending: 'Wartet auf Freigabe', quarantined: 'Unter Quarantäne', retired: 'Ausgemustert' },
    en: { active: 'Active', pending: 'Awaiting approval', quarantined: 'Quarantined', retired: 'Retired' },
  },

  loading: { de: 'Wird geladen …', en: 'Loading …' },
  loaded: { de: 'Geladen.', en: 'Loaded.' },
  saving: { de: 'Wird gespeichert …', en: 'Saving …' },
  cancel: { de: 'Abbrechen', en: 'Cancel' },
  retry: { de: 'Erneut versuchen', en: 'Try again' },
  more: { de: 'Weitere laden', en: 'Load more' },
  all: { de: 'Alle', en: 'All' },
  inFleet: { de: 'Im Bestand', en: 'In the fleet' },
  never: { de: 'noch nie', en: 'never' },
  none: { de: 'keine Angabe', en: 'not stated' },
  yes: { de: 'ja', en: 'yes' },
  no: { de: 'nein', en: 'no' },
  code: { de: 'Code', en: 'Code' },
  municipality: { de: 'Gemeinde', en: 'Municipality' },
  scrollable: { de: 'Tabelle, seitlich verschiebbar', en: 'Table, scrolls sideways' },
  actions: { de: 'Aktionen', en: 'Actions' },

  unreachable: { de: 'Der KITS-Server ist nicht zu erreichen.', en: 'The KITS server cannot be reached.' },
  unreachableHint: {
    de: 'Die Netzwerkverbindung ist unterbrochen oder der Server wird gerade neu gestartet. Ihre Eingaben bleiben auf dieser Seite erhalten.',
    en: 'The network connection is interrupted or the server is restarting. What you entered stays on this page.',
  },
  refused: { de: 'Der Server hat die Anfrage abgelehnt.', en: 'The server refused the request.' },
  forbidden: { de: 'Dafür haben Sie keine Berechtigung.', en: 'You are not permitted to do this.' },
  forbiddenHint: {
    de: 'Ihr Konto hat die dafür nötige Rolle nicht. Wenden Sie sich an die KITS-Verwaltung.',
    en: 'Your account lacks the role for this. Please ask the KITS administration.',
  },
  notFound: { de: 'Das gibt es hier nicht.', en: 'There is no such thing here.' },
  notFoundHint: {
    de: 'Die Adresse ist falsch oder gehört zu einer Gemeinde, die Sie nicht betreuen.',
    en: 'The address is wrong or belongs to a municipality you do not look after.',
  },
  serverFault: { de: 'Im Server ist ein Fehler aufgetreten.', en: 'Something went wrong in the server.' },
  serverFaultHint: {
    de: 'Versuchen Sie es in einigen Minuten erneut. Bleibt der Fehler, nennen Sie der KITS-Technik den Code.',
    en: 'Try again in a few minutes. If it stays, give the code to the KITS technicians.',
  },
  toOverview: { de: 'Zur Übersicht', en: 'To the overview' },

  signIn: { de: 'Anmelden', en: 'Sign in' },
  signInLead: {
    de: 'Für Beschäftigte von KITS und die Verantwortlichen der Gemeinden.',
    en: 'For KITS staff and those responsible in the municipalities.',
  },
  user: { de: 'Benutzername', en: 'User name' },
  password: { de: 'Kennwort', en: 'Password' },
  signingIn: { de: 'Sie werden angemeldet …', en: 'Signing you in …' },
  wrongPassword: {
    de: 'Benutzername oder Kennwort stimmt nicht.',
    en: 'The user name or the password is wrong.',
  },
  wrongLink: {
    de: 'Dieser Anmeldelink gilt nicht mehr. Er wurde schon benutzt oder ist abgelaufen.',
    en: 'This sign-in link is no longer valid. It was used before or has expired.',
  },
  wrongLinkHint: {
    de: 'Melden Sie sich mit Ihrem Kennwort an oder lassen Sie sich mit „kits-server sign-in-link“ einen neuen Link geben.',
    en: 'Sign in with your password, or ask for a new link (“kits-server sign-in-link”).',
  },
  tooMany: {
    de: 'Zu viele Versuche. Bitte warten Sie einige Minuten.',
    en: 'Too many attempts. Please wait some minutes.',
  },
  newPassword: { de: 'Neues Kennwort', en: 'New password' },
  newPasswordTitle: { de: 'Kennwort festlegen', en: 'Choose a password' },
  newPasswordLead: {
    de: 'Der Anmeldelink galt nur einmal. Legen Sie jetzt das Kennwort fest, mit dem Sie sich künftig anmelden.',
    en: 'The sign-in link worked once. Choose the password you will sign in with from now on.',
  },
  newPasswordHint: {
    de: 'Mindestens 12 Zeichen. Ein Satz aus mehreren Wörtern ist sicher und gut zu merken.',
    en: 'At least 12 characters. A phrase of several words is safe and easy to remember.',
  },
  repeatPassword: { de: 'Neues Kennwort wiederholen', en: 'Repeat the new password' },
  passwordShort: {
    de: (length: number) => `Das Kennwort hat erst ${length} von mindestens 12 Zeichen.`,
    en: (length: number) => `The password has only ${length} of at least 12 characters.`,
  },
  passwordsDiffer: { de: 'Die beiden Kennwörter sind verschieden.', en: 'The two passwords differ.' },
  setPassword: { de: 'Kennwort festlegen', en: 'Set password' },

  overviewLead: {
    de: (devices: number, places: number) =>
      `${devices} ${many(devices, 'Gerät', 'Geräte')} in ${places} ${many(places, 'Gemeinde', 'Gemeinden')}.`,
    en: (devices: number, places: number) =>
      `${devices} ${many(devices, 'device', 'devices')} in ${places} ${many(places, 'municipality', 'municipalities')}.`,
  },
  allDevices: { de: 'Alle Geräte nach Zustand', en: 'All devices by state' },
  byMunicipality: { de: 'Gemeinden, die dringendsten zuerst', en: 'Municipalities, most urgent first' },
  pending: { de: 'Warten auf Freigabe', en: 'Awaiting approval' },
  quarantined: { de: 'Unter Quarantäne', en: 'Quarantined' },
  lastHeard: { de: 'Zuletzt gemeldet', en: 'Last heard' },
  pendingNotice: {
    de: (count: number) => many(count, '1 Gerät wartet auf Freigabe.', `${count} Geräte warten auf Freigabe.`),
    en: (count: number) => many(count, '1 device awaits approval.', `${count} devices await approval.`),
  },
  showPending: { de: 'Geräte ansehen und freigeben', en: 'See and approve devices' },
  noMunicipality: { de: 'Es ist noch keine Gemeinde angelegt.', en: 'No municipality has been set up yet.' },
  noMunicipalityHint: {
    de: 'Legen Sie auf dem Server die erste an: kits-server create-municipality NAME',
    en: 'Set up the first one on the server: kits-server create-municipality NAME',
  },

  filter: { de: 'Geräte filtern', en: 'Filter devices' },
  search: { de: 'Suche', en: 'Search' },
  searchHint: {
    de: 'Name, Inventarnummer, Standort, Amt, Seriennummer oder Modell',
    en: 'Name, inventory number, location, office, serial number or model',
  },
  condition: { de: 'Zustand', en: 'Condition' },
  membership: { de: 'Status', en: 'Status' },
  resetFilter: { de: 'Filter zurücksetzen', en: 'Clear filters' },
  found: {
    de: (count: number) => many(count, '1 Gerät gefunden', `${count} Geräte gefunden`),
    en: (count: number) => many(count, '1 device found', `${count} devices found`),
  },
  device: { de: 'Gerät', en: 'Device' },
  operatingSystem: { de: 'Betriebssystem', en: 'Operating system' },
  model: { de: 'Modell', en: 'Model' },
  osAndModel: { de: 'Betriebssystem und Modell', en: 'Operating system and model' },
  place: { de: 'Standort und Amt', en: 'Location and office' },
  nextPage: { de: 'Nächste Seite', en: 'Next page' },
  firstPage: { de: 'Zur ersten Seite', en: 'To the first page' },
  pages: { de: 'Seiten der Liste', en: 'Pages of the list' },
  noMatch: { de: 'Kein Gerät passt zu diesem Filter.', en: 'No device matches this filter.' },
  noDevice: { de: 'Noch hat sich kein Gerät angemeldet.', en: 'No device has enrolled yet.' },
  noDeviceHint: {
    de: 'Legen Sie ein Anmelde-Token an und installieren Sie damit KITS Agent auf dem ersten PC.',
    en: 'Create an enrolment token and install KITS Agent with it on the first PC.',
  },

  importTitle: { de: 'Stammdaten übernehmen', en: 'Import device records' },
  importLead: {
    de: 'Übernimmt Inventarnummer, Standort, Amt und Notiz aus einer CSV-Datei. Die erste Zeile nennt die Spalten: hostname oder deviceId, dazu beliebige von inventoryNumber, location, office, note. Leere Felder lassen stehen, was schon eingetragen ist.',
    en: 'Takes inventory number, location, office and note from a CSV file. The first line names the columns: hostname or deviceId, and any of inventoryNumber, location, office, note. Empty cells leave what is there.',
  },
  importFile: { de: 'CSV-Datei (UTF-8)', en: 'CSV file (UTF-8)' },
  importPaste: { de: 'oder Zeilen hier einfügen', en: 'or paste lines here' },
  importStart: { de: 'Übernehmen', en: 'Import' },
  importEmpty: {
    de: 'Wählen Sie eine Datei oder fügen Sie Zeilen ein.',
    en: 'Choose a file or paste some lines.',
  },
  importAnywhere: { de: 'Alle, die ich betreue', en: 'All I look after' },
  importUpdated: {
    de: (count: number) => many(count, '1 Gerät aktualisiert.', `${count} Geräte aktualisiert.`),
    en: (count: number) => many(count, '1 device updated.', `${count} devices updated.`),
  },
  importRefused: {
    de: (count: number) => many(count, '1 Zeile wurde nicht übernommen:', `${count} Zeilen wurden nicht übernommen:`),
    en: (count: number) => many(count, '1 line was not imported:', `${count} lines were not imported:`),
  },
  importAllGood: { de: 'Alle Zeilen wurden übernommen.', en: 'All lines were imported.' },
  line: { de: 'Zeile', en: 'Line' },
  reason: { de: 'Grund', en: 'Reason' },
  importResult: { de: 'Ergebnis', en: 'Result' },

  tokensLead: {
    de: 'Mit einem Token meldet sich ein neuer PC bei seiner Gemeinde an. Tokens laufen ab und gelten für eine begrenzte Zahl von Geräten.',
    en: 'A token lets a new PC join its municipality. Tokens expire and are good for a limited number of devices.',
  },
  createToken: { de: 'Token anlegen', en: 'Create token' },
  uses: { de: 'Anzahl Geräte', en: 'Number of devices' },
  usesHint: { de: '1 bis 10.000', en: '1 to 10,000' },
  days: { de: 'Gültig für Tage', en: 'Valid for days' },
  daysHint: { de: '1 bis 365', en: '1 to 365' },
  tokenMade: { de: 'Das Token ist angelegt', en: 'The token has been created' },
  setupFile: { de: 'Einrichtungsdatei herunterladen', en: 'Download the set-up file' },
  setupFileHint: {
    de: 'Sie enthält die Adresse des Servers, den Fingerabdruck seines Schlüssels und dieses Token. Unter Windows liegt sie als kits-agent-setup.json neben dem Installationspaket, unter Debian als /etc/kits-agent/setup.json. Nur Verwalter dürfen sie lesen können.',
    en: 'It holds the address of the server, the fingerprint of its key and this token. On Windows it lies beside the installer as kits-agent-setup.json, on Debian as /etc/kits-agent/setup.json. Only administrators may be able to read it.',
  },
  tokenOnce: {
    de: 'Es wird nur dieses eine Mal angezeigt. Kopieren Sie es jetzt.',
    en: 'It is shown only this once. Copy it now.',
  },
  copy: { de: 'Kopieren', en: 'Copy' },
  copied: { de: 'Kopiert.', en: 'Copied.' },
  copyFailed: {
    de: 'Bitte markieren und kopieren Sie das Token von Hand.',
    en: 'Please select and copy the token by hand.',
  },
  existingTokens: { de: 'Vorhandene Tokens', en: 'Existing tokens' },
  noToken: { de: 'Es gibt noch kein Token.', en: 'There is no token yet.' },
  created: { de: 'Angelegt', en: 'Created' },
  expires: { de: 'Gültig bis', en: 'Valid until' },
  usesLeft: { de: 'Noch nutzbar für', en: 'Uses left' },
  tokenUsable: { de: 'gültig', en: 'valid' },
  tokenExpired: { de: 'abgelaufen', en: 'expired' },
  tokenUsedUp: { de: 'aufgebraucht', en: 'used up' },
  tokenRevoked: { de: 'widerrufen', en: 'revoked' },
  revoke: { de: 'Widerrufen', en: 'Revoke' },
  revokeTitle: { de: 'Token widerrufen', en: 'Revoke token' },
  revokeText: {
    de: (municipality: string) =>
      `Mit diesem Token für ${municipality} kann sich danach kein weiteres Gerät anmelden. Bereits angemeldete Geräte bleiben angemeldet.`,
    en: (municipality: string) =>
      `No further device can enrol with this token for ${municipality}. Devices that have enrolled stay enrolled.`,
  },
  revoked: { de: 'Das Token ist widerrufen.', en: 'The token has been revoked.' },

  auditLead: {
    de: 'Wer hat wann was geändert. Einträge lassen sich nicht ändern oder löschen.',
    en: 'Who changed what and when. Entries cannot be changed or deleted.',
  },
  kept: {
    de: (reports: string, incidents: string) =>
      `Inhalte von Berichten werden nach ${reports} gelöscht, die von Vorfällen und Bestätigungen nach ${incidents}. Die signierten Köpfe bleiben, damit die Kette jedes Geräts nachweisbar ist.`,
    en: (reports: string, incidents: string) =>
      `The content of reports is removed after ${reports}, that of incidents and acknowledgements after ${incidents}. The signed headers stay, so that the chain of each device can be proven.`,
  },
  keptBack: {
    de: (sweptAt: string) =>
      `Zurzeit wird nichts gelöscht: Die Uhr des Servers passt nicht zur letzten Löschung am ${sweptAt}. Bitte die Uhr prüfen; geht sie richtig, auf dem Server „kits-server retention --today DATUM“ ausführen.`,
    en: (sweptAt: string) =>
      `Nothing is removed at the moment: the clock of the server does not fit the last removal on ${sweptAt}. Check the clock; if it is right, run "kits-server retention --today DATE" on the server.`,
  },
  keptForEver: { de: 'keiner Frist', en: 'no period' },
  keptDays: { de: (days: string) => `${days} Tagen`, en: (days: string) => `${days} days` },
  when: { de: 'Zeitpunkt', en: 'Time' },
  who: { de: 'Person', en: 'Person' },
  what: { de: 'Vorgang', en: 'Action' },
  target: { de: 'Betrifft', en: 'Concerns' },
  detail: { de: 'Einzelheiten', en: 'Details' },
  noAudit: { de: 'Es ist noch nichts geändert worden.', en: 'Nothing has been changed yet.' },

  ...deviceTexts,
  ...backupPageTexts,
  ...deviceBackupTexts,
  ...patchTexts,
  ...controlTexts,
  ...policyTexts,
  ...noticeTexts,
  ...versionTexts,
} satisfies Record<string, Record<Language, unknown>>;

/** The texts of one language, by name. */
export type Texts = { readonly [Name in keyof typeof pairs]: (typeof pairs)[Name]['de'] };

export function textsFor(language: Language): Texts {
  return Object.fromEntries(Object.entries(pairs).map(([name, pair]) => [name, pair[language]])) as Texts;
}
