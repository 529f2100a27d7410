/** Texts of the page about this program in both languages. */
import type { Status } from '../agent/contract/status.ts';

export const aboutTexts = {
  aboutText: {
    de: 'KITS Agent meldet KITS, dem IT-Dienst der Kommunen, wie es diesem PC geht. Er ändert nichts an Ihrem PC und nimmt keine Befehle entgegen.',
    en: 'KITS Agent tells KITS, the IT service of the municipalities, how this PC is doing. It changes nothing on your PC and takes no commands.',
  },
  versionOfWindow: { de: 'Version dieses Programms', en: 'Version of this program' },
  versionOfService: { de: 'Version des KITS-Dienstes', en: 'Version of the KITS service' },
  deviceState: { de: 'Dieser PC bei KITS', en: 'This PC at KITS' },
  deviceStates: {
    de: {
      active: 'angemeldet',
      pending: 'wartet auf Freigabe durch KITS',
      quarantined: 'wird von KITS geprüft',
      retired: 'ausgemustert',
      'not-enrolled': 'nicht angemeldet',
    } satisfies Record<Status['device']['state'], string>,
    en: {
      active: 'enrolled',
      pending: 'awaiting approval by KITS',
      quarantined: 'being looked into by KITS',
      retired: 'retired',
      'not-enrolled': 'not enrolled',
    } satisfies Record<Status['device']['state'], string>,
  },
  statusWritten: { de: 'Letzte Angabe des Dienstes', en: 'Last update from the service' },
  licencesTitle: { de: 'Lizenzen', en: 'Licences' },
  licences: {
    de: 'Dieses Programm enthält Software anderer:',
    en: 'This program contains software of others:',
  },
  licensed: {
    de: (name: string, version: string, licence: string) => `${name} ${version}, Lizenz ${licence}`,
    en: (name: string, version: string, licence: string) => `${name} ${version}, licence ${licence}`,
  },
  licenceTexts: {
    de: 'Die Texte der Lizenzen liegen im Programmordner. Electron enthält Chromium und Node.js mit weiteren Lizenzen; sie stehen dort in „LICENSES.chromium.html“.',
    en: 'The texts of the licences are in the folder of the program. Electron contains Chromium and Node.js with further licences; they are there in “LICENSES.chromium.html”.',
  },
  accessibilityTitle: { de: 'Barrierefreiheit', en: 'Accessibility' },
  accessibility: {
    de: 'Alle Funktionen lassen sich mit der Tastatur bedienen. Farben, Schriftgröße und reduzierte Bewegung folgen den Einstellungen Ihres PCs. Wenn Sie auf eine Hürde stoßen, sagen Sie es KITS.',
    en: 'Everything works with the keyboard. Colours, text size and reduced motion follow the settings of your PC. If you meet a barrier, please tell KITS.',
  },
};
