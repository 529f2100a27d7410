/** The rules about backups: each reason once, at its limits, and nothing missing or contradicting ends in "met". */
import { describe, expect, test } from 'vitest';
import type { BackupFacts } from '../../../agent/contract/facts/backup.ts';
import { backupReasons, jobStates, productKinds, targetKinds } from '../../../agent/contract/facts/backup.ts';
import { type BackupPolicy, defaultBackupPolicy } from '../../../agent/contract/policy.ts';
import { verdict as verdictSchema } from '../../../agent/contract/report.ts';
import { evaluateRules, explain, type RuleInput } from '../../../agent/rules/rule.ts';
import { fc, tries } from '../../fixtures/properties.ts';
import {
  backupJob,
  backupProduct,
  day,
  dayBefore,
  earlier,
  goodBackup,
  hour,
  input,
  type Job,
  judge,
  now,
  type Product,
  restoreTest,
  section,
} from './input.ts';

const success = (
  hours: number,
  change: Partial<NonNullable<Job['lastSuccess']>> = {},
): NonNullable<Job['lastSuccess']> => ({
  endedAt: earlier(hours * hour),
  result: 'success',
  evidence: { kind: 1, source: 'record' },
  ...change,
});
const policy = (change: Partial<BackupPolicy>): Partial<RuleInput> => ({
  backup: { ...defaultBackupPolicy, ...change },
});
const withFacts = (facts: Partial<BackupFacts>, change: Partial<RuleInput> = {}): RuleInput =>
  input({ backup: section('backup', { ...goodBackup, ...facts }) }, change);
const withProducts = (products: Product[], change: Partial<RuleInput> = {}) => withFacts({ products }, change);
const withJob = (job: Partial<Job>, change: Partial<RuleInput> = {}) =>
  withProducts([backupProduct({ jobs: [backupJob(job)] })], change);
/** Without its key: `undefined` is no JSON. */
const without = (key: keyof Job, job: Partial<Job> = {}): Job => {
  const { [key]: _gone, ...rest } = backupJob(job);
  return rest as Job;
};
const withoutSuccess = (job: Partial<Job>, change: Partial<RuleInput> = {}) =>
  withProducts([backupProduct({ jobs: [without('lastSuccess', { recentRuns: [], ...job })] })], change);

describe('the age of the last success', () => {
  test.each([
    ['at the limit', 72, 3, 'met', 'backup-fresh'],
    ['one hour over it', 73, 4, 'not-met', 'backup-overdue'],
    ['critical at its limit plus one', 169, 8, 'not-met', 'backup-overdue'],
    ['a little in the future, as clocks go', -0.05, 0, 'met', 'backup-fresh'],
    ['in the future', -1, 0, 'unknown', 'backup-times-impossible'],
  ])('%s', (_name, hours, onDaysSinceSuccess, verdict, reason) => {
    const by = withJob({ lastSuccess: success(hours), onDaysSinceSuccess });
    expect(judge('backup-recent', by)).toMatchObject({ verdict, reason });
  });
  test('five weeks are critical, and the sentence says so', () => {
    const found = judge('backup-recent', withJob({ lastSuccess: success(36 * 24), onDaysSinceSuccess: 36 }));
    expect(found).toMatchObject({ verdict: 'not-met', severity: 'critical', reason: 'backup-overdue' });
    expect(found?.de).toBe(
      'Die Sicherung „Dokumente“ (restic) ist eingerichtet, aber die letzte erfolgreiche ist 36 Tage alt (vom 19.10.2026).',
    );
  });
  test.each([72, 168])('severity changes behind %s hours', (limit) => {
    const before = judge('backup-recent', withJob({ lastSuccess: success(limit), onDaysSinceSuccess: 99 }));
    const after = judge('backup-recent', withJob({ lastSuccess: success(limit + 1), onDaysSinceSuccess: 99 }));
    expect([before?.verdict, before?.severity]).not.toEqual([after?.verdict, after?.severity]);
  });
  test('a PC that was off for three weeks missed nothing', () => {
    const by = withJob({ lastSuccess: success(21 * 24), onDaysSinceSuccess: 1 });
    expect(judge('backup-recent', by)).toMatchObject({ verdict: 'met', reason: 'backup-fresh-by-use' });
  });
  test('but no backup is older than the policy allows at all', () => {
    const by = withJob({ lastSuccess: success(61 * 24), onDaysSinceSuccess: 1 });
    expect(judge('backup-recent', by)).toMatchObject({ verdict: 'not-met', severity: 'warning' });
  });
  test('days after the facts were collected count as on', () => {
    const collectedAt = earlier(2 * day);
    const at = (onDaysSinceSuccess: number) =>
      judge(
        'backup-recent',
        input({
          backup: section(
            'backup',
            {
              ...goodBackup,
              products: [backupProduct({ jobs: [backupJob({ lastSuccess: success(240), onDaysSinceSuccess })] })],
            },
            { collectedAt },
          ),
        }),
      );
    expect(at(1)).toMatchObject({ verdict: 'met' });
    expect(at(2)).toMatchObject({ verdict: 'not-met' });
  });
  test('without a count of days every day counts as on', () => {
    const by = withProducts([backupProduct({ jobs: [without('onDaysSinceSuccess', { lastSuccess: success(240) })] })]);
    expect(judge('backup-recent', by)).toMatchObject({ verdict: 'not-met', severity: 'critical' });
  });
});

