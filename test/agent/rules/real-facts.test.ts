/** Lights from the facts of the machine the test runs on: one red, one unknown, and never green without evidence. */
import { expect, test } from 'vitest';
import { runRound } from '../../../agent/collectors/run-round.ts';
import { defaultBackupPolicy, defaultThresholds } from '../../../agent/contract/policy.ts';
import type { KnownSection } from '../../../agent/contract/report.ts';
import { systemClock } from '../../../agent/platform/clock.ts';
import { createLinuxMachine } from '../../../agent/platform/linux-machine.ts';
import { evaluateRules, overallState } from '../../../agent/rules/rule.ts';
import { collectors, contextOf } from '../collectors/context.ts';

const sections: readonly KnownSection[] = await runRound(
  collectors,
  { ...contextOf(createLinuxMachine()), now: new Date() },
  { clock: systemClock },
);
const judge = (thresholds = defaultThresholds) =>
  evaluateRules({
    sections: new Map(sections.map((section) => [section.id, section])),
    thresholds,
    backup: defaultBackupPolicy,
    now: new Date(),
  });

test('a drive that is fuller than policy allows is red, and the evidence is what was read', () => {
  const verdicts = judge({ ...defaultThresholds, storageFreeCriticalPercent: 100, storageFreeWarningPercent: 100 });
  const storage = verdicts.find(({ ruleId }) => ruleId === 'storage-free');
  expect(storage).toMatchObject({ verdict: 'not-met', severity: 'critical' });
  const volume = sections.find(({ id }) => id === 'storage') as Extract<KnownSection, { id: 'storage' }>;
  const free = storage?.evidence.find(({ path }) => path.endsWith('.freeBytes'));
  const index = Number(/^volumes\[(\d+)\]/.exec(free?.path ?? '')?.[1]);
  expect(free).toMatchObject({ section: 'storage', value: volume.data?.volumes[index]?.freeBytes });
  expect(typeof free?.value).toBe('number');
  expect(overallState(verdicts)).toBe('critical');
});

test('without a word from a server nobody knows whether the clock is right', () => {
  const verdicts = judge();
  expect(verdicts.find(({ ruleId }) => ruleId === 'clock-correct')?.verdict).toBe('unknown');
  expect(overallState(verdicts)).not.toBe('ok');
});

test('what is met names the fact it rests on', () => {
  const met = judge().filter(({ verdict }) => verdict === 'met');
  expect(met.length).toBeGreaterThan(0);
  for (const { ruleId, evidence } of met) expect(evidence.length, ruleId).toBeGreaterThan(0);
});
