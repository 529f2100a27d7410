import { expect, test } from 'vitest';
import type { FactsOf } from '../../../agent/contract/facts/index.ts';
import { defaultBackupPolicy, defaultThresholds, type Thresholds } from '../../../agent/contract/policy.ts';
import { verdict as verdictSchema } from '../../../agent/contract/report.ts';
import { evaluateRules, explain, overallState, type RuleInput } from '../../../agent/rules/rule.ts';
import { fc, tries } from '../../fixtures/properties.ts';
import { day, earlier, goodFacts, hour, now, usable } from './input.ts';

/** Anything that could stand where a value should: mostly wrong, now and then right. */
const strangeNumber = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 0.5, 1e300, 2 ** 53, 3, 10, 1000);
const strange = fc.oneof(
  // As a number infinite, and not "NaN": a drive of that name is no mistake of the words around it.
  fc.constantFrom<unknown>(undefined, null, '', '1e999', [], {}, true),
  strangeNumber,
  fc.string(),
);
const orStrange = <T>(right: T) =>
  fc.oneof({ weight: 8, arbitrary: fc.constant<unknown>(right) }, { weight: 1, arbitrary: strange });
const either = <T>(good: T, ...others: unknown[]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<unknown>(good) },
    { weight: 2, arbitrary: fc.constantFrom(...others) },
    { weight: 1, arbitrary: strange },
  );

const volume = fc.record({
  mountPoint: either('/', '/home', '\u202E\n'),
  fileSystem: orStrange('ext4'),
  sizeBytes: either(1000, 0, 1),
  freeBytes: either(500, 30, 29, 99, 100, 1001),
  readOnly: either(false, true),
  system: orStrange(true),
  remote: either(false, true),
});
const dataOf: Record<string, fc.Arbitrary<unknown>> = {
  storage: fc.record({
    disks: orStrange([]),
    volumes: fc.oneof({ weight: 9, arbitrary: fc.array(volume, { maxLength: 3 }) }, { weight: 1, arbitrary: strange }),
  }),
  os: fc.record({
    family: orStrange('linux'),
    id: either('debian', 'ubuntu', 'windows'),
    name: orStrange('Debian'),
    version: either('13', '10', '12', '24.04'),
    kernel: orStrange('6'),
    architecture: orStrange('x86_64'),
    build: fc.constantFrom('26100', '19045.1'),
  }),
  agent: fc.record({
    ...Object.fromEntries(Object.entries(goodFacts.agent).map(([name, value]) => [name, orStrange<unknown>(value)])),
    privileged: either(true, false),
    queue: fc.record({
      waiting: either(0, 1),
      refused: either(0, 1),
      aside: either(undefined, 1),
      oldestAt: either(earlier(hour), earlier(3 * day), earlier(-day)),
    }),
  }),
};
const sectionOf = (id: string) =>
  fc.record({
    id: fc.constant(id),
    state: either('complete', 'partial', 'missing'),
    collectedAt: either(earlier(hour), earlier(4 * day), earlier(-day), '+275760-09-13T00:00:00.001Z'),
    data: fc.oneof({ weight: 9, arbitrary: dataOf[id] ?? strange }, { weight: 1, arbitrary: strange }),
    problems: either([], [{ code: 'bug', detail: 'x' }], [{ code: 'not-present', detail: 'x' }], 'text'),
  });
