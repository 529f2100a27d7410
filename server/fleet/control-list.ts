/** How far the fleet meets each control, and the devices and verdicts behind it. */
import { sql } from 'kysely';
import { z } from 'zod';
import { uuid } from '../../agent/contract/field.ts';
import type { VerdictKind } from '../../agent/contract/report.ts';
import { coverageOf } from '../../agent/rules/coverage.ts';
import { ruleById } from '../../agent/rules/rule.ts';
import type {
  Control,
  ControlDeviceList,
  ControlList,
  ControlState,
  controlDeviceQuery,
  ExplainedVerdict,
} from '../api/contract.ts';
import type { Database } from '../store/database.ts';
import { decodeCursor, page } from './cursor.ts';
import { explained } from './devices.ts';
import { notFound } from './refusal.ts';
import { devicesIn, type FleetContext, type Scope } from './scope.ts';
import { readPattern } from './verdict-pattern.ts';

/** All controls with their rules, without any verdict. */
const catalogue = coverageOf([]);

type Entry = (typeof catalogue)[number];

interface PatternGroup {
  readonly id: number | null;
  /** Null for devices that were never judged. */
  readonly kinds: ReadonlyMap<string, VerdictKind> | null;
  readonly devices: number;
}

/** The worst counts, and an exception keeps a control from being met. */
const worstFirst: readonly VerdictKind[] = ['not-met', 'unknown', 'exempt', 'met'];

/** Undefined when none of the control's rules concerns these devices. */
function verdictFor({ rules }: Entry, { kinds }: PatternGroup): VerdictKind | undefined {
  if (kinds === null) return 'unknown';
  const own = rules.map((id) => kinds.get(id));
  return worstFirst.find((kind) => own.includes(kind));
}

function devicesFor(db: Database, scope: Scope, municipality: string | undefined) {
  const devices = devicesIn(db, scope).where('devices.state', '!=', 'retired');
  return municipality === undefined ? devices : devices.where('devices.municipality_id', '=', municipality);
}

async function patternGroups(db: Database, scope: Scope, municipality: string | undefined): Promise<PatternGroup[]> {
  const rows = await devicesFor(db, scope, municipality)
    .select(({ fn }) => ['devices.pattern_id', fn.countAll<number>().as('devices')])
    .groupBy('devices.pattern_id')
    .execute();
  const ids = rows.map(({ pattern_id }) => pattern_id).filter((id) => id !== null);
  const patterns =
    ids.length === 0 ? [] : await db.selectFrom('verdict_patterns').selectAll().where('id', 'in', ids).execute();
  const kindsOf = new Map(patterns.map(({ id, pattern }) => [id, readPattern(pattern)]));
  return rows.map(({ pattern_id: id, devices }) => ({
    id,
    kinds: id === null ? null : (kindsOf.get(id) ?? null),
    devices: Number(devices),
  }));
}

/** In the order of the catalogue. */
export async function listControls(
  { db }: FleetContext,
  scope: Scope,
  query: { readonly municipality?: string | undefined },
): Promise<ControlList> {
  const groups = await patternGroups(db, scope, query.municipality);
  const items = catalogue.map((entry) => controlOf(entry, groups));
  const inState = (state: ControlState) => items.filter((item) => item.state === state).length;
  const notMeasurable = inState('not-measurable');
  return {
    devices: groups.reduce((sum, { devices }) => sum + devices, 0),
    coverage: {
      controls: items.length,
      measurable: items.length - notMeasurable,
      met: inState('met'),
      notMet: inState('not-met'),
      unknown: inState('unknown'),
      exempt: inState('exempt'),
      notMeasurable,
    },
    items,
  };
}

