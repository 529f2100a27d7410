/** The policy in force for a device: all that concerns it, worked out and numbered. */
import { sql } from 'kysely';
import type { Exception } from '../../agent/contract/policy.ts';
import { canonicalHash } from '../../agent/signing/canonical.ts';
import type { Database } from '../store/database.ts';
import { exceptionsFor } from './exceptions-in-force.ts';
import { layerOf, policyLayers } from './policy-layers.ts';
import { type Origins, type PolicyLayer, resolveSettings, type Settings, widestFirst } from './policy-resolution.ts';

export interface DevicePolicy {
  /** Counts up with every change of `settings`, never down; 0 while nothing was ever set for the device. */
  readonly version: number;
  /** Also the exceptions that concern the device. */
  readonly settings: Settings;
  /** Of each setting but the exceptions, which are decisions of their own. */
  readonly origins: Origins;
}

/** Also keeps the count of versions: call it inside the transaction that acts on the answer, where there is one. */
export async function policyFor(
  db: Database,
  device: { readonly id: string; readonly municipality_id: string },
): Promise<DevicePolicy> {
  const { settings, origins } = resolveSettings(await layersFor(db, device));
  const exceptions = decisive(await exceptionsFor(db, device));
  const whole = exceptions.length === 0 ? settings : { ...settings, exceptions };
  return { version: await versionOf(db, device.id, whole), settings: whole, origins };
}

/** From the widest to the nearest. */
async function layersFor(
  db: Database,
  device: { readonly id: string; readonly municipality_id: string },
): Promise<PolicyLayer[]> {
  const groups = db
    .selectFrom('group_members')
    .select('group_id')
    .where('device_id', '=', device.id)
    .where('removed_at', 'is', null);
  const rows = await policyLayers(db)
    .where(({ and, eb, or }) =>
      or([
        and([eb('policies.level', '=', 'district'), eb('policies.audience_id', '=', '')]),
        and([eb('policies.level', '=', 'municipality'), eb('policies.audience_id', '=', device.municipality_id)]),
        and([eb('policies.level', '=', 'group'), eb('policies.audience_id', 'in', groups)]),
        and([eb('policies.level', '=', 'device'), eb('policies.audience_id', '=', device.id)]),
      ]),
    )
    // Settings of the municipality a device has left say nothing any more, whatever else went wrong.
    .where(({ eb, or }) =>
      or([eb('policies.municipality_id', 'is', null), eb('policies.municipality_id', '=', device.municipality_id)]),
    )
    .execute();
  return rows.map(layerOf).toSorted(widestFirst);
}

/** Of each rule the exception that ends last: it decides what a verdict says, also once all of them have ended. */
function decisive(exceptions: readonly Exception[]): Exception[] {
  const last = new Map<string, Exception>();
  for (const exception of exceptions) {
    const known = last.get(exception.ruleId);
    if (known === undefined || endsLater(exception, known)) last.set(exception.ruleId, exception);
  }
  return [...last.values()].toSorted((a, b) => (a.ruleId < b.ruleId ? -1 : 1));
}

function endsLater(left: Exception, right: Exception): boolean {
  return left.expiresAt > right.expiresAt || (left.expiresAt === right.expiresAt && left.id > right.id);
}

async function versionOf(db: Database, deviceId: string, settings: Settings): Promise<number> {
  const digest = canonicalHash(settings);
  const known = db.selectFrom('device_policies').select(['version', 'digest']).where('device_id', '=', deviceId);
  const before = await known.executeTakeFirst();
  if (before?.digest === digest) return before.version;
  if (before === undefined && Object.keys(settings).length === 0) return 0;
  // In one statement, so that two processes never give the same number to different settings.
  await db
    .insertInto('device_policies')
    .values({ device_id: deviceId, version: 1, digest })
    .onConflict((conflict) =>
      conflict
        .column('device_id')
        .doUpdateSet({ version: sql<number>`device_policies.version + 1`, digest })
        .where('device_policies.digest', '!=', digest),
    )
    .execute();
  return (await known.executeTakeFirstOrThrow()).version;
}
