import { describe, expect, test } from 'vitest';
import { defaultThresholds } from '../../../agent/contract/policy.ts';
import { dayBefore, judge, linux, section, type Update, update, windows } from './input.ts';

describe('updates-installed', () => {
  const of = (updates: Update[], patches: object = {}) =>
    judge('updates-installed', linux({ patches: { updates, ...patches } }));

  test.each([
    [0, 'met', 'info', 'updates-in-time'],
    [6, 'met', 'info', 'updates-in-time'],
    [7, 'not-met', 'warning', 'security-updates-overdue'],
    [29, 'not-met', 'warning', 'security-updates-overdue'],
    [30, 'not-met', 'critical', 'security-updates-overdue'],
    [-1, 'met', 'info', 'updates-in-time'],
    [-2, 'unknown', 'warning', 'update-dates-implausible'],
  ])('a security update first seen missing %i days ago: %s %s %s', (days, verdict, severity, reason) => {
    expect(of([update({ firstSeenOn: dayBefore(days) })])).toMatchObject({ verdict, severity, reason });
  });

  test('counts from the day of publication when that is earlier, and only then', () => {
    const seenToday = { firstSeenOn: dayBefore(0) };
    expect(of([update({ ...seenToday, publishedOn: dayBefore(30) })])).toMatchObject({ severity: 'critical' });
    expect(of([update({ firstSeenOn: dayBefore(30), publishedOn: dayBefore(1) })])).toMatchObject({
      severity: 'critical',
    });
    // A day of publication that cannot be right changes nothing.
    expect(of([update({ ...seenToday, publishedOn: dayBefore(-9) })])).toMatchObject({ verdict: 'met' });
  });

  test('names the oldest one, counts those overdue, and quotes them by their place in the facts', () => {
    const found = of([
      update({ id: 'a', firstSeenOn: dayBefore(3) }),
      update({ id: 'b', firstSeenOn: dayBefore(10) }),
      update({ id: 'c', firstSeenOn: dayBefore(40), publishedOn: dayBefore(41) }),
    ]);
    expect(found).toMatchObject({
      values: { count: 2, days: 41, first: 'c' },
      de: '2 Sicherheitsaktualisierungen sind überfällig, die älteste fehlt seit 41 Tagen (c).',
      en: '2 security updates are overdue, the oldest has been missing for 41 days (c).',
      evidence: [
        { section: 'patches', path: 'updates[2].id', value: 'c' },
        { section: 'patches', path: 'updates[2].firstSeenOn', value: dayBefore(40) },
        { section: 'patches', path: 'updates[2].publishedOn', value: dayBefore(41) },
        { section: 'patches', path: 'updates[1].id', value: 'b' },
        { section: 'patches', path: 'updates[1].firstSeenOn', value: dayBefore(10) },
      ],
    });
    expect(of([update({ firstSeenOn: dayBefore(8) })])?.de).toBe(
      'Die Sicherheitsaktualisierung openssl:amd64 fehlt seit 8 Tagen.',
    );
  });

  test('an update of which nobody says whether it closes a vulnerability counts as if it did', () => {
    const { security: _, ...silent } = update({ firstSeenOn: dayBefore(7) });
    expect(of([silent])).toMatchObject({ reason: 'security-updates-overdue' });
  });

  test('one that is held back on purpose is missing all the same', () => {
    expect(of([update({ held: true, firstSeenOn: dayBefore(30) })])).toMatchObject({ severity: 'critical' });
  });

  test.each([
    [59, 'met', 'updates-in-time'],
    [60, 'not-met', 'other-updates-missing'],
  ])('one without security, missing for %i days: %s', (days, verdict, reason) => {
    expect(of([update({ security: false, firstSeenOn: dayBefore(days) })])).toMatchObject({
      verdict,
      severity: 'info',
      reason,
    });
  });

  test('what waits for the restart is installed, not in force, and no security update missing', () => {
    expect(of([update({ state: 'waiting-for-restart', firstSeenOn: dayBefore(90) })])).toMatchObject({
      verdict: 'not-met',
      severity: 'info',
      reason: 'updates-wait-for-restart',
      values: { count: 1 },
    });
  });

  test.each([
    [20, 'met', 'updates-complete'],
    [21, 'unknown', 'update-list-old'],
    [-1, 'met', 'updates-complete'],
    [-2, 'unknown', 'update-list-old'],
  ])('an empty list that is %i days old: %s', (days, verdict, reason) => {
    expect(of([], { scan: { kind: 'index', complete: true, succeededOn: dayBefore(days) } })).toMatchObject({
      verdict,
      reason,
    });
  });

  test('an empty list is not believed where nobody was asked or something could not be read', () => {
    expect(of([], { scan: { kind: 'build-table', succeededOn: dayBefore(0) } })).toMatchObject({
      verdict: 'unknown',
      reason: 'update-list-limited',
    });
    const gap = { state: 'partial' as const, problems: [{ code: 'timeout' as const, detail: 'x' }] };
    const partial = (complete: boolean) => {
      const by = linux({ patches: { updates: [], scan: { kind: 'index', complete, succeededOn: dayBefore(0) } } });
      const cut = section('patches', by.sections.get('patches')?.data, gap);
      return judge('updates-installed', { ...by, sections: new Map([...by.sections, ['patches', cut] as const]) });
    };
    expect(partial(false)).toMatchObject({
      verdict: 'unknown',
      reason: 'update-list-incomplete',
      evidence: [
        { section: 'patches', path: 'scan.complete', value: false },
        { section: 'patches', path: 'problems[0].code', value: 'timeout' },
      ],
    });
    // A gap in another part of the section says nothing about the list.
    expect(partial(true)).toMatchObject({ verdict: 'met', reason: 'updates-complete' });
  });

  test('what is overdue is overdue, however old the list is', () => {
    const overdue = update({ firstSeenOn: dayBefore(30) });
    expect(of([overdue], { scan: { kind: 'index', complete: true } })).toMatchObject({ severity: 'critical' });
  });

  test.each([
    [44, 'met', 'info', 'updates-complete'],
    [45, 'not-met', 'warning', 'system-outdated'],
    [74, 'not-met', 'warning', 'system-outdated'],
    [75, 'not-met', 'critical', 'system-outdated'],
    [-30, 'met', 'info', 'updates-complete'],
  ])('Windows with a cumulative update of %i days ago: %s %s', (days, verdict, severity, reason) => {
    const build = { number: 26200, revision: 1, updateOfDay: dayBefore(days) };
    expect(judge('updates-installed', windows({ patches: { build } }))).toMatchObject({ verdict, severity, reason });
  });

  test('the worse of an overdue update and an old build is told', () => {
    const late = update({ firstSeenOn: dayBefore(8) });
    const with75 = { build: { number: 26200, revision: 1, updateOfDay: dayBefore(75) } };
    expect(of([late], with75)).toMatchObject({ severity: 'critical', reason: 'system-outdated' });
    const with45 = { build: { number: 26200, revision: 1, updateOfDay: dayBefore(45) } };
    expect(of([late], with45)).toMatchObject({ severity: 'warning', reason: 'security-updates-overdue' });
  });

  test('five thousand missing updates stay within the contract', () => {
    const updates = Array.from({ length: 5000 }, (_, index) =>
      update({ id: `package-${index}`, firstSeenOn: dayBefore(31), publishedOn: dayBefore(40) }),
    );
    expect(of(updates)).toMatchObject({ values: { count: 5000 } });
  });

  test('thresholds the wrong way round: the stricter one holds', () => {
    const thresholds = { ...defaultThresholds, securityUpdateWarningDays: 30, securityUpdateCriticalDays: 5 };
    const by = linux({ patches: { updates: [update({ firstSeenOn: dayBefore(5) })] } }, { thresholds });
    expect(judge('updates-installed', by)).toMatchObject({ severity: 'critical', values: { count: 1, days: 5 } });
  });

  test('on a device whose clock is a year fast the age is counted by the time of the server', () => {
    const year = 365 * 86_400;
    const by = linux({ patches: { updates: [update({ firstSeenOn: dayBefore(370) })] } }, { clockOffsetSeconds: year });
    expect(judge('updates-installed', by)).toMatchObject({ reason: 'update-list-old' });
    const old = linux(
      { patches: { updates: [update({ firstSeenOn: dayBefore(372) })] } },
      { clockOffsetSeconds: year },
    );
    expect(judge('updates-installed', old)).toMatchObject({ severity: 'warning', values: { days: 7 } });
  });
});

