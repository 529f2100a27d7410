/** The texts of the page about versions of the agent, in both languages. */
const many = (count: number, one: string, more: string): string => (count === 1 ? one : more);

export const versionTexts = {
  agentVersions: { de: 'Versionen', en: 'Versions' },
  agentVersion: { de: 'Version des Agenten', en: 'Agent version' },
  agentVersionsLead: {
    de: 'Welche Version von KITS Agent auf wie vielen Geräten läuft, und welche freigegeben sind.',
    en: 'Which version of KITS Agent runs on how many devices, and which are released.',
  },
  versionAnswer: {
    de: {
      noDevices: 'Unbekannt. Es gibt hier noch kein Gerät.',
      versions: (count: number, devices: number) =>
        devices === 1
          ? 'Es gibt ein Gerät.'
          : many(
              count,
              `Auf allen ${devices} Geräten läuft dieselbe Version.`,
              `Auf ${devices} Geräten laufen ${count} verschiedene Versionen.`,
            ),
      failed: (count: number) =>
        `Auf ${count} ${many(count, 'Gerät', 'Geräten')} ist die Aktualisierung fehlgeschlagen.`,
      rolledBack: (count: number) =>
        `${count} ${many(count, 'Gerät ist', 'Geräte sind')} zur vorigen Version zurückgekehrt.`,
      stale: (count: number) =>
        `${count} ${many(count, 'Gerät kennt', 'Geräte kennen')} nur eine abgelaufene Freigabe, obwohl dieser Server eine gültige anbietet oder die abgelaufene nicht kennt: Prüfen Sie, wer dazwischen etwas aufhält.`,
      waiting: (count: number) => `${count} ${many(count, 'Gerät wartet', 'Geräte warten')} auf die neue Version.`,
      unknown: (count: number) =>
        `Von ${count} ${many(count, 'Gerät', 'Geräten')} ist nicht bekannt, wie die Aktualisierung steht.`,
      expired: (version: string) =>
        `Die Freigabe von ${version} ist abgelaufen; kein Gerät bekommt sie mehr. Unterschreiben Sie sie neu, oder geben Sie eine neue Version frei.`,
      expiresSoon: (version: string, day: string) => `Die Freigabe von ${version} läuft am ${day} ab.`,
    },
    en: {
      noDevices: 'Unknown. There is no device here yet.',
      versions: (count: number, devices: number) =>
        devices === 1
          ? 'There is one device.'
          : many(
              count,
              `All ${devices} devices run the same version.`,
              `${devices} devices run ${count} different versions.`,
            ),
      failed: (count: number) => `The update failed on ${count} ${many(count, 'device', 'devices')}.`,
      rolledBack: (count: number) =>
        `${count} ${many(count, 'device has', 'devices have')} gone back to the version before.`,
      stale: (count: number) =>
        `${count} ${many(count, 'device knows', 'devices know')} only a release that has run out, although this server offers a valid one or does not know theirs: find out who holds something back in between.`,
      waiting: (count: number) => `${count} ${many(count, 'device waits', 'devices wait')} for the new version.`,
      unknown: (count: number) =>
        `For ${count} ${many(count, 'device', 'devices')} it is not known how the update stands.`,
      expired: (version: string) =>
        `The release of ${version} has run out; no device gets it any more. Sign it anew, or release a new version.`,
      expiresSoon: (version: string, day: string) => `The release of ${version} runs out on ${day}.`,
    },
  },
  runningVersions: { de: 'Versionen auf den Geräten', en: 'Versions on the devices' },
  version: { de: 'Version', en: 'Version' },
  rings: { de: 'Kreise', en: 'Rings' },
  ringName: {
    de: { early: 'Zuerst', regular: 'Mit den meisten', late: 'Zuletzt' },
    en: { early: 'First', regular: 'With most', late: 'Last' },
  },
  selfUpdateState: { de: 'Aktualisierung', en: 'Update' },
  updateStanding: {
    de: {
      settled: 'nichts offen',
      waiting: 'noch nicht eingespielt',
      failed: 'fehlgeschlagen',
      stale: 'Freigabe kommt nicht an',
      byOthers: 'durch Softwareverteilung oder apt',
      unknown: 'unbekannt',
    },
    en: {
      settled: 'nothing due',
      waiting: 'not installed yet',
      failed: 'failed',
      stale: 'release does not arrive',
      byOthers: 'by software distribution or apt',
      unknown: 'unknown',
    },
  },
  rolledBack: { de: 'zurückgekehrt', en: 'gone back' },
  noVersion: { de: 'Es gibt hier noch kein Gerät.', en: 'There is no device here yet.' },
  releases: { de: 'Freigegebene Versionen', en: 'Released versions' },
  noRelease: { de: 'Es ist noch keine Version freigegeben.', en: 'No version has been released yet.' },
  noReleaseHint: {
    de: 'Nur Geräte, die sich selbst aktualisieren, brauchen eine. Auf dem Server: kits-server publish-release MANIFEST DATEI',
    en: 'Only devices that update themselves need one. On the server: kits-server publish-release MANIFEST FILE',
  },
  platform: { de: 'System', en: 'System' },
  platformName: {
    de: { linux: 'Linux', win32: 'Windows' },
    en: { linux: 'Linux', win32: 'Windows' },
  },
  releaseNumber: { de: (sequence: number) => `Nummer ${sequence}`, en: (sequence: number) => `Number ${sequence}` },
  fromVersion: { de: (version: string) => `ab ${version}`, en: (version: string) => `from ${version} on` },
  rolledOutTo: { de: 'Angeboten', en: 'Offered' },
  offeredToNobody: { de: 'noch niemandem', en: 'to nobody yet' },
  everywhere: { de: 'alle Gemeinden', en: 'all municipalities' },
  everyRing: { de: 'alle Kreise', en: 'all rings' },
  published: { de: 'Veröffentlicht', en: 'Published' },
  releaseValidity: { de: 'Gültigkeit', en: 'Validity' },
  releaseStanding: {
    de: { valid: 'gültig', 'expires-soon': 'läuft bald ab', expired: 'abgelaufen' },
    en: { valid: 'valid', 'expires-soon': 'runs out soon', expired: 'expired' },
  },
};
