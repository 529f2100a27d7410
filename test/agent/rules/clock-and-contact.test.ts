import { describe, expect, test } from 'vitest';
import { defaultThresholds } from '../../../agent/contract/policy.ts';
import { earlier, hour, input, judge, now } from './input.ts';

describe('clock-correct', () => {
  const judgeOffset = (clockOffsetSeconds: number, thresholds = defaultThresholds) =>
    judge('clock-correct', input({}, { clockOffsetSeconds, thresholds }));

  test.each([
    [0, 'met', 'info', 'clock-right'],
    [119, 'met', 'info', 'clock-right'],
    [-119, 'met', 'info', 'clock-right'],
    [120, 'not-met', 'warning', 'clock-ahead'],
    [-120, 'not-met', 'warning', 'clock-behind'],
    [3599, 'not-met', 'warning', 'clock-ahead'],
    [3600, 'not-met', 'critical', 'clock-far-ahead'],
    [-3600, 'not-met', 'critical', 'clock-far-behind'],
  ])('%i s off: %s %s %s', (offset, verdict, severity, reason) => {
    expect(judgeOffset(offset)).toMatchObject({
      verdict,
      severity,
      reason,
      evidence: [{ section: 'server-contact', path: 'clockOffsetSeconds', value: offset }],
    });
  });

  test('without a comparison, or with nonsense, it is unknown', () => {
    expect(judge('clock-correct', input())).toMatchObject({ verdict: 'unknown', reason: 'offset-unknown' });
    expect(judgeOffset(Number.NaN)).toMatchObject({ verdict: 'unknown', reason: 'offset-unknown' });
    expect(judgeOffset(Number.NEGATIVE_INFINITY)).toMatchObject({ verdict: 'unknown', reason: 'offset-unknown' });
  });

  test('thresholds the wrong way round or without a number are never kind', () => {
    const by = (warning: number, critical: number) =>
      judgeOffset(200, { ...defaultThresholds, clockWarningSeconds: warning, clockCriticalSeconds: critical });
    expect(by(3600, 120)).toMatchObject({ severity: 'critical' });
    expect(by(Number.NaN, 3600)).toMatchObject({ reason: 'limits-invalid' });
    expect(by(300, Number.NaN)).toMatchObject({ reason: 'limits-invalid' });
  });

  test.each([
    [130, 'Die Uhr dieses Geräts geht 2 Minuten vor.', 'The clock of this device is 2 minutes fast.'],
    [-600, 'Die Uhr dieses Geräts geht 10 Minuten nach.', 'The clock of this device is 10 minutes slow.'],
    [
      86_400 * 400,
      'Die Uhr dieses Geräts geht 400 Tage vor und muss umgehend gestellt werden.',
      'The clock of this device is 400 days fast and must be set at once.',
    ],
    [
      1,
      'Die Uhr dieses Geräts stimmt (Abweichung: 1 Sekunde).',
      'The clock of this device is right (difference: 1 second).',
    ],
  ])('%i s in words', (offset, de, en) => {
    expect(judgeOffset(offset)).toMatchObject({ de, en });
  });
});

describe('device-heard', () => {
  const judgeHeard = (lastAt?: Date, thresholds = defaultThresholds) =>
    judge('device-heard', input({}, { heard: lastAt === undefined ? {} : { lastAt }, thresholds }));
  const ago = (ms: number) => new Date(earlier(ms));

  test('is for the server alone', () => {
    expect(judge('device-heard', input())).toBeUndefined();
  });

  test.each([
    [0, 'met', 'info', 'heard'],
    [72 * hour, 'met', 'info', 'heard'],
    [72 * hour + 1, 'not-met', 'warning', 'silent'],
    [336 * hour, 'not-met', 'warning', 'silent'],
    [336 * hour + 1, 'not-met', 'critical', 'silent-long'],
    [-5 * 60_000, 'met', 'info', 'heard'],
    [-5 * 60_000 - 1, 'unknown', 'warning', 'heard-from-future'],
  ])('last heard %i ms ago: %s %s %s', (ms, verdict, severity, reason) => {
    expect(judgeHeard(ago(ms))).toMatchObject({
      verdict,
      severity,
      reason,
      evidence: [{ section: 'server-contact', path: 'lastHeardAt', value: earlier(ms) }],
    });
  });

  test('never heard, or at no real time, is unknown', () => {
    expect(judgeHeard()).toMatchObject({ verdict: 'unknown', reason: 'never-heard' });
    expect(judgeHeard(new Date(Number.NaN))).toMatchObject({ verdict: 'unknown', reason: 'never-heard' });
  });

  test('thresholds the wrong way round or without a number are never kind', () => {
    const by = (warning: number, critical: number) =>
      judgeHeard(ago(100 * hour), { ...defaultThresholds, silentWarningHours: warning, silentCriticalHours: critical });
    expect(by(336, 72)).toMatchObject({ severity: 'critical' });
    expect(by(Number.NaN, 336)).toMatchObject({ reason: 'limits-invalid' });
    expect(by(200, Number.NaN)).toMatchObject({ reason: 'limits-invalid' });
  });

  test('says since when, in the right case', () => {
    expect(judgeHeard(ago(5 * 24 * hour))).toMatchObject({
      de: 'Das Gerät hat sich seit 5 Tagen nicht gemeldet.',
      en: 'The device has not reported for 5 days.',
    });
    expect(judgeHeard(ago(20 * 24 * hour))?.de).toBe(
      'Das Gerät hat sich seit 20 Tagen nicht gemeldet und gilt als verschollen.',
    );
    expect(judgeHeard(ago(47 * hour))?.de).toBe('Das Gerät hat sich zuletzt vor 47 Stunden gemeldet.');
    expect(judgeHeard(new Date(now.getTime() + 60_000))?.de).toContain('vor 0 Sekunden');
  });
});
