import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Verdict } from '../../../agent/contract/report.ts';
import { type Control, controls, notMeasurable } from '../../../agent/rules/controls.ts';
import { coverageOf } from '../../../agent/rules/coverage.ts';
import { rules } from '../../../agent/rules/rule.ts';

const listed: Readonly<Record<string, Control>> = controls;
const cited = new Set<string>(rules.flatMap((rule) => rule.controls));
const open = notMeasurable.map(({ control }) => control);

/** Requirements of the modules cited here that the edition 2023 has withdrawn (ENTFALLEN). */
const withdrawn = [
  ...['A3', 'A8', 'A10', 'A11'].map((id) => `CON.3.${id}`),
  ...['A4', 'A16'].map((id) => `OPS.1.1.3.${id}`),
  ...['A2', 'A4', 'A5', 'A7', 'A12', 'A14', 'A17', 'A19', 'A22', 'A25'].map((id) => `SYS.2.1.${id}`),
  ...['A3', 'A7', 'A8', 'A10', 'A11'].map((id) => `SYS.2.2.3.${id}`),
];

describe('the list of controls', () => {
  test('holds what rules cite and what no PC can answer, nothing else, and nothing twice', () => {
    expect(new Set([...cited, ...open])).toEqual(new Set(Object.keys(controls)));
    expect(open.filter((id) => cited.has(id))).toEqual([]);
    expect(new Set(open).size).toBe(open.length);
  });

  test('holds no requirement that was withdrawn in the edition 2023', () => {
    expect(Object.keys(controls).filter((id) => withdrawn.includes(id))).toEqual([]);
  });

  test('says in both languages why a PC cannot answer', () => {
    for (const { control, why } of notMeasurable) {
      expect(why.de, control).toMatch(/^[A-ZÄÖÜ].{20,}\.$/);
      expect(why.en, control).toMatch(/^[A-Z].{20,}\.$/);
    }
  });

  test.each(Object.entries(listed))('%s has the form of its scheme', (id, { scheme, level, title }) => {
    const forms = {
      'IT-Grundschutz 2023': /^[A-Z]{3,4}(\.\d+)+\.A\d+$/,
      WiBA: /^WiBA \d+\.\d+$/,
      'Grundschutz++': /^[A-Z]{3,4}(\.\d+)+$/,
    };
    expect(id).toMatch(forms[scheme]);
    expect(level !== undefined).toBe(scheme === 'IT-Grundschutz 2023');
    expect(title.length).toBeGreaterThan(5);
  });

  // The full list of the schemes lies beside the project where it is built; elsewhere the checks above stand alone.
  const full = new URL('../../../../shared/facts/controls.json', import.meta.url);
  test.runIf(existsSync(full))('agrees with the full list of the schemes', () => {
    const rows = z
      .array(
        z.object({
          scheme: z.string(),
          id: z.string(),
          title: z.string(),
          level: z.string().nullable(),
          withdrawn: z.boolean(),
        }),
      )
      .parse(JSON.parse(readFileSync(full, 'utf8')));
    const known = new Map(rows.map((row) => [row.scheme === 'WiBA' ? `WiBA ${row.id}` : row.id, row]));
    for (const [id, { scheme, title, level }] of Object.entries(listed)) {
      expect(known.get(id), id).toEqual({
        scheme,
        id: id.replace('WiBA ', ''),
        title,
        level: level ?? null,
        withdrawn: false,
      });
    }
    const gone = rows.filter((row) => row.withdrawn).map(({ id }) => id);
    expect(new Set(withdrawn)).toEqual(new Set(gone));
  });
});

describe('the other way round', () => {
  test('SmartScreen is cited only by the rule that wants it off', () => {
    expect(rules.filter((rule) => rule.controls.includes('SYS.2.2.3.A13')).map(({ id }) => id)).toEqual([
      'smartscreen-off',
    ]);
  });
});

describe('coverage', () => {
  const say = (ruleId: string, verdict: Verdict['verdict']) => ({ ruleId, verdict });
  const of = (id: string, verdicts: Parameters<typeof coverageOf>[0]) =>
    coverageOf(verdicts).find((control) => control.id === id)!;

  test('names each control once, in the order of the list', () => {
    expect(coverageOf([]).map(({ id }) => id)).toEqual(Object.keys(controls));
  });

  test('nothing judged is unknown, and what cannot be measured says why and is never met', () => {
    for (const control of coverageOf([])) {
      expect(control.state).toBe(control.why === undefined ? 'unknown' : 'not-measurable');
    }
    const everything = rules.map(({ id }) => say(id, 'met'));
    expect(
      coverageOf(everything)
        .filter(({ state }) => state === 'met')
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual([...cited].toSorted());
    expect(of('WiBA 10.17', everything)).toMatchObject({
      state: 'not-measurable',
      rules: [],
      counts: { met: 0, notMet: 0, unknown: 0, exempt: 0 },
      why: { de: expect.stringContaining('kann ein PC nicht messen') },
    });
  });

  test.each([
    ['met', ['met', 'met'], { met: 2 }],
    ['exempt', ['met', 'exempt'], { met: 1, exempt: 1 }],
    ['unknown', ['met', 'exempt', 'unknown'], { met: 1, exempt: 1, unknown: 1 }],
    ['not-met', ['met', 'exempt', 'unknown', 'not-met'], { met: 1, exempt: 1, unknown: 1, notMet: 1 }],
  ] as const)('%s: %j', (state, kinds, counts) => {
    const verdicts = kinds.map((kind) => say('uac-active', kind));
    expect(of('SYS.2.2.3.A20', verdicts)).toMatchObject({
      title: 'Einsatz der Benutzerkontensteuerung UAC für privilegierte Konten',
      level: 'S',
      state,
      rules: ['uac-active'],
      counts,
    });
    expect(of('SYS.2.2.3.A20', verdicts.toReversed()).state).toBe(state);
  });

  test('a control that several rules support is met only when each of them is', () => {
    const both = [say('updates-installed', 'met'), say('restart-due', 'met'), say('os-supported', 'met')];
    expect(of('OPS.1.1.3.A15', both)).toMatchObject({
      state: 'met',
      rules: ['os-supported', 'restart-due', 'updates-installed'],
      counts: { met: 3 },
    });
    expect(of('OPS.1.1.3.A15', [...both, say('restart-due', 'not-met')]).state).toBe('not-met');
  });

  test('a verdict of a rule unknown here changes nothing', () => {
    expect(coverageOf([say('a-newer-rule', 'not-met')])).toEqual(coverageOf([]));
  });
});
