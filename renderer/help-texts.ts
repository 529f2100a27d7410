/** Texts of the help page in both languages. */
export const helpTexts = {
  emergencyTitle: { de: 'Im Notfall', en: 'In an emergency' },
  emergencySteps: {
    de: [
      'Ruhe bewahren und nicht weiterarbeiten. Lassen Sie den PC eingeschaltet.',
      'Ziehen Sie das Netzwerkkabel oder schalten Sie das WLAN aus, wenn Dateien verschwinden, verschlüsselt werden oder sich der PC von selbst bedient.',
      'Rufen Sie KITS an und nennen Sie Gerätename und Gerätenummer.',
      'Notieren Sie, was Sie gesehen haben und wann. Löschen Sie nichts.',
    ],
    en: [
      'Keep calm and stop working. Leave the PC switched on.',
      'Unplug the network cable or switch off Wi-Fi when files vanish, get encrypted, or the PC acts by itself.',
      'Call KITS and give the device name and the device number.',
      'Note what you saw and when. Delete nothing.',
    ],
  },
  deviceUnknown: {
    de: 'Gerätename und Gerätenummer sind nicht bekannt, weil sich der KITS-Dienst nicht meldet.',
    en: 'Device name and number are not known, because the KITS service does not answer.',
  },
  thisDevice: { de: 'Dieser PC', en: 'This PC' },
  deviceName: { de: 'Gerätename', en: 'Device name' },
  deviceNumber: { de: 'Gerätenummer', en: 'Device number' },
  belongsTo: { de: (name: string) => `Gemeinde: ${name}`, en: (name: string) => `Municipality: ${name}` },
  copy: { de: 'Kopieren', en: 'Copy' },
  copyWhat: { de: (what: string) => `Kopieren: ${what}`, en: (what: string) => `Copy: ${what}` },
  copied: { de: (what: string) => `${what} kopiert.`, en: (what: string) => `${what} copied.` },
  copyFailed: {
    de: 'Das Kopieren ging nicht. Der Text ist markiert: Drücken Sie Strg und C.',
    en: 'Copying did not work. The text is selected: press Ctrl and C.',
  },
  noContacts: {
    de: 'Auf diesem PC sind keine Rufnummern hinterlegt. Die Nummer von KITS finden Sie im Telefonverzeichnis Ihrer Verwaltung.',
    en: 'No phone numbers are stored on this PC. You find the number of KITS in the directory of your administration.',
  },
  contactsTitle: { de: 'Wen Sie erreichen können', en: 'Whom you can reach' },
  phone: { de: (number: string) => `Telefon: ${number}`, en: (number: string) => `Phone: ${number}` },
  mail: { de: (address: string) => `E-Mail: ${address}`, en: (address: string) => `E-mail: ${address}` },
  contactsAsOf: {
    de: (day: string, version: number) => `Stand: ${day}, Richtlinie ${version} von KITS. Auch ohne Netz zu sehen.`,
    en: (day: string, version: number) => `As of ${day}, policy ${version} of KITS. Shown without a network too.`,
  },
  contactsOld: {
    de: 'Diese Angaben sind älter als 90 Tage und können überholt sein. Im Zweifel gilt das Telefonverzeichnis Ihrer Verwaltung.',
    en: 'These entries are older than 90 days and may be out of date. If in doubt, use the directory of your administration.',
  },
  suspicionTitle: { de: 'Verdacht melden', en: 'Report a suspicion' },
  suspicionLabel: { de: 'Was ist Ihnen aufgefallen?', en: 'What did you notice?' },
  suspicionHint: {
    de: 'Zum Beispiel eine seltsame E-Mail, ein unbekanntes Fenster oder ein gefundener USB-Stick. Schreiben Sie keine Kennwörter hinein. Die Meldung wartet, bis der PC Verbindung hat; in dringenden Fällen rufen Sie an.',
    en: 'For example a strange e-mail, an unknown window or a USB stick you found. Do not write passwords. The report waits until the PC is connected; if it is urgent, call.',
  },
  suspicionSend: { de: 'Verdacht melden', en: 'Report suspicion' },
  suspicionEmpty: {
    de: 'Bitte schreiben Sie kurz, was Ihnen aufgefallen ist.',
    en: 'Please write in a few words what you noticed.',
  },
  suspicionWaits: {
    de: (time: string) => `Ihre Meldung (${time}) ist gespeichert und wartet auf den KITS-Dienst.`,
    en: (time: string) => `Your report (${time}) is kept and waits for the KITS service.`,
  },
  suspicionHandled: {
    de: (time: string) => `Ihre Meldung (${time}) wurde vom KITS-Dienst übernommen.`,
    en: (time: string) => `Your report (${time}) was taken over by the KITS service.`,
  },
  genuineTitle: {
    de: 'Woran erkenne ich echte KITS-Mitteilungen?',
    en: 'How do I recognise genuine notices from KITS?',
  },
  genuine: {
    de: [
      'Echte Mitteilungen stehen in diesem Fenster unter „Mitteilungen“. Ihre Unterschrift wird auf diesem PC zweimal geprüft.',
      'KITS fragt Sie nie nach einem Kennwort, einer PIN oder einem Code.',
      'KITS bittet Sie nie, ein Programm herunterzuladen oder jemandem die Bedienung des PCs zu überlassen.',
      'Nach Ihrem Namen fragt KITS in einer Mitteilung nur, wenn es vor Ihrer Antwort dabeisteht. Eintippen müssen Sie ihn nie.',
      'Adressen in Mitteilungen stehen vollständig da und öffnen sich nicht von selbst.',
      'Was per E-Mail, im Browser oder am Telefon im Namen von KITS kommt und hier nicht steht: nicht befolgen, sondern als Verdacht melden.',
    ],
    en: [
      'Genuine notices stand in this window under “Notices”. Their signature is checked twice on this PC.',
      'KITS never asks you for a password, a PIN or a code.',
      'KITS never asks you to download a program or to let somebody operate your PC.',
      'In a notice KITS asks for your name only where that is said before you answer. You never have to type it.',
      'Addresses in notices are shown in full and do not open by themselves.',
      'Whatever comes in the name of KITS by e-mail, in the browser or on the phone and does not stand here: do not follow it, report it as a suspicion.',
    ],
  },
};
