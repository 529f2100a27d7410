/** The list of devices: search, filters, order and pages. */
import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { type DeviceList, type DeviceSummary, deviceQuery } from '../api/contract.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow } from '../store/schema.ts';
import { decodeCursor, page } from './cursor.ts';
import { membersOf } from './group-members.ts';
import { devicesIn, type FleetContext, type Scope } from './scope.ts';
import { searchPatterns } from './search-text.ts';

type Query = z.output<typeof deviceQuery>;
type Devices = ReturnType<typeof devicesIn>;

/** Long names are ordered by their beginning, which keeps cursors short. */
const name = sql<string>`lower(substr(devices.hostname, 1, 24))`;

const id = sql<string>`devices.id`;

/**
 * What each order sorts by; the id follows, so that every device has one place. Null counts as lowest. Each has its
 * index, made of the same expressions.
 */
const sortKeys: Readonly<Record<Query['sort'], readonly [RawBuilder<string | number>, ...RawBuilder<string>[]]>> = {
  hostname: [name],
  municipality: [sql<string>`municipalities.name`, name],
  light: [sql<number>`devices.light_rank`, name],
  lastHeardAt: [sql<string>`coalesce(devices.last_heard_at, '')`, name],
  osName: [sql<string>`lower(substr(coalesce(devices.os_name, ''), 1, 24))`, name],
};

const place = z
  .tuple([deviceQuery.shape.sort.unwrap(), deviceQuery.shape.order.unwrap(), z.union([z.string(), z.number()])])
  .rest(z.string())
  .refine(([sort, , first]) => typeof first === (sort === 'light' ? 'number' : 'string'))
  .refine(([sort, , ...values]) => values.length === sortKeys[sort].length + 1);

/** Retired devices are listed only when asked for. Throws `Refusal` invalid-cursor. */
export async function listDevices({ db }: FleetContext, scope: Scope, query: Query): Promise<DeviceList> {
  const keys = sortKeys[query.sort];
  let rows = matching(db, devicesIn(db, scope), query)
    .innerJoin('municipalities', 'municipalities.id', 'devices.municipality_id')
    .selectAll('devices')
    .select(['municipalities.name as municipality_name', keys[0].as('first_key'), name.as('name_key')]);
  if (query.cursor !== undefined) {
    const own = place.refine(([sort, order]) => sort === query.sort && order === query.order);
    const [, , first, ...more] = decodeCursor(query.cursor, own);
    const beyond = sql.raw(query.order === 'asc' ? '>' : '<');
    // The first condition follows from the second one; it lets the index start at the right place.
    rows = rows
      .where(sql<boolean>`${keys[0]} ${beyond}= ${first}`)
      .where(sql<boolean>`(${sql.join([...keys, id])}) ${beyond} (${sql.join([first, ...more])})`);
  }
  for (const key of [...keys, id]) rows = rows.orderBy(key, query.order);
  const found = await rows.limit(query.limit + 1).execute();
  const counted = await matching(db, devicesIn(db, scope), query)
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const shown = page(found, query.limit, (row) => [
    query.sort,
    query.order,
    row.first_key,
    ...(keys.length > 1 ? [row.name_key] : []),
    row.id,
  ]);
  return { items: shown.rows.map(summaryOf), nextCursor: shown.nextCursor, total: Number(counted.total) };
}

function matching(db: Database, devices: Devices, query: Query): Devices {
  let found =
    query.state === undefined
      ? devices.where('devices.state', '!=', 'retired')
      : devices.where('devices.state', '=', query.state);
  if (query.municipality !== undefined) found = found.where('devices.municipality_id', '=', query.municipality);
  if (query.light !== undefined) found = found.where('devices.light', '=', query.light);
  if (query.version !== undefined) found = found.where('devices.agent_version', '=', query.version);
  const { group, notInGroup } = query;
  if (group !== undefined) found = found.where('devices.id', 'in', membersOf(db, group));
  if (notInGroup !== undefined) found = found.where('devices.id', 'not in', membersOf(db, notInGroup));
  for (const pattern of searchPatterns(query.search ?? '')) {
    found = found.where(sql<boolean>`devices.search_text like ${pattern} escape '\\'`);
  }
  return found;
}

export function summaryOf(row: DeviceRow & { readonly municipality_name: string }): DeviceSummary {
  return {
    id: row.id,
    hostname: row.hostname,
    municipality: { id: row.municipality_id, name: row.municipality_name },
    state: row.state,
    light: row.light,
    worst:
      row.worst_rule === null
        ? null
        : { ruleId: row.worst_rule, verdict: row.worst_verdict ?? '', reason: row.worst_reason ?? '' },
    osName: row.os_name,
    model: row.model,
    record: {
      inventoryNumber: row.inventory_number,
      location: row.location,
      office: row.office,
      note: row.note,
    },
    enrolledAt: row.enrolled_at,
    lastHeardAt: row.last_heard_at,
  };
}