describe('warnings', () => {
  const warned = { lastSuccess: success(10, { result: 'warning' }), state: 'warning' as const, recentRuns: [] };
  test('count by default and are named', () => {
    expect(judge('backup-recent', withJob(warned))).toMatchObject({
      verdict: 'met',
      reason: 'backup-fresh-with-warnings',
    });
  });
  test('do not count where the policy says so', () => {
    expect(judge('backup-recent', withJob(warned, policy({ warningsCount: false })))).toMatchObject({
      verdict: 'not-met',
      reason: 'backup-only-warnings',
    });
  });
  test('then an older clean run does, by its own age', () => {
    const clean = { endedAt: earlier(80 * hour), result: 'success' as const, evidence: { kind: 1, source: 'x' } };
    const by = withJob({ ...warned, recentRuns: [clean] }, policy({ warningsCount: false }));
    expect(judge('backup-recent', by)).toMatchObject({ verdict: 'not-met', reason: 'backup-overdue' });
    const fresh = withJob(
      { ...warned, recentRuns: [{ ...clean, endedAt: earlier(20 * hour) }] },
      policy({ warningsCount: false }),
    );
    expect(judge('backup-recent', fresh)).toMatchObject({ verdict: 'met', reason: 'backup-fresh' });
  });
  test('but not a clean run that put nothing into safety', () => {
    const cached = {
      endedAt: earlier(5 * hour),
      result: 'success' as const,
      provesNothing: true as const,
      evidence: { kind: 1, source: 'x' },
    };
    const by = withJob({ ...warned, recentRuns: [cached] }, policy({ warningsCount: false }));
    expect(judge('backup-recent', by)).toMatchObject({ verdict: 'not-met', reason: 'backup-only-warnings' });
  });
});

describe('a run at work', () => {
  const running = { startedAt: earlier(hour), result: 'running' as const, evidence: { kind: 1, source: 'x' } };
  const ended = (result: 'failed' | 'cancelled' | 'unknown') => ({ ...running, endedAt: earlier(9 * hour), result });
  test.each([
    ['failed', withJob, 'not-met', 'backup-last-failed'],
    ['failed', withoutSuccess, 'not-met', 'backup-only-failed'],
    ['cancelled', withoutSuccess, 'not-met', 'backup-only-failed'],
    ['unknown', withJob, 'unknown', 'backup-unreadable'],
  ] as const)('keeps the verdict of the one before: %s', (before, by, verdict, reason) => {
    const job = { state: 'running' as const, lastRun: running, recentRuns: [running, ended(before)] };
    expect(judge('backup-recent', by(job))).toMatchObject({ verdict, reason });
  });
});

