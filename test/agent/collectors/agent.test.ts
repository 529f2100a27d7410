import { expect, test } from 'vitest';
import { agentCollector } from '../../../agent/collectors/agent.ts';
import type { AgentState } from '../../../agent/collectors/collector.ts';
import { runRound } from '../../../agent/collectors/run-round.ts';
import type { FactsOf } from '../../../agent/contract/facts/index.ts';
import { systemClock } from '../../../agent/platform/clock.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { contextOf } from './context.ts';

async function agent(change: Partial<AgentState> = {}, privileged = true) {
  const context = contextOf(recordedMachine({}, { privileged }));
  const [section] = await runRound(
    [agentCollector],
    { ...context, agent: { ...context.agent, ...change } },
    {
      clock: systemClock,
    },
  );
  return { section, data: section?.data as FactsOf<'agent'> | undefined };
}

test('what the agent knows of itself', async () => {
  const { data, section } = await agent({
    policyVersion: 7,
    queue: { waiting: 3, oldestAt: '2026-11-20T08:00:00Z', refused: 1 },
    clockOffsetSeconds: -42,
    installedOn: '2026-10-01',
    hungOn: '2026-11-25',
  });
  expect(section?.state).toBe('complete');
  expect(data).toEqual({
    version: '1.2.3',
    nodeVersion: process.versions.node,
    platform: 'linux',
    privileged: true,
    installedOn: '2026-10-01',
    hungOn: '2026-11-25',
    policyVersion: 7,
    queue: { waiting: 3, oldestAt: '2026-11-20T08:00:00Z', refused: 1 },
    clockOffsetSeconds: -42,
    settingsProblems: [],
  });
});

test('before the first contact there is no clock offset, and an agent without rights says so', async () => {
  const { data } = await agent({}, false);
  expect(data).not.toHaveProperty('clockOffsetSeconds');
  expect(data).not.toHaveProperty('installedOn');
  expect(data?.privileged).toBe(false);
});

test('problems of settings are in order, cleaned and cut; an odd one does not cost the section', async () => {
  const long = `${'x'.repeat(199)}😀`;
  const { data } = await agent({ settingsProblems: ['server: \u0007unknown', '', long, 'a'] });
  expect(data?.settingsProblems).toEqual(['a', 'server: unknown', 'x'.repeat(199)]);
});

test('more problems of settings than the contract takes: the rest is said', async () => {
  const { data, section } = await agent({ settingsProblems: Array.from({ length: 40 }, (_, index) => `key${index}`) });
  expect(data?.settingsProblems).toHaveLength(32);
  expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'truncated' }] });
});