function controlOf(entry: Entry, groups: readonly PatternGroup[]): Control {
  const devices = { met: 0, notMet: 0, unknown: 0, exempt: 0, notApplicable: 0 };
  for (const group of entry.why === undefined ? groups : []) {
    const kind = verdictFor(entry, group);
    devices[kind === undefined ? 'notApplicable' : kind === 'not-met' ? 'notMet' : kind] += group.devices;
  }
  return {
    id: entry.id,
    scheme: entry.scheme,
    title: entry.title,
    level: entry.level ?? null,
    state: entry.why === undefined ? stateOf(devices) : 'not-measurable',
    rules: entry.rules.map((id) => ({ id, title: ruleById(id)?.title ?? { de: id, en: id } })),
    devices,
    notMeasurable: entry.why ?? null,
  };
}

/** Where it concerns no device, nothing is known of it. */
function stateOf(devices: Control['devices']): ControlState {
  if (devices.notMet > 0) return 'not-met';
  if (devices.unknown > 0) return 'unknown';
  if (devices.exempt > 0) return 'exempt';
  return devices.met > 0 ? 'met' : 'unknown';
}

/** Long names are ordered by their beginning, as in the list of devices, whose index this uses. */
const name = sql<string>`lower(substr(devices.hostname, 1, 24))`;
const place = z.tuple([z.string(), uuid]);

/** Throws `Refusal` not-found for a control that is not in the catalogue or not measurable, or invalid-cursor. */
export async function listControlDevices(
  { db }: FleetContext,
  scope: Scope,
  controlId: string,
  query: z.output<typeof controlDeviceQuery>,
): Promise<ControlDeviceList> {
  const entry = catalogue.find(({ id }) => id === controlId);
  if (entry === undefined || entry.why !== undefined) throw notFound();
  const groups = await patternGroups(db, scope, query.municipality);
  const wanted = groups.flatMap((group) => {
    const kind = verdictFor(entry, group);
    return kind === undefined || (query.verdict !== undefined && query.verdict !== kind) ? [] : [{ ...group, kind }];
  });
  const total = wanted.reduce((sum, { devices }) => sum + devices, 0);
  const ids = wanted.map(({ id }) => id).filter((id) => id !== null);
  let devices = devicesFor(db, scope, query.municipality)
    .innerJoin('municipalities', 'municipalities.id', 'devices.municipality_id')
    .where(({ eb, or }) =>
      or([
        eb('devices.pattern_id', 'in', ids),
        ...(wanted.some(({ id }) => id === null) ? [eb('devices.pattern_id', 'is', null)] : []),
      ]),
    )
    .select([
      'devices.id',
      'devices.hostname',
      'devices.municipality_id',
      'devices.pattern_id',
      'municipalities.name',
      name.as('name_key'),
    ]);
  if (query.cursor !== undefined) {
    const [key, id] = decodeCursor(query.cursor, place);
    devices = devices.where(sql<boolean>`(${name}, devices.id) > (${key}, ${id})`);
  }
  const found = await devices
    .orderBy(name)
    .orderBy('devices.id')
    .limit(query.limit + 1)
    .execute();
  const shown = page(found, query.limit, (row) => [row.name_key, row.id]);
  const verdicts = await verdictsOf(
    db,
    shown.rows.map(({ id }) => id),
    entry.rules,
  );
  const items = shown.rows.map((row) => ({
    id: row.id,
    hostname: row.hostname,
    municipality: { id: row.municipality_id, name: row.name },
    verdict: wanted.find(({ id }) => id === row.pattern_id)?.kind ?? ('unknown' as const),
    verdicts: verdicts.get(row.id) ?? [],
  }));
  return { items, nextCursor: shown.nextCursor, total };
}

async function verdictsOf(
  db: Database,
  deviceIds: readonly string[],
  ruleIds: readonly string[],
): Promise<Map<string, ExplainedVerdict[]>> {
  if (deviceIds.length === 0 || ruleIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('verdicts')
    .selectAll()
    .where('device_id', 'in', deviceIds)
    .where('rule_id', 'in', ruleIds)
    .orderBy('rule_id')
    .execute();
  const byDevice = Map.groupBy(rows, ({ device_id }) => device_id);
  return new Map([...byDevice].map(([id, own]) => [id, own.map(explained)]));
}