describe('what a job does', () => {
  test.each([
    ['failed', withJob({ state: 'failed' }), 'not-met', 'info', 'backup-last-failed'],
    [
      'fails and is old',
      withJob({ state: 'failed', lastSuccess: success(100), onDaysSinceSuccess: 5 }),
      'not-met',
      'warning',
      'backup-failing',
    ],
    ['never succeeded', withoutSuccess({ state: 'failed' }), 'not-met', 'critical', 'backup-only-failed'],
    [
      'was cancelled and never succeeded',
      withoutSuccess({ state: 'cancelled' }),
      'not-met',
      'critical',
      'backup-only-failed',
    ],
    ['never ran', withoutSuccess({ state: 'never' }), 'not-met', 'critical', 'backup-never'],
    ['runs for the first time', withoutSuccess({ state: 'running' }), 'unknown', 'warning', 'backup-first-run'],
    ['runs again: the verdict before stays', withJob({ state: 'running' }), 'met', 'info', 'backup-fresh'],
    [
      'runs while the last success is old',
      withJob({ state: 'running', lastSuccess: success(100), onDaysSinceSuccess: 5 }),
      'not-met',
      'warning',
      'backup-overdue',
    ],
    [
      'hangs',
      withJob({
        state: 'running',
        lastRun: { startedAt: earlier(25 * hour), result: 'running', evidence: { kind: 1, source: 'x' } },
      }),
      'not-met',
      'warning',
      'backup-hangs',
    ],
    ['has too short a log', withoutSuccess({ state: 'log-too-short' }), 'unknown', 'warning', 'backup-log-too-short'],
    ['cannot be read', withoutSuccess({ state: 'unknown' }), 'unknown', 'warning', 'backup-unreadable'],
    ['went into a cache only', withoutSuccess({ state: 'success' }), 'unknown', 'warning', 'backup-proves-nothing'],
    [
      'is known from the scheduler only',
      withJob({ lastSuccess: success(5, { evidence: { kind: 4, source: 'systemd' } }) }),
      'unknown',
      'warning',
      'backup-weak-evidence',
    ],
    ['stands in a profile', withJob({ writableBy: 'user' }), 'unknown', 'warning', 'backup-stated-by-user'],
    [
      'holds impossible times',
      withJob({ reasons: ['time-in-future'] }),
      'unknown',
      'warning',
      'backup-times-impossible',
    ],
    [
      'is one of two, the other stale',
      withProducts([
        backupProduct({
          jobs: [backupJob(), backupJob({ id: 'z', lastSuccess: success(200), onDaysSinceSuccess: 9 })],
        }),
      ]),
      'not-met',
      'critical',
      'backup-overdue',
    ],
    [
      'is one of two, the other unknown',
      withProducts([
        backupProduct({ jobs: [backupJob(), without('lastSuccess', { id: 'z', state: 'unknown', recentRuns: [] })] }),
      ]),
      'unknown',
      'warning',
      'backup-unreadable',
    ],
    [
      'is one of two, the other switched off',
      withProducts([
        backupProduct({ jobs: [backupJob(), backupJob({ id: 'z', enabled: false, lastSuccess: success(900) })] }),
      ]),
      'met',
      'info',
      'backup-fresh',
    ],
  ])('%s', (_name, by, verdict, severity, reason) => {
    expect(judge('backup-recent', by)).toMatchObject({ verdict, severity, reason });
  });
  test('a failure on Windows names the shadow copy where its writers failed', () => {
    const failedWriters = [{ id: 'e8132975-6f93-4464-a53e-1050253ae220', state: 9 }];
    const by = withFacts({ products: [backupProduct({ jobs: [backupJob({ state: 'failed' })] })], failedWriters });
    expect(judge('backup-recent', by)?.de).toContain('Schattenkopie');
    const healthy = withFacts({ ...goodBackup, failedWriters });
    expect(judge('backup-recent', healthy)?.de).not.toContain('Schattenkopie');
  });
});

