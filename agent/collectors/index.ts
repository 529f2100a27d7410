/** All collectors, those of one system in a list of their own: what the other system needs is never loaded. */
import { backupCollector } from '../backup/collector.ts';
import type { Machine } from '../platform/machine.ts';
import { agentCollector } from './agent.ts';
import type { Collector } from './collector.ts';
import { infrastructureCollector } from './infrastructure.ts';

const everywhere: readonly Collector[] = [agentCollector, backupCollector, infrastructureCollector];

export async function collectorsOf(platform: Machine['platform']): Promise<readonly Collector[]> {
  return platform === 'linux'
    ? [...everywhere, ...(await import('./linux/index.ts')).linuxCollectors]
    : [...everywhere, ...(await import('./windows/index.ts')).windowsCollectors];
}
