import { describe, expect, test } from 'vitest';
import { type Exception, exception as exceptionSchema, policy } from '../../../agent/contract/policy.ts';
import { type Verdict, verdict as verdictSchema } from '../../../agent/contract/report.ts';
import { applyExceptions } from '../../../agent/rules/exceptions.ts';
import { evaluateRules, explain, overallState } from '../../../agent/rules/rule.ts';
import { day, earlier, linux, now } from './input.ts';

const municipality = '00000000-0000-4000-8000-000000000001';
const device = '00000000-0000-4000-8000-000000000002';
const other = '00000000-0000-4000-8000-000000000009';
const holder = { municipality, device };

const exception = (change: Partial<Exception> = {}): Exception => ({
  id: '00000000-0000-4000-8000-000000000003',
  ruleId: 'disk-encrypted',
  audience: { municipality },
  reason: 'Das Gerät steht im verschlossenen Serverraum und wird im März ersetzt.',
  approvedBy: 'Informationssicherheitsbeauftragte',
  approvedAt: earlier(10 * day),
  expiresAt: earlier(-10 * day),
  ...change,
});

const openDisk = evaluateRules(
  linux({ security: { encryption: [{ mountPoint: '/', system: true, state: 'not-encrypted', protection: 'off' }] } }),
).find(({ ruleId }) => ruleId === 'disk-encrypted')!;
const apply = (exceptions: readonly Exception[], verdict: Verdict = openDisk, at = now, to = holder) => {
  const [applied] = applyExceptions([verdict], exceptions, at, to);
  return verdictSchema.parse(applied);
};

describe('the contract', () => {
  const parse = (change: object) => exceptionSchema.safeParse({ ...exception(), ...change }).success;

  test.each([
    ['as it should be', {}, true],
    ['for a device', { audience: { municipality, device } }, true],
    ['366 days', { approvedAt: '2026-01-01T00:00:00Z', expiresAt: '2027-01-02T00:00:00Z' }, true],
    ['a second more', { approvedAt: '2026-01-01T00:00:00Z', expiresAt: '2027-01-02T00:00:01Z' }, false],
    ['ends when it is approved', { expiresAt: exception().approvedAt }, false],
    ['ends a second later', { approvedAt: '2026-01-01T00:00:00Z', expiresAt: '2026-01-01T00:00:01Z' }, true],
    ['without an end', { expiresAt: undefined }, false],
    ['with an end that is none', { expiresAt: 'never' }, false],
    ['without a reason', { reason: '' }, false],
    ['without anybody who approved it', { approvedBy: '' }, false],
    ['for a group, which would excuse all others', { audience: { municipality, group: other } }, false],
    ['without a municipality', { audience: {} }, false],
  ])('%s: %s', (_, change, valid) => {
    expect(parse(change)).toBe(valid);
  });

  test('carries exceptions in the settings of the policy', () => {
    const base = { version: 1, audience: { municipality }, issuedAt: earlier(0), expiresAt: earlier(-day) };
    const parsed = policy.parse({ ...base, settings: { exceptions: [exception()] } });
    expect(parsed.settings.exceptions).toEqual([exception()]);
    const endless = { ...exception(), expiresAt: undefined };
    expect(policy.safeParse({ ...base, settings: { exceptions: [endless] } }).success).toBe(false);
  });
});

describe('in force', () => {
  test('makes a rule that is not met exempt, with the one who answers for it, the reason and the end', () => {
    const excused = apply([exception()]);
    expect(excused).toMatchObject({
      verdict: 'exempt',
      severity: 'warning',
      reason: 'exception',
      values: {
        approvedBy: 'Informationssicherheitsbeauftragte',
        until: '2026-12-04',
        instead: 'not-met',
        insteadReason: 'drive-open',
      },
    });
    expect(excused.evidence).toEqual([
      { section: 'exceptions', path: `${exception().id}.expiresAt`, value: exception().expiresAt },
      ...openDisk.evidence,
    ]);
    expect(explain(excused).explanation).toEqual({
      de: 'Diese Abweichung ist zugelassen; die Ausnahme endet am 04.12.2026 (genehmigt von: Informationssicherheitsbeauftragte; Begründung: Das Gerät steht im verschlossenen Serverraum und wird im März ersetzt).',
      en: expect.stringContaining('ends on 4 December 2026'),
    });
  });

  test('does not colour the light, and does not make it green alone', () => {
    expect(overallState([openDisk])).toBe('attention');
    expect(overallState([apply([exception()])])).toBe('unknown');
    const met = { ...openDisk, ruleId: 'storage-free', verdict: 'met' as const };
    expect(overallState([met, apply([exception()])])).toBe('ok');
  });

  test('excuses what is unknown, and leaves alone what is met', () => {
    expect(apply([exception()], { ...openDisk, verdict: 'unknown' })).toMatchObject({ verdict: 'exempt' });
    const met = { ...openDisk, verdict: 'met' as const };
    expect(apply([exception()], met)).toEqual(met);
    expect(apply([exception({ expiresAt: earlier(day) })], met)).toEqual(met);
  });

  test('a reason as long as the contract allows is cut to what a verdict carries', () => {
    expect(apply([exception({ reason: 'x'.repeat(1000) })]).values['why']).toHaveLength(260);
  });
});

