/** Compares two complete software lists of a device and keeps what changed, bounded however much it is. */
import { type SoftwareFacts, softwareFacts } from '../../agent/contract/facts/software.ts';
import type { SoftwareChange } from '../api/contract.ts';
import type { Database } from '../store/database.ts';
import type { SectionRow } from '../store/schema.ts';

/** Names kept of one change, over its three lists together; the counts are always whole. */
export const maxNames = 200;

export type Changes = Pick<SoftwareChange, 'installed' | 'removed' | 'updated'>;
type Package = Changes['installed']['items'][number];

/**
 * To be called when the section `software` changed. An incomplete list is compared with nothing: what it leaves out was
 * not removed. The complete one before it is kept until the next complete one, so that no change between is lost.
 */
export async function noteSoftwareChange(
  trx: Database,
  before: SectionRow | undefined,
  next: SectionRow,
): Promise<void> {
  const known = before !== undefined && isWhole(before) ? before : undefined;
  if (!isWhole(next)) {
    if (known === undefined) return;
    const baseline = { data: known.data, received_at: known.received_at };
    await trx
      .insertInto('software_baselines')
      .values({ device_id: next.device_id, ...baseline })
      .onConflict((conflict) => conflict.column('device_id').doUpdateSet(baseline))
      .execute();
    return;
  }
  const kept = await trx
    .deleteFrom('software_baselines')
    .where('device_id', '=', next.device_id)
    .returningAll()
    .executeTakeFirst();
  const last = known ?? kept;
  if (last === undefined) return;
  const changes = changesBetween(packagesOf(last.data), packagesOf(next.data));
  if (changes.installed.count + changes.removed.count + changes.updated.count === 0) return;
  await trx
    .insertInto('software_changes')
    .values({
      device_id: next.device_id,
      report_id: next.report_id,
      received_at: next.received_at,
      compared_with: last.received_at,
      changes: JSON.stringify(changes),
    })
    .execute();
}

function isWhole(row: SectionRow): row is SectionRow & { data: string } {
  return row.state === 'complete' && row.data !== null;
}

/** By name and architecture; what is removed but left its configuration behind is not installed. */
function packagesOf(json: string): Map<string, Package[]> {
  const facts: SoftwareFacts = softwareFacts.parse(JSON.parse(json));
  const packages = new Map<string, Package[]>();
  for (const { name, architecture = null, version = null, status } of facts.packages) {
    if (status === 'config-files') continue;
    const key = JSON.stringify([name, architecture]);
    const same = packages.get(key);
    if (same === undefined) packages.set(key, [{ name, architecture, version }]);
    else same.push({ name, architecture, version });
  }
  return packages;
}

/** One name can stand in a list several times (Windows): versions on both sides cancel out, then each is paired with one. */
function changesBetween(before: Map<string, Package[]>, after: Map<string, Package[]>): Changes {
  const installed: Package[] = [];
  const removed: Package[] = [];
  const updated: Changes['updated']['items'] = [];
  for (const key of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const gone = without(before.get(key) ?? [], after.get(key) ?? []);
    const come = without(after.get(key) ?? [], before.get(key) ?? []);
    for (const [index, { name, architecture, version }] of come.entries()) {
      const old = gone[index];
      if (old === undefined) installed.push({ name, architecture, version });
      else updated.push({ name, architecture, from: old.version, to: version });
    }
    removed.push(...gone.slice(come.length));
  }
  return bounded(installed, removed, updated);
}

/** Entries of `list` whose version is not in `other`, counting each version as often as it stands there. */
function without(list: readonly Package[], other: readonly Package[]): Package[] {
  const left = new Map<string | null, number>();
  for (const { version } of other) left.set(version, (left.get(version) ?? 0) + 1);
  return list.filter(({ version }) => {
    const times = left.get(version) ?? 0;
    left.set(version, times - 1);
    return times <= 0;
  });
}

/** The shortest list is kept first: one removal must not vanish behind 5,000 updates. */
function bounded(installed: Package[], removed: Package[], updated: Changes['updated']['items']): Changes {
  const counts = { installed: installed.length, removed: removed.length, updated: updated.length };
  let left = maxNames;
  for (const list of [installed, removed, updated].sort((a, b) => a.length - b.length)) {
    list.splice(left);
    left -= list.length;
  }
  return {
    installed: { count: counts.installed, items: installed },
    removed: { count: counts.removed, items: removed },
    updated: { count: counts.updated, items: updated },
  };
}
