/** Enough free space on every local volume that can be written to. */
import { type Evidence, met, notMet, type Rule, unknown } from './judgement.ts';
import { facts, gapsOf, hasGaps, limitsInvalid } from './reading.ts';

export const storageFree: Rule = {
  id: 'storage-free',
  title: { de: 'Freier Speicherplatz', en: 'Free disk space' },
  sections: ['storage'],
  controls: ['OPS.1.1.1.A9', 'OPS.1.1.7.A18'],
  words: {
    'storage-full': {
      de: (v) =>
        `Auf dem Laufwerk ${v.text('mountPoint')} sind nur noch ${v.number('freePercent', 1)} % frei (${v.bytes('freeBytes')} von ${v.bytes('sizeBytes')}).`,
      en: (v) =>
        `Drive ${v.text('mountPoint')} has only ${v.number('freePercent', 1)} % left (${v.bytes('freeBytes')} of ${v.bytes('sizeBytes')}).`,
    },
    'storage-nearly-full': {
      de: (v) =>
        `Auf dem Laufwerk ${v.text('mountPoint')} wird der Platz knapp: Es sind noch ${v.number('freePercent', 1)} % frei (${v.bytes('freeBytes')} von ${v.bytes('sizeBytes')}).`,
      en: (v) =>
        `Drive ${v.text('mountPoint')} is running out of space: ${v.number('freePercent', 1)} % left (${v.bytes('freeBytes')} of ${v.bytes('sizeBytes')}).`,
    },
    'storage-enough': {
      de: (v) =>
        `Auf allen Laufwerken ist genug Platz; am knappsten ist ${v.text('mountPoint')} mit ${v.number('freePercent', 1)} % frei (${v.bytes('freeBytes')} von ${v.bytes('sizeBytes')}).`,
      en: (v) =>
        `All drives have enough space; the fullest is ${v.text('mountPoint')} with ${v.number('freePercent', 1)} % left (${v.bytes('freeBytes')} of ${v.bytes('sizeBytes')}).`,
    },
    'no-volume': {
      de: () => 'Es wurde kein beschreibbares Laufwerk gefunden, das sich beurteilen lässt.',
      en: () => 'No writable drive was found that could be judged.',
    },
    'volume-implausible': {
      de: (v) =>
        `Die Angaben zum Laufwerk ${v.text('mountPoint')} können nicht stimmen: Es wäre mehr frei, als es groß ist.`,
      en: (v) => `The facts about drive ${v.text('mountPoint')} cannot be right: more would be free than it holds.`,
    },
    'volumes-incomplete': {
      de: () => 'Die gelesenen Laufwerke haben genug Platz, aber nicht alle Angaben konnten gelesen werden.',
      en: () => 'The drives that were read have enough space, but not everything could be read.',
    },
  },

  evaluate(input) {
    const reading = facts(input, 'storage');
    if (reading.finding !== undefined) return reading.finding;
    const { storageFreeWarningPercent: warning, storageFreeCriticalPercent: critical } = input.thresholds;
    const invalid = limitsInvalid(warning, critical);
    if (invalid !== undefined) return invalid;

    const judged = reading.facts.volumes
      .map((volume, index) => ({ ...volume, index }))
      .filter(({ readOnly, remote }) => !readOnly && !remote)
      .sort((left, right) => left.freeBytes / left.sizeBytes - right.freeBytes / right.sizeBytes);
    type Judged = (typeof judged)[number];
    const valuesOf = ({ mountPoint, freeBytes, sizeBytes }: Judged) => ({
      mountPoint,
      // Rounded down, so that the number shown never reaches a limit that was missed.
      freePercent: Math.floor((freeBytes * 1000) / sizeBytes) / 10,
      freeBytes,
      sizeBytes,
    });
    const evidenceOf = (volumes: readonly Judged[]): Evidence[] =>
      volumes.flatMap(({ index, freeBytes, sizeBytes }) => [
        { section: 'storage', path: `volumes[${index}].freeBytes`, value: freeBytes },
        { section: 'storage', path: `volumes[${index}].sizeBytes`, value: sizeBytes },
      ]);
    const below = (percent: number) => judged.filter((volume) => volume.freeBytes * 100 < percent * volume.sizeBytes);

    const [fullest] = judged;
    if (fullest === undefined) return unknown('no-volume');
    if (below(critical).length > 0) {
      return notMet('critical', 'storage-full', valuesOf(fullest), evidenceOf(below(critical)));
    }
    if (below(warning).length > 0) {
      return notMet('warning', 'storage-nearly-full', valuesOf(fullest), evidenceOf(below(warning)));
    }
    const implausible = judged.filter(({ freeBytes, sizeBytes }) => freeBytes > sizeBytes);
    const [first] = implausible;
    if (first !== undefined) {
      return unknown('volume-implausible', { mountPoint: first.mountPoint }, evidenceOf(implausible));
    }
    if (hasGaps(reading.section)) {
      return unknown('volumes-incomplete', {}, gapsOf(reading.section));
    }
    return met('storage-enough', valuesOf(fullest), evidenceOf([fullest]));
  },
};
