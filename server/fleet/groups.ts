/** Groups of devices of one municipality, in an order, with their members. Nothing of them is removed: it ends. */
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { plainText } from '../../agent/rules/wording.ts';
import type {
  DeviceGroup,
  GroupChange,
  groupDeletion,
  groupQuery,
  MemberChange,
  memberChangeResult,
} from '../api/contract.ts';
import { recordDeed } from '../staff/audit.ts';
import type { Database } from '../store/database.ts';
import { membersOf } from './group-members.ts';
import { findMunicipality } from './municipalities.ts';
import { devicesOf, findGroup, groupsOf, markReached } from './policy-audience.ts';
import { endPolicy } from './policy-changes.ts';
import { flatSettings } from './policy-resolution.ts';
import { notFound, Refusal } from './refusal.ts';
import { type Actor, devicesIn, everything, type FleetContext, groupsIn, type Scope } from './scope.ts';

/** Of a municipality. So many fit on one page, and in one look. */
const maxGroups = 200;
/** Bound parameters of one statement stay far below SQLite's limit. */
const atOnce = 500;

/** By municipality, then in their order; deleted ones by the time of their end. */
export async function listGroups(
  { db }: FleetContext,
  scope: Scope,
  query: z.output<typeof groupQuery>,
): Promise<DeviceGroup[]> {
  let rows = groupsOf(db, scope).where('device_groups.deleted_at', query.state === 'active' ? 'is' : 'is not', null);
  if (query.municipality !== undefined) rows = rows.where('device_groups.municipality_id', '=', query.municipality);
  const found = await rows
    .orderBy('municipalities.name')
    .orderBy('device_groups.deleted_at')
    .orderBy('device_groups.position')
    .orderBy('device_groups.id')
    .execute();
  return described(db, scope, found);
}

/** Throws `Refusal` not-found. */
export async function describeGroup({ db }: FleetContext, scope: Scope, id: string): Promise<DeviceGroup> {
  const [group] = await described(db, scope, [await findGroup(db, scope, id)]);
  if (group === undefined) throw notFound();
  return group;
}

type Row = Awaited<ReturnType<typeof findGroup>>;

async function described(db: Database, scope: Scope, rows: readonly Row[]): Promise<DeviceGroup[]> {
  const counted = await devicesIn(db, scope)
    .innerJoin('group_members', 'group_members.device_id', 'devices.id')
    .where('group_members.removed_at', 'is', null)
    .where('devices.state', '!=', 'retired')
    .select(({ fn }) => ['group_members.group_id', fn.countAll<number>().as('devices')])
    .groupBy('group_members.group_id')
    .execute();
  const devices = new Map(counted.map((row) => [row.group_id, Number(row.devices)]));
  const policies = await db
    .selectFrom('policies')
    .select(['audience_id', 'settings'])
    .where('level', '=', 'group')
    .execute();
  const settings = new Map(policies.map((row) => [row.audience_id, row.settings]));
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    municipality: { id: row.municipality_id, name: row.municipality_name },
    position: row.position,
    devices: devices.get(row.id) ?? 0,
    settings: flatSettings(JSON.parse(settings.get(row.id) ?? '{}')).length,
    createdAt: row.created_at,
    createdBy: row.created_by,
    deletedAt: row.deleted_at,
    deletedBy: row.deleted_by,
  }));
}

function ofMunicipality(trx: Database, municipalityId: string) {
  return groupsIn(trx, everything)
    .where('device_groups.municipality_id', '=', municipalityId)
    .where('device_groups.deleted_at', 'is', null);
}

/** One line, in one spelling. Throws `Refusal` invalid or name-taken. */
async function freeName(trx: Database, municipalityId: string, wanted: string, own = ''): Promise<string> {
  const name = plainText(wanted.normalize('NFC'));
  if (name === '' || name.length > 80) {
    throw new Refusal('invalid', {
      de: 'Der Name der Gruppe muss 1 bis 80 Zeichen haben.',
      en: 'The name of the group must have 1 to 80 characters.',
    });
  }
  const taken = await ofMunicipality(trx, municipalityId)
    .where('device_groups.name', '=', name)
    .where('device_groups.id', '!=', own)
    .select('device_groups.id')
    .executeTakeFirst();
  if (taken === undefined) return name;
  throw new Refusal('name-taken', {
    de: `Die Gruppe „${name}“ gibt es in dieser Gemeinde schon.`,
    en: `The group "${name}" exists in this municipality already.`,
  });
}

