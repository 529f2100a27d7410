/** The policy in force for a device: all that concerns it, worked out and numbered. */
import { sql } from 'kysely';
import type { Exception } from '../../agent/contract/policy.ts';
import { canonicalHash } from '../../agent/signing/canonical.ts';
import type { Database } from '../store/database.ts';
import { exceptionsFor } from './exceptions-in-force.ts';
import { type Origins, type PolicyLayer, resolveSettings, type Settings } from './policy-resolution.ts';

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

const widestFirst = ['district', 'municipality', 'group', 'device'] as const;

/** From the widest to the nearest; of two groups the one with the lower position is the nearer. */
export async function layersFor(
  db: Database,
  device: { readonly id: string; readonly municipality_id: string },
): Promise<PolicyLayer[]> {
  const memberships = db
    .selectFrom('group_members')
    .select('group_id')
    .where('device_id', '=', device.id)
    .where('removed_at', 'is', null);
  const rows = await db
    .selectFrom('policies')
    .leftJoin('municipalities', (join) =>
      join.onRef('municipalities.id', '=', 'policies.audience_id').on('policies.level', '=', 'municipality'),
    )
    .leftJoin('device_groups', (join) =>
      join.onRef('device_groups.id', '=', 'policies.audience_id').on('policies.level', '=', 'group'),
    )
    .leftJoin('devices', (join) =>
      join.onRef('devices.id', '=', 'policies.audience_id').on('policies.level', '=', 'device'),
    )
    .select(['policies.level', 'policies.audience_id', 'policies.version', 'policies.settings'])
    .select(({ fn, val }) =>
      fn.coalesce('municipalities.name', 'device_groups.name', 'devices.hostname', val('')).as('name'),
    )
    .select('device_groups.position')
    .where(({ eb, or, and }) =>
      or([
        and([eb('policies.level', '=', 'district'), eb('policies.audience_id', '=', '')]),
        and([eb('policies.level', '=', 'municipality'), eb('policies.audience_id', '=', device.municipality_id)]),
        and([
          eb('policies.level', '=', 'group'),
          eb('policies.audience_id', 'in', memberships),
          // A group of the municipality the device has left says nothing any more, whatever else went wrong.
          eb('policies.municipality_id', '=', device.municipality_id),
        ]),
        and([
          eb('policies.level', '=', 'device'),
          eb('policies.audience_id', '=', device.id),
          eb('policies.municipality_id', '=', device.municipality_id),
        ]),
      ]),
    )
    .execute();
  return rows
    .toSorted(
      (a, b) =>
        widestFirst.indexOf(a.level) - widestFirst.indexOf(b.level) ||
        (b.position ?? 0) - (a.position ?? 0) ||
        (a.audience_id < b.audience_id ? 1 : -1),
    )
    .map(({ level, audience_id, version, settings, name }) => ({
      origin: { level, id: audience_id, name, version },
      settings: JSON.parse(settings) as Settings,
    }));
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
