import { describe, expect, test } from 'vitest';
import type { Exception } from '../../../agent/contract/policy.ts';
import { applyExceptions } from '../../../agent/rules/exceptions.ts';
import { evaluateRules, explain, overallState, ruleById, rules } from '../../../agent/rules/rule.ts';
import { examples } from './examples.ts';
import { day, earlier, judge, linux, now, windows } from './input.ts';

const ids = rules.map(({ id }) => id);
const municipality = '00000000-0000-4000-8000-000000000001';
const device = '00000000-0000-4000-8000-000000000002';
const permit = (ruleId: string): Exception => ({
  id: '00000000-0000-4000-8000-000000000003',
  ruleId,
  audience: { municipality },
  reason: 'Wird im März ersetzt',
  approvedBy: 'Bürgermeisteramt',
  approvedAt: earlier(day),
  expiresAt: earlier(-30 * day),
});

/** They judge what the server and the device saw of each other, not facts of a section. */
const ownTime = ['clock-correct', 'device-heard', 'device-trusted'];

test('each rule has examples', () => {
  expect(Object.keys(examples)).toEqual(ids);
});

describe.each(ids)('%s', (id) => {
  const { met, notMet, unknown } = examples[id]!;

  test('can be met, not met and unknown, and evidence stands behind each judgement', () => {
    expect(judge(id, met)).toMatchObject({ verdict: 'met', severity: 'info' });
    expect(judge(id, notMet)).toMatchObject({ verdict: 'not-met' });
    expect(judge(id, unknown)).toMatchObject({ verdict: 'unknown', severity: 'warning' });
    expect(judge(id, unknown)?.reason).not.toBe('rule-failed');
    expect(judge(id, met)?.evidence).not.toEqual([]);
    expect(judge(id, notMet)?.evidence).not.toEqual([]);
  });

  test.each(['notMet', 'unknown'] as const)('is exempt by an exception where it is %s', (kind) => {
    const found = evaluateRules(examples[id]![kind]).find(({ ruleId }) => ruleId === id)!;
    const [excused] = applyExceptions([found], [permit(id)], now, { municipality, device });
    // A suspected clone stays red, whatever anybody signs.
    if (id === 'device-trusted') return expect(excused).toEqual(found);
    expect(excused).toMatchObject({ verdict: 'exempt', severity: found.severity, reason: 'exception' });
    expect(explain(excused!).explanation.de).toBe(
      'Diese Abweichung ist zugelassen; die Ausnahme endet am 24.12.2026 (genehmigt von: Bürgermeisteramt; Begründung: Wird im März ersetzt).',
    );
  });

  const reads = ruleById(id)!.sections;
  if (ownTime.includes(id)) return;
  test.each([
    ['four days old', 4 * day, 'facts-stale'],
    ['from tomorrow', -day, 'facts-from-future'],
  ])('is not met by facts %s', (_, age, reason) => {
    const sections = [...met.sections].map(([name, each]) => [name, { ...each, collectedAt: earlier(age) }] as const);
    const found = judge(id, { ...met, sections: new Map(sections) });
    expect(found).toMatchObject({ verdict: 'unknown', reason });
    expect(reads).toContain(found?.values['section']);
  });

  test('is unknown without facts, and leaves out no device for it', () => {
    expect(judge(id, { ...met, sections: new Map() })).toMatchObject({ verdict: 'unknown', reason: 'facts-missing' });
  });
});

describe('a PC in good order', () => {
  const server = { clockOffsetSeconds: 0, heard: { lastAt: now } };

  test.each([
    ['Linux', linux({}, server)],
    ['Windows', windows({}, server)],
  ])('with %s has a green light', (_, by) => {
    const bad = evaluateRules(by).filter(({ verdict }) => verdict !== 'met');
    expect(bad).toEqual([]);
    expect(overallState(evaluateRules(by))).toBe('ok');
  });

  test('is judged by the rules of its system only', () => {
    const judged = (by: ReturnType<typeof linux>) => new Set(evaluateRules(by).map(({ ruleId }) => ruleId));
    const [onLinux, onWindows] = [judged(linux()), judged(windows())];
    expect(ids.filter((id) => !onLinux.has(id))).toEqual([
      'backup-two-sided',
      'credentials-protected',
      'device-heard',
      'device-trusted',
      'outdated-components',
      'remote-desktop',
      'secure-boot-certificates',
      'smartscreen-off',
      'uac-active',
    ]);
    expect(ids.filter((id) => !onWindows.has(id))).toEqual([
      'access-control-active',
      'backup-two-sided',
      'device-heard',
      'device-trusted',
      'remote-access',
    ]);
  });
});
