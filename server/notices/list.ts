/** Notices as staff see them: what was said to whom, whether it is in force, and how far it has come. */
import { sql } from 'kysely';
import { z } from 'zod';
import { uuid } from '../../agent/contract/field.ts';
import type {
  NoticeAcknowledgement,
  NoticeDevice,
  NoticeEntry,
  NoticeReach,
  NoticeState,
  noticeDeviceQuery,
  noticeQuery,
  noticeReachQuery,
} from '../api/contract.ts';
import type { pageQuery } from '../api/page-query.ts';
import { decodeCursor, page } from '../fleet/cursor.ts';
import { findAudience } from '../fleet/policy-audience.ts';
import { notFound } from '../fleet/refusal.ts';
import { type FleetContext, noticesIn, type Scope } from '../fleet/scope.ts';
import type { Database } from '../store/database.ts';
import { deliveriesFor, devicesFor, progressOf } from './deliveries.ts';
import { saidIn } from './draft.ts';

const dayMs = 86_400_000;

interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

/** One row a notice, with the state it is in at `now`. */
function rowsOf(db: Database, scope: Scope, now: Date) {
  const at = now.toISOString();
  const newer = sql<string | null>`(select newer.id from notices as newer where newer.replaces = notices.id
    and newer.municipality_id = notices.municipality_id and newer.number > notices.number and newer.valid_from <= ${at}
    order by newer.number desc limit 1)`;
  const state = sql<NoticeState>`case when notices.recalled = 1 then 'recalled' when notices.valid_until <= ${at} then 'ended'
    when ${newer} is not null then 'replaced' when notices.valid_from > ${at} then 'scheduled' else 'active' end`;
  const rows = noticesIn(db, scope)
    .innerJoin('municipalities', 'municipalities.id', 'notices.municipality_id')
    .leftJoin('device_groups', 'device_groups.id', 'notices.group_id')
    // What has moved away since is another municipality's: its name stays there.
    .leftJoin('devices', (join) =>
      join
        .onRef('devices.id', '=', 'notices.device_id')
        .onRef('devices.municipality_id', '=', 'notices.municipality_id'),
    )
    .selectAll('notices')
    .select([
      'municipalities.name as municipality_name',
      'device_groups.name as group_name',
      'devices.hostname as device_name',
      state.as('state'),
      newer.as('replaced_by'),
    ]);
  return { rows, state };
}

type Row = Awaited<ReturnType<ReturnType<typeof rowsOf>['rows']['executeTakeFirstOrThrow']>>;

async function entryOf(db: Database, scope: Scope, row: Row): Promise<NoticeEntry> {
  const { audience: _audience, recalled: _recalled, ...said } = saidIn(row.jws);
  return {
    ...said,
    municipality: { id: row.municipality_id, name: row.municipality_name },
    audience: audienceOf(row),
    state: row.state,
    replaces: row.replaces,
    replacedBy: row.replaced_by,
    publishedAt: row.published_at,
    publishedBy: row.published_by,
    progress: await progressOf(db, scope, row),
  };
}

function audienceOf(row: Row): NoticeEntry['audience'] {
  if (row.device_id !== null) return { level: 'device', id: row.device_id, name: row.device_name ?? row.device_id };
  if (row.group_id !== null) return { level: 'group', id: row.group_id, name: row.group_name ?? row.group_id };
  return { level: 'municipality', id: row.municipality_id, name: row.municipality_name };
}

const place = z.tuple([z.int()]);

/** Published last comes first. Throws `Refusal` invalid-cursor. */
export async function listNotices(
  { db, now }: FleetContext,
  scope: Scope,
  query: z.output<typeof noticeQuery>,
): Promise<Page<NoticeEntry>> {
  const { rows, state } = rowsOf(db, scope, now());
  let wanted = rows;
  if (query.municipality !== undefined) wanted = wanted.where('notices.municipality_id', '=', query.municipality);
  if (query.state !== undefined) wanted = wanted.where(state, '=', query.state);
  if (query.cursor !== undefined) {
    wanted = wanted.where('notices.number', '<', decodeCursor(query.cursor, place)[0]);
  }
  const found = await wanted
    .orderBy('notices.number', 'desc')
    .limit(query.limit + 1)
    .execute();
  const shown = page(found, query.limit, (row) => [row.number]);
  const items: NoticeEntry[] = [];
  for (const row of shown.rows) items.push(await entryOf(db, scope, row));
  return { items, nextCursor: shown.nextCursor };
}

