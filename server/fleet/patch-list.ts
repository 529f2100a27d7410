/** Missing updates across the fleet, one row each, and the devices that lack one of them. */
import { sql } from 'kysely';
import { z } from 'zod';
import { day, uuid } from '../../agent/contract/field.ts';
import {
  type Patch,
  type PatchDeviceList,
  type PatchList,
  type patchDeviceQuery,
  type patchQuery,
  patchSeverities,
} from '../api/contract.ts';
import type { Database } from '../store/database.ts';
import { decodeCursor, page } from './cursor.ts';
import { devicesIn, type FleetContext, type Scope, updateCountsIn } from './scope.ts';
import { searchPatterns } from './search-text.ts';

type Query = z.output<typeof patchQuery>;
type DeviceQuery = z.output<typeof patchDeviceQuery>;

/** Enough to see what is on offer; a fleet of many releases has more. */
const maxNamed = 8;

const missing = sql<number>`sum(case when update_counts.state = 'missing' then update_counts.devices else 0 end)`;
const waiting = sql<number>`sum(case when update_counts.state = 'missing' then 0 else update_counts.devices end)`;

function countsFor(db: Database, scope: Scope, municipality: string | undefined) {
  const counts = updateCountsIn(db, scope);
  return municipality === undefined ? counts : counts.where('update_counts.municipality_id', '=', municipality);
}

/** Each update with its sums; the order is made of ascending columns, so that a place is one comparison. */
function groupsOf(db: Database, scope: Scope, query: Query) {
  let counts = countsFor(db, scope, query.municipality);
  const patterns = searchPatterns(query.search ?? '');
  if (patterns.length > 0) {
    let named = db.selectFrom('update_variants').select('update_variants.update_id');
    for (const pattern of patterns)
      named = named.where(sql<boolean>`update_variants.search_text like ${pattern} escape '\\'`);
    counts = counts.where('update_counts.update_id', 'in', named);
  }
  const groups = counts
    .select(({ fn }) => [
      'update_counts.update_id',
      sql<number>`- max(update_counts.security_rank)`.as('security_place'),
      sql<number>`- sum(update_counts.devices)`.as('size_place'),
      fn.min('update_counts.since').as('since'),
      fn.max<number>('update_counts.severity_rank').as('severity_rank'),
      missing.as('missing'),
      waiting.as('waiting'),
    ])
    .groupBy('update_counts.update_id');
  let found = db.selectFrom(groups.as('patches')).selectAll();
  if (query.security !== undefined) found = found.where('security_place', '=', query.security === 'true' ? -2 : 0);
  if (query.state !== undefined) found = found.where(query.state === 'missing' ? 'missing' : 'waiting', '>', 0);
  return found;
}

const place = z.tuple([z.int(), z.int(), day, z.string()]);

/** Throws `Refusal` invalid-cursor. */
export async function listPatches({ db }: FleetContext, scope: Scope, query: Query): Promise<PatchList> {
  const all = groupsOf(db, scope, query);
  let rows = db.selectFrom(all.select(sql<number>`count(*) over ()`.as('total')).as('counted')).selectAll();
  if (query.cursor !== undefined) {
    const after = decodeCursor(query.cursor, place);
    rows = rows.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('security_place', 'size_place', 'since', 'update_id'), '>', tuple(...after)),
    );
  }
  const found = await rows
    .orderBy('security_place')
    .orderBy('size_place')
    .orderBy('since')
    .orderBy('update_id')
    .limit(query.limit + 1)
    .execute();
  const shown = page(found, query.limit, (row) => [row.security_place, row.size_place, row.since, row.update_id]);
  const ids = shown.rows.map((row) => row.update_id);
  const details = await detailsOf(db, scope, query.municipality, ids);
  const items = shown.rows.map(
    (row): Patch => ({
      id: row.update_id,
      security: [false, null, true][-row.security_place] ?? null,
      severity: patchSeverities[patchSeverities.length - row.severity_rank] ?? null,
      devices: Number(row.missing),
      waitingForRestart: Number(row.waiting),
      oldestSince: row.since,
      ...(details.get(row.update_id) ?? {
        title: row.update_id,
        origins: [],
        candidateVersions: [],
        municipalities: [],
      }),
    }),
  );
  return { items, nextCursor: shown.nextCursor, total: Number(found[0]?.total ?? 0) };
}

type Details = Pick<Patch, 'title' | 'origins' | 'candidateVersions' | 'municipalities'>;

