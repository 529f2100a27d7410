/** Whether a service of systemd runs, seen in the tree of control groups: no program is asked. */
import type { Machine } from '../../platform/machine.ts';
import { codeOf } from '../text.ts';

/** Undefined when the tree cannot tell. `unit` such as "clamav-daemon.service". */
export async function serviceRuns(machine: Machine, unit: string): Promise<boolean | undefined> {
  for (const slice of ['/sys/fs/cgroup/system.slice', '/sys/fs/cgroup/systemd/system.slice']) {
    try {
      return (await machine.list(slice)).includes(unit);
    } catch (error) {
      if (codeOf(error) !== 'not-found') return undefined;
    }
  }
  return undefined;
}
