/** Words for the reasons that any rule can have: for not knowing, and for being excused. */
import type { Sentence, Words } from './wording.ts';

/** What a section is called in a sentence; a section unknown here is shown by its id. */
const sectionNames: Readonly<Record<string, Words>> = {
  storage: { de: 'zu den Laufwerken', en: 'about the drives' },
  os: { de: 'zum Betriebssystem', en: 'about the operating system' },
  system: { de: 'zum Gerät', en: 'about the device' },
  patches: { de: 'zu den Aktualisierungen', en: 'about updates' },
  security: { de: 'zur Sicherheit', en: 'about security' },
  backup: { de: 'zur Sicherung', en: 'about the backup' },
  agent: { de: 'zum KITS Agent', en: 'about the KITS Agent' },
};

/** What a part of a section is called in a sentence, by its path inside the facts. */
const partNames: Readonly<Record<string, Words>> = {
  'scan.insecure': { de: 'zur Quelle der Aktualisierungen', en: 'about the source of updates' },
  'automatic.enabled': { de: 'zu automatischen Aktualisierungen', en: 'about automatic updates' },
  'restart.required': { de: 'zu einem ausstehenden Neustart', en: 'about a restart that may be due' },
  antivirus: { de: 'zum Virenschutz', en: 'about virus protection' },
  firewall: { de: 'zur Firewall', en: 'about the firewall' },
  encryption: { de: 'zur Verschlüsselung der Laufwerke', en: 'about drive encryption' },
  'boot.secureBoot': { de: 'zum sicheren Start (Secure Boot)', en: 'about Secure Boot' },
  'boot.certificates2023': {
    de: 'zu den Zertifikaten für den sicheren Start',
    en: 'about the certificates of Secure Boot',
  },
  accounts: { de: 'zu den Benutzerkonten', en: 'about user accounts' },
  'accounts.automaticLogon': { de: 'zur automatischen Anmeldung', en: 'about automatic logon' },
  'accounts.plainLogonPassword': {
    de: 'zu gespeicherten Anmeldekennwörtern',
    en: 'about stored logon passwords',
  },
  'accounts.guestEnabled': { de: 'zum Gastkonto', en: 'about the guest account' },
  'accounts.administrators': {
    de: 'zu den Konten mit Verwaltungsrechten',
    en: 'about accounts with administrative rights',
  },
  'accounts.builtIn': {
    de: 'zum eingebauten Administratorkonto',
    en: 'about the built-in administrator account',
  },
  'accounts.passwordRotation': {
    de: 'zum Wechsel des Administratorkennworts (LAPS)',
    en: 'about the change of the administrator password (LAPS)',
  },
  'accounts.screenLockSeconds': { de: 'zur Bildschirmsperre', en: 'about the screen lock' },
  'remoteAccess.ssh': { de: 'zum Fernzugriff über SSH', en: 'about remote access by SSH' },
  'remoteAccess.ssh.rootLogin': { de: 'zur Anmeldung als root über SSH', en: 'about root logon over SSH' },
  'remoteAccess.ssh.passwordAuthentication': {
    de: 'zur Anmeldung mit Kennwort über SSH',
    en: 'about passwords over SSH',
  },
  'remoteAccess.ssh.emptyPasswords': { de: 'zu leeren Kennwörtern über SSH', en: 'about empty passwords over SSH' },
  'remoteAccess.rdp': { de: 'zum Remotedesktop', en: 'about the remote desktop' },
  'remoteAccess.rdp.networkLevelAuthentication': {
    de: 'zur Anmeldung am Remotedesktop',
    en: 'about the logon to the remote desktop',
  },
  'remoteAccess.smb1': { de: 'zu SMBv1', en: 'about SMBv1' },
  'hardening.powershell2': { de: 'zu PowerShell 2.0', en: 'about PowerShell 2.0' },
  'hardening.uac': { de: 'zur Benutzerkontensteuerung', en: 'about User Account Control' },
  'hardening.accessControl': { de: 'zum Zugriffsschutz des Systems', en: 'about the access control of the system' },
  'hardening.enforcedProfiles': { de: 'zu den Profilen von AppArmor', en: 'about the profiles of AppArmor' },
  'hardening.lsaProtection': { de: 'zum LSA-Schutz', en: 'about LSA protection' },
  'hardening.credentialGuard': { de: 'zu Credential Guard', en: 'about Credential Guard' },
  'hardening.smartScreen': { de: 'zu SmartScreen', en: 'about SmartScreen' },
};

const aboutPart = (path: string): Words =>
  (Object.hasOwn(partNames, path) ? partNames[path] : undefined) ?? { de: `zu „${path}“`, en: `about “${path}”` };