describe('update-scan-fresh', () => {
  const of = (scan: object) => judge('update-scan-fresh', linux({ patches: { scan } }));

  test.each([
    [0, 'met', 'info'],
    [6, 'met', 'info'],
    [7, 'not-met', 'warning'],
    [20, 'not-met', 'warning'],
    [21, 'not-met', 'critical'],
    [-1, 'met', 'info'],
  ])('%i days ago: %s %s', (days, verdict, severity) => {
    expect(of({ succeededOn: dayBefore(days) })).toMatchObject({ verdict, severity });
  });

  test('in the future, never, and asked of nobody are unknown', () => {
    expect(of({ succeededOn: dayBefore(-2) })).toMatchObject({ reason: 'scan-from-future' });
    expect(of({ succeededOn: undefined })).toMatchObject({ verdict: 'unknown', reason: 'scan-never' });
    expect(of({ kind: 'build-table' })).toMatchObject({ verdict: 'unknown', reason: 'scan-never' });
  });

  test('shows the failure of the last attempt', () => {
    const found = of({ succeededOn: dayBefore(8), failure: 'server-unreachable', failureCode: '0x8024402C' });
    expect(found?.de).toBe(
      'Dieses Gerät hat zuletzt am 16.11.2026 erfolgreich nach Aktualisierungen gesucht (vor 8 Tagen).',
    );
    expect(found?.evidence.map(({ value }) => value)).toEqual([
      dayBefore(8),
      'index',
      'server-unreachable',
      '0x8024402C',
    ]);
  });
});

