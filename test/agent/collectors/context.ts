/** What the collector tests share: a round over a given machine. */
import { createBackupMemory } from '../../../agent/backup/memory.ts';
import { noBackupSources } from '../../../agent/backup/sources.ts';
import { collectorsOf } from '../../../agent/collectors/index.ts';
import { onceARound, type RoundContext, runRound } from '../../../agent/collectors/run-round.ts';
import type { FactsOf, SectionId } from '../../../agent/contract/facts/index.ts';
import type { InfrastructureTarget } from '../../../agent/contract/policy.ts';
import type { KnownSection } from '../../../agent/contract/report.ts';
import { systemClock } from '../../../agent/platform/clock.ts';
import type { LinuxMachineOptions } from '../../../agent/platform/linux-machine.ts';
import type { Machine } from '../../../agent/platform/machine.ts';
import { type RecordedTree, recordedMachine } from '../../fakes/recorded-machine.ts';

/** Of every system; a round takes those of the machine it is given. */
export const collectors = [...new Set([...(await collectorsOf('linux')), ...(await collectorsOf('win32'))])];

export const now = new Date('2026-11-24T09:00:00.000Z');

export function contextOf(machine: Machine, infrastructureTargets: readonly InfrastructureTarget[] = []): RoundContext {
  return {
    now,
    machine,
    infrastructureTargets,
    backup: { sources: noBackupSources, memory: createBackupMemory() },
    once: onceARound(),
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

export const gib = 1024 ** 3;

/** A recorded PC whose file systems, local and remote, all have 100 GiB with a little more than 40 GiB free. */
export const pc = (tree: RecordedTree, options: Omit<LinuxMachineOptions, 'root'> = {}): Machine =>
  recordedMachine(tree, {
    hostname: 'rathaus-07',
    volumeSize: async () => ({ sizeBytes: 100 * gib, freeBytes: 40 * gib + 12_345 }),
    run: async () => ({ kind: 'exited', exitCode: 0, stdout: `1024 ${100 * 1024 ** 2} ${40 * 1024 ** 2}`, stderr: '' }),
    ...options,
  });

export const codesOf = (section: { problems: readonly { code: string }[] }): string[] =>
  section.problems.map(({ code }) => code).sort();
