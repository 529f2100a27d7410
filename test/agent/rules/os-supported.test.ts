import { describe, expect, test } from 'vitest';
import type { OsFacts } from '../../../agent/contract/facts/software.ts';
import { defaultThresholds } from '../../../agent/contract/policy.ts';
import { osSupport } from '../../../agent/rules/os-support.ts';
import type { RuleInput } from '../../../agent/rules/rule.ts';
import { goodFacts, input, judge, section } from './input.ts';

/** Judges on a day; facts are an hour old on it. */
const judgeOs = (os: Partial<OsFacts>, on = '2026-11-24', change: Partial<RuleInput> = {}) => {
  const collectedAt = `${on}T11:00:00Z`;
  const data = { ...goodFacts.os, ...os };
  return judge(
    'os-supported',
    input({ os: section('os', data, { collectedAt }) }, { now: new Date(`${on}T12:00:00Z`), ...change }),
  );
};
const debian = (version: string) => ({ id: 'debian', name: `Debian GNU/Linux ${version}`, version });
const windows = (build: string, edition?: string, version?: string) => {
  const { version: _, ...rest } = goodFacts.os;
  const data = {
    ...rest,
    family: 'windows' as const,
    id: 'windows',
    name: 'Windows 11 Pro',
    build,
    ...(edition === undefined ? {} : { edition }),
    ...(version === undefined ? {} : { version }),
  };
  return judge('os-supported', input({ os: section('os', data) }));
};

describe('the last day of updates, exactly', () => {
  test.each([
    ['13', '2028-08-09', 'met', 'info', 'os-supported-regular'],
    ['13', '2028-08-10', 'met', 'info', 'os-supported-lts'],
    ['13', '2029-12-31', 'met', 'info', 'os-supported-lts'],
    ['13', '2030-01-01', 'not-met', 'warning', 'os-ends-soon'],
    ['13', '2030-06-30', 'not-met', 'warning', 'os-ends-soon'],
    ['13', '2030-07-01', 'not-met', 'critical', 'os-ended-paid-updates'],
    ['13', '2035-07-01', 'not-met', 'critical', 'os-ended'],
  ])('Debian %s on %s: %s %s %s', (version, on, verdict, severity, reason) => {
    expect(judgeOs(debian(version), on)).toMatchObject({ verdict, severity, reason });
  });

  test('is judged by the server’s calendar when the device knows how far its own is off', () => {
    const yearBehind = { clockOffsetSeconds: -365 * 86_400 };
    expect(judgeOs(debian('13'), '2029-08-01')).toMatchObject({ verdict: 'met' });
    expect(judgeOs(debian('13'), '2029-08-01', yearBehind)).toMatchObject({ reason: 'os-ended-paid-updates' });
    // The server's own time needs no correction; the facts then come with the device's date.
    const on = new Date('2029-08-01T12:00:00Z');
    const os = section('os', goodFacts.os, { collectedAt: '2028-08-01T12:00:00Z' });
    const onServer = input({ os }, { now: on, heard: { lastAt: on }, ...yearBehind });
    expect(judge('os-supported', onServer)).toMatchObject({ reason: 'os-supported-lts' });
  });

  test('warns from as many days before as the policy says', () => {
    const on = (days: number) =>
      judgeOs(debian('13'), '2030-06-20', { thresholds: { ...defaultThresholds, osSupportWarningDays: days } });
    expect(on(10)).toMatchObject({ reason: 'os-ends-soon' });
    expect(on(9)).toMatchObject({ verdict: 'met' });
    expect(on(Number.NaN)).toMatchObject({ verdict: 'unknown', reason: 'limits-invalid' });
  });
});

describe('today', () => {
  test.each([
    ['Debian 10', debian('10'), 'not-met', 'os-ended-paid-updates'],
    ['Debian 11', debian('11'), 'not-met', 'os-ended-paid-updates'],
    ['Debian 12', debian('12'), 'met', 'os-supported-lts'],
    ['Debian 13', debian('13'), 'met', 'os-supported-regular'],
    ['Debian 9', debian('9'), 'unknown', 'os-unknown'],
    ['Debian 14', debian('14'), 'unknown', 'os-unknown'],
    ['Ubuntu 18.04', { id: 'ubuntu', version: '18.04' }, 'not-met', 'os-ended-paid-updates'],
    ['Ubuntu 20.04', { id: 'ubuntu', version: '20.04' }, 'not-met', 'os-ended-paid-updates'],
    ['Ubuntu 22.04', { id: 'ubuntu', version: '22.04' }, 'met', 'os-supported-regular'],
    ['Ubuntu 25.10', { id: 'ubuntu', version: '25.10' }, 'not-met', 'os-ended'],
    ['Ubuntu 26.04', { id: 'ubuntu', version: '26.04' }, 'met', 'os-supported-regular'],
    ['another distribution', { id: 'linuxmint', version: '13' }, 'unknown', 'os-unknown'],
  ])('%s is %s', (_, os, verdict, reason) => {
    expect(judgeOs(os)).toMatchObject({ verdict, reason });
  });

  test('a release without a version (testing) is unknown', () => {
    const { version: _, ...os } = goodFacts.os;
    expect(judge('os-supported', input({ os: section('os', os) }))).toMatchObject({ reason: 'os-unknown' });
  });
});

