/** The page of backups: its address, its answer, its words, and the time line of runs. */
import { describe, expect, test } from 'vitest';
import { type JobState, jobStates } from '../../../agent/contract/facts/backup.ts';
import { rules } from '../../../agent/rules/rule.ts';
import { sharedReasons } from '../../../agent/rules/shared-reasons.ts';
import * as contract from '../../../server/api/contract.ts';
import { backupLight, backupSentences, productHeaps } from '../../../server/console/backup-answer.ts';
import {
  allBackups,
  backupAddress,
  backupAges,
  backupLights,
  backupPresences,
  backupRequest,
  narrowedBackups,
  parseBackupQuery,
  restoreTestStates,
  twoSidedStates,
} from '../../../server/console/backup-query.ts';
import { backupReason, backupReasonWords } from '../../../server/console/backup-reasons.ts';
import { jobLines } from '../../../server/console/backup-runs.ts';
import { noonOf } from '../../../server/console/calendar.ts';
import { textsFor } from '../../../server/console/texts.ts';

const id = '0f4ad3d0-7a2b-4f6e-9a10-6e1f0c7a51b2';
const searchOf = (address: string): string => new URL(address, 'http://konsole').search;

describe('the address', () => {
  const query = {
    search: 'rat&haus',
    municipality: id,
    light: 'critical',
    age: 'older',
    presence: 'none',
    product: 'restic',
    twoSided: 'disagree',
    restoreTest: 'due',
    reason: 'backup-overdue',
    cursor: 'a/b=',
  } as const;
  test('a filter survives the way through it', () => {
    expect(parseBackupQuery(searchOf(backupAddress(query)))).toEqual(query);
  });
  test('the usual list has a plain one', () => {
    expect(backupAddress({})).toBe('/sicherungen');
    expect(parseBackupQuery('')).toEqual(allBackups);
    expect(backupRequest(allBackups)).toBe('backups?overview=false');
  });
  test('the server is asked for the same, in its words', () => {
    const request = new URLSearchParams(searchOf(`/${backupRequest({ ...query, search: ' rat&haus ' })}`));
    const { overview, ...asked } = Object.fromEntries(request);
    expect([overview, asked]).toEqual(['false', query]);
    const parsed = contract.backupQuery.safeParse(Object.fromEntries(request));
    expect(parsed.success).toBe(true);
  });
  test('nonsense is left out', () => {
    const nonsense =
      '?gemeinde=x&stand=gr%C3%BCn&alter=constructor&programm=%25&abgleich=met&probe=1&grund=<b>&vorhanden=ja';
    expect(parseBackupQuery(nonsense)).toEqual(allBackups);
    expect(parseBackupQuery(`?suche=${'x'.repeat(300)}`).search).toHaveLength(200);
  });
  test('another filter starts at the first page', () => {
    expect(narrowedBackups(query, { light: '' })).toEqual({ ...query, light: '', cursor: '' });
  });
  test('each code of the contract can be chosen', () => {
    const pairs: readonly (readonly [readonly string[], readonly string[]])[] = [
      [backupLights, contract.backupLights],
      [backupAges, contract.backupAges],
      [backupPresences, contract.backupPresences],
      [twoSidedStates, contract.twoSidedStates],
      [restoreTestStates, contract.restoreTestStates],
    ];
    for (const [chosen, known] of pairs) expect([...chosen].sort()).toEqual([...known].sort());
  });
});

describe('the answer', () => {
  const zeros = <Key extends string>(keys: readonly Key[], change: Partial<Record<Key, number>>) =>
    ({ ...Object.fromEntries(keys.map((key) => [key, 0])), ...change }) as Record<Key, number>;
  const counts = (
    devices: number,
    states: Partial<Record<contract.BackupLight, number>>,
    change: Partial<{ none: number; disagree: number; inTime: number; exempt: number }> = {},
  ): contract.BackupCounts => ({
    devices,
    states: zeros(contract.backupLights, states),
    freshness: zeros(contract.backupAges, { none: devices }),
    presence: zeros(contract.backupPresences, { none: change.none ?? 0 }),
    twoSided: zeros(contract.twoSidedStates, { disagree: change.disagree ?? 0 }),
    restoreTests: zeros(contract.restoreTestStates, { inTime: change.inTime ?? 0, exempt: change.exempt ?? 0 }),
  });

  test.each<[string, contract.BackupCounts]>([
    ['critical', counts(9, { critical: 1, ok: 8 })],
    ['attention', counts(9, { attention: 1, unknown: 1, ok: 7 })],
    ['unknown', counts(9, { unknown: 1, ok: 8 })],
    ['ok', counts(9, { ok: 5, note: 3, exempt: 1 })],
    // What is only declared is no proof, and no device is no news.
    ['unknown', counts(2, { exempt: 2 })],
    ['unknown', counts(0, {})],
  ])('%s', (light, given) => {
    expect(backupLight(given)).toBe(light);
  });

  test('says what is lacking first, then the rest', () => {
    const given = counts(
      9,
      { critical: 2, attention: 1, unknown: 2, exempt: 1, ok: 3 },
      { none: 1, disagree: 1, inTime: 2, exempt: 1 },
    );
    expect(backupSentences(given, textsFor('de'))).toEqual([
      '3 von 9 Geräten haben keine ausreichende Sicherung.',
      '1 Gerät hat überhaupt kein Sicherungsprogramm.',
      'Bei 2 Geräten ist der Stand nicht bekannt.',
      '1 Gerät ist durch eine Erklärung oder Ausnahme ausgenommen.',
      'Bei 1 Gerät widersprechen sich PC und Sicherungsserver.',
      'Die Rücksicherung ist bei 2 von 8 Geräten rechtzeitig erprobt.',
    ]);
    expect(backupSentences(given, textsFor('en'))).toHaveLength(6);
  });

  test('nothing known is said as such', () => {
    expect(backupSentences(counts(3, { unknown: 3 }), textsFor('de'))).toEqual([
      'Unbekannt. Von keinem der 3 Geräte ist etwas zur Sicherung bekannt.',
    ]);
    expect(backupSentences(counts(0, {}), textsFor('de'))).toEqual(['Unbekannt. Es gibt hier noch kein Gerät.']);
  });

  test('each state of a product is in one heap', () => {
    for (const state of contract.productStates) {
      const { good, bad, open } = productHeaps({ [state]: 4 });
      expect(good + bad + open).toBe(4);
    }
    expect(productHeaps({ success: 1, warning: 1, failed: 2, never: 1, 'log-too-short': 1, unknown: 3 })).toEqual({
      good: 2,
      bad: 3,
      open: 4,
    });
  });
});

