/**
 * How a device is backed up, in columns one can query, and the runs of its jobs, kept for the time line after the device
 * itself has forgotten them.
 */
import { randomUUID } from 'node:crypto';
import { type Insertable, sql } from 'kysely';
import type { BackupFacts, BackupProductFacts, ProductKind } from '../../agent/contract/facts/backup.ts';
import type { ProductState } from '../api/contract.ts';
import type { Database } from '../store/database.ts';
import type { BackupRunTable, DeviceTable } from '../store/schema.ts';

/** Kept of one device; the youngest of each job, so that one that runs every hour does not push out a weekly one. */
export const maxRunsOfJob = 100;
export const maxRunsOfDevice = 1000;
export const maxReportedTests = 200;

/** Rows in one statement; well below the number of parameters a database takes. */
const batch = 200;

/**
 * `facts` undefined: nothing is known any more, which is not the same as no backup. `complete`: all products could be
 * asked; without that nobody can say that a device has none.
 */
export async function noteBackups(
  trx: Database,
  deviceId: string,
  facts: BackupFacts | undefined,
  { complete, now }: { readonly complete: boolean; readonly now: Date },
): Promise<void> {
  await trx
    .updateTable('devices')
    .set({
      backup_presence: facts === undefined ? null : presenceOf(facts, complete),
      backup_products: facts === undefined ? null : JSON.stringify(facts.products.map(shortOf)),
      backup_success_at: (facts === undefined ? undefined : provenSuccess(facts)) ?? null,
    })
    .where('id', '=', deviceId)
    .execute();
  if (facts === undefined) return;
  await noteRuns(trx, deviceId, facts, now);
  await noteReportedTests(trx, deviceId, facts, now);
}

function presenceOf({ products }: BackupFacts, complete: boolean): DeviceTable['backup_presence'] {
  const there = (kind: ProductKind) => products.some((product) => product.kind === kind && product.installed);
  if (there('backup')) return 'present';
  if (!complete) return null;
  return there('hint') ? 'hint' : 'none';
}

type ShortProduct = readonly [id: string, name: string, kind: ProductKind, state: ProductState];

function shortOf(product: BackupProductFacts): ShortProduct {
  return [product.id, product.name, product.kind, stateOf(product)];
}

/** What `backup_products` holds; `undefined` = not known. */
export function readProducts(
  json: string | null,
): { id: string; name: string; kind: ProductKind; state: ProductState }[] | undefined {
  if (json === null) return undefined;
  return (JSON.parse(json) as ShortProduct[]).map(([id, name, kind, state]) => ({ id, name, kind, state }));
}

/** From worst to best; what is not known is worse than what runs. */
const worstFirst = [
  'failed',
  'cancelled',
  'never',
  'unknown',
  'log-too-short',
  'warning',
  'running',
  'success',
] as const;

/** What the jobs of a product come to together. */
function stateOf({ installed, jobs }: BackupProductFacts): ProductState {
  if (!installed) return 'removed';
  const counted = jobs.filter(({ enabled }) => enabled !== false);
  if (counted.length === 0) return jobs.length > 0 ? 'disabled' : 'unknown';
  return worstFirst.find((state) => counted.some((job) => job.state === state)) ?? 'unknown';
}

/** Of a real backup, by a record of the product, a vendor's command or a log line that no user can write. */
export function provenSuccess({ products }: BackupFacts): string | undefined {
  const proven = products
    .filter(({ kind }) => kind === 'backup')
    .flatMap(({ jobs }) => jobs)
    .filter(({ writableBy }) => writableBy === 'administrator')
    .flatMap(({ lastSuccess }) =>
      lastSuccess === undefined || lastSuccess.evidence.kind > 3 ? [] : lastSuccess.endedAt,
    );
  return proven.toSorted().at(-1);
}

/**
 * A run is known by its job and the time it began: references change while the run stays the same (a file's hash changes
 * with every line that is added), and what was running has ended in the next report.
 */