describe('Windows', () => {
  test.each([
    ['19045.6456', 'Professional', 'not-met', 'os-ended-paid-updates'],
    ['10.0.19045', 'Core', 'not-met', 'os-ended-paid-updates'],
    ['19044.1', 'EnterpriseS', 'not-met', 'os-ends-soon'],
    ['19044.1', 'IoTEnterpriseS', 'met', 'os-supported-regular'],
    ['22631.1', 'Enterprise', 'not-met', 'os-ended'],
    ['26100.4061', 'Professional', 'not-met', 'os-ended'],
    ['26100.4061', 'ProfessionalEducation', 'not-met', 'os-ended'],
    ['26100.4061', 'Education', 'met', 'os-supported-regular'],
    ['26100.4061', 'EnterpriseN', 'met', 'os-supported-regular'],
    ['26100.4061', 'Windows 11 Enterprise LTSC', 'met', 'os-supported-regular'],
    ['26200', 'Pro', 'met', 'os-supported-regular'],
    ['26200', 'ProfessionalWorkstation', 'met', 'os-supported-regular'],
    ['99999', 'Professional', 'unknown', 'os-unknown'],
    ['26200x', 'Professional', 'unknown', 'os-unknown'],
    ['14393.1', 'EnterpriseS', 'not-met', 'os-ended'],
    ['14393.1', 'Professional', 'not-met', 'os-ended'],
    ['26100.1', 'ServerStandard', 'unknown', 'os-unknown'],
  ])('build %s, %s is %s', (build, edition, verdict, reason) => {
    expect(windows(build, edition)).toMatchObject({ verdict, reason });
  });

  test('the long-term channels of one build end at their own dates', () => {
    expect(windows('26100', 'EnterpriseS')?.values['until']).toBe('2029-10-09');
    expect(windows('26100', 'IoTEnterpriseS')?.values['until']).toBe('2034-10-10');
    expect(windows('26100', 'Enterprise')?.values['until']).toBe('2027-10-12');
  });

  test('without an edition the answer is what holds for every edition', () => {
    expect(windows('26100.1')).toMatchObject({ verdict: 'unknown', reason: 'os-edition-unknown' });
    expect(windows('26100.1', 'Sonderausgabe')).toMatchObject({ verdict: 'unknown', reason: 'os-edition-unknown' });
    expect(windows('22621.1')).toMatchObject({ verdict: 'not-met', reason: 'os-ended' });
    expect(windows('26200.1')).toMatchObject({ verdict: 'met', values: { until: '2027-10-12' } });
  });

  describe('with a licence for paid updates', () => {
    const judgeEsu = (esu: string | undefined, at: string, platform = '19045.6456') => {
      const os = { ...goodFacts.os, family: 'windows', id: 'windows', name: 'Windows 10 Pro', build: platform };
      const build = { number: 19045, revision: 6456, ...(esu === undefined ? {} : { esu }) };
      const collectedAt = `${at}T00:00:00Z`;
      const sections = {
        os: section('os', { ...os, version: '22H2', edition: 'Professional' }, { collectedAt }),
        patches: section('patches', { ...goodFacts.patches, build }, { collectedAt }),
      };
      return judge('os-supported', input(sections, { now: new Date(`${at}T12:00:00Z`) }));
    };
    const paidUntil = osSupport.find(({ build }) => build === 19045)!.paidUntil!;
    const before = (days: number) => new Date(Date.parse(paidUntil) - days * 86_400_000).toISOString().slice(0, 10);

    test.each([
      ['licensed', 'met', 'info', 'os-supported-paid'],
      ['not-licensed', 'not-met', 'critical', 'os-ended-paid-updates'],
      ['unknown', 'not-met', 'critical', 'os-ended-paid-updates'],
      [undefined, 'not-met', 'critical', 'os-ended-paid-updates'],
    ])('%s: %s %s', (esu, verdict, severity, reason) => {
      expect(judgeEsu(esu, '2026-11-24')).toMatchObject({ verdict, severity, reason });
    });

    test.each([
      [181, 'met', 'os-supported-paid'],
      [180, 'not-met', 'os-ends-soon'],
      [0, 'not-met', 'os-ends-soon'],
      [-1, 'not-met', 'os-ended'],
    ])('%i days before the end of the paid ones: %s', (days, verdict, reason) => {
      expect(judgeEsu('licensed', before(days))).toMatchObject({ verdict, reason });
    });

    test('says so with the licence as evidence', () => {
      const found = judgeEsu('licensed', '2026-11-24');
      expect(found?.de).toContain('erhält auf diesem Gerät kostenpflichtige Sicherheitsaktualisierungen (ESU)');
      expect(found?.evidence).toContainEqual({ section: 'patches', path: 'build.esu', value: 'licensed' });
    });

    test('helps no system that is not Windows', () => {
      const patches = section('patches', { ...goodFacts.patches, build: { number: 1, revision: 1, esu: 'licensed' } });
      const os = section('os', { ...goodFacts.os, version: '10' });
      expect(judge('os-supported', input({ os, patches }))).toMatchObject({ reason: 'os-ended-paid-updates' });
    });
  });

  test('build and release that contradict each other are unknown', () => {
    expect(windows('26200', 'Professional', '25H2')).toMatchObject({ verdict: 'met' });
    expect(windows('26200', 'Professional', '22H2')).toMatchObject({ verdict: 'unknown', reason: 'os-unknown' });
  });
});