const maybe = (id: string) => fc.option(sectionOf(id), { freq: 8, nil: undefined });
const inputs = fc
  .record({
    sections: fc.record({ storage: maybe('storage'), os: maybe('os'), agent: maybe('agent'), usb: maybe('usb') }),
    thresholds: fc.record(
      Object.fromEntries(
        Object.entries(defaultThresholds).map(([name, value]) => [
          name,
          fc.oneof({ weight: 12, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: strangeNumber }),
        ]),
      ),
    ),
    now: fc.oneof(
      { weight: 12, arbitrary: fc.constant(now) },
      { weight: 1, arbitrary: fc.constantFrom(new Date(Number.NaN), new Date(8.64e15), new Date(-8.64e15)) },
    ),
    clockOffsetSeconds: fc.oneof(fc.constantFrom(undefined, 0, -1, 119, 120, 4000), strangeNumber),
    deviceState: fc.constantFrom(undefined, 'active', 'pending', 'quarantined', 'retired'),
    heard: fc.option(
      fc.record({
        lastAt: fc.constantFrom(
          undefined,
          now,
          new Date(earlier(5 * day)),
          new Date(earlier(-day)),
          new Date(Number.NaN),
        ),
      }),
      { nil: undefined },
    ),
  })
  .map(
    ({ sections, ...rest }) =>
      ({
        ...rest,
        backup: defaultBackupPolicy,
        sections: new Map(Object.entries(sections).filter(([, value]) => value !== undefined)),
      }) as unknown as RuleInput,
  );

const lastDays: ReadonlyMap<string, string> = new Map([
  ['debian 10', '2024-06-30'],
  ['debian 12', '2028-06-30'],
  ['debian 13', '2030-06-30'],
  ['ubuntu 24.04', '2029-05-31'],
]);

/** What must hold before a rule may say "met", written without the rules: facts as plain values, nothing shared. */
const oracle: Readonly<Record<string, (by: RuleInput) => boolean>> = {
  'storage-free': (by) => {
    const section = usable(by, 'storage');
    if (section === undefined) return false;
    const limits = [by.thresholds.storageFreeWarningPercent, by.thresholds.storageFreeCriticalPercent];
    const { volumes } = section.data as FactsOf<'storage'>;
    const judged = volumes.filter((each) => each.readOnly === false && each.remote === false);
    const answered = section.problems.length > 0 && section.problems.every(({ code }) => code === 'not-present');
    return (
      (section.state === 'complete' || answered) &&
      judged.length > 0 &&
      judged.every(
        ({ freeBytes, sizeBytes }) =>
          freeBytes <= sizeBytes && limits.every((limit) => (freeBytes / sizeBytes) * 100 >= limit - 1e-9),
      )
    );
  },
  'os-supported': (by) => {
    const data = usable(by, 'os')?.data as FactsOf<'os'> | undefined;
    const time = by.now.getTime() - (by.heard !== undefined ? 0 : (by.clockOffsetSeconds ?? 0) * 1000);
    const last = lastDays.get(`${data?.id} ${data?.version}`);
    return last !== undefined && (Date.parse(last) - time) / day >= by.thresholds.osSupportWarningDays;
  },
  'clock-correct': ({ clockOffsetSeconds: offset, thresholds }) =>
    offset !== undefined &&
    Math.abs(offset) < thresholds.clockWarningSeconds &&
    Math.abs(offset) < thresholds.clockCriticalSeconds,
  'agent-healthy': (by) => {
    const section = usable(by, 'agent');
    if (section === undefined) return false;
    const { queue, privileged, settingsProblems, refusedWords, policyExpiresAt } = section.data as FactsOf<'agent'>;
    const time = by.now.getTime() - (by.heard !== undefined ? 0 : (by.clockOffsetSeconds ?? 0) * 1000);
    const waited = Date.parse(section.collectedAt) - Date.parse(queue.oldestAt ?? '');
    return (
      privileged === true &&
      queue.refused === 0 &&
      (queue.aside ?? 0) === 0 &&
      (queue.waiting === 0 || (waited >= -300_000 && waited <= day)) &&
      settingsProblems.length === 0 &&
      (refusedWords ?? []).length === 0 &&
      (policyExpiresAt === undefined || Date.parse(policyExpiresAt) > time) &&
      [...by.sections.values()].every(
        ({ problems }) => Array.isArray(problems) && problems.every(({ code }) => code !== 'bug'),
      )
    );
  },
  'device-trusted': ({ deviceState, now: at }) => deviceState === 'active' && !Number.isNaN(at.getTime()),
  'device-heard': ({ heard, now: at, thresholds }) => {
    const hours = (at.getTime() - (heard?.lastAt?.getTime() ?? Number.NaN)) / hour;
    return hours >= -1 / 12 && hours <= thresholds.silentWarningHours && hours <= thresholds.silentCriticalHours;
  },
};