describe('the words', () => {
  const reasons = [
    ...rules
      .filter(({ id: rule }) => /^backup-(recent|target|two-sided)$/.test(rule))
      .flatMap(({ words }) => Object.keys(words)),
    ...Object.keys(sharedReasons),
  ];
  test('every reason of the rules has a short name in both languages', () => {
    expect(reasons.length).toBeGreaterThan(30);
    for (const reason of reasons) {
      const { de, en } = backupReasonWords[reason] ?? { de: '', en: '' };
      expect(`${reason}: ${de}, ${en}`).not.toMatch(/: ,|, $/);
    }
  });
  test('and none is left over', () => {
    expect(Object.keys(backupReasonWords).sort()).toEqual([...new Set(reasons)].sort());
  });
  test('a reason that is new to the console is shown as it is', () => {
    expect(backupReason('backup-overdue', 'de')).toBe('Letzte erfolgreiche Sicherung zu alt');
    expect(backupReason('constructor', 'de')).toBe('constructor');
  });
  test.each(['de', 'en'] as const)('every state has a word: %s', (language) => {
    const t = textsFor(language);
    for (const state of contract.productStates) expect(t.productState[state]).toBeTruthy();
    for (const state of jobStates satisfies readonly JobState[]) expect(t.productState[state]).toBeTruthy();
  });
});

describe('the time line', () => {
  const now = new Date('2026-11-24T09:00:00Z');
  const run = (
    endedAt: string | null,
    result: contract.BackupRun['result'],
    change: Partial<contract.BackupRun> = {},
  ) => ({
    product: { id: 'restic', name: 'restic' },
    job: { id: 'a', name: 'Daten' },
    startedAt: null,
    endedAt,
    result,
    code: null,
    evidence: { kind: 1, source: 'log' },
    ...change,
  });

  test('a day is worth its worst run, by the days here', () => {
    const [line] = jobLines(
      [
        run('2026-11-24T01:00:00Z', 'success'),
        run('2026-11-24T05:00:00Z', 'failed'),
        // Half past midnight in Germany.
        run('2026-11-22T23:30:00Z', 'success'),
        run(null, 'running', { startedAt: '2026-11-24T08:50:00Z' }),
      ],
      now,
      4,
    );
    expect(line?.days).toEqual([
      { day: '2026-11-21', result: 'none', runs: 0 },
      { day: '2026-11-22', result: 'none', runs: 0 },
      { day: '2026-11-23', result: 'success', runs: 1 },
      { day: '2026-11-24', result: 'failed', runs: 3 },
    ]);
    expect(line?.counts).toEqual({ success: 2, failed: 1, running: 1 });
    expect(line?.runs[0]?.result).toBe('running');
  });

  test('each job has its line, the one that ran last first; old runs are kept beside it', () => {
    const other = { job: { id: 'b', name: 'System' } };
    const lines = jobLines(
      [run('2026-08-01T00:00:00Z', 'success'), run('2026-11-20T00:00:00Z', 'warning', other)],
      now,
    );
    expect(lines.map(({ job, counts, runs }) => [job, counts, runs.length])).toEqual([
      ['System', { warning: 1 }, 1],
      ['Daten', {}, 1],
    ]);
    expect(lines[0]?.days).toHaveLength(30);
  });

  test('a run of the future or without a time has no day', () => {
    const [line] = jobLines([run('2027-01-01T00:00:00Z', 'success'), run('nonsense', 'success')], now, 2);
    expect(line?.days.map(({ result }) => result)).toEqual(['none', 'none']);
  });
});

test.each([
  ['2026-11-23', '2026-11-23T11:00:00.000Z'],
  // Before noon of today it is now.
  ['2026-11-24', '2026-11-24T09:00:00.000Z'],
  // A day to come stays one: the server says what is wrong with it.
  ['2026-11-25', '2026-11-25T11:00:00.000Z'],
  ['2026-02-31', undefined],
  ['', undefined],
])('a day entered without its hour: %s', (day, moment) => {
  expect(noonOf(day, new Date('2026-11-24T09:00:00Z'))).toBe(moment);
});

test('today after midnight, when the day before still lasts in UTC, is now and not to come', () => {
  expect(noonOf('2026-11-26', new Date('2026-11-25T23:17:00Z'))).toBe('2026-11-25T23:17:00.000Z');
});