const about = (id: string): Words =>
  (Object.hasOwn(sectionNames, id) ? sectionNames[id] : undefined) ?? {
    de: `zum Abschnitt „${id}“`,
    en: `of the section “${id}”`,
  };

/** Why a section is missing, by problem code; a code unknown here is shown as it is. */
const causes: Readonly<Record<string, Words>> = {
  'not-collected': { de: 'Es wurden noch keine erhoben', en: 'none have been collected yet' },
  'not-present': { de: 'Auf diesem Gerät gibt es das nicht', en: 'the device has no such thing' },
  unsupported: { de: 'Auf diesem System können sie nicht gelesen werden', en: 'they cannot be read on this system' },
  denied: { de: 'Das Lesen wurde verweigert', en: 'reading was denied' },
  'not-found': { de: 'Die Quelle wurde nicht gefunden', en: 'the source was not found' },
  timeout: { de: 'Das Lesen dauerte zu lange', en: 'reading took too long' },
  unreadable: { de: 'Die Quelle ist nicht lesbar', en: 'the source is unreadable' },
  invalid: { de: 'Die Quelle lieferte unplausible Werte', en: 'the source gave nonsense' },
  truncated: { de: 'Die Quelle lieferte nur einen Teil', en: 'the source gave only a part' },
  bug: { de: 'Im KITS Agent trat ein Fehler auf', en: 'the KITS Agent ran into a fault' },
};

const because = (code: string): Words =>
  (Object.hasOwn(causes, code) ? causes[code] : undefined) ?? { de: `Grund: ${code}`, en: `reason: ${code}` };

export const sharedReasons: Readonly<Record<string, Sentence>> = {
  'facts-missing': {
    de: (v) => `Es liegen keine Angaben ${about(v.text('section')).de} vor: ${because(v.text('code')).de}.`,
    en: (v) => `There are no facts ${about(v.text('section')).en}: ${because(v.text('code')).en}.`,
  },
  'part-missing': {
    de: (v) =>
      `Es liegen keine Angaben ${aboutPart(v.text('part')).de} vor; sie konnten auf diesem Gerät nicht gelesen werden.`,
    en: (v) => `There are no facts ${aboutPart(v.text('part')).en}; they could not be read on this device.`,
  },
  'facts-stale': {
    de: (v) =>
      v.has('ageSeconds')
        ? `Die letzten Angaben ${about(v.text('section')).de} sind ${v.duration('ageSeconds')} alt und sagen nichts mehr über heute.`
        : `Wie alt die Angaben ${about(v.text('section')).de} sind, ist nicht erkennbar.`,
    en: (v) =>
      v.has('ageSeconds')
        ? `The last facts ${about(v.text('section')).en} are ${v.duration('ageSeconds')} old and say nothing about today.`
        : `How old the facts ${about(v.text('section')).en} are cannot be told.`,
  },
  'facts-from-future': {
    de: (v) =>
      `Die Angaben ${about(v.text('section')).de} tragen ein Datum in der Zukunft und werden daher nicht gewertet.`,
    en: (v) => `The facts ${about(v.text('section')).en} are dated in the future and are therefore not judged.`,
  },
  'facts-invalid': {
    de: (v) => `Die Angaben ${about(v.text('section')).de} sind fehlerhaft und werden nicht gewertet.`,
    en: (v) => `The facts ${about(v.text('section')).en} are faulty and are not judged.`,
  },
  'limits-invalid': {
    de: () => 'Die in der Richtlinie eingestellten Grenzwerte sind ungültig; KITS muss sie berichtigen.',
    en: () => 'The limits set in the policy are invalid; KITS has to correct them.',
  },
  exception: {
    de: (v) =>
      `Diese Abweichung ist zugelassen; die Ausnahme endet am ${v.day('until')} (genehmigt von: ${v.text('approvedBy')}; Begründung: ${v.text('why')}).`,
    en: (v) =>
      `This deviation is permitted; the exception ends on ${v.day('until')} (approved by: ${v.text('approvedBy')}; reason: ${v.text('why')}).`,
  },
  'rule-failed': {
    de: () => 'Diese Prüfung ist an einem Fehler gescheitert; das Ergebnis ist offen.',
    en: () => 'This check failed because of a fault; the result is open.',
  },
};

/** Follows the words of a verdict whose exception has run out. */
export const exceptionExpired: Sentence = {
  de: (v) => `Eine Ausnahme dafür ist am ${v.day('exceptionExpiredOn')} abgelaufen.`,
  en: (v) => `An exception for it ended on ${v.day('exceptionExpiredOn')}.`,
};
