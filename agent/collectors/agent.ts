/** The agent's own health: versions, rights, queue, clock. */
import type { Collector } from './collector.ts';
import { atMost, clean, defined } from './text.ts';

export const agentCollector: Collector<'agent'> = {
  id: 'agent',
  platforms: ['linux', 'win32'],
  timeoutMs: 5000,
  round: 'cheap',
  collect: async (context) => {
    const { agent, machine } = context;
    const settingsProblems = [...agent.settingsProblems].sort().flatMap((words) => clean(words, 200) ?? []);
    return defined({
      version: agent.version,
      nodeVersion: process.versions.node,
      platform: machine.platform,
      privileged: machine.privileged,
      installedOn: agent.installedOn,
      update: agent.update,
      lastUpgrade: agent.lastUpgrade,
      hungOn: agent.hungOn,
      policyVersion: agent.policyVersion,
      policyExpiresAt: agent.policyExpiresAt,
      refusedWords: agent.refusedWords?.length ? [...agent.refusedWords].sort() : undefined,
      queue: { ...agent.queue },
      clockOffsetSeconds: agent.clockOffsetSeconds,
      clockJumps: agent.clockJumps,
      settingsProblems: atMost(settingsProblems, 32, 'problems of settings', context),
    });
  },
};
