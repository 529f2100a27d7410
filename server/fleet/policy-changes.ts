/** Writing policies. Every change is a new version beside the old ones; nothing is overwritten or removed. */

import { shown } from '../../agent/contract/printable.ts';
import { canonicalJson } from '../../agent/signing/canonical.ts';
import type { PolicyChange, PolicyDocument } from '../api/contract.ts';
import { recordDeed } from '../staff/audit.ts';
import type { Database } from '../store/database.ts';
import { evaluateDevice } from './evaluate.ts';
import { findAudience, markReached, type PolicyAudience, requireReach } from './policy-audience.ts';
import { describePolicy } from './policy-list.ts';
import { changedSettings, type Settings } from './policy-resolution.ts';
import { notFound, Refusal } from './refusal.ts';
import { type Actor, devicesIn, type FleetContext, policyVersionsIn } from './scope.ts';

interface NewVersion {
  readonly settings: Settings;
  readonly reason?: string | undefined;
  readonly restoredFrom?: number;
}

/** Saying the same again makes no version. Throws `Refusal` not-found, forbidden, or conflict when another was stored meanwhile. */
export async function changePolicy(
  context: FleetContext,
  actor: Actor,
  key: string,
  { settings, expectedVersion, reason }: PolicyChange,
): Promise<PolicyDocument> {
  const at = context.now();
  await context.db.transaction().execute(async (trx) => {
    const audience = await findAudience(trx, actor.scope, key);
    requireReach(actor, audience);
    await store(trx, at, actor, audience, { settings, reason }, expectedVersion);
  });
  return describePolicy(context, actor.scope, key);
}

/** A new version with the settings of an older one. Throws as `changePolicy`, and not-found for a version out of reach. */
export async function restorePolicy(
  context: FleetContext,
  actor: Actor,
  key: string,
  request: { readonly version: number; readonly expectedVersion: number; readonly reason?: string | undefined },
): Promise<PolicyDocument> {
  const at = context.now();
  await context.db.transaction().execute(async (trx) => {
    const audience = await findAudience(trx, actor.scope, key);
    requireReach(actor, audience);
    const old = await policyVersionsIn(trx, actor.scope)
      .where('level', '=', audience.level)
      .where('audience_id', '=', audience.id)
      .where('version', '=', request.version)
      .select('settings')
      .executeTakeFirst();
    if (old === undefined) throw notFound();
    const settings = JSON.parse(old.settings) as Settings;
    const { reason, version: restoredFrom } = request;
    await store(trx, at, actor, audience, { settings, reason, restoredFrom }, request.expectedVersion);
  });
  return describePolicy(context, actor.scope, key);
}

/** Its last version is empty. Goes into the transaction that ends the audience. Returns whether there was anything to end. */
export async function endPolicy(trx: Database, at: Date, actor: Actor, audience: PolicyAudience): Promise<boolean> {
  const { version, settings } = await current(trx, audience);
  if (Object.keys(settings).length === 0) return false;
  await store(trx, at, actor, audience, { settings: {} }, version);
  return true;
}

async function current(trx: Database, { level, id }: PolicyAudience) {
  const row = await trx
    .selectFrom('policies')
    .select(['version', 'settings', 'changed_at', 'changed_by'])
    .where('level', '=', level)
    .where('audience_id', '=', id)
    .executeTakeFirst();
  return row === undefined
    ? { version: 0, settings: {} as Settings, changedBy: '' }
    : { version: row.version, settings: JSON.parse(row.settings) as Settings, changedBy: row.changed_by };
}

async function store(
  trx: Database,
  at: Date,
  actor: Actor,
  audience: PolicyAudience,
  { settings, reason, restoredFrom }: NewVersion,
  expectedVersion: number,
): Promise<void> {
  const before = await current(trx, audience);
  if (before.version !== expectedVersion) throw changedMeanwhile(before.version, before.changedBy);
  const changes = changedSettings(before.settings, settings);
  if (changes.length === 0) return;
  for (const { key, after } of changes) requireVisible(key, after);
  const row = {
    level: audience.level,
    audience_id: audience.id,
    municipality_id: audience.municipality?.id ?? null,
    version: before.version + 1,
    settings: canonicalJson(settings),
    changed_at: at.toISOString(),
    changed_by: actor.name.slice(0, 120),
  };
  const { level, audience_id, ...changed } = row;
  await trx
    .insertInto('policies')
    .values(row)
    .onConflict((conflict) => conflict.columns(['level', 'audience_id']).doUpdateSet(changed))
    .execute();
  const why = reason?.normalize('NFC').trim();
  await trx
    .insertInto('policy_versions')
    .values({ ...row, reason: why === undefined || why === '' ? null : why, restored_from: restoredFrom ?? null })
    .execute();
  await judgeAnew(trx, audience, at);
  await recordDeed(trx, at, {
    actor: actor.name,
    action: restoredFrom === undefined ? 'policy.change' : 'policy.restore',
    ...(audience.municipality === null ? {} : { municipalityId: audience.municipality.id }),
    target: audience.id === '' ? 'district' : audience.id,
    detail: {
      level: audience.level,
      ...(audience.level === 'group' ? { group: audience.name } : {}),
      ...(audience.level === 'device' ? { hostname: audience.name } : {}),
      version: [before.version, row.version],
      ...(restoredFrom === undefined ? {} : { restoredFrom }),
      ...(why === undefined || why === '' ? {} : { reason: why }),
      // In full in the versions of the policy.
      settings: changes.map(({ key }) => key).join(', '),
    },
  });
}

/** A name, a number or an address ends on the screens of the PCs, where nothing may pose as something else. */
function requireVisible(key: string, value: unknown): void {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) requireVisible(key, inner);
  } else if (typeof value === 'string' && !shown.line.test(value)) {
    throw new Refusal('invalid', {
      de: `In der Einstellung „${key}“ stehen Zeichen, die man nicht sieht oder die die Schreibrichtung ändern. Schreiben Sie den Wert neu, statt ihn einzufügen.`,
      en: `The setting "${key}" holds signs that cannot be seen or that change the direction of writing. Type the value anew instead of pasting it.`,
    });
  }
}

/** One device at once; more of them with the next tick, because a request cannot wait for all. */
async function judgeAnew(trx: Database, audience: PolicyAudience, at: Date): Promise<void> {
  if (audience.level !== 'device') return markReached(trx, audience);
  const device = await devicesIn(trx, { role: 'admin', municipalities: 'all' })
    .where('devices.id', '=', audience.id)
    .select('devices.state')
    .executeTakeFirstOrThrow();
  if (device.state !== 'retired') await evaluateDevice(trx, audience.id, at);
}

function changedMeanwhile(version: number, by: string): Refusal {
  return new Refusal('conflict', {
    de:
      version === 0
        ? 'Diese Richtlinie hat noch keine Fassung. Laden Sie die Seite neu.'
        : `Inzwischen hat ${by} die Fassung ${version} gespeichert. Es wurde nichts überschrieben. Laden Sie die Seite neu und tragen Sie Ihre Änderung dort ein.`,
    en:
      version === 0
        ? 'This policy has no version yet. Reload the page.'
        : `${by} has stored version ${version} meanwhile. Nothing was overwritten. Reload the page and make your change there.`,
  });
}
