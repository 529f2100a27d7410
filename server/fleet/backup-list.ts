/** The devices by their backups, worst first, with filters and pages. */
import { sql } from 'kysely';
import { z } from 'zod';
import { uuid } from '../../agent/contract/field.ts';
import {
  type BackupDevice,
  type BackupList,
  backupLights,
  type backupQuery,
  type RestoreTestState,
  type TwoSidedState,
} from '../api/contract.ts';
import type { Database } from '../store/database.ts';
import type { VerdictRow, VerdictTable } from '../store/schema.ts';
import { ageDays, describeBackups, lightOf, restoreTestOf, twoSidedOf } from './backup-overview.ts';
import { decodeCursor, page } from './cursor.ts';
import { readProducts } from './device-backups.ts';
import { explained } from './devices.ts';
import { devicesIn, type FleetContext, type Scope } from './scope.ts';
import { searchPatterns } from './search-text.ts';

type Query = z.output<typeof backupQuery>;
type Devices = ReturnType<typeof devicesIn>;

/** Made of the expressions of its index; '' = no success is known, which is worst. */
const success = sql<string>`coalesce(devices.backup_success_at, '')`;
/** Up to as many are sorted after they were found. */
const sortedAlone = 2000;
const place = z.tuple([z.int(), z.string().max(40), uuid]);

/** Throws `Refusal` invalid-cursor. */
export async function listBackups(context: FleetContext, scope: Scope, query: Query): Promise<BackupList> {
  const { db, now } = context;
  const at = now();
  const { total } = await matching(devicesIn(db, scope), query, at)
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  // Few are found and sorted faster than the order is walked from end to end: the "+" keeps the index of the order out.
  const rank = Number(total) <= sortedAlone ? sql<number>`+ devices.backup_rank` : sql<number>`devices.backup_rank`;
  let ids = matching(devicesIn(db, scope), query, at).select(['devices.id']);
  if (query.cursor !== undefined) {
    const after = decodeCursor(query.cursor, place);
    ids = ids
      // Follows from the next condition; it lets the index start at the right place.
      .where(sql<boolean>`${rank} >= ${after[0]}`)
      .where(sql<boolean>`(${rank}, ${success}, devices.id) > (${sql.join([...after])})`);
  }
  const found = await db
    .selectFrom(
      ids
        .orderBy(rank)
        .orderBy(success)
        .orderBy('devices.id')
        .limit(query.limit + 1)
        .as('shown'),
    )
    .innerJoin('devices', 'devices.id', 'shown.id')
    .innerJoin('municipalities', 'municipalities.id', 'devices.municipality_id')
    .selectAll('devices')
    .select(['municipalities.name as municipality_name', success.as('success')])
    .orderBy('devices.backup_rank')
    .orderBy(success)
    .orderBy('devices.id')
    .execute();
  const counted = query.cursor === undefined && query.overview === 'true';
  const shown = page(found, query.limit, (row) => [row.backup_rank, row.success, row.id]);
  const verdicts = await worstOf(db, shown.rows);
  const items = shown.rows.map((row): BackupDevice => {
    const verdict = verdicts.get(row.id);
    return {
      id: row.id,
      hostname: row.hostname,
      municipality: { id: row.municipality_id, name: row.municipality_name },
      location: row.location,
      light: lightOf(row.backup_rank),
      worst: verdict === undefined ? null : wordsOf(verdict),
      products: readProducts(row.backup_products) ?? null,
      lastSuccessAt: row.backup_success_at,
      twoSided: twoSidedOf(row.backup_two_sided),
      restoreTest: { state: restoreTestOf(row.backup_restore), lastAt: row.restore_tested_at },
      lastHeardAt: row.last_heard_at,
    };
  });
  return {
    overview: counted ? await describeBackups(context, scope, query.municipality) : null,
    items,
    nextCursor: shown.nextCursor,
    total: Number(total),
  };
}