async function noteRuns(trx: Database, deviceId: string, facts: BackupFacts, now: Date): Promise<void> {
  const found = new Map<string, Insertable<BackupRunTable>>();
  for (const product of facts.products) {
    for (const job of product.jobs) {
      for (const run of job.recentRuns) {
        const at = run.startedAt ?? run.endedAt;
        if (at === undefined) continue;
        found.set(JSON.stringify([product.id, job.id, at]), {
          device_id: deviceId,
          product_id: product.id,
          job_id: job.id,
          at,
          product_name: product.name,
          job_name: job.name,
          started_at: run.startedAt ?? null,
          ended_at: run.endedAt ?? null,
          result: run.result,
          code: run.code ?? null,
          evidence: JSON.stringify(run.evidence),
          first_seen_at: now.toISOString(),
        });
      }
    }
  }
  // What ran last time and is not told of any more has ended under another record.
  await trx.deleteFrom('backup_runs').where('device_id', '=', deviceId).where('result', '=', 'running').execute();
  const runs = [...found.values()].sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, maxRunsOfDevice);
  for (let from = 0; from < runs.length; from += batch) {
    await trx
      .insertInto('backup_runs')
      .values(runs.slice(from, from + batch))
      .onConflict((conflict) =>
        conflict.columns(['device_id', 'product_id', 'job_id', 'at']).doUpdateSet(({ ref }) => ({
          product_name: ref('excluded.product_name'),
          job_name: ref('excluded.job_name'),
          started_at: ref('excluded.started_at'),
          ended_at: ref('excluded.ended_at'),
          result: ref('excluded.result'),
          code: ref('excluded.code'),
          evidence: ref('excluded.evidence'),
        })),
      )
      .execute();
  }
  if (runs.length > 0) await forgetOldRuns(trx, deviceId);
}

async function forgetOldRuns(trx: Database, deviceId: string): Promise<void> {
  const numbered = trx
    .selectFrom('backup_runs')
    .where('device_id', '=', deviceId)
    .select([
      'product_id',
      'job_id',
      'at',
      sql<number>`row_number() over (partition by product_id, job_id order by at desc)`.as('of_job'),
      sql<number>`row_number() over (order by at desc)`.as('of_device'),
    ]);
  const old = trx
    .selectFrom(numbered.as('numbered'))
    .where(({ eb, or }) => or([eb('of_job', '>', maxRunsOfJob), eb('of_device', '>', maxRunsOfDevice)]))
    .select(['product_id', 'job_id', 'at']);
  await trx
    .deleteFrom('backup_runs')
    .where('device_id', '=', deviceId)
    .where(sql<boolean>`(product_id, job_id, at) in (${old})`)
    .execute();
}

/** Tests the device ran itself; they stay when the device has no room for them any more. */
async function noteReportedTests(trx: Database, deviceId: string, facts: BackupFacts, now: Date): Promise<void> {
  if (facts.restoreTests.length === 0) return;
  const own = trx.selectFrom('restore_tests').where('device_id', '=', deviceId).where('origin', '=', 'device');
  const known = await own.select(['at', 'product_id', 'source']).execute();
  const keys = new Set(known.map(({ at, product_id, source }) => JSON.stringify([at, product_id, source])));
  const added = facts.restoreTests.filter(({ at, product, source }) => {
    const key = JSON.stringify([at, product, source]);
    const isNew = !keys.has(key);
    keys.add(key);
    return isNew;
  });
  if (added.length === 0) return;
  await trx
    .insertInto('restore_tests')
    .values(
      added.map((test) => ({
        id: randomUUID(),
        device_id: deviceId,
        origin: 'device' as const,
        at: test.at,
        product_id: test.product,
        source: test.source,
        result: test.result,
        files: test.files,
        different: test.different,
        bytes: test.bytes,
        duration_seconds: test.durationSeconds,
        entered_at: now.toISOString(),
      })),
    )
    .execute();
  const all = await own.select('id').orderBy('at', 'desc').orderBy('id').execute();
  const old = all.slice(maxReportedTests).map(({ id }) => id);
  if (old.length > 0) await trx.deleteFrom('restore_tests').where('id', 'in', old).execute();
}