describe('update-source-secure', () => {
  const of = (scan: object, on = windows) => judge('update-source-secure', on({ patches: { scan } }));

  test.each([
    [{ server: 'wsus.example', insecure: true }, 'not-met', 'source-open'],
    [{ server: undefined, insecure: true }, 'not-met', 'source-open'],
    [{ server: 'Microsoft Update', insecure: true }, 'not-met', 'source-open'],
    [{ server: 'wsus.example', insecure: false }, 'met', 'source-protected'],
    [{ server: undefined, insecure: false }, 'met', 'source-protected'],
    [{ server: 'Microsoft Update', insecure: undefined }, 'met', 'source-protected'],
    [{ server: 'wsus.example', insecure: undefined }, 'unknown', 'part-missing'],
    [{ server: undefined, insecure: undefined }, 'unknown', 'part-missing'],
  ])('%j: %s', (scan, verdict, reason) => {
    expect(of(scan)).toMatchObject({ verdict, reason });
  });
});

describe('updates-automatic', () => {
  const of = (automatic: object) => judge('updates-automatic', windows({ patches: { automatic } }));

  test.each([
    [-5, 'not-met'],
    [0, 'not-met'],
    [1, 'met'],
  ])('a pause that ends %i days ago: %s', (days, verdict) => {
    expect(of({ pausedUntil: dayBefore(days) })).toMatchObject({ verdict });
  });

  test.each([
    [14, 'met', 'automatic-on'],
    [15, 'not-met', 'automatic-deferred'],
  ])('deferred by %i days: %s', (deferQualityDays, verdict, reason) => {
    expect(of({ deferQualityDays })).toMatchObject({ verdict, reason });
  });

  test('off is a warning, and not known stays unknown', () => {
    expect(of({ enabled: false, pausedUntil: dayBefore(-3) })).toMatchObject({
      severity: 'warning',
      reason: 'automatic-off',
    });
    expect(of({ enabled: undefined })).toMatchObject({
      verdict: 'unknown',
      reason: 'part-missing',
      de: 'Es liegen keine Angaben zu automatischen Aktualisierungen vor; sie konnten auf diesem Gerät nicht gelesen werden.',
    });
  });
});

describe('restart-due', () => {
  const of = (restart: object) => judge('restart-due', linux({ patches: { restart } }));
  const reason = (strength: string) => ({ code: 'kernel', strength });

  test.each([
    [0, 'info', 'restart-soon'],
    [2, 'info', 'restart-soon'],
    [3, 'warning', 'restart-overdue'],
    [13, 'warning', 'restart-overdue'],
    [14, 'critical', 'restart-overdue'],
    [-1, 'info', 'restart-soon'],
    [-2, 'warning', 'restart-pending'],
  ])('due since %i days: %s %s', (days, severity, expected) => {
    const found = of({ required: true, since: dayBefore(days), reasons: [reason('strong')] });
    expect(found).toMatchObject({ verdict: 'not-met', severity, reason: expected });
  });

  test('due since nobody knows when is a warning', () => {
    expect(of({ required: true })).toMatchObject({ severity: 'warning', reason: 'restart-pending' });
  });

  test.each([
    [undefined, 'strong', 'not-met'],
    [false, 'strong', 'not-met'],
    [undefined, 'weak', 'unknown'],
    [undefined, 'medium', 'unknown'],
    [false, 'weak', 'met'],
    [false, 'medium', 'met'],
    [true, 'weak', 'not-met'],
  ])('required %s with a %s reason: %s', (required, strength, verdict) => {
    const found = of({ required, reasons: [reason(strength)] });
    expect(found).toMatchObject({ verdict });
    if (verdict !== 'unknown') {
      expect(found?.evidence).toContainEqual({ section: 'patches', path: 'restart.reasons[0].code', value: 'kernel' });
    }
  });

  test('names the kernels', () => {
    const found = of({ required: true, runningKernel: '6.1.0-40', newestKernel: '6.1.0-41' });
    expect(found?.evidence.map(({ value }) => value)).toEqual([true, '6.1.0-40', '6.1.0-41']);
  });
});