describe('what products there are', () => {
  const none = { jobs: [], reasons: [] } satisfies Partial<Product>;
  test.each([
    ['none', [], 'not-met', 'backup-none'],
    ['one that was removed', [backupProduct({ ...none, installed: false })], 'not-met', 'backup-removed'],
    ['one that was removed with fresh records', [backupProduct({ installed: false })], 'not-met', 'backup-removed'],
    [
      'file synchronisation',
      [backupProduct({ kind: 'file-sync', name: 'OneDrive' })],
      'not-met',
      'backup-lookalike-only',
    ],
    [
      'system restore',
      [backupProduct({ kind: 'system-restore', name: 'Timeshift' })],
      'not-met',
      'backup-lookalike-only',
    ],
    ['a hint', [backupProduct({ kind: 'hint', name: 'cron' })], 'unknown', 'backup-hint-only'],
    ['one without a job', [backupProduct(none)], 'not-met', 'backup-no-job'],
    [
      'one that could not be read',
      [backupProduct({ jobs: [], reasons: ['schema-unknown'] })],
      'unknown',
      'backup-unreadable',
    ],
    ['one whose server knows', [backupProduct({ ...none, answers: 'server' })], 'unknown', 'backup-result-on-server'],
    ['one that keeps no record', [backupProduct({ ...none, answers: 'nowhere' })], 'unknown', 'backup-result-nowhere'],
    [
      'one whose jobs are all switched off',
      [backupProduct({ jobs: [backupJob({ enabled: false })] })],
      'not-met',
      'backup-disabled',
    ],
    [
      'a good one beside an empty one',
      [backupProduct(), backupProduct({ ...none, id: 'veeam' })],
      'met',
      'backup-fresh',
    ],
  ] as const)('%s', (_name, products, verdict, reason) => {
    expect(judge('backup-recent', withProducts([...products]))).toMatchObject({ verdict, reason });
  });
  test('one that answers nobody is not named for another that keeps no record', () => {
    const found = judge(
      'backup-recent',
      withProducts([
        backupProduct({ ...none, id: 'borg', name: 'Borg', reasons: ['needs-credentials'] }),
        backupProduct({ jobs: [backupJob({ enabled: false })] }),
      ]),
    );
    expect(found).toMatchObject({ verdict: 'unknown', reason: 'backup-unreadable', values: { products: 'Borg' } });
  });
  test('only the expected ones count', () => {
    expect(
      judge('backup-recent', withProducts([backupProduct()], policy({ expectedProducts: ['restic'] }))),
    ).toMatchObject({ verdict: 'met' });
    const other = judge(
      'backup-recent',
      withProducts([backupProduct()], policy({ expectedProducts: ['veeam-windows'] })),
    );
    expect(other).toMatchObject({ verdict: 'not-met', severity: 'critical', reason: 'backup-product-missing' });
    expect(other?.de).toContain('Installiert ist stattdessen restic');
  });
  test.each([
    ['with a healthy job', [backupProduct()]],
    ['with nothing found', []],
  ])('a gap in the section is no proof, %s', (_name, products) => {
    const problems = [{ code: 'denied' as const, detail: 'veeam' }];
    const by = input({ backup: section('backup', { ...goodBackup, products }, { state: 'partial', problems }) });
    expect(judge('backup-recent', by)).toMatchObject({ verdict: 'unknown', reason: 'backup-partly-read' });
  });
});

describe('a declaration', () => {
  const declared = (reviewOn: string, kind: 'no-local-data' | 'backed-up-elsewhere' = 'no-local-data') =>
    policy({ declaration: { kind, owner: 'Hauptamt', reviewOn, where: 'srv-01' } });
  test('stands in the place of a proof until its review, and is never green', () => {
    const by = withProducts([], declared(dayBefore(-30)));
    expect(judge('backup-recent', by)).toMatchObject({ verdict: 'exempt', reason: 'declared-no-local-data' });
    expect(judge('backup-recent', by)?.de).toContain('Nach Erklärung von Hauptamt');
    expect(judge('backup-target', by)).toBeUndefined();
    expect(judge('backup-restore-tested', by)).toBeUndefined();
  });
  test('of a backup elsewhere says where', () => {
    expect(judge('backup-recent', withProducts([], declared(dayBefore(0), 'backed-up-elsewhere')))?.de).toContain(
      '(srv-01)',
    );
  });
  test.each([dayBefore(1), dayBefore(400), '', 'irgendwann'])(
    'that was to be reviewed on %j counts no more',
    (reviewOn) => {
      expect(judge('backup-recent', withFacts({}, declared(reviewOn)))).toMatchObject({
        verdict: 'not-met',
        reason: 'declaration-overdue',
      });
    },
  );
});

