/** Restoring was tried and the files came back as they were: a backup nobody ever restored is a hope. */
import type { RestoreTest } from '../contract/facts/backup.ts';
import { type Evidence, met, notMet, type Rule, type RuleInput, unknown } from './judgement.ts';
import { ageMs, facts, limitsInvalid, toleranceMs } from './reading.ts';

const dayMs = 86_400_000;

interface Tried {
  readonly test: RestoreTest;
  readonly ageMs: number;
  readonly evidence: Evidence;
}

export const backupRestoreTested: Rule = {
  id: 'backup-restore-tested',
  title: { de: 'Rücksicherung erprobt', en: 'Restore tested' },
  sections: ['backup'],
  controls: ['CON.3.A15', 'WiBA 3.7'],
  words: {
    'restore-tested': {
      de: (v) =>
        `Eine Rücksicherung wurde am ${v.day('day')} erprobt (${v.number('files')} ${v.many('files') ? 'Dateien' : 'Datei'}, alle gleich).`,
      en: (v) =>
        `Restoring was tested on ${v.day('day')} (${v.number('files')} ${v.many('files') ? 'files' : 'file'}, all equal).`,
    },
    'restore-test-due': {
      de: (v) => `Die letzte gelungene Probe einer Rücksicherung ist vom ${v.day('day')}; eine neue ist fällig.`,
      en: (v) => `Restoring was last tested successfully on ${v.day('day')}; another test is due.`,
    },
    'restore-never-tested': {
      de: () => 'Für diesen PC wurde noch keine Rücksicherung erprobt.',
      en: () => 'Restoring has not been tested for this PC yet.',
    },
    'restore-test-failed': {
      de: (v) =>
        `Die Probe einer Rücksicherung am ${v.day('day')} ist nicht gelungen: ${v.number('different')} von ${v.number('files')} Dateien kamen nicht gleich zurück.`,
      en: (v) =>
        `The restore test of ${v.day('day')} failed: ${v.number('different')} of ${v.number('files')} files did not come back equal.`,
    },
    'restore-test-from-future': {
      de: () => 'Die letzte Probe einer Rücksicherung trägt ein Datum in der Zukunft und zählt nicht.',
      en: () => 'The last restore test is dated in the future and does not count.',
    },
  },

  evaluate(input) {
    if (input.backup.declaration !== undefined) return undefined;
    const reading = facts(input, 'backup');
    const entered = (input.restoreTests ?? []).map((test) =>
      tried(test, input.now.getTime() - Date.parse(test.at), 'restore-tests'),
    );
    // What staff entered stands without the device; what the device says comes with its facts.
    if (reading.finding !== undefined && entered.length === 0) return reading.finding;
    const own =
      reading.facts?.restoreTests?.map((test) => tried(test, ageMs(input, reading.section, test.at), 'backup')) ?? [];
    return judge([...entered, ...own], input);
  },
};

const tried = (test: RestoreTest, age: number, section: string): Tried => ({
  test,
  ageMs: age,
  evidence: { section, path: 'restoreTests[].at', value: test.at },
});

function judge(tests: readonly Tried[], input: RuleInput) {
  const { restoreTestDays } = input.backup;
  const invalid = limitsInvalid(restoreTestDays);
  if (invalid !== undefined) return invalid;
  const past = tests.filter((each) => each.ageMs >= -toleranceMs).toSorted((a, b) => a.ageMs - b.ageMs);
  const [latest] = past;
  if (latest === undefined) {
    const [ahead] = tests;
    if (ahead !== undefined) return unknown('restore-test-from-future', {}, [ahead.evidence]);
    return notMet('info', 'restore-never-tested', {}, [{ section: 'backup', path: 'restoreTests.length', value: 0 }]);
  }
  const values = (each: Tried) => ({
    day: each.test.at.slice(0, 10),
    files: each.test.files,
    different: each.test.different,
    product: each.test.product,
  });
  // The newest attempt decides: what came back last year does not make up for what did not come back today.
  if (!isGood(latest.test)) return notMet('warning', 'restore-test-failed', values(latest), [latest.evidence]);
  if (!(latest.ageMs <= restoreTestDays * dayMs))
    return notMet('info', 'restore-test-due', values(latest), [latest.evidence]);
  return met('restore-tested', values(latest), [latest.evidence]);
}

/** A test of nothing proves nothing. */
function isGood({ result, files, different }: RestoreTest): boolean {
  return result === 'equal' && files > 0 && different === 0;
}
