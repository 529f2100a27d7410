/** Municipalities and how their fleets fare. */
import { randomUUID } from 'node:crypto';
import { plainText } from '../../agent/rules/wording.ts';
import type { Municipality } from '../api/contract.ts';
import { recordDeed } from '../staff/audit.ts';
import type { Database } from '../store/database.ts';
import { notFound, Refusal } from './refusal.ts';
import { type Actor, devicesIn, type FleetContext, municipalitiesIn, type Scope } from './scope.ts';

/** Throws `Refusal` not-found, also for a municipality out of reach. */
export async function findMunicipality(db: Database, scope: Scope, id: string) {
  const found = await municipalitiesIn(db, scope)
    .where('municipalities.id', '=', id)
    .selectAll('municipalities')
    .executeTakeFirst();
  if (found === undefined) throw notFound();
  return found;
}

export interface NewMunicipality {
  /** 1 to 120 characters; unique. */
  readonly name: string;
  /** Each new device waits until a member of staff has approved it. */
  readonly approvalRequired: boolean;
}

/** Throws `Refusal` name-taken, invalid, or forbidden for an actor who is not responsible for the whole district. */
export async function createMunicipality(
  context: FleetContext,
  actor: Actor,
  wanted: NewMunicipality,
): Promise<Municipality> {
  if (actor.scope.municipalities !== 'all') {
    throw new Refusal('forbidden', {
      de: 'Gemeinden legt nur an, wer für den ganzen Landkreis zuständig ist.',
      en: 'Only somebody responsible for the whole district may add municipalities.',
    });
  }
  const name = plainText(wanted.name.normalize('NFC'));
  if (name === '' || name.length > 120) {
    throw new Refusal('invalid', {
      de: 'Der Name der Gemeinde muss 1 bis 120 Zeichen haben.',
      en: 'The name of the municipality must have 1 to 120 characters.',
    });
  }
  const id = randomUUID();
  const at = context.now();
  await context.db.transaction().execute(async (trx) => {
    const taken = await trx.selectFrom('municipalities').select('id').where('name', '=', name).executeTakeFirst();
    if (taken !== undefined) {
      throw new Refusal('name-taken', {
        de: `Die Gemeinde „${name}“ gibt es schon.`,
        en: `The municipality "${name}" exists already.`,
      });
    }
    await trx
      .insertInto('municipalities')
      .values({ id, name, approval_required: wanted.approvalRequired ? 1 : 0, created_at: at.toISOString() })
      .execute();
    await recordDeed(trx, at, {
      actor: actor.name,
      action: 'municipality.create',
      municipalityId: id,
      target: name,
      detail: { approvalRequired: wanted.approvalRequired },
    });
  });
  return overview(context, actor.scope, id);
}

/** Throws `Refusal` not-found. */
export async function setApprovalRequired(
  context: FleetContext,
  actor: Actor,
  id: string,
  approvalRequired: boolean,
): Promise<Municipality> {
  await context.db.transaction().execute(async (trx) => {
    const before = await findMunicipality(trx, actor.scope, id);
    if ((before.approval_required === 1) === approvalRequired) return;
    await trx
      .updateTable('municipalities')
      .set({ approval_required: approvalRequired ? 1 : 0 })
      .where('id', '=', id)
      .execute();
    await recordDeed(trx, context.now(), {
      actor: actor.name,
      action: 'municipality.change',
      municipalityId: id,
      target: before.name,
      detail: { approvalRequired: [!approvalRequired, approvalRequired] },
    });
  });
  return overview(context, actor.scope, id);
}

async function overview(context: FleetContext, scope: Scope, id: string): Promise<Municipality> {
  const found = (await listMunicipalities(context, scope)).find((entry) => entry.id === id);
  if (found === undefined) throw notFound();
  return found;
}

/** By name. Retired devices do not count. */
export async function listMunicipalities({ db }: FleetContext, scope: Scope): Promise<Municipality[]> {
  const municipalities = await municipalitiesIn(db, scope)
    .selectAll('municipalities')
    .orderBy('municipalities.name')
    .execute();
  const groups = await devicesIn(db, scope)
    .where('devices.state', '!=', 'retired')
    .select(({ fn }) => [
      'devices.municipality_id',
      'devices.light',
      'devices.state',
      fn.countAll<number>().as('devices'),
      fn.max('devices.last_heard_at').as('last_heard_at'),
    ])
    .groupBy(['devices.municipality_id', 'devices.light', 'devices.state'])
    .execute();
  return municipalities.map((row) => {
    const entry = {
      id: row.id,
      name: row.name,
      approvalRequired: row.approval_required === 1,
      devices: 0,
      pending: 0,
      quarantined: 0,
      lights: { ok: 0, attention: 0, critical: 0, unknown: 0 },
      lastHeardAt: null as string | null,
    };
    for (const group of groups.filter(({ municipality_id }) => municipality_id === row.id)) {
      const count = Number(group.devices);
      entry.devices += count;
      entry.lights[group.light] += count;
      if (group.state === 'pending') entry.pending += count;
      if (group.state === 'quarantined') entry.quarantined += count;
      const heard = group.last_heard_at;
      if (heard !== null && (entry.lastHeardAt === null || heard > entry.lastHeardAt)) entry.lastHeardAt = heard;
    }
    return entry;
  });
}