describe('the word of a backup server', () => {
  const says = (newestHours: number, saidHours = 1): Partial<RuleInput> => ({
    targetEvidence: [
      {
        source: 'sicherung-1',
        newestAt: new Date(earlier(newestHours * hour)),
        receivedAt: new Date(earlier(saidHours * hour)),
      },
    ],
  });
  const server = [backupProduct({ jobs: [], answers: 'server' })];
  test('proves what the device cannot know', () => {
    expect(judge('backup-recent', withProducts(server, says(10)))).toMatchObject({
      verdict: 'met',
      reason: 'backup-proven-by-target',
    });
    expect(judge('backup-recent', withJob({ writableBy: 'user' }, says(10)))).toMatchObject({ verdict: 'met' });
    expect(judge('backup-recent', input({ backup: undefined }, says(10)))).toMatchObject({ verdict: 'met' });
  });
  test.each([
    ['an old restore point', says(100)],
    ['a restore point of the future', says(-2)],
    ['words of four days ago', says(10, 96)],
    ['words of tomorrow', says(10, -24)],
    ['a time that is none', { targetEvidence: [{ source: 'x', newestAt: new Date(Number.NaN), receivedAt: now }] }],
  ])('%s proves nothing', (_name, change) => {
    expect(judge('backup-recent', withProducts(server, change))).toMatchObject({ verdict: 'unknown' });
  });
  test('does not make up for a device that reports a failure', () => {
    expect(judge('backup-recent', withoutSuccess({ state: 'failed' }, says(1)))).toMatchObject({ verdict: 'not-met' });
  });
  test.each([
    ['agrees', 12, 10, 'met', 'sides-agree'],
    ['lacks what the PC claims', 47, 10, 'not-met', 'target-lacks-backup'],
    ['is within a day and a half', 45, 10, 'met', 'sides-agree'],
    ['knows more than the PC', 10, 47, 'not-met', 'device-behind-target'],
  ])('%s', (_name, target, local, verdict, reason) => {
    expect(judge('backup-two-sided', withJob({ lastSuccess: success(local) }, says(target)))).toMatchObject({
      verdict,
      reason,
    });
  });
  test('a PC that knows of no success has nothing to compare, and can be green by the word of the target', () => {
    expect(judge('backup-two-sided', withoutSuccess({ state: 'unknown' }, says(10)))).toBeUndefined();
    expect(judge('backup-two-sided', withProducts(server, says(10)))).toBeUndefined();
  });
  test('without any there is nothing to compare', () => {
    expect(judge('backup-two-sided', withFacts({}))).toBeUndefined();
  });
});

describe('the target', () => {
  test.each(targetKinds)('%s', (kind) => {
    const verdict = { 'local-disk': 'not-met', unknown: 'unknown' }[kind as string] ?? 'met';
    expect(judge('backup-target', withJob({ targets: [{ kind }] }))).toMatchObject({ verdict });
  });
  test('what a user can write, or what never succeeded, does not say that anything lies there', () => {
    const targets = [{ kind: 'share' as const }];
    expect(judge('backup-target', withJob({ targets, writableBy: 'user' }))).toMatchObject({
      verdict: 'unknown',
      reason: 'target-stated-by-user',
    });
    expect(judge('backup-target', withoutSuccess({ targets, state: 'failed' }))).toMatchObject({
      verdict: 'unknown',
      reason: 'target-not-reached',
    });
  });
  test('a second target elsewhere is enough', () => {
    expect(judge('backup-target', withJob({ targets: [{ kind: 'local-disk' }, { kind: 'share' }] }))).toMatchObject({
      verdict: 'met',
    });
  });
  test('a job that is switched off does not count', () => {
    const jobs = [backupJob({ targets: [{ kind: 'local-disk' }] }), backupJob({ id: 'z', enabled: false })];
    expect(judge('backup-target', withProducts([backupProduct({ jobs })]))).toMatchObject({ verdict: 'not-met' });
  });
});

describe('the restore test', () => {
  const on = (days: number, change = {}) => restoreTest({ at: earlier(days * day), ...change });
  test.each([
    ['at its limit', [on(365)], 'met', 'restore-tested'],
    ['a day too old', [on(366)], 'not-met', 'restore-test-due'],
    ['none', [], 'not-met', 'restore-never-tested'],
    ['the newest failed', [on(1, { result: 'different', different: 2 }), on(20)], 'not-met', 'restore-test-failed'],
    ['the newest is good again', [on(1), on(20, { result: 'failed' })], 'met', 'restore-tested'],
    ['of no file at all', [on(1, { files: 0 })], 'not-met', 'restore-test-failed'],
    ['of tomorrow', [on(-1)], 'unknown', 'restore-test-from-future'],
  ])('%s', (_name, restoreTests, verdict, reason) => {
    expect(judge('backup-restore-tested', withFacts({ restoreTests }))).toMatchObject({ verdict, reason });
  });
  test('entered by staff counts without the device', () => {
    expect(judge('backup-restore-tested', input({ backup: undefined }, { restoreTests: [on(2)] }))).toMatchObject({
      verdict: 'met',
    });
  });
});

