/** Sums, order and sentences of the overview and the device page. */
import { describe, expect, test } from 'vitest';
import type { ExplainedVerdict, Municipality } from '../../../server/api/contract.ts';
import {
  deviceSentence,
  type LightCounts,
  totalLights,
  urgentFirst,
  verdictLight,
  worstFirst,
  worstLight,
} from '../../../server/console/fleet.ts';
import { textsFor } from '../../../server/console/texts.ts';

const lights = (critical: number, attention: number, unknown: number, ok: number): LightCounts => ({
  critical,
  attention,
  unknown,
  ok,
});

function place(name: string, counts: LightCounts): Municipality {
  return {
    id: name,
    name,
    approvalRequired: false,
    devices: 9,
    pending: 0,
    quarantined: 0,
    lights: counts,
    lastHeardAt: null,
  };
}

function verdict(kind: ExplainedVerdict['verdict'], severity: ExplainedVerdict['severity'], title = 'T') {
  const words = { de: title, en: title };
  return {
    ruleId: title.toLowerCase(),
    verdict: kind,
    severity,
    reason: 'reason',
    values: {},
    evidence: [],
    title: words,
    explanation: words,
    since: '2026-11-24T08:40:00Z',
  } satisfies ExplainedVerdict;
}

test('the sum of all municipalities', () => {
  expect(totalLights([place('A', lights(1, 2, 3, 4)), place('B', lights(10, 20, 30, 40))])).toEqual(
    lights(11, 22, 33, 44),
  );
});

test.each([
  [lights(1, 9, 9, 9), 'critical'],
  [lights(0, 1, 9, 9), 'attention'],
  [lights(0, 0, 1, 9), 'unknown'],
  [lights(0, 0, 0, 9), 'ok'],
  [lights(0, 0, 0, 0), 'unknown'],
])('the worst of %j', (counts, worst) => {
  expect(worstLight(counts)).toBe(worst);
});

test('the most urgent municipality comes first, equal ones by name', () => {
  const sorted = worstFirst([
    place('Wasungen', lights(0, 0, 0, 9)),
    place('Rhönblick', lights(0, 0, 1, 0)),
    place('Ämterhaus', lights(0, 0, 0, 9)),
    place('Grabfeld', lights(0, 1, 0, 0)),
    place('Belrieth', lights(1, 0, 0, 0)),
  ]);
  expect(sorted.map(({ name }) => name)).toEqual(['Belrieth', 'Grabfeld', 'Rhönblick', 'Ämterhaus', 'Wasungen']);
});

describe('verdicts', () => {
  test('unknown is never green', () => {
    expect(verdictLight(verdict('unknown', 'info'))).toBe('unknown');
    expect(verdictLight(verdict('not-met', 'warning'))).toBe('attention');
    expect(verdictLight(verdict('not-met', 'critical'))).toBe('critical');
    expect(verdictLight(verdict('not-met', 'info'))).toBe('ok');
    expect(verdictLight(verdict('met', 'critical'))).toBe('ok');
    expect(verdictLight(verdict('exempt', 'critical'))).toBe('ok');
  });
  test('what needs a look comes first', () => {
    const sorted = urgentFirst([
      verdict('met', 'critical', 'Z'),
      verdict('met', 'info', 'A'),
      verdict('unknown', 'critical', 'U'),
      verdict('not-met', 'warning', 'W'),
      verdict('not-met', 'critical', 'C'),
    ]);
    expect(sorted.map(({ title }) => title.de)).toEqual(['C', 'W', 'U', 'A', 'Z']);
  });
});

describe('the sentence about a device', () => {
  const de = textsFor('de');
  const en = textsFor('en');
  test('says how many checks stand behind the light', () => {
    const verdicts = [verdict('met', 'info'), verdict('not-met', 'warning'), verdict('not-met', 'critical')];
    expect(deviceSentence('critical', verdicts, de)).toBe('Dringend. 2 von 3 Prüfungen sind nicht bestanden.');
    expect(deviceSentence('attention', verdicts.slice(0, 2), en)).toBe('Attention. 1 of 2 checks has not passed.');
    expect(deviceSentence('ok', [verdict('met', 'info')], de)).toBe('In Ordnung. Die Prüfung ist bestanden.');
    expect(deviceSentence('unknown', [verdict('unknown', 'info'), verdict('met', 'info')], de)).toBe(
      'Unbekannt. 1 von 2 Prüfungen ließ sich nicht beurteilen.',
    );
  });
  test('without any check nothing is all right', () => {
    expect(deviceSentence('ok', [], de)).toMatch(/^Unbekannt/);
    expect(deviceSentence('unknown', [], en)).toMatch(/^Unknown/);
  });
});