/** It stands last and has no member yet. Throws `Refusal` not-found, invalid or name-taken. */
export async function createGroup(
  context: FleetContext,
  actor: Actor,
  request: { readonly municipalityId: string; readonly name: string },
): Promise<DeviceGroup> {
  const id = randomUUID();
  const at = context.now();
  await context.db.transaction().execute(async (trx) => {
    await findMunicipality(trx, actor.scope, request.municipalityId);
    const name = await freeName(trx, request.municipalityId, request.name);
    const others = await ofMunicipality(trx, request.municipalityId).select('device_groups.position').execute();
    if (others.length >= maxGroups) {
      throw new Refusal('invalid', {
        de: `Eine Gemeinde kann höchstens ${maxGroups} Gruppen haben. Löschen Sie zuerst eine, die nicht mehr gebraucht wird.`,
        en: `A municipality can have at most ${maxGroups} groups. Delete one that is no longer needed first.`,
      });
    }
    await trx
      .insertInto('device_groups')
      .values({
        id,
        municipality_id: request.municipalityId,
        name,
        position: others.length + 1,
        created_at: at.toISOString(),
        created_by: actor.name.slice(0, 120),
        deleted_at: null,
        deleted_by: null,
      })
      .execute();
    await recordDeed(trx, at, {
      actor: actor.name,
      action: 'group.create',
      municipalityId: request.municipalityId,
      target: id,
      detail: { group: name },
    });
  });
  return describeGroup(context, actor.scope, id);
}

/** Another name, another place in the order, or both. Throws `Refusal` not-found, invalid or name-taken. */
export async function changeGroup(
  context: FleetContext,
  actor: Actor,
  id: string,
  change: GroupChange,
): Promise<DeviceGroup> {
  const at = context.now();
  await context.db.transaction().execute(async (trx) => {
    const before = await findGroup(trx, actor.scope, id);
    const name =
      change.name === undefined ? before.name : await freeName(trx, before.municipality_id, change.name, before.id);
    const moved = await moveGroup(trx, before, change.position ?? before.position);
    if (name === before.name && moved === undefined) return;
    await trx.updateTable('device_groups').set({ name }).where('id', '=', id).execute();
    await recordDeed(trx, at, {
      actor: actor.name,
      action: 'group.change',
      municipalityId: before.municipality_id,
      target: id,
      detail: {
        group: before.name,
        ...(name === before.name ? {} : { name: [before.name, name] }),
        ...(moved === undefined ? {} : { position: [before.position, moved] }),
      },
    });
  });
  return describeGroup(context, actor.scope, id);
}

/** Returns where it stands now; undefined when that is where it stood. Positions are 1, 2, 3 … without gaps. */
async function moveGroup(trx: Database, group: Row, wanted: number): Promise<number | undefined> {
  const order = await ofMunicipality(trx, group.municipality_id)
    .select(['device_groups.id', 'device_groups.position'])
    .orderBy('device_groups.position')
    .orderBy('device_groups.id')
    .execute();
  const others = order.filter(({ id }) => id !== group.id);
  const position = Math.min(wanted, order.length);
  const after = others.toSpliced(position - 1, 0, { id: group.id, position: group.position });
  for (const [index, { id, position: stood }] of after.entries()) {
    if (stood === index + 1) continue;
    await trx
      .updateTable('device_groups')
      .set({ position: index + 1 })
      .where('id', '=', id)
      .execute();
    await markReached(trx, { level: 'group', id });
  }
  return position === group.position ? undefined : position;
}

/** Memberships and policy end; what they were stays in the history. Throws `Refusal` not-found. */
export async function deleteGroup(
  { db, now }: FleetContext,
  actor: Actor,
  id: string,
): Promise<z.infer<typeof groupDeletion>> {
  const at = now();
  return db.transaction().execute(async (trx) => {
    const group = await findGroup(trx, actor.scope, id);
    const municipality = { id: group.municipality_id, name: group.municipality_name };
    await markReached(trx, { level: 'group', id });
    const policyEnded = await endPolicy(trx, at, actor, {
      level: 'group',
      id,
      name: group.name,
      municipality,
      position: 0,
    });
    const ended = await trx
      .updateTable('group_members')
      .set({ removed_at: at.toISOString(), removed_by: actor.name.slice(0, 120) })
      .where('group_id', '=', id)
      .where('removed_at', 'is', null)
      .executeTakeFirstOrThrow();
    await trx
      .updateTable('device_groups')
      .set({ deleted_at: at.toISOString(), deleted_by: actor.name.slice(0, 120) })
      .where('id', '=', id)
      .execute();
    // Those behind it move up: positions have no gaps.
    await trx
      .updateTable('device_groups')
      .set(({ eb }) => ({ position: eb('position', '-', 1) }))
      .where('municipality_id', '=', group.municipality_id)
      .where('deleted_at', 'is', null)
      .where('position', '>', group.position)
      .execute();
    const devices = Number(ended.numUpdatedRows);
    await recordDeed(trx, at, {
      actor: actor.name,
      action: 'group.delete',
      municipalityId: group.municipality_id,
      target: id,
      detail: { group: group.name, devices, policyEnded },
    });
    return { devices, policyEnded };
  });
}