describe('whatever is missing or contradicts', () => {
  const often = <T>(good: T, others: readonly T[]) =>
    fc.oneof({ weight: 6, arbitrary: fc.constant(good) }, { weight: 2, arbitrary: fc.constantFrom(...others) });
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 5 });
  const times = often(earlier(10 * hour), [
    earlier(100 * hour),
    earlier(900 * hour),
    earlier(-day),
    '2026-02-30T00:00:00Z',
    'x',
  ]);
  const record = fc.record({ kind: often(1, [2, 3, 4, 5, 6, 0, 7]), source: fc.constant('x') });
  const run = fc.record({
    startedAt: maybe(times),
    endedAt: maybe(times),
    result: fc.constantFrom('success', 'warning', 'failed', 'running', 'cancelled', 'unknown', 'gut'),
    provesNothing: often<true | undefined>(undefined, [true]),
    evidence: record,
  });
  const job = fc
    .record({
      id: fc.constant('a'),
      name: fc.constant('A'),
      writableBy: often('administrator', ['user', 'x']),
      enabled: maybe(often(true, [false])),
      targets: fc.array(fc.record({ kind: fc.constantFrom(...targetKinds) }), { maxLength: 2 }),
      state: often<string>('success', [...jobStates]),
      lastRun: maybe(run),
      lastSuccess: maybe(
        fc.record({ endedAt: times, result: often('success', ['warning', 'failed']), evidence: record }),
      ),
      onDaysSinceSuccess: maybe(often(1, [0, 5, 40, -1, Number.NaN])),
      recentRuns: fc.array(run, { maxLength: 2 }),
      reasons: fc.array(fc.constantFrom(...backupReasons), { maxLength: 2 }),
    })
    .map((value) => JSON.parse(JSON.stringify(value)) as Job);
  const product = fc.record({
    id: fc.constantFrom('restic', 'borg'),
    name: fc.constant('P'),
    kind: often<string>('backup', [...productKinds]),
    installed: often(true, [false]),
    answers: often('here', ['server', 'nowhere']),
    jobs: fc.array(job, { maxLength: 3 }),
    reasons: fc.array(fc.constantFrom(...backupReasons), { maxLength: 1 }),
  });
  const inputs = fc
    .record({
      products: fc.array(product, { maxLength: 3 }),
      tests: fc.array(
        fc.record({
          at: times,
          result: often('equal', ['different', 'failed']),
          files: often(3, [0]),
          different: often(0, [1]),
        }),
        { maxLength: 2 },
      ),
      problems: often<{ code: string; detail: string }[]>(
        [],
        [[{ code: 'denied', detail: 'x' }], [{ code: 'not-present', detail: 'x' }]],
      ),
      backup: fc.record({
        expectedProducts: maybe(fc.constantFrom<string[]>(['restic'], ['borg'], ['veeam'])),
        warningsCount: fc.boolean(),
        warningHours: often(72, [Number.NaN, 1]),
      }),
      target: fc.array(
        fc.record({
          newestAt: fc.constantFrom(
            new Date(earlier(hour)),
            new Date(earlier(9 * day)),
            new Date(earlier(-day)),
            new Date(Number.NaN),
          ),
          receivedAt: fc.constantFrom(now, new Date(earlier(9 * day)), new Date(earlier(-day)), new Date(Number.NaN)),
        }),
        { maxLength: 2 },
      ),
    })
    .map(({ products, tests, problems, backup, target }): RuleInput => {
      const restoreTests = tests.map((each) => ({ ...restoreTest(), ...each }));
      const { expectedProducts, ...limits } = backup;
      return input(
        {
          backup: section(
            'backup',
            { products, restoreTests },
            { state: problems.length === 0 ? 'complete' : 'partial', problems: problems as never },
          ),
        },
        {
          backup: {
            ...defaultBackupPolicy,
            ...limits,
            ...(expectedProducts === undefined ? {} : { expectedProducts }),
          },
          ...(target.length === 0 ? {} : { targetEvidence: target.map((each) => ({ source: 's', ...each })) }),
        },
      );
    });

  /** What must hold before "met" may be said, written without the rules. */
  function mayBeMet(by: RuleInput): boolean {
    const limit = by.backup.warningHours * hour;
    const within = (time: number) => now.getTime() - time >= -300_000 && now.getTime() - time <= limit;
    const proven = (by.targetEvidence ?? []).some(
      ({ newestAt, receivedAt }) =>
        within(newestAt.getTime()) &&
        now.getTime() - receivedAt.getTime() >= -300_000 &&
        now.getTime() - receivedAt.getTime() <= 3 * day,
    );
    if (proven) return true;
    const held = by.sections.get('backup');
    if (held === undefined || held.problems.some(({ code }) => code !== 'not-present')) return false;
    const { products } = held.data as BackupFacts;
    const expected = by.backup.expectedProducts;
    const jobs = products
      .filter(
        (each) => each.kind === 'backup' && each.installed && (expected === undefined || expected.includes(each.id)),
      )
      .flatMap((each) => each.jobs)
      .filter((each) => each.enabled !== false);
    const good = (each: Job): boolean => {
      const clean = by.backup.warningsCount || each.lastSuccess?.result === 'success';
      const found = clean
        ? each.lastSuccess
        : each.recentRuns.find(
            (one) => one.result === 'success' && one.endedAt !== undefined && one.provesNothing === undefined,
          );
      const on = clean && each.onDaysSinceSuccess !== undefined ? (each.onDaysSinceSuccess + 1) * day <= limit : false;
      const age = now.getTime() - Date.parse(found?.endedAt ?? '');
      const before = each.state === 'running' && each.recentRuns.find(({ result }) => result !== 'running');
      const settled = before ? before.result : each.state;
      return (
        found !== undefined &&
        (within(Date.parse(found.endedAt ?? '')) || (on && age > 0 && age <= 60 * day)) &&
        found.evidence.kind <= 3 &&
        each.writableBy === 'administrator' &&
        ['success', 'warning', 'running', 'never', 'log-too-short'].includes(settled) &&
        !each.reasons.includes('time-in-future')
      );
    };
    return jobs.length > 0 && jobs.every(good);
  }

  /** Something of this PC provably lies elsewhere. */
  function mayLieElsewhere(by: RuleInput): boolean {
    if ((by.targetEvidence ?? []).length > 0) return true;
    const held = by.sections.get('backup')?.data as BackupFacts | undefined;
    return (held?.products ?? []).some(({ jobs }) =>
      jobs.some(
        ({ writableBy, lastSuccess, targets }) =>
          writableBy === 'administrator' &&
          lastSuccess !== undefined &&
          targets.some(({ kind }) => !['local-disk', 'unknown'].includes(kind)),
      ),
    );
  }

  test('no combination ends in "met"', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(inputs, (by) => {
        for (const found of evaluateRules(by).filter(({ ruleId }) => ruleId.startsWith('backup-'))) {
          verdictSchema.parse(found);
          expect(found.reason).not.toBe('rule-failed');
          seen.add(`${found.ruleId} ${found.verdict}`);
          seen.add(found.reason);
          const { explanation } = explain(found);
          expect(explanation.de + explanation.en).not.toMatch(
            /undefined|NaN|Infinity|\[object|Invalid|Diese Fassung kennt/u,
          );
          if (found.ruleId === 'backup-recent' && found.verdict === 'met')
            expect(mayBeMet(by), JSON.stringify(found)).toBe(true);
          if (found.ruleId === 'backup-target' && found.verdict === 'met')
            expect(mayLieElsewhere(by), JSON.stringify(found)).toBe(true);
        }
      }),
      { numRuns: tries(6000) },
    );
    for (const kind of ['met', 'not-met', 'unknown']) expect(seen).toContain(`backup-recent ${kind}`);
    for (const reason of [
      'backup-fresh',
      'backup-proven-by-target',
      'backup-partly-read',
      'facts-invalid',
      'sides-agree',
    ])
      expect(seen).toContain(reason);
  });
});
