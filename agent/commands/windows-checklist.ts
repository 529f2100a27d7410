/**
 * What only a real Windows PC can show, as the technician is asked it: `doctor --walk` answers what a machine can answer by itself
 * and puts the rest as questions. docs/operations/windows-pruefliste.md is made from this list.
 */
import type { Finding } from './inspect.ts';

export interface ChecklistItem {
  /** Stands in notes and tickets; never used again for something else. */
  readonly id: string;
  readonly group:
    | 'Installation'
    | 'Rechte'
    | 'Dienst'
    | 'Fenster und Mitteilungen'
    | 'Aktualisierung und Entfernen'
    | 'Erhebung';
  /** What should be so. */
  readonly title: string;
  /** How to see it. */
  readonly how: string;
  /** Checks of `doctor` that answer it; without any a person has to look. */
  readonly checks?: readonly string[];
}

export const windowsChecklist: readonly ChecklistItem[] = [
  {
    id: 'W01',
    group: 'Installation',
    title: 'Die Programmdatei trägt eine gültige Signatur.',
    how: 'Eigenschaften von kits-agent.exe, Reiter „Digitale Signaturen“.',
    checks: ['signature'],
  },
  {
    id: 'W02',
    group: 'Installation',
    title: 'Beide geplanten Aufgaben sind da, laufen als SYSTEM und nennen eine vorhandene Fassung.',
    how: 'Aufgabenplanung, „KITS Agent“ und „KITS Agent Guard“.',
    checks: ['task KITS Agent', 'task KITS Agent Guard'],
  },
  {
    id: 'W03',
    group: 'Installation',
    title: 'Die Ereignisquelle „KITS Agent“ ist eingetragen, und ihre Meldungen sind zu lesen.',
    how: 'agent.json unlesbar machen und die Aufgabe starten, dann zurück: Im Protokoll „Anwendung“ stehen 100 und danach 101 je einmal, mit ganzem Satz und ohne „Beschreibung nicht gefunden“; private/service.log wächst.',
    checks: ['event source'],
  },
  {
    id: 'W04',
    group: 'Installation',
    title: 'Das Fenster startet bei jeder Anmeldung von selbst.',
    how: 'Als Benutzer anmelden: Das Symbol erscheint im Infobereich.',
    checks: ['autostart'],
  },
  {
    id: 'W05',
    group: 'Installation',
    title: 'Die stille Installation (NSIS /S) fragt nichts und meldet 0.',
    how: 'Als SYSTEM aus der Softwareverteilung starten; Rückgabewert und install.log ansehen. Kein Fenster, keine Rückfrage.',
  },
  {
    id: 'W06',
    group: 'Installation',
    title: 'Das MSI wird über eine Gruppenrichtlinie vor der ersten Anmeldung installiert.',
    how: 'Richtlinie zuweisen, PC zweimal neu starten, „kits-agent status“ aufrufen. Ereignisse von MsiInstaller ohne Fehler.',
  },
  {
    id: 'W07',
    group: 'Installation',
    title: 'SmartScreen, Defender und ein fremder Virenschutz lassen Programm und Installationsdatei in Ruhe.',
    how: 'Installieren und einen Tag laufen lassen; Verlauf des Virenschutzes ansehen.',
  },
  {
    id: 'W08',
    group: 'Installation',
    title: 'Unter AppLocker oder WDAC genügt die beschriebene Regel.',
    how: 'Regel aus der Betriebsanleitung setzen, Dienst und Fenster starten; Protokoll „CodeIntegrity“ bleibt leer.',
  },
  {
    id: 'W09',
    group: 'Installation',
    title: 'Token und Kennwörter stehen danach in keiner Registrierung, keinem Protokoll und keiner Prozessliste.',
    how: 'Nach dem Token in HKLM\\SOFTWARE\\KITS, in %ProgramData%\\KITS, in install.log und im MSI-Protokoll suchen.',
  },
  {
    id: 'W10',
    group: 'Rechte',
    title: 'Daten- und Programmordner gehören SYSTEM oder Administratoren, und niemand sonst kann sie ändern.',
    how: 'doctor als Administrator; jede Abweichung nennt er einzeln.',
    checks: ['rights'],
  },
  {
    id: 'W11',
    group: 'Rechte',
    title: 'Ein Benutzer kann status.json lesen, aber nichts in public anlegen, ändern, umbenennen oder löschen.',
    how: 'Als Benutzer in %ProgramData%\\KITS\\Agent\\public: „type status.json“ geht; „echo x > neu“, „ren“, „del“, „echo x > status.json“ werden verweigert.',
  },
  {
    id: 'W12',
    group: 'Rechte',
    title: 'Nach dem nächsten Schreiben des Dienstes ist status.json noch immer lesbar.',
    how: 'Zehn Minuten warten, W11 wiederholen: Die Rechte überstehen das Umbenennen.',
  },
  {
    id: 'W13',
    group: 'Rechte',
    title: 'An requests kann ein Benutzer anhängen, aber nicht lesen, überschreiben oder kürzen.',
    how: '„Jetzt prüfen“ im Fenster wirkt; „type requests“ und „echo x > requests“ werden verweigert.',
  },
  {
    id: 'W14',
    group: 'Rechte',
    title: 'Ein als schreibgeschützt markierter Briefkasten wird wieder geöffnet.',
    how: 'Als Benutzer „attrib +r requests“, dann „Jetzt prüfen“: Nach spätestens zwei Minuten erledigt.',
  },
  {
    id: 'W15',
    group: 'Rechte',
    title: 'Ein vorher von einem Benutzer angelegter Ordner wird nicht übernommen.',
    how: 'Vor der Installation als Benutzer %ProgramData%\\KITS\\Agent\\private anlegen, auch als Verknüpfung (mklink /J); danach installieren: beiseitegelegt, doctor ohne Abweichung.',
  },
  {
    id: 'W16',
    group: 'Rechte',
    title: 'Ein Ordner außerhalb von Programme und einer, in den Benutzer schreiben können, werden abgelehnt.',
    how: '„kits-agent-VERSION-setup.exe /S /D=C:\\Offen“: Code 12, nichts in C:\\Offen. „icacls“ auf „%ProgramFiles%\\KITS Agent“ mit Schreibrecht für Benutzer, dann installieren: Code 12, keine geplante Aufgabe, install.log nennt den Grund. Als Benutzer „msiexec /fa“ mit SERVER=…: agent.json bleibt.',
  },
  {
    id: 'W20',
    group: 'Dienst',
    title: 'Die Dienste von Windows, die der Agent braucht, laufen.',
    how: 'Aufgabenplanung, Ereignisprotokoll und WMI laufen; Windows Update ist nicht deaktiviert.',
    checks: ['services'],
  },
  {
    id: 'W21',
    group: 'Dienst',
    title: 'Der Proxy des Geräts wird erkannt.',
    how: '„netsh winhttp show proxy“ vergleichen; hinter einem Proxy kommt der nächste Bericht an.',
    checks: ['winhttp proxy'],
  },
  {
    id: 'W22',
    group: 'Dienst',
    title: 'Der Dienst startet beim Hochfahren ohne Anmeldung, auch im Akkubetrieb.',
    how: 'Notebook ohne Netzteil neu starten, nicht anmelden: In der Konsole erscheint die Meldung nach zwei Minuten.',
  },
  {
    id: 'W23',
    group: 'Dienst',
    title: 'Ein beendeter Dienst läuft nach einer Minute wieder.',
    how: '„taskkill /F /IM kits-agent.exe“ als Administrator, dann die Prozessliste ansehen.',
  },
  {
    id: 'W24',
    group: 'Dienst',
    title: 'Nach Energiesparmodus und Ruhezustand wird der Stand von selbst wieder aktuell.',
    how: 'Eine Stunde schlafen lassen; das Fenster zeigt nach spätestens zwei Minuten einen frischen Stand.',
  },
  {
    id: 'W25',
    group: 'Dienst',
    title: 'Ein hängender PowerShell-Aufruf wird mit allem beendet, was er gestartet hat.',
    how: 'WSUS unerreichbar machen; nach zwei Minuten ist kein powershell.exe des Dienstes mehr da.',
  },
  {
    id: 'W26',
    group: 'Dienst',
    title: 'Der Editor für Gruppenrichtlinien zeigt jede Einstellung auf Deutsch, und sie wirkt.',
    how: 'PolicyDefinitions in den zentralen Speicher kopieren, Server und Abstand setzen, „gpupdate“, Dienst neu starten: „kits-agent explain-settings“ nennt „group-policy“.',
  },
  {
    id: 'W27',
    group: 'Dienst',
    title: 'Ein hängender Dienst wird beendet und neu gestartet.',
    how: 'kits-agent.exe im Ressourcenmonitor anhalten: Nach spätestens 80 Minuten läuft ein neuer; guard.log nennt „service-hung“, die Konsole den Tag. Davor eine Nacht schlafen lassen: nichts davon.',
  },
  {
    id: 'W30',
    group: 'Fenster und Mitteilungen',
    title: 'Eine Mitteilung erscheint unter dem Namen „KITS Agent“ mit Symbol, und ein Klick öffnet das Fenster.',
    how: 'Mitteilung an das Gerät veröffentlichen, während das Fenster zu ist.',
  },
  {
    id: 'W31',
    group: 'Fenster und Mitteilungen',
    title: 'Auf dem Sperrbildschirm und während einer Präsentation steht kein Inhalt.',
    how: 'PC sperren und eine dringende Mitteilung veröffentlichen; dasselbe im Vollbild.',
  },
  {
    id: 'W32',
    group: 'Fenster und Mitteilungen',
    title: 'Das Symbol ist hell wie dunkel, bei 100 bis 200 % und bei hohem Kontrast zu erkennen.',
    how: 'Skalierung und Design umstellen; Explorer neu starten: Das Symbol ist wieder da.',
  },
  {
    id: 'W33',
    group: 'Fenster und Mitteilungen',
    title: 'Sprachausgabe und Tastatur genügen für alles.',
    how: 'Mit NVDA oder der Sprachausgabe von Windows durch alle Seiten gehen, ohne Maus.',
  },
  {
    id: 'W34',
    group: 'Fenster und Mitteilungen',
    title:
      'Auf einem Terminalserver hat jede Sitzung ihr eigenes Fenster, und eine Bestätigung gilt nur für diese Sitzung.',
    how: 'Zwei Sitzungen, eine Mitteilung; Arbeitsspeicher je Sitzung notieren.',
  },
  {
    id: 'W40',
    group: 'Aktualisierung und Entfernen',
    title:
      'Eine neue Fassung übernimmt, ohne dass der Dienst länger als eine Minute fehlt, und das Fenster startet sich selbst neu.',
    how: 'Neuere Fassung still installieren, während ein Benutzer angemeldet ist.',
  },
  {
    id: 'W41',
    group: 'Aktualisierung und Entfernen',
    title: 'Strom weg während der Aktualisierung: Nach dem Start läuft ein Dienst.',
    how: 'Installation starten und den PC nach zwei, fünf und zehn Sekunden ausschalten.',
  },
  {
    id: 'W42',
    group: 'Aktualisierung und Entfernen',
    title: 'Nach dem Entfernen ist nichts mehr da, und die Konsole zeigt das Gerät als ausgemustert.',
    how: 'Über „Apps“ entfernen; Ordner, Aufgaben, Ereignisquelle, Autostart und HKLM\\SOFTWARE\\KITS prüfen.',
  },
  {
    id: 'W43',
    group: 'Aktualisierung und Entfernen',
    title:
      'Scheitert die Aktualisierung mit dem MSI, stellt Windows die vorigen Dateien wieder her, und der Dienst läuft weiter.',
    how: 'MSI mit beschädigter kits-agent.exe bauen und über eine laufende Fassung installieren: 1603, Aufgaben und Ordner wie vorher.',
  },
  {
    id: 'W44',
    group: 'Aktualisierung und Entfernen',
    title:
      'Nach der Aktualisierung ist das Fenster bei jedem Angemeldeten wieder da, ohne Abmelden und ohne Verwalterrechte.',
    how: 'Zwei Benutzer angemeldet (Benutzerwechsel), neuere Fassung als SYSTEM installieren; die Aufgabe „KITS Agent Tray“ läuft als Gruppe Benutzer.',
  },
  {
    id: 'W45',
    group: 'Aktualisierung und Entfernen',
    title: 'Ein älteres MSI wird mit einem Satz abgelehnt.',
    how: 'Ältere Fassung per Doppelklick und mit /qn: Meldung, 1603, der Dienst läuft weiter.',
  },
  {
    id: 'W50',
    group: 'Erhebung',
    title: 'PowerShell antwortet vollständig, auch unter Constrained Language Mode mit dem, was dort geht.',
    how: 'doctor als Administrator und als SYSTEM aus der Aufgabenplanung; Zeit notieren (unter 15 Sekunden).',
    checks: ['powershell'],
  },
  {
    id: 'W51',
    group: 'Erhebung',
    title: 'Die Suche nach Aktualisierungen antwortet, und die Zeiten ihres Verlaufs sind verstanden.',
    how: 'doctor; mit WSUS und ohne.',
    checks: ['search', 'history time'],
  },
  {
    id: 'W52',
    group: 'Erhebung',
    title: 'Umlaute in Namen von Programmen kommen an, auch wenn SYSTEM keine Konsole hat.',
    how: '„kits-agent collect --section software“ aus einer Aufgabe als SYSTEM.',
  },
  {
    id: 'W53',
    group: 'Erhebung',
    title: 'Die einzelnen Quellen stimmen mit dem, was Windows selbst anzeigt.',
    how: 'Liste am Ende von docs/decisions/0004-windows-through-one-powershell.md.',
  },
];

