/** What the collector tests share: a round over a given machine. */
import { collectors } from '../../../agent/collectors/index.ts';
import { type RoundContext, runRound } from '../../../agent/collectors/run-round.ts';
import type { FactsOf, SectionId } from '../../../agent/contract/facts/index.ts';
import type { InfrastructureTarget } from '../../../agent/contract/policy.ts';
import type { KnownSection } from '../../../agent/contract/report.ts';
import { systemClock } from '../../../agent/platform/clock.ts';
import type { Machine } from '../../../agent/platform/machine.ts';

export const now = new Date('2026-11-24T09:00:00.000Z');

export function contextOf(machine: Machine, infrastructureTargets: readonly InfrastructureTarget[] = []): RoundContext {
  return {
    now,
    machine,
    infrastructureTargets,
    firstSeen: (_section, ids) => new Map(ids.map((id) => [id, now.toISOString().slice(0, 10)])),
    agent: { version: '1.2.3', policyVersion: 0, queue: { waiting: 0, refused: 0 }, settingsProblems: [] },
  };
}

/** One section of the machine as a round gives it. */
export async function sectionOf<Id extends SectionId>(
  id: Id,
  machine: Machine,
  targets: readonly InfrastructureTarget[] = [],
): Promise<Omit<KnownSection, 'data'> & { data?: FactsOf<Id> }> {
  const chosen = collectors.filter((collector) => collector.id === id);
  const [section] = await runRound(chosen, contextOf(machine, targets), { clock: systemClock });
  return section as Omit<KnownSection, 'data'> & { data?: FactsOf<Id> };
}