describe('whom it is for', () => {
  test.each([
    ['the municipality', { audience: { municipality } }, 'exempt'],
    ['this device', { audience: { municipality, device } }, 'exempt'],
    ['another device', { audience: { municipality, device: other } }, 'not-met'],
    ['another municipality', { audience: { municipality: other } }, 'not-met'],
    ['this device as of another municipality', { audience: { municipality: other, device } }, 'not-met'],
    ['another rule', { ruleId: 'secure-boot' }, 'not-met'],
  ])('%s', (_, change, verdict) => {
    expect(apply([exception(change)])).toMatchObject({ verdict });
  });
});

describe('time', () => {
  const at = (ms: number) => new Date(Date.parse(exception().expiresAt) + ms);

  test.each([
    [-1, 'exempt'],
    [0, 'not-met'],
    [1, 'not-met'],
  ])('%i ms around its end: %s', (ms, verdict) => {
    expect(apply([exception()], openDisk, at(ms))).toMatchObject({ verdict });
  });

  test.each([
    [-1, 'not-met'],
    [0, 'exempt'],
  ])('%i ms around its approval: %s', (ms, verdict) => {
    const start = new Date(Date.parse(exception().approvedAt) + ms);
    expect(apply([exception()], openDisk, start)).toMatchObject({ verdict });
  });

  test('before it begins it changes nothing at all', () => {
    const future = exception({ approvedAt: earlier(-day), expiresAt: earlier(-5 * day) });
    expect(apply([future])).toEqual(openDisk);
  });

  test('when it has ended the verdict is what it was, no better, and says when it ended', () => {
    const expired = apply([exception()], openDisk, at(0));
    const { verdict, severity, reason } = openDisk;
    expect(expired).toMatchObject({ verdict, severity, reason });
    expect(expired.values).toEqual({
      ...openDisk.values,
      exceptionExpiredOn: '2026-12-04',
      exceptionApprovedBy: 'Informationssicherheitsbeauftragte',
    });
    expect(expired.evidence[0]).toEqual({
      section: 'exceptions',
      path: `${exception().id}.expiresAt`,
      value: exception().expiresAt,
    });
    expect(explain(expired).explanation).toEqual({
      de: 'Das Laufwerk / ist nicht verschlüsselt. Eine Ausnahme dafür ist am 04.12.2026 abgelaufen.',
      en: 'Drive / is not encrypted. An exception for it ended on 4 December 2026.',
    });
  });

  test('its mention stays within the contract when the evidence is full', () => {
    const full = { ...openDisk, evidence: Array.from({ length: 32 }, () => openDisk.evidence[0]!) };
    expect(apply([exception()], full, at(0)).evidence).toHaveLength(32);
    expect(apply([exception()], full).evidence).toHaveLength(32);
  });

  test.each([
    ['an end that is none', { expiresAt: 'never' }],
    ['an approval that is none', { approvedAt: 'once' }],
    ['more than 366 days', { approvedAt: earlier(10 * day), expiresAt: earlier(-357 * day) }],
    ['an end at its approval', { approvedAt: earlier(day), expiresAt: earlier(day) }],
    ['an end before its approval', { approvedAt: earlier(day), expiresAt: earlier(2 * day) }],
  ])('%s makes it worthless', (_, change) => {
    expect(apply([exception(change)])).toEqual(openDisk);
  });

  test('exactly 366 days are allowed', () => {
    const longest = exception({ approvedAt: earlier(10 * day), expiresAt: earlier(-356 * day) });
    expect(apply([longest])).toMatchObject({ verdict: 'exempt' });
  });

  test('at a time that is none nothing is excused', () => {
    expect(apply([exception()], openDisk, new Date(Number.NaN))).toEqual(openDisk);
  });
});

describe('several', () => {
  const long = exception({ id: other, expiresAt: earlier(-30 * day), approvedBy: 'B' });
  const ended = exception({ expiresAt: earlier(day), approvedBy: 'A' });
  const endedBefore = exception({ expiresAt: earlier(2 * day), approvedBy: 'C' });

  test('the one that ends last counts, whatever their order', () => {
    for (const exceptions of [
      [exception(), long],
      [long, exception()],
      [ended, long, endedBefore],
    ]) {
      expect(apply(exceptions)).toMatchObject({ verdict: 'exempt', values: { approvedBy: 'B' } });
    }
    for (const exceptions of [
      [ended, endedBefore],
      [endedBefore, ended],
    ]) {
      expect(apply(exceptions)).toMatchObject({ verdict: 'not-met', values: { exceptionApprovedBy: 'A' } });
    }
  });

  test('verdicts keep their order and the others stay as they are', () => {
    const second = { ...openDisk, ruleId: 'secure-boot' };
    expect(applyExceptions([second, openDisk, second], [exception()], now, holder)).toEqual([
      second,
      apply([exception()]),
      second,
    ]);
  });
});
