/** `kits-agent collect`: one report of this machine on standard output; no server, no data directory. */
import { createBackupMemory } from '../backup/memory.ts';
import { collectorsOf } from '../collectors/index.ts';
import { onceARound, runRound } from '../collectors/run-round.ts';
import { sectionIds } from '../contract/facts/index.ts';
import { contractVersion, type KnownSection } from '../contract/report.ts';
import { systemClock } from '../platform/clock.ts';
import { thisMachine } from '../platform/this-machine.ts';
import { evaluateRules } from '../rules/rule.ts';
import { agentVersion } from '../version.ts';
import { type CommandInput, type ExitCode, exitCodes, UsageError } from './command.ts';
import { settingsOf } from './command-settings.ts';

/** Missing because the machine has no such thing is an answer; anything else that is not complete is a gap. */
export function isGap({ state, problems }: Pick<KnownSection, 'state' | 'problems'>): boolean {
  return state !== 'complete' && !problems.every(({ code }) => code === 'not-present');
}

export async function collectCommand(input: CommandInput): Promise<ExitCode> {
  const format = input.options['format'] ?? 'kits';
  if (format !== 'kits') throw new UsageError(`--format ${String(format)}: this version writes "kits" only`);
  const wanted = input.options['section'];
  const only = Array.isArray(wanted) ? wanted.map(String) : [];
  const unknown = only.filter((id) => !sectionIds.some((known) => known === id));
  if (unknown.length > 0) {
    throw new UsageError(`--section ${unknown.join(', ')}: no such section. There are: ${sectionIds.join(', ')}`);
  }
  const { settings, problems } = settingsOf(input);
  const machine = await thisMachine();
  const collectors = await collectorsOf(machine.platform);
  const now = systemClock.now();
  const sections = await runRound(
    collectors.filter(({ id }) => !settings.withoutSections.includes(id) && (only.length === 0 || only.includes(id))),
    {
      now,
      machine,
      infrastructureTargets: settings.infrastructureTargets,
      backup: { sources: settings.backup, memory: createBackupMemory() },
      once: onceARound(),
      // Nothing is remembered here: only a service that ran before knows since when something is missing.
      firstSeen: (_section, ids) => new Map(ids.map((id) => [id, now.toISOString().slice(0, 10)])),
      agent: {
        version: agentVersion,
        policyVersion: 0,
        queue: { waiting: 0, refused: 0 },
        settingsProblems: problems,
      },
    },
    { clock: systemClock },
  );
  const verdicts = evaluateRules({
    sections: new Map(sections.map((section) => [section.id, section])),
    thresholds: settings.thresholds,
    backup: settings.backupPolicy,
    now,
  });
  const report = {
    contractVersion,
    createdAt: now.toISOString(),
    agentVersion,
    platform: machine.platform,
    hostname: machine.hostname,
    sections,
    verdicts,
  };
  input.out(JSON.stringify(report, null, 2));
  return sections.some(isGap) ? exitCodes.partial : exitCodes.done;
}
