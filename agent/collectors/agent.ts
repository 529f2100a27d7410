/** The agent's own health: versions, rights, queue, clock. */
import type { Collector } from './collector.ts';
import { defined } from './text.ts';

export const agentCollector: Collector<'agent'> = {
  id: 'agent',
  platforms: ['linux', 'win32'],
  timeoutMs: 5000,
  round: 'cheap',
  collect: async ({ agent, machine }) =>
    defined({
      version: agent.version,
      nodeVersion: process.versions.node,
      platform: machine.platform,
      privileged: machine.privileged,
      installedOn: agent.installedOn,
      policyVersion: agent.policyVersion,
      queue: { ...agent.queue },
      clockOffsetSeconds: agent.clockOffsetSeconds,
      settingsProblems: agent.settingsProblems.slice(0, 32).map((words) => words.slice(0, 200)),
    }),
};
