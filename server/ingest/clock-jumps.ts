/** Clock jumps a device has noticed become events, each once. */
import { agentFacts } from '../../agent/contract/facts/operation.ts';
import type { Database } from '../store/database.ts';
import type { SectionRow } from '../store/schema.ts';
import { noteEvent } from './events.ts';

const jumps = agentFacts.pick({ clockJumps: true });

export async function noteClockJumps(
  trx: Database,
  before: Pick<SectionRow, 'data'> | undefined,
  after: Pick<SectionRow, 'device_id' | 'data'>,
  now: Date,
): Promise<void> {
  const known = new Set(said(before?.data));
  for (const detail of said(after.data)) {
    if (!known.has(detail)) await noteEvent(trx, after.device_id, now, 'clock-jump', detail);
  }
}

function said(data: string | null | undefined): string[] {
  if (data == null) return [];
  const { clockJumps = [] } = jumps.parse(JSON.parse(data));
  return clockJumps.map(({ at, seconds, noticed }) => `By ${seconds} s to ${at} (noticed: ${noticed}).`);
}
