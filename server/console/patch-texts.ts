/** The texts of the updates page and of software changes, in both languages. */
const many = (count: number, one: string, more: string): string => (count === 1 ? one : more);

export const patchTexts = {
  patches: { de: 'Aktualisierungen', en: 'Updates' },
  patchesLead: {
    de: 'Was auf den Geräten fehlt, seit wann, und wo ein Neustart aussteht.',
    en: 'What the devices lack, since when, and where a restart is due.',
  },
  patchAnswer: {
    de: {
      missing: (count: number, all: number) =>
        count === 1
          ? `Auf 1 von ${all} Geräten fehlen Sicherheitsaktualisierungen.`
          : `Auf ${count} von ${all} Geräten fehlen Sicherheitsaktualisierungen.`,
      noneKnown: (all: number) =>
        many(
          all,
          'Auf dem einen Gerät ist keine fehlende Sicherheitsaktualisierung bekannt.',
          `Auf keinem der ${all} Geräte ist eine fehlende Sicherheitsaktualisierung bekannt.`,
        ),
      unknown: (count: number) =>
        `Von ${count} ${many(count, 'Gerät', 'Geräten')} ist nicht bekannt, ob welche fehlen.`,
      restart: (count: number, since: string | undefined) =>
        `${count} ${many(count, 'Gerät wartet', 'Geräte warten')} auf einen Neustart${since === undefined ? '' : many(count, `, seit ${since}`, `, das erste seit ${since}`)}.`,
      scansRecent: 'Die letzte Suche nach Aktualisierungen ist überall höchstens 14 Tage alt.',
      scansStale: (count: number) =>
        `Auf ${count} ${many(count, 'Gerät', 'Geräten')} liegt die letzte Suche nach Aktualisierungen mehr als 14 Tage zurück oder ist nicht bekannt.`,
      nothing: (all: number) =>
        many(
          all,
          'Unbekannt. Das Gerät hat noch nicht gemeldet, was ihm fehlt.',
          `Unbekannt. Keines der ${all} Geräte hat bisher gemeldet, was ihm fehlt.`,
        ),
      noDevices: 'Unbekannt. Es gibt hier noch kein Gerät.',
    },
    en: {
      missing: (count: number, all: number) =>
        count === 1
          ? `1 of ${all} devices lacks security updates.`
          : `${count} of ${all} devices lack security updates.`,
      noneKnown: (all: number) =>
        many(
          all,
          'The one device is not known to lack a security update.',
          `None of the ${all} devices is known to lack a security update.`,
        ),
      unknown: (count: number) =>
        `For ${count} ${many(count, 'device', 'devices')} it is not known whether any are missing.`,
      restart: (count: number, since: string | undefined) =>
        `${count} ${many(count, 'device waits', 'devices wait')} for a restart${since === undefined ? '' : many(count, `, since ${since}`, `, the first since ${since}`)}.`,
      scansRecent: 'The last search for updates is at most 14 days old everywhere.',
      scansStale: (count: number) =>
        `On ${count} ${many(count, 'device', 'devices')} the last search for updates is more than 14 days old or not known.`,
      nothing: (all: number) =>
        many(
          all,
          'Unknown. The device has not reported yet what it lacks.',
          `Unknown. None of the ${all} devices has reported yet what it lacks.`,
        ),
      noDevices: 'Unknown. There is no device here yet.',
    },
  },
  securityUpdates: { de: 'Sicherheitsaktualisierungen', en: 'Security updates' },
  someMissing: { de: 'Fehlen', en: 'Missing' },
  noneMissing: { de: 'Keine fehlt', en: 'None missing' },
  restart: { de: 'Neustart', en: 'Restart' },
  restartDue: { de: 'Erforderlich', en: 'Required' },
  restartNotDue: { de: 'Nicht erforderlich', en: 'Not required' },
  lackingSecurity: { de: 'Sicherheits\u00adaktuali\u00adsierungen fehlen', en: 'Security updates missing' },
  securityNotKnown: { de: 'Nicht bekannt, ob welche fehlen', en: 'Not known whether any' },
  restartsDue: { de: 'Warten auf Neustart', en: 'Waiting for restart' },
  scanStale: { de: 'Suche älter als 14 Tage oder unbekannt', en: 'Search older than 14 days or unknown' },
  scanAge: { de: 'Alter der letzten Suche', en: 'Age of the last search' },
  scanFresh: { de: 'Bis 3 Tage alt', en: 'Up to 3 days old' },
  scanAging: { de: '4 bis 14 Tage alt', en: '4 to 14 days old' },
  scanOld: { de: 'Älter als 14 Tage', en: 'Older than 14 days' },
  scanUnknown: { de: 'Nie oder unbekannt', en: 'Never or unknown' },
  byMunicipalityTable: { de: 'Stand je Gemeinde', en: 'State by municipality' },
  patchFilter: { de: 'Aktualisierungen filtern', en: 'Filter updates' },
  patchSearchHint: { de: 'Bezeichnung oder Kennung', en: 'Title or id' },
  updateKind: { de: 'Art', en: 'Kind' },
  securityOnly: { de: 'Nur Sicherheitsaktualisierungen', en: 'Security updates only' },
  notSecurity: { de: 'Ohne Bezug zur Sicherheit', en: 'Unrelated to security' },
  security: { de: 'Sicherheit', en: 'Security' },
  otherUpdate: { de: 'Übrige', en: 'Other' },
  securityUnknown: { de: 'Nicht bekannt', en: 'Not known' },
  updateState: {
    de: { missing: 'Fehlt', 'waiting-for-restart': 'Wartet auf Neustart' },
    en: { missing: 'Missing', 'waiting-for-restart': 'Waiting for restart' },
  },
  severityName: {
    de: { critical: 'kritisch', important: 'hoch', moderate: 'mittel', low: 'niedrig' },
    en: { critical: 'critical', important: 'important', moderate: 'moderate', low: 'low' },
  },
  update: { de: 'Aktualisierung', en: 'Update' },
  updates: { de: 'Ausstehende Aktualisierungen', en: 'Pending updates' },
  updatesFound: {
    de: (count: number) => many(count, '1 Aktualisierung gefunden', `${count} Aktualisierungen gefunden`),
    en: (count: number) => many(count, '1 update found', `${count} updates found`),
  },
  missingOn: { de: 'Fehlt auf', en: 'Missing on' },
  missingSince: { de: 'Älteste seit', en: 'Oldest since' },
  ageInDays: {
    de: (days: number) => (days < 1 ? 'heute' : many(days, '1 Tag', `${days} Tage`)),
    en: (days: number) => (days < 1 ? 'today' : many(days, '1 day', `${days} days`)),
  },
  distribution: { de: 'Gemeinden', en: 'Municipalities' },
  furtherMunicipalities: {
    de: (count: number) => many(count, 'eine weitere', `${count} weitere`),
    en: (count: number) => many(count, 'one more', `${count} more`),
  },
  versions: { de: 'Verfügbar', en: 'Available' },
  installedVersion: { de: 'Eingespielt', en: 'Installed' },
  noPatchMatch: { de: 'Keine Aktualisierung passt zu diesem Filter.', en: 'No update matches this filter.' },
  noPatch: { de: 'Es sind keine ausstehenden Aktualisierungen bekannt.', en: 'No pending updates are known.' },
  noPatchHint: {
    de: 'Wie alt dieses Wissen ist, steht oben. Geräte ohne Suche zählen als unbekannt.',
    en: 'How old this knowledge is stands above. Devices without a search count as unknown.',
  },
  backToPatches: { de: 'Zu den Aktualisierungen', en: 'To the updates' },
  updateTitle: {
    de: (id: string) => `Aktualisierung ${id}`,
    en: (id: string) => `Update ${id}`,
  },
  origin: { de: 'Herkunft', en: 'Origin' },
  heldBack: { de: 'mit Absicht zurückgehalten', en: 'held back on purpose' },
  missingOneSince: { de: 'Fehlt seit', en: 'Missing since' },
  noUpdateDevice: {
    de: 'Diese Aktualisierung fehlt auf keinem Gerät mehr.',
    en: 'No device lacks this update any more.',
  },

  updatesMissing: {
    de: (count: number) => (count === 0 ? 'keine fehlt' : many(count, '1 fehlt', `${count} fehlen`)),
    en: (count: number) => (count === 0 ? 'none missing' : `${count} missing`),
  },
  updatesWaiting: {
    de: (count: number) => `${count} ${many(count, 'wartet', 'warten')} auf Neustart`,
    en: (count: number) => `${count} ${many(count, 'waits', 'wait')} for restart`,
  },
  scanOf: { de: (day: string) => `Suche vom ${day}`, en: (day: string) => `search of ${day}` },
  scanUnknownGist: { de: 'Tag der Suche unbekannt', en: 'day of the search unknown' },

  softwareChanges: { de: 'Änderungen an Programmen', en: 'Software changes' },
  noSoftwareChange: {
    de: 'Seit dem ersten Bericht hat sich an den Programmen nichts geändert.',
    en: 'The software has not changed since the first report.',
  },
  softwareGist: {
    de: (installed: number, updated: number, removed: number) =>
      [
        installed === 0 ? '' : `${installed} neu`,
        updated === 0 ? '' : `${updated} aktualisiert`,
        removed === 0 ? '' : `${removed} entfernt`,
      ]
        .filter(Boolean)
        .join(', '),
    en: (installed: number, updated: number, removed: number) =>
      [
        installed === 0 ? '' : `${installed} installed`,
        updated === 0 ? '' : `${updated} updated`,
        removed === 0 ? '' : `${removed} removed`,
      ]
        .filter(Boolean)
        .join(', '),
  },
  comparedWith: { de: 'verglichen mit', en: 'compared with' },
  programsInstalled: { de: 'Neu installiert', en: 'Installed' },
  programsUpdated: { de: 'Aktualisiert', en: 'Updated' },
  programsRemoved: { de: 'Entfernt', en: 'Removed' },
  furtherPrograms: {
    de: (count: string) => `und ${count} weitere, hier nicht einzeln aufgeführt`,
    en: (count: string) => `and ${count} more that are not listed here`,
  },
};