async function findRow(db: Database, scope: Scope, id: string, now: Date): Promise<Row> {
  const row = await rowsOf(db, scope, now).rows.where('notices.id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound();
  return row;
}

/** Throws `Refusal` not-found, also for one of a municipality out of reach. */
export async function describeNotice({ db, now }: FleetContext, scope: Scope, id: string): Promise<NoticeEntry> {
  return entryOf(db, scope, await findRow(db, scope, id, now()));
}

/** As it was signed. Throws `Refusal` not-found. */
export async function findSigned({ db, now }: FleetContext, scope: Scope, id: string) {
  const row = await findRow(db, scope, id, now());
  return { said: saidIn(row.jws), state: row.state };
}

const devicePlace = z.tuple([z.string().max(253), uuid]);

/** By name. Throws `Refusal` not-found or invalid-cursor. */
export async function listNoticeDevices(
  { db, now }: FleetContext,
  scope: Scope,
  id: string,
  query: z.output<typeof noticeDeviceQuery>,
): Promise<Page<NoticeDevice>> {
  const row = await findRow(db, scope, id, now());
  let wanted = db
    .selectFrom(
      deliveriesFor(db, scope, row).select(['devices.id', 'devices.hostname', 'devices.last_heard_at']).as('each'),
    )
    .selectAll('each');
  if (query.state !== undefined) wanted = wanted.where('way', '=', query.state);
  if (query.cursor !== undefined) {
    const after = decodeCursor(query.cursor, devicePlace);
    wanted = wanted.where(({ eb, refTuple, tuple }) => eb(refTuple('hostname', 'id'), '>', tuple(...after)));
  }
  const found = await wanted
    .orderBy('hostname')
    .orderBy('id')
    .limit(query.limit + 1)
    .execute();
  const shown = page(found, query.limit, (device) => [device.hostname, device.id]);
  const items = shown.rows.map((device) => ({
    id: device.id,
    hostname: device.hostname,
    state: device.way,
    deliveredAt: device.delivered_at,
    lastHeardAt: device.last_heard_at,
  }));
  return { items, nextCursor: shown.nextCursor };
}

const namePlace = z.tuple([z.string().max(253), uuid, z.string().max(120)]);

/** By device and name. Nothing for a notice whose answers are counted. Throws `Refusal` not-found or invalid-cursor. */
export async function listAcknowledgements(
  { db, now }: FleetContext,
  scope: Scope,
  id: string,
  query: z.output<typeof pageQuery>,
): Promise<Page<NoticeAcknowledgement>> {
  const row = await findRow(db, scope, id, now());
  if (saidIn(row.jws).answers !== 'named') return { items: [], nextCursor: null };
  const named = devicesFor(db, scope, row)
    .innerJoin('notice_answers as answer', 'answer.device_id', 'devices.id')
    .where('answer.notice_id', '=', row.id)
    .where('answer.issued_at', '=', row.issued_at)
    .where('answer.kind', '=', 'acknowledged')
    .select(['devices.id', 'devices.hostname', sql<string>`coalesce(answer.stated_name, '')`.as('name')])
    .distinct();
  let wanted = db.selectFrom(named.as('each')).selectAll('each');
  if (query.cursor !== undefined) {
    const after = decodeCursor(query.cursor, namePlace);
    wanted = wanted.where(({ eb, refTuple, tuple }) => eb(refTuple('hostname', 'id', 'name'), '>', tuple(...after)));
  }
  const found = await wanted
    .orderBy('hostname')
    .orderBy('id')
    .orderBy('name')
    .limit(query.limit + 1)
    .execute();
  const shown = page(found, query.limit, (each) => [each.hostname, each.id, each.name]);
  const items = shown.rows.map(({ id, hostname, name }) => ({ id, hostname, statedName: name === '' ? null : name }));
  return { items, nextCursor: shown.nextCursor };
}

/** How many devices a notice for this audience would be for. Throws `Refusal` not-found. */
export async function reachOfNotice(
  { db, now }: FleetContext,
  scope: Scope,
  { municipality, group, device }: z.output<typeof noticeReachQuery>,
): Promise<NoticeReach> {
  const keys = [`municipality-${municipality}`];
  if (group !== undefined) keys.push(`group-${group}`);
  if (device !== undefined) keys.push(`device-${device}`);
  for (const key of keys) {
    const found = await findAudience(db, scope, key);
    if (found.municipality?.id !== municipality) throw notFound();
  }
  const audience = { municipality_id: municipality, group_id: group ?? null, device_id: device ?? null };
  const since = new Date(now().getTime() - dayMs).toISOString();
  const { devices, heard } = await devicesFor(db, scope, audience)
    .select(({ fn }) => [
      fn.countAll<number>().as('devices'),
      sql<number>`coalesce(sum(case when devices.last_heard_at >= ${since} then 1 else 0 end), 0)`.as('heard'),
    ])
    .executeTakeFirstOrThrow();
  return { devices: Number(devices), heardToday: Number(heard) };
}
