/** When a new version may be put in place without getting into somebody's way. */
import { isWorkingTime } from '../contract/deferral.ts';

/** Many PCs are switched off outside working hours: after this long any hour will do. */
const longestWaitMs = 5 * 86_400_000;

/**
 * Outside the working hours of Europe/Berlin, or at any time once the release has been waiting for five days. A time that is
 * none is no time to install.
 */
export function isMaintenanceTime(now: Date, offeredAt: Date): boolean {
  const waited = now.getTime() - offeredAt.getTime();
  if (!Number.isFinite(waited)) return false;
  return waited >= longestWaitMs || !isWorkingTime(now);
}