describe('words', () => {
  test('name system, day and what is not known', () => {
    expect(judgeOs(debian('10'))).toMatchObject({
      de: 'Für Debian 10 gibt es seit dem 30.06.2024 keine allgemeinen Sicherheitsaktualisierungen mehr, nur noch kostenpflichtige bis 30.06.2029; ob dieses Gerät sie erhält, ist nicht bekannt.',
      en: 'There have been no general security updates for Debian 10 since 30 June 2024, only paid ones until 30 June 2029; whether this device gets them is not known.',
      values: { os: 'Debian 10', until: '2024-06-30', daysLeft: -877 },
    });
    expect(judgeOs(debian('13'), '2030-06-29')?.de).toContain('(noch 1 Tag)');
    expect(judgeOs(debian('13'), '2030-06-30')?.de).toContain('(noch 0 Tage)');
  });

  test('the evidence is what the system said of itself', () => {
    expect(judgeOs(debian('13'))?.evidence).toEqual([
      { section: 'os', path: 'id', value: 'debian' },
      { section: 'os', path: 'version', value: '13' },
    ]);
  });
});

describe('the table', () => {
  test('each day is a real one, and the phases follow each other', () => {
    for (const { regularUntil, ltsUntil, paidUntil, asOf } of osSupport) {
      const days = [regularUntil, ltsUntil, paidUntil].filter((value) => value !== undefined);
      for (const value of [...days, asOf])
        expect(new Date(`${value}T00:00:00Z`).toISOString().slice(0, 10)).toBe(value);
      expect(days).toEqual(days.toSorted());
    }
  });

  test('Windows ends on second Tuesdays only', () => {
    const days = osSupport
      .filter(({ os }) => os === 'windows')
      .flatMap((row) => [row.regularUntil, row.paidUntil ?? []].flat());
    expect(days.length).toBeGreaterThan(20);
    for (const value of days) {
      const date = new Date(`${value}T00:00:00Z`);
      expect([value, date.getUTCDay()]).toEqual([value, 2]);
      expect(date.getUTCDate()).toBeGreaterThanOrEqual(8);
      expect(date.getUTCDate()).toBeLessThanOrEqual(14);
    }
  });

  test('holds the editions of one Windows build in rising order of their end', () => {
    for (const build of new Set(osSupport.map((row) => row.build).filter((value) => value !== undefined))) {
      const ends = osSupport.filter((row) => row.build === build).map(({ regularUntil }) => regularUntil);
      expect(ends).toEqual(ends.toSorted());
    }
  });

  test('names each release once per channel', () => {
    const keys = osSupport.map(({ os, version, build, channel }) => [os, version, build, channel].join(' '));
    expect(new Set(keys).size).toBe(keys.length);
  });
});