type Stored = VerdictTable['verdict'] | null;
const twoSidedVerdicts: Readonly<Record<TwoSidedState, readonly Stored[]>> = {
  agree: ['met'],
  disagree: ['not-met'],
  unknown: ['unknown'],
  silent: [null, 'exempt'],
};
const restoreVerdicts: Readonly<Record<RestoreTestState, readonly Stored[]>> = {
  inTime: ['met'],
  due: ['not-met'],
  unknown: [null, 'unknown'],
  exempt: ['exempt'],
};

function matching(devices: Devices, query: Query, now: Date): Devices {
  let found = devices.where('devices.state', '!=', 'retired');
  if (query.municipality !== undefined) found = found.where('devices.municipality_id', '=', query.municipality);
  if (query.light !== undefined) found = found.where('devices.backup_rank', '=', backupLights.indexOf(query.light));
  if (query.reason !== undefined) found = found.where('devices.backup_reason', '=', query.reason);
  if (query.presence !== undefined) {
    const { presence } = query;
    found =
      presence === 'unknown'
        ? found.where('devices.backup_presence', 'is', null)
        : found.where('devices.backup_presence', '=', presence);
  }
  if (query.age !== undefined) found = aged(found, query.age, now);
  // Ids hold nothing that LIKE or JSON would read otherwise.
  if (query.product !== undefined) found = found.where('devices.backup_products', 'like', `%["${query.product}",%`);
  if (query.twoSided !== undefined) found = oneOf(found, 'devices.backup_two_sided', twoSidedVerdicts[query.twoSided]);
  if (query.restoreTest !== undefined) {
    found = oneOf(found, 'devices.backup_restore', restoreVerdicts[query.restoreTest]);
  }
  for (const pattern of searchPatterns(query.search ?? '')) {
    found = found.where(sql<boolean>`devices.search_text like ${pattern} escape '\\'`);
  }
  return found;
}

function aged(devices: Devices, age: NonNullable<Query['age']>, now: Date): Devices {
  const days = ageDays(now);
  // A moment of a day is greater than the day as text; "~" is greater than each of them.
  const between = ([first, last]: readonly [string, string]) =>
    sql<boolean>`${success} between ${first} and ${`${last}~`}`;
  if (age !== 'none') return devices.where(between(days[age]));
  return devices.where(sql<boolean>`not (${between([days.older[0], days.upTo1Day[1]])})`);
}

function oneOf(
  devices: Devices,
  column: 'devices.backup_two_sided' | 'devices.backup_restore',
  verdicts: readonly Stored[],
): Devices {
  const named = verdicts.filter((verdict) => verdict !== null);
  return devices.where(({ eb, or }) =>
    or([
      ...named.map((verdict) => eb(column, '=', verdict)),
      ...(verdicts.includes(null) ? [eb(column, 'is', null)] : []),
    ]),
  );
}

/** The verdicts behind the light of each device. */
async function worstOf(
  db: Database,
  devices: readonly { readonly id: string; readonly backup_rule: string | null }[],
): Promise<Map<string, VerdictRow>> {
  const ids = devices.map(({ id }) => id);
  const rules = [...new Set(devices.flatMap(({ backup_rule }) => backup_rule ?? []))];
  if (rules.length === 0) return new Map();
  const rows = await db
    .selectFrom('verdicts')
    .selectAll()
    .where('device_id', 'in', ids)
    .where('rule_id', 'in', rules)
    .execute();
  const ruleOf = new Map(devices.map(({ id, backup_rule }) => [id, backup_rule]));
  return new Map(rows.filter((row) => ruleOf.get(row.device_id) === row.rule_id).map((row) => [row.device_id, row]));
}

function wordsOf(row: VerdictRow): NonNullable<BackupDevice['worst']> {
  const { ruleId, reason, title, explanation, since } = explained(row);
  return { ruleId, reason, title, explanation, since };
}