async function detailsOf(
  db: Database,
  scope: Scope,
  municipality: string | undefined,
  ids: readonly string[],
): Promise<Map<string, Details>> {
  if (ids.length === 0) return new Map();
  const rows = await countsFor(db, scope, municipality)
    .innerJoin('update_variants', 'update_variants.id', 'update_counts.variant_id')
    .innerJoin('municipalities', 'municipalities.id', 'update_counts.municipality_id')
    .where('update_counts.update_id', 'in', ids)
    .select([
      'update_counts.update_id',
      'update_variants.title',
      'update_variants.origin',
      'update_variants.candidate_version',
      'municipalities.id',
      'municipalities.name',
      missing.as('missing'),
      waiting.as('waiting'),
    ])
    .groupBy(['update_variants.id', 'municipalities.id'])
    .orderBy('municipalities.name')
    .execute();
  const groups = Map.groupBy(rows, ({ update_id }) => update_id);
  return new Map([...groups].map(([id, own]) => [id, detailsFrom(id, own)]));
}

interface DetailRow {
  readonly title: string;
  readonly origin: string;
  readonly candidate_version: string;
  readonly id: string;
  readonly name: string;
  readonly missing: number;
  readonly waiting: number;
}

function detailsFrom(updateId: string, rows: readonly DetailRow[]): Details {
  const named = (values: readonly string[]) => [...new Set(values)].filter((value) => value !== '').sort();
  const municipalities = new Map<string, Patch['municipalities'][number]>();
  for (const { id, name, missing, waiting } of rows) {
    const { devices, waitingForRestart } = municipalities.get(id) ?? { devices: 0, waitingForRestart: 0 };
    municipalities.set(id, {
      id,
      name,
      devices: devices + Number(missing),
      waitingForRestart: waitingForRestart + Number(waiting),
    });
  }
  return {
    // A device that names no title calls it by its id.
    title: named(rows.map(({ title }) => title)).find((title) => title !== updateId) ?? updateId,
    origins: named(rows.map(({ origin }) => origin)).slice(0, maxNamed),
    candidateVersions: named(rows.map(({ candidate_version }) => candidate_version)).slice(0, maxNamed),
    municipalities: [...municipalities.values()],
  };
}

const devicePlace = z.tuple([day, uuid]);

/** Throws `Refusal` invalid-cursor. An update that nobody lacks has an empty list. */
export async function listPatchDevices(
  { db }: FleetContext,
  scope: Scope,
  query: DeviceQuery,
): Promise<PatchDeviceList> {
  let lacking = devicesIn(db, scope)
    .innerJoin('device_updates', 'device_updates.device_id', 'devices.id')
    .where('device_updates.update_id', '=', query.update)
    .where('devices.state', '!=', 'retired');
  let counts = countsFor(db, scope, query.municipality).where('update_counts.update_id', '=', query.update);
  if (query.municipality !== undefined) lacking = lacking.where('devices.municipality_id', '=', query.municipality);
  if (query.state !== undefined) {
    lacking = lacking.where('device_updates.state', '=', query.state);
    counts = counts.where('update_counts.state', '=', query.state);
  }
  if (query.cursor !== undefined) {
    const [since, id] = decodeCursor(query.cursor, devicePlace);
    lacking = lacking.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('device_updates.since', 'device_updates.device_id'), '>', tuple(since, id)),
    );
  }
  const found = await lacking
    .innerJoin('update_variants', 'update_variants.id', 'device_updates.variant_id')
    .innerJoin('municipalities', 'municipalities.id', 'devices.municipality_id')
    .select([
      'devices.id',
      'devices.hostname',
      'devices.municipality_id',
      'municipalities.name',
      'devices.last_heard_at',
      'device_updates.state',
      'device_updates.installed_version',
      'device_updates.since',
      'device_updates.held',
      'update_variants.candidate_version',
    ])
    .orderBy('device_updates.since')
    .orderBy('device_updates.device_id')
    .limit(query.limit + 1)
    .execute();
  const { total } = await counts
    .select(({ fn }) => fn.sum<number | null>('update_counts.devices').as('total'))
    .executeTakeFirstOrThrow();
  const shown = page(found, query.limit, (row) => [row.since, row.id]);
  const items = shown.rows.map((row) => ({
    id: row.id,
    hostname: row.hostname,
    municipality: { id: row.municipality_id, name: row.name },
    state: row.state,
    installedVersion: row.installed_version,
    candidateVersion: row.candidate_version === '' ? null : row.candidate_version,
    since: row.since,
    held: row.held === 1,
    lastHeardAt: row.last_heard_at,
  }));
  return { items, nextCursor: shown.nextCursor, total: Number(total ?? 0) };
}
