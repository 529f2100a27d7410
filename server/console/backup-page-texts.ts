/** The texts of the page of backups in both languages. */
const many = (count: number, one: string, more: string): string => (count === 1 ? one : more);

export const backupPageTexts = {
  backups: { de: 'Sicherungen', en: 'Backups' },
  backupsLead: {
    de: 'Wo es eine frische, erfolgreiche Sicherung gibt, wo nicht, und wo es niemand weiß.',
    en: 'Where there is a fresh, successful backup, where there is none, and where nobody knows.',
  },
  backupAnswer: {
    de: {
      lacking: (count: number, all: number) =>
        `${count} von ${all} Geräten ${many(count, 'hat', 'haben')} keine ausreichende Sicherung.`,
      noneLacking: (all: number) =>
        many(
          all,
          'Bei dem einen Gerät ist kein Mangel bekannt.',
          `Bei keinem der ${all} Geräte ist ein Mangel bekannt.`,
        ),
      withoutAny: (count: number) =>
        `${count} ${many(count, 'Gerät hat', 'Geräte haben')} überhaupt kein Sicherungsprogramm.`,
      unknown: (count: number) => `Bei ${count} ${many(count, 'Gerät', 'Geräten')} ist der Stand nicht bekannt.`,
      exempt: (count: number) =>
        `${count} ${many(count, 'Gerät ist', 'Geräte sind')} durch eine Erklärung oder Ausnahme ausgenommen.`,
      disagree: (count: number) =>
        `Bei ${count} ${many(count, 'Gerät', 'Geräten')} widersprechen sich PC und Sicherungsserver.`,
      tested: (count: number, all: number) =>
        `Die Rücksicherung ist bei ${count} von ${all} ${many(all, 'Gerät', 'Geräten')} rechtzeitig erprobt.`,
      nothing: (all: number) =>
        many(
          all,
          'Unbekannt. Von dem einen Gerät ist nichts zur Sicherung bekannt.',
          `Unbekannt. Von keinem der ${all} Geräte ist etwas zur Sicherung bekannt.`,
        ),
      noDevices: 'Unbekannt. Es gibt hier noch kein Gerät.',
    },
    en: {
      lacking: (count: number, all: number) =>
        `${count} of ${all} devices ${many(count, 'lacks', 'lack')} a sufficient backup.`,
      noneLacking: (all: number) =>
        many(
          all,
          'The one device is not known to lack anything.',
          `None of the ${all} devices is known to lack anything.`,
        ),
      withoutAny: (count: number) => `${count} ${many(count, 'device has', 'devices have')} no backup program at all.`,
      unknown: (count: number) => `The state of ${count} ${many(count, 'device', 'devices')} is not known.`,
      exempt: (count: number) =>
        `${count} ${many(count, 'device is', 'devices are')} exempt by a declaration or an exception.`,
      disagree: (count: number) =>
        `On ${count} ${many(count, 'device', 'devices')} PC and backup server contradict each other.`,
      tested: (count: number, all: number) =>
        `Restoring was tested in time on ${count} of ${all} ${many(all, 'device', 'devices')}.`,
      nothing: (all: number) =>
        many(
          all,
          'Unknown. Nothing is known of the backup of the one device.',
          `Unknown. Nothing is known of the backup of any of the ${all} devices.`,
        ),
      noDevices: 'Unknown. There is no device here yet.',
    },
  },
  backupState: { de: 'Stand der Sicherung', en: 'State of the backup' },
  backupLightName: {
    de: {
      critical: 'Dringend',
      attention: 'Achtung',
      unknown: 'Unbekannt',
      note: 'In Ordnung, mit Hinweis',
      exempt: 'Ausgenommen',
      ok: 'In Ordnung',
    },
    en: {
      critical: 'Urgent',
      attention: 'Attention',
      unknown: 'Unknown',
      note: 'OK, with a note',
      exempt: 'Exempt',
      ok: 'OK',
    },
  },
  backupAge: { de: 'Alter der letzten belegten Sicherung', en: 'Age of the last proven backup' },
  backupAgeName: {
    de: {
      upTo1Day: 'Heute oder gestern',
      upTo3Days: '2 bis 3 Tage',
      upTo7Days: '4 bis 7 Tage',
      upTo30Days: '8 bis 30 Tage',
      older: 'Über 30 Tage',
      none: 'Keine belegt',
    },
    en: {
      upTo1Day: 'Today or yesterday',
      upTo3Days: '2 to 3 days',
      upTo7Days: '4 to 7 days',
      upTo30Days: '8 to 30 days',
      older: 'Over 30 days',
      none: 'None proven',
    },
  },
  backupPresence: { de: 'Sicherungsprogramm', en: 'Backup program' },
  backupPresenceName: {
    de: { present: 'Vorhanden', hint: 'Nur Hinweise darauf', none: 'Keines', unknown: 'Nicht bekannt' },
    en: { present: 'There', hint: 'Only hints at one', none: 'None', unknown: 'Not known' },
  },
  twoSided: { de: 'Abgleich mit Sicherungsserver', en: 'Compared with the backup server' },
  twoSidedShort: { de: 'Abgleich', en: 'Comparison' },
  twoSidedName: {
    de: {
      agree: 'Stimmt überein',
      disagree: 'Widerspruch',
      unknown: 'Nicht zu vergleichen',
      silent: 'Kein Server meldet dazu',
    },
    en: { agree: 'Agrees', disagree: 'Contradiction', unknown: 'Cannot be compared', silent: 'No server reports' },
  },
  restoreTest: { de: 'Rücksicherung', en: 'Restoring' },
  restoreTestName: {
    de: { inTime: 'Rechtzeitig erprobt', due: 'Probe fällig', unknown: 'Nicht bekannt', exempt: 'Nicht vorgesehen' },
    en: { inTime: 'Tested in time', due: 'Test is due', unknown: 'Not known', exempt: 'Not expected' },
  },
  backupReasons: { de: 'Woran es liegt', en: 'What is behind it' },
  backupReasonsGist: {
    de: (count: number) => many(count, '1 Grund', `${count} Gründe`),
    en: (count: number) => many(count, '1 reason', `${count} reasons`),
  },
  backupProducts: { de: 'Programme', en: 'Programs' },
  backupProductsGist: {
    de: (count: number) => (count === 0 ? 'keines gemeldet' : many(count, '1 Programm', `${count} Programme`)),
    en: (count: number) => (count === 0 ? 'none reported' : many(count, '1 program', `${count} programs`)),
  },
  backupProduct: { de: 'Programm', en: 'Program' },
  notABackup: { de: 'keine Sicherung', en: 'not a backup' },
  productGood: { de: 'Erfolgreich', en: 'Succeeded' },
  productBad: { de: 'Mit Fehler', en: 'Failing' },
  productOpen: { de: 'Nicht bekannt', en: 'Not known' },
  productState: {
    de: {
      success: 'erfolgreich',
      warning: 'mit Warnungen',
      failed: 'fehlgeschlagen',
      cancelled: 'abgebrochen',
      running: 'läuft',
      unknown: 'nicht bekannt',
      never: 'nie gelaufen',
      'log-too-short': 'nicht erkennbar',
      disabled: 'abgeschaltet',
      removed: 'entfernt',
    },
    en: {
      success: 'succeeded',
      warning: 'with warnings',
      failed: 'failed',
      cancelled: 'cancelled',
      running: 'running',
      unknown: 'not known',
      never: 'never ran',
      'log-too-short': 'cannot be told',
      disabled: 'switched off',
      removed: 'removed',
    },
  },
  backupDevices: { de: 'Geräte, die dringendsten zuerst', en: 'Devices, most urgent first' },
  backupFilter: { de: 'Geräte nach Sicherung filtern', en: 'Filter devices by backup' },
  moreFilters: { de: 'Weitere Filter', en: 'More filters' },
  lastBackup: { de: 'Letzte belegte', en: 'Last proven' },
  noneProven: { de: 'keine belegt', en: 'none proven' },
  noBackupProgram: { de: 'kein Programm', en: 'no program' },
  notReported: { de: 'nicht gemeldet', en: 'not reported' },
  lacking: { de: 'Ohne ausreichende Sicherung', en: 'Without a sufficient backup' },
  stateUnknown: { de: 'Stand unbekannt', en: 'State unknown' },
  withoutAnyBackup: { de: 'Ohne jedes Programm', en: 'Without any program' },
  contradiction: { de: 'Widerspruch zum Server', en: 'Contradicts the server' },
  testedInTime: { de: 'Rücksicherung erprobt', en: 'Restoring tested' },

  backupServers: { de: 'Sicherungsserver', en: 'Backup servers' },
  backupServersGist: {
    de: (count: number) => (count === 0 ? 'noch keiner meldet' : many(count, '1 meldet', `${count} melden`)),
    en: (count: number) => (count === 0 ? 'none reports yet' : many(count, '1 reports', `${count} report`)),
  },
  backupServersLead: {
    de: 'Ein Sicherungsserver kann selbst melden, von wann sein neuester Stand eines Geräts ist. Stimmt das nicht mit dem überein, was der PC sagt, wird das als eigener Mangel gezeigt. Dafür braucht der Server ein Token; es öffnet nichts anderes.',
    en: 'A backup server can say itself of when its newest restore point of a device is. Where that does not agree with what the PC says, it shows as a fault of its own. The server needs a token for this; it opens nothing else.',
  },
  serverName: { de: 'Name des Servers', en: 'Name of the server' },
  createServer: { de: 'Token anlegen', en: 'Create token' },
  noServer: { de: 'Es ist noch kein Sicherungsserver eingetragen.', en: 'No backup server has been set up yet.' },
  lastUsed: { de: 'Zuletzt gemeldet', en: 'Last reported' },
  spokenOf: { de: 'Geräte', en: 'Devices' },
  serverRevokeTitle: { de: 'Token des Sicherungsservers widerrufen', en: 'Revoke the token of the backup server' },
  serverRevokeText: {
    de: (name: string) =>
      `„${name}“ kann danach nichts mehr melden, und was er gemeldet hat, zählt nicht mehr. Geräte, die nur durch ihn belegt waren, gelten dann als unbekannt.`,
    en: (name: string) =>
      `“${name}” can report nothing afterwards, and what it reported counts no more. Devices proven by it alone become unknown.`,
  },
};