/** Adding a member twice, or removing what is none, changes nothing. Throws `Refusal` not-found for any foreign device. */
export async function changeMembers(
  { db, now }: FleetContext,
  actor: Actor,
  id: string,
  change: MemberChange,
): Promise<z.infer<typeof memberChangeResult>> {
  const at = now();
  return db.transaction().execute(async (trx) => {
    const group = await findGroup(trx, actor.scope, id);
    const wanted = [...new Set(change.add)];
    const unwanted = [...new Set(change.remove)];
    const names = await namesOf(trx, actor.scope, group.municipality_id, [...wanted, ...unwanted]);
    const members = new Set((await membersOf(trx, id).execute()).map(({ device_id }) => device_id));
    const added = wanted.filter((device) => !members.has(device) && !unwanted.includes(device));
    const removed = unwanted.filter((device) => members.has(device));
    await join(trx, at, actor, id, added);
    await leave(trx, at, actor, id, removed);
    const told = (devices: readonly string[]) => devices.map((device) => names.get(device) ?? device).toSorted();
    if (added.length > 0 || removed.length > 0) {
      await recordDeed(trx, at, {
        actor: actor.name,
        action: 'group.members',
        municipalityId: group.municipality_id,
        target: id,
        // Who was a member when stands in full in the memberships.
        detail: {
          group: group.name,
          added: added.length,
          removed: removed.length,
          addedDevices: told(added).slice(0, 20).join(', '),
          removedDevices: told(removed).slice(0, 20).join(', '),
        },
      });
    }
    const { devices } = await devicesOf(trx, actor.scope, { level: 'group', id })
      .select(({ fn }) => fn.countAll<number>().as('devices'))
      .executeTakeFirstOrThrow();
    return { added: added.length, removed: removed.length, devices: Number(devices) };
  });
}

/** Throws `Refusal` not-found when one is not of this municipality. */
async function namesOf(
  trx: Database,
  scope: Scope,
  municipalityId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const some of portions([...new Set(ids)])) {
    const rows = await devicesIn(trx, scope)
      .where('devices.municipality_id', '=', municipalityId)
      .where('devices.id', 'in', some)
      .select(['devices.id', 'devices.hostname'])
      .execute();
    if (rows.length < some.length) throw notFound();
    for (const row of rows) names.set(row.id, row.hostname);
  }
  return names;
}

async function join(trx: Database, at: Date, actor: Actor, groupId: string, devices: readonly string[]): Promise<void> {
  for (const some of portions(devices)) {
    const stay = { group_id: groupId, added_at: at.toISOString(), added_by: actor.name.slice(0, 120) };
    await trx
      .insertInto('group_members')
      .values(some.map((device_id) => ({ ...stay, device_id, removed_at: null, removed_by: null })))
      .execute();
    await trx.updateTable('devices').set({ judged_at: null }).where('id', 'in', some).execute();
  }
}

async function leave(
  trx: Database,
  at: Date,
  actor: Actor,
  groupId: string,
  devices: readonly string[],
): Promise<void> {
  for (const some of portions(devices)) {
    await trx
      .updateTable('group_members')
      .set({ removed_at: at.toISOString(), removed_by: actor.name.slice(0, 120) })
      .where('group_id', '=', groupId)
      .where('device_id', 'in', some)
      .where('removed_at', 'is', null)
      .execute();
    await trx.updateTable('devices').set({ judged_at: null }).where('id', 'in', some).execute();
  }
}

function portions(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / atOnce) }, (_, index) =>
    ids.slice(index * atOnce, (index + 1) * atOnce),
  );
}

/** A device that moves to another municipality leaves the groups of this one. Goes into the transaction of the move. */
export async function leaveGroups(
  trx: Database,
  at: Date,
  actor: Actor,
  device: { readonly id: string; readonly hostname: string; readonly municipality_id: string },
): Promise<void> {
  const groups = await ofMunicipality(trx, device.municipality_id)
    .innerJoin('group_members', 'group_members.group_id', 'device_groups.id')
    .where('group_members.device_id', '=', device.id)
    .where('group_members.removed_at', 'is', null)
    .select(['device_groups.id', 'device_groups.name'])
    .execute();
  for (const { id, name } of groups) {
    await leave(trx, at, actor, id, [device.id]);
    await recordDeed(trx, at, {
      actor: actor.name,
      action: 'group.members',
      municipalityId: device.municipality_id,
      target: id,
      detail: { group: name, added: 0, removed: 1, addedDevices: '', removedDevices: device.hostname },
    });
  }
}
