/** The answer of the updates page: a known gap first, and nothing unknown in green. */
import { describe, expect, test } from 'vitest';
import type { PatchCounts, SoftwareChange } from '../../../server/api/contract.ts';
import { formatFor } from '../../../server/console/format.ts';
import { patchLight, patchSentences } from '../../../server/console/patch-answer.ts';
import { changesByDay } from '../../../server/console/software-days.ts';
import { textsFor } from '../../../server/console/texts.ts';

const good: PatchCounts = {
  devices: 20,
  security: { missing: 0, noneMissing: 20, unknown: 0 },
  restart: { due: 0, notDue: 20, unknown: 0, oldestSince: null },
  scan: { upTo3Days: 18, upTo14Days: 2, older: 0, unknown: 0 },
};
const nothing: PatchCounts = {
  devices: 0,
  security: { missing: 0, noneMissing: 0, unknown: 0 },
  restart: { due: 0, notDue: 0, unknown: 0, oldestSince: null },
  scan: { upTo3Days: 0, upTo14Days: 0, older: 0, unknown: 0 },
};
const silent: PatchCounts = {
  devices: 2,
  security: { missing: 0, noneMissing: 0, unknown: 2 },
  restart: { due: 0, notDue: 0, unknown: 2, oldestSince: null },
  scan: { upTo3Days: 0, upTo14Days: 0, older: 0, unknown: 2 },
};

describe('the light', () => {
  test.each<[string, PatchCounts, string]>([
    ['all known and well', good, 'ok'],
    ['a security update is missing', { ...good, security: { missing: 1, noneMissing: 19, unknown: 0 } }, 'attention'],
    ['a restart is due', { ...good, restart: { ...good.restart, due: 1, notDue: 19 } }, 'attention'],
    ['one device could not tell', { ...good, security: { missing: 0, noneMissing: 19, unknown: 1 } }, 'unknown'],
    ['a restart may be due', { ...good, restart: { ...good.restart, notDue: 19, unknown: 1 } }, 'unknown'],
    ['a search is old', { ...good, scan: { ...good.scan, upTo14Days: 1, older: 1 } }, 'unknown'],
    ['a search is not known', { ...good, scan: { ...good.scan, upTo14Days: 1, unknown: 1 } }, 'unknown'],
    ['no device', nothing, 'unknown'],
  ])('%s', (_, counts, light) => {
    expect(patchLight(counts)).toBe(light);
  });
});

describe('the sentences', () => {
  const say = (counts: PatchCounts): string => patchSentences(counts, textsFor('de'), formatFor('de')).join(' ');
  test('name what is missing, what is not known, and how old the knowledge is', () => {
    expect(
      say({
        devices: 20,
        security: { missing: 3, noneMissing: 16, unknown: 1 },
        restart: { due: 2, notDue: 18, unknown: 0, oldestSince: '2026-11-14' },
        scan: { upTo3Days: 15, upTo14Days: 1, older: 3, unknown: 1 },
      }),
    ).toBe(
      'Auf 3 von 20 Geräten fehlen Sicherheitsaktualisierungen. Von 1 Gerät ist nicht bekannt, ob welche fehlen. ' +
        '2 Geräte warten auf einen Neustart, das erste seit 14.11.2026. ' +
        'Auf 4 Geräten liegt die letzte Suche nach Aktualisierungen mehr als 14 Tage zurück oder ist nicht bekannt.',
    );
  });
  test('of a fleet in order', () => {
    expect(say(good)).toBe(
      'Auf keinem der 20 Geräte ist eine fehlende Sicherheitsaktualisierung bekannt. ' +
        'Die letzte Suche nach Aktualisierungen ist überall höchstens 14 Tage alt.',
    );
  });
  test('without any knowledge say nothing else', () => {
    expect(say(silent)).toBe('Unbekannt. Keines der 2 Geräte hat bisher gemeldet, was ihm fehlt.');
    expect(say(nothing)).toBe('Unbekannt. Es gibt hier noch kein Gerät.');
  });
  test('a restart alone since a day that is not known', () => {
    expect(say({ ...good, restart: { due: 1, notDue: 19, unknown: 0, oldestSince: null } })).toContain(
      '1 Gerät wartet auf einen Neustart.',
    );
  });
});

test('software changes are gathered by the German day of their report', () => {
  const change = (receivedAt: string, installed: number, updated: number, removed: number): SoftwareChange => ({
    reportId: crypto.randomUUID(),
    receivedAt,
    comparedWith: '2026-11-01T00:00:00Z',
    installed: { count: installed, items: [] },
    updated: { count: updated, items: [] },
    removed: { count: removed, items: [] },
  });
  const changes = [
    change('2026-11-24T08:00:00Z', 1, 20, 0),
    change('2026-11-23T23:30:00Z', 0, 300, 2),
    change('2026-11-23T22:30:00Z', 5, 0, 0),
  ];
  expect(changesByDay(changes)).toEqual([
    { day: '2026-11-24', installed: 1, updated: 320, removed: 2, changes: changes.slice(0, 2) },
    { day: '2026-11-23', installed: 5, updated: 0, removed: 0, changes: changes.slice(2) },
  ]);
  expect(changesByDay([])).toEqual([]);
});
