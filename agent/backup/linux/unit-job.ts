/** A unit that starts a backup of which nothing better is known than its exit code. */
import type { JobRecord } from '../product.ts';
import { planOf, type ScheduledUnit } from './own-units.ts';
import { runOfUnit } from './systemd.ts';

export function jobOfUnit(unit: ScheduledUnit, warningExitCodes: readonly number[] = []): JobRecord {
  const run = runOfUnit(unit.state, warningExitCodes);
  return {
    id: `unit ${unit.name}`,
    name: unit.name,
    writableBy: 'administrator',
    ...planOf(unit),
    targets: [],
    runs: run === undefined ? [] : [run],
    // systemd forgets with the end of the PC's day.
    history: 'window',
    reasons: ['weak-evidence'],
  };
}