test('whatever comes in: no throw, a verdict the contract allows, and "met" only where the facts say so', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(inputs, (by) => {
      for (const found of evaluateRules(by)) {
        verdictSchema.parse(found);
        seen.add(`${found.ruleId} ${found.verdict}`);
        if (found.verdict === 'met') expect(oracle[found.ruleId]?.(by), found.ruleId).toBe(true);
        const { title, explanation } = explain(found);
        for (const text of [title.de, title.en, explanation.de, explanation.en]) {
          expect(text).not.toContain('Diese Fassung kennt');
          expect(text).not.toMatch(/undefined|NaN|Infinity|∞|\[object|Invalid|\p{Cc}|\p{Cf}/u);
        }
      }
    }),
    { numRuns: tries(3000) },
  );
  // The search is worth something only if it reached each verdict of each rule.
  for (const rule of Object.keys(oracle)) {
    const kinds = ['met', 'not-met', 'unknown'].filter((kind) => seen.has(`${rule} ${kind}`));
    expect([rule, ...kinds]).toEqual([rule, 'met', 'not-met', 'unknown']);
  }
});

test('whatever a verdict from elsewhere holds, its words are words', () => {
  const values = fc.dictionary(
    fc.constantFrom(
      'mountPoint',
      'freePercent',
      'freeBytes',
      'offsetSeconds',
      'until',
      'os',
      'section',
      'code',
      'count',
      '__proto__',
    ),
    fc.oneof(
      strangeNumber,
      fc.double(),
      fc.constantFrom('2026-13-45', '2026-02-30', '\u202E', '0000-00-00', '__proto__', 'constructor'),
    ),
  );
  const reasons = [
    'storage-full',
    'os-ended',
    'clock-ahead',
    'facts-missing',
    'facts-stale',
    'settings-ignored',
    'constructor',
    'new-one',
  ];
  const ruleIds = ['storage-free', 'os-supported', 'clock-correct', 'agent-healthy', 'constructor', 'a-newer-rule'];
  fc.assert(
    fc.property(fc.constantFrom(...ruleIds), fc.constantFrom(...reasons), values, (ruleId, reason, filled) => {
      const { explanation } = explain({
        ruleId,
        reason,
        values: filled,
        verdict: 'unknown',
        severity: 'info',
        evidence: [],
      });
      expect(explanation.de + explanation.en).not.toMatch(
        /undefined|NaN|Infinity|∞|\[object|Invalid|function|\p{Cc}|\p{Cf}/u,
      );
    }),
    { numRuns: tries(2000) },
  );
});

test('thresholds that are all nonsense leave nothing green', () => {
  const names = Object.keys(defaultThresholds);
  const nonsense = Object.fromEntries(names.map((name) => [name, Number.NaN])) as Thresholds;
  const sections = new Map(
    Object.entries(goodFacts).map(([id, data]) => [
      id,
      { id, state: 'complete' as const, collectedAt: earlier(hour), data, problems: [] },
    ]),
  );
  const verdicts = evaluateRules({
    sections,
    thresholds: nonsense,
    backup: {
      ...defaultBackupPolicy,
      warningHours: Number.NaN,
      criticalHours: Number.NaN,
      oldestDays: Number.NaN,
      restoreTestDays: Number.NaN,
    },
    now,
    clockOffsetSeconds: 0,
    heard: { lastAt: now },
  });
  // These have no limits: what they judge is on or off.
  expect(verdicts.filter(({ verdict }) => verdict === 'met').map(({ ruleId }) => ruleId)).toEqual([
    'access-control-active',
    'accounts-administrators',
    'agent-healthy',
    'backup-target',
    'disk-encrypted',
    'firewall-active',
    'logon-required',
    'remote-access',
    'secure-boot',
    'update-source-secure',
  ]);
  expect(overallState(verdicts)).toBe('unknown');
});
