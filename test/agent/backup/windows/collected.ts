/** One product read on a recorded Windows PC, as the report would hold it. */
import { collectBackups } from '../../../../agent/backup/collector.ts';
import { backupProductsOf } from '../../../../agent/backup/index.ts';
import { type BackupSources, noBackupSources } from '../../../../agent/backup/sources.ts';
import { type BackupProductFacts, backupFacts } from '../../../../agent/contract/facts/backup.ts';
import type { Machine } from '../../../../agent/platform/machine.ts';
import { readAt } from '../../../fixtures/backup/scenario.ts';
import { contextOf } from '../../collectors/context.ts';

export async function productOn(
  id: string,
  machine: Machine,
  sources: BackupSources = noBackupSources,
): Promise<{ product: BackupProductFacts | undefined; problems: string[] }> {
  const problems: string[] = [];
  const facts = await collectBackups(
    {
      ...contextOf(machine),
      now: readAt,
      signal: new AbortController().signal,
      problem: (code, detail) => problems.push(`${code} ${detail}`),
      backup: { ...contextOf(machine).backup, sources },
    },
    (await backupProductsOf(machine.platform)).filter((product) => product.id === id),
  );
  return { product: backupFacts.parse(facts).products[0], problems };
}

export async function jobOn(id: string, machine: Machine) {
  const { product } = await productOn(id, machine);
  const [job] = product?.jobs ?? [];
  if (job === undefined) throw new Error(`${id} reported no job`);
  return job;
}
