/** Words for the reasons that any rule can have for not knowing. */
import type { Sentence, Words } from './wording.ts';

/** What a section is called in a sentence; a section unknown here is shown by its id. */
const sectionNames: Readonly<Record<string, Words>> = {
  storage: { de: 'zu den Laufwerken', en: 'about the drives' },
  os: { de: 'zum Betriebssystem', en: 'about the operating system' },
  agent: { de: 'zum KITS Agent', en: 'about the KITS Agent' },
};

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
  'rule-failed': {
    de: () => 'Diese Prüfung ist an einem Fehler gescheitert; das Ergebnis ist offen.',
    en: () => 'This check failed because of a fault; the result is open.',
  },
};