const markers = { ok: '[x]', problem: '[!]', unknown: '[?]' } as const;

/** The list with what the findings answer; an item several checks answer is as good as the worst of them. */
export function walk(findings: readonly Finding[]): string[] {
  const lines: string[] = [];
  let group = '';
  for (const item of windowsChecklist) {
    if (item.group !== group) {
      group = item.group;
      lines.push('', group);
    }
    const answers = findings.filter(({ check }) => item.checks?.includes(check) === true);
    const isComplete = item.checks?.every((check) => answers.some((answer) => answer.check === check)) === true;
    const worst = answers.some(({ result }) => result === 'problem')
      ? 'problem'
      : !isComplete || answers.some(({ result }) => result === 'unknown')
        ? 'unknown'
        : 'ok';
    lines.push(`${item.checks === undefined ? '[ ]' : markers[worst]} ${item.id} ${item.title}`);
    if (item.checks === undefined || worst !== 'ok') lines.push(`        ${item.how}`);
    for (const { result, detail } of answers) if (result !== 'ok') lines.push(`        ${detail}`);
  }
  lines.push(
    '',
    '[x] in Ordnung  [!] Abweichung  [?] nicht beantwortet  [ ] bitte ansehen und unter dieser Nummer notieren',
  );
  return lines;
}

/** The list as it stands in docs/operations/windows-pruefliste.md. */
export function checklistDocument(): string {
  const lines: string[] = [];
  let group = '';
  for (const { id, group: own, title, how, checks } of windowsChecklist) {
    if (own !== group) {
      group = own;
      lines.push(`## ${group}`, '');
    }
    lines.push(`- [ ] **${id}**${checks === undefined ? '' : ' ►'} ${title} _${how}_`);
  }
  return lines.join('\n').replaceAll(/\n(?=## )/g, '\n\n');
}
