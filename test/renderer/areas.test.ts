import { describe, expect, test } from 'vitest';
import { rules } from '../../agent/rules/rule.ts';
import { areaOf, areaStates, type ShownVerdict } from '../../renderer/areas.ts';
import { textsFor } from '../../renderer/texts.ts';

function verdict(ruleId: string, change: Partial<ShownVerdict> = {}): ShownVerdict {
  const words = { de: ruleId, en: ruleId };
  return {
    ruleId,
    verdict: 'met',
    severity: 'warning',
    reason: 'x',
    values: {},
    evidence: [],
    title: words,
    explanation: words,
    ...change,
  };
}
const statesOf = (...verdicts: ShownVerdict[]) => areaStates({ verdicts } as never);
const lightOf = (...verdicts: ShownVerdict[]) => statesOf(...verdicts).find(({ area }) => area === 'backup')?.light;

describe('the areas', () => {
  test('every rule of this version has one', () => {
    expect(rules.map(({ id }) => id).filter((id) => areaOf(id) === 'other')).toEqual([]);
  });

  test('a rule nobody knows yet is shown, not hidden', () => {
    const states = statesOf(verdict('of-tomorrow', { verdict: 'not-met', severity: 'critical' }));
    expect(states.at(-1)).toMatchObject({ area: 'other', light: 'critical' });
    expect(statesOf().map(({ area }) => area)).not.toContain('other');
    expect(areaOf('constructor')).toBe('other');
  });

  test.each([
    ['unknown', []],
    ['ok', [{}]],
    ['ok', [{}, { verdict: 'not-met', severity: 'info' }]],
    ['ok', [{}, { verdict: 'exempt' }]],
    ['unknown', [{ verdict: 'exempt' }]],
    ['unknown', [{}, { verdict: 'unknown' }]],
    ['attention', [{ verdict: 'not-met' }, { verdict: 'unknown', severity: 'critical' }]],
    ['critical', [{ verdict: 'not-met' }, { verdict: 'not-met', severity: 'critical' }]],
  ] as const)('%s from %j', (light, changes) => {
    expect(lightOf(...changes.map((change) => verdict('backup-recent', change)))).toBe(light);
  });

  test('name what is worst first', () => {
    const [backup] = statesOf(
      verdict('backup-a', { verdict: 'unknown', severity: 'critical' }),
      verdict('backup-b', { verdict: 'not-met' }),
      verdict('backup-c'),
      verdict('backup-d', { verdict: 'not-met', severity: 'critical' }),
    );
    expect(backup?.open.map(({ ruleId }) => ruleId)).toEqual(['backup-d', 'backup-b', 'backup-a']);
  });
});

test('every text exists in both languages, in the same shape', () => {
  const shapeOf = (value: unknown): unknown => {
    if (typeof value === 'string') return value.trim() === '' ? 'empty' : 'text';
    if (typeof value === 'function') return `${value.length} values`;
    if (Array.isArray(value)) return value.map(shapeOf);
    return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, shapeOf(inner)]));
  };
  const german = shapeOf(textsFor('de'));
  expect(shapeOf(textsFor('en'))).toEqual(german);
  expect(JSON.stringify(german)).not.toContain('empty');
});
