/**
 * The updates a device lacks, in tables one can query. Beside them stand sums for each municipality, so that the list of
 * missing updates need not read every device; whatever changes a device's updates, its state or its municipality takes
 * the device out of the sums before and puts it back after.
 */
import { sql } from 'kysely';
import type { PatchesFacts } from '../../agent/contract/facts/patches.ts';
import { canonicalHash } from '../../agent/signing/canonical.ts';
import { patchSeverities } from '../api/contract.ts';
import type { Database } from '../store/database.ts';
import type { DeviceUpdateTable, UpdateVariantTable } from '../store/schema.ts';

type Update = PatchesFacts['updates'][number];

/** Rows in one statement; well below the number of parameters a database takes. */
const batch = 500;

/** `facts` undefined: nothing is known any more, which is not the same as nothing missing. */
export async function notePatches(trx: Database, deviceId: string, facts: PatchesFacts | undefined): Promise<void> {
  await discountUpdates(trx, deviceId);
  await trx.deleteFrom('device_updates').where('device_id', '=', deviceId).execute();
  const updates = [...new Map((facts?.updates ?? []).map((update) => [update.id, update])).values()];
  for (let from = 0; from < updates.length; from += batch)
    await insertUpdates(trx, deviceId, updates.slice(from, from + batch));
  const required = facts?.restart.required;
  await trx
    .updateTable('devices')
    .set({
      security_missing: facts === undefined ? null : securityMissing(facts),
      scan_on: facts?.scan.succeededOn ?? null,
      restart_due: required === undefined ? null : required ? 1 : 0,
      restart_since: (required === true ? facts?.restart.since : undefined) ?? null,
    })
    .where('id', '=', deviceId)
    .execute();
  await countUpdates(trx, deviceId);
}

/** 0 only when the device could tell: every source was read, and not a table of builds alone. */
function securityMissing({ updates, scan }: PatchesFacts): 0 | 1 | null {
  const missing = updates.filter(({ state }) => state === 'missing');
  if (missing.some(({ security }) => security === true)) return 1;
  const told = scan.complete && scan.kind !== 'build-table' && missing.every(({ security }) => security === false);
  return told ? 0 : null;
}

async function insertUpdates(trx: Database, deviceId: string, updates: readonly Update[]): Promise<void> {
  const described = updates.map((update) => ({ update, variant: variantOf(update) }));
  await trx
    .insertInto('update_variants')
    .values(described.map(({ variant }) => variant))
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  await trx
    .insertInto('device_updates')
    .values(described.map(({ update, variant }) => rowOf(deviceId, update, variant.id)))
    .execute();
}

function variantOf(update: Update): UpdateVariantTable {
  const title = update.title ?? update.id;
  const { candidateVersion = '', origin = '', security, severity } = update;
  return {
    id: canonicalHash([update.id, title, candidateVersion, origin, security ?? null, severity ?? null]),
    update_id: update.id,
    title,
    candidate_version: candidateVersion,
    origin,
    security_rank: security === undefined ? 1 : security ? 2 : 0,
    severity_rank: severity === undefined ? 0 : patchSeverities.length - patchSeverities.indexOf(severity),
    search_text: `${update.id}\n${title}`.toLowerCase(),
  };
}

/** Missing since the earlier of two days, as the rules count it: a PC that joins late was exposed all the same. */
function rowOf(deviceId: string, update: Update, variantId: string): DeviceUpdateTable {
  const { firstSeenOn, publishedOn } = update;
  return {
    device_id: deviceId,
    update_id: update.id,
    variant_id: variantId,
    installed_version: update.installedVersion ?? null,
    state: update.state,
    since: publishedOn !== undefined && publishedOn < firstSeenOn ? publishedOn : firstSeenOn,
    held: update.held === true ? 1 : 0,
  };
}

/** Puts the device into the sums of its municipality, unless it is retired. Never twice without `discountUpdates`. */
export async function countUpdates(trx: Database, deviceId: string): Promise<void> {
  await trx
    .insertInto('update_counts')
    .columns([...keys, 'update_id', 'security_rank', 'severity_rank', 'devices'])
    .expression(
      counted(trx, deviceId)
        .innerJoin('update_variants', 'update_variants.id', 'device_updates.variant_id')
        .select(['update_variants.update_id', 'security_rank', 'severity_rank', sql<number>`1`.as('devices')]),
    )
    .onConflict((conflict) => conflict.columns(keys).doUpdateSet({ devices: sql<number>`update_counts.devices + 1` }))
    .execute();
}

/** Takes the device out of the sums; to be called before its updates, its state or its municipality change. */
export async function discountUpdates(trx: Database, deviceId: string): Promise<void> {
  const isOwn = sql<boolean>`(municipality_id, variant_id, state, since) in (${counted(trx, deviceId)})`;
  await trx
    .updateTable('update_counts')
    .set(({ eb }) => ({ devices: eb('devices', '-', 1) }))
    .where(isOwn)
    .execute();
  await trx.deleteFrom('update_counts').where('devices', '<=', 0).where(isOwn).execute();
}

const keys = ['municipality_id', 'variant_id', 'state', 'since'] as const;

/** The keys under which the device counts. */
function counted(trx: Database, deviceId: string) {
  return trx
    .selectFrom('device_updates')
    .innerJoin('devices', 'devices.id', 'device_updates.device_id')
    .where('device_updates.device_id', '=', deviceId)
    .where('devices.state', '!=', 'retired')
    .select(['devices.municipality_id', 'device_updates.variant_id', 'device_updates.state', 'device_updates.since']);
}
