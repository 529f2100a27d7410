/**
 * What is removed when its time is over, see docs/decisions/0010-retention.md: bodies of reports and what was derived from
 * them. Their envelopes stay, so the chain of each device can still be proven. In small batches, so that requests come in
 * between; one entry in the audit record for each day on which something was removed.
 */
import { setImmediate } from 'node:timers/promises';
import { sql, type Updateable } from 'kysely';
import { z } from 'zod';
import type { ReportClass } from '../../agent/contract/report.ts';
import type { ServerContext } from '../context.ts';
import { recordDeed } from '../staff/audit.ts';
import type { Database } from '../store/database.ts';
import type { RetentionTable } from '../store/schema.ts';
import { holdOf, inWords } from './retention-clock.ts';
import type { Actor, FleetContext } from './scope.ts';

const dayMs = 86_400_000;
/** Days; null = for ever. */
const days = z.int().min(30).max(36_500).nullable();
export const retentionSettings = z
  .object({
    /** Bodies of routine and full reports, what they said of each section, changes of software. */
    reportDays: days.default(400),
    /** Bodies of incidents and acknowledgements, answers to notices, reported suspicions. */
    incidentDays: days.default(1461),
    /** Events of devices, and gaps that are accounted for. */
    eventDays: days.default(1461),
    /** Which device held which notice, once the notice is no longer in force. */
    deliveryDays: days.default(400),
    /** Names in answers to a notice, after its end; never for ever. */
    nameDays: z.int().min(1).max(366).default(90),
  })
  .refine(
    ({ reportDays, incidentDays }) => incidentDays === null || (reportDays !== null && reportDays <= incidentDays),
    { error: 'incidents are never kept for a shorter time than other reports', path: ['incidentDays'] },
  );
export type RetentionSettings = z.infer<typeof retentionSettings>;

export const removedKinds = [
  'reportBodies',
  'incidentBodies',
  'softwareChanges',
  'spoken',
  'events',
  'gaps',
  'deliveries',
  'names',
] as const;
export type Removed = Partial<Record<(typeof removedKinds)[number], number>>;
const removedCounts = z.partialRecord(z.enum(removedKinds), z.int());

export interface RetentionState {
  readonly settings: RetentionSettings;
  /** Day (UTC) of the last sweep that came to its end; null before the first. */
  readonly sweptOn: string | null;
  /** When that was; a change of the periods leaves it. */
  readonly sweptAt: string | null;
}

export async function readRetention(db: Database): Promise<RetentionState> {
  const row = await db.selectFrom('retention').selectAll().executeTakeFirstOrThrow();
  return { settings: retentionSettings.parse(JSON.parse(row.settings)), sweptOn: row.swept_on, sweptAt: row.swept_at };
}

/** Throws a `ZodError` for what does not fit. In force with the next sweep. */
export async function changeRetention(
  { db, now }: FleetContext,
  actor: Actor,
  change: Partial<RetentionSettings>,
): Promise<RetentionState> {
  return db.transaction().execute(async (trx) => {
    const { settings: before, ...swept } = await readRetention(trx);
    const settings = retentionSettings.parse({ ...before, ...change });
    const json = JSON.stringify(settings);
    if (json !== JSON.stringify(before)) {
      await writeRow(trx, { settings: json, swept_on: null });
      await recordDeed(trx, now(), {
        actor: actor.name,
        action: 'retention.change',
        detail: { before, after: settings },
      });
    }
    return { settings, ...swept };
  });
}

/** A person has said that the clock of this server is right: what was held back goes on with the next minute. */
export async function vouchForClock({ db, now }: FleetContext, actor: Actor): Promise<void> {
  const at = now();
  await db.transaction().execute(async (trx) => {
    const { sweptAt } = await readRetention(trx);
    await writeRow(trx, { swept_at: at.toISOString(), swept_on: null });
    await recordDeed(trx, at, { actor: actor.name, action: 'retention.clock', detail: { sweptAt, now: at } });
  });
}

async function writeRow(trx: Database, change: Updateable<RetentionTable>) {
  await trx.updateTable('retention').set(change).execute();
}

/**
 * Of two times of one row, the server's of its receipt and the device's own, a server's clock that was behind spoils one and a
 * device's clock the other: what is old by both is old. A device's time that has not come yet says nothing.
 */
const isYoungByDevice = (column: string, { before, at }: { readonly before: string; readonly at: string }) =>
  sql<boolean>`coalesce(${sql.ref(column)}, '') between ${before} and ${at}`;

/** Where a step goes on: the last row it looked at. */
type Place = readonly [at: string, id: string] | undefined;

interface Step {
  readonly kind: (typeof removedKinds)[number];
  readonly keep: (settings: RetentionSettings) => number | null;
  /** Removes what is older than `before`, looking at no more than `limit` rows; `next` undefined = nothing is left. */
  readonly batch: (
    trx: Database,
    work: { readonly before: string; readonly at: string; readonly limit: number; readonly place: Place },
  ) => Promise<{ readonly removed: number; readonly next: Place }>;
}

/** Envelope, place and hashes stay; the receipt is made again when somebody asks. `at`: ISO 8601 in UTC. */
export async function removeBodies(trx: Database, ids: readonly string[], at: string): Promise<void> {
  if (ids.length === 0) return;
  await trx
    .updateTable('reports')
    .set({ body: new Uint8Array(), receipt_jws: '', body_removed_at: at })
    .where('id', 'in', ids)
    .execute();
  await trx.deleteFrom('report_sections').where('report_id', 'in', ids).execute();
}

const bodiesOf =
  (name: ReportClass): Step['batch'] =>
  async (trx, { before, at, limit, place }) => {
    let old = trx
      .selectFrom('reports')
      .select(['id', 'received_at'])
      .select(({ exists, selectFrom, eb }) => [
        eb('body', '=', new Uint8Array()).as('bare'),
        // What was last said of a section stays traceable to the bytes that were signed, however long ago that was.
        exists(
          selectFrom('sections')
            .select('sections.section_id')
            .whereRef('sections.device_id', '=', 'reports.device_id')
            .whereRef('sections.report_id', '=', 'reports.id'),
        ).as('in_force'),
      ])
      .where('class', '=', name)
      .where('body_removed_at', 'is', null)
      .where('received_at', '<', before)
      .where(({ not }) => not(isYoungByDevice('created_at', { before, at })));
    if (place !== undefined) {
      const [receivedAt, id] = place;
      old = old.where(({ eb, refTuple, tuple }) => eb(refTuple('received_at', 'id'), '>', tuple(receivedAt, id)));
    }
    const rows = await old.orderBy('received_at').orderBy('id').limit(limit).execute();
    const ids = rows.filter(({ bare, in_force }) => !bare && !in_force).map(({ id }) => id);
    await removeBodies(trx, ids, at);
    const last = rows.at(-1);
    return {
      removed: ids.length,
      next: last === undefined || rows.length < limit ? undefined : [last.received_at, last.id],
    };
  };

/** Rows are numbered in the order in which they came: what stands behind a young one is young, whatever the clock said. */
const numbered =
  (table: 'device_events' | 'software_changes'): Step['batch'] =>
  async (trx, { before, at, limit, place }) => {
    const time = table === 'device_events' ? 'at' : 'received_at';
    const rows = await trx
      .selectFrom(table)
      .select(['id', sql<string>`${sql.ref(time)}`.as('time')])
      .where('id', '>', Number(place?.[1] ?? 0))
      .orderBy('id')
      .limit(limit)
      .execute();
    // One from a time that has not come yet was noted by a clock that was ahead; it holds nothing up.
    const young = rows.findIndex(({ time }) => time >= before && time <= at);
    const passed = young < 0 ? rows : rows.slice(0, young);
    const old = passed.filter(({ time }) => time < before).map(({ id }) => id);
    if (old.length > 0) await trx.deleteFrom(table).where('id', 'in', old).execute();
    const last = rows.at(-1);
    const isEnd = last === undefined || rows.length < limit || young >= 0;
    return { removed: old.length, next: isEnd ? undefined : [last.time, String(last.id)] };
  };

const gaps: Step['batch'] = async (trx, { before, at, limit }) => {
  const rows = await trx
    .selectFrom('device_gaps')
    .select('id')
    .where('noted_at', '<', before)
    .where(({ not }) => not(isYoungByDevice('last_at', { before, at })))
    // What nobody has accounted for stays.
    .where('report_id', 'is not', null)
    .limit(limit)
    .execute();
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) await trx.deleteFrom('device_gaps').where('id', 'in', ids).execute();
  return { removed: ids.length, next: ids.length < limit ? undefined : ['', ''] };
};

const deliveries: Step['batch'] = async (trx, { before, limit }) => {
  const rows = await trx
    .selectFrom('notice_deliveries')
    .innerJoin('notices', 'notices.id', 'notice_deliveries.notice_id')
    .select(['notice_deliveries.notice_id', 'notice_deliveries.device_id'])
    .where('notices.valid_until', '<', before)
    .where('notice_deliveries.delivered_at', '<', before)
    .limit(limit)
    .execute();
  for (const { notice_id, device_id } of rows) {
    await trx
      .deleteFrom('notice_deliveries')
      .where('notice_id', '=', notice_id)
      .where('device_id', '=', device_id)
      .execute();
  }
  return { removed: rows.length, next: rows.length < limit ? undefined : ['', ''] };
};

/**
 * Of notices that are over, and of wordings that nobody can look up any more because they were corrected, recalled or taken
 * away. The body of the report that brought a name goes as well: it is signed, so the name cannot be taken out of it.
 */
const names: Step['batch'] = async (trx, { before, at, limit }) => {
  const rows = await trx
    .selectFrom('notice_answers as answer')
    .leftJoin('notices', (join) =>
      join.onRef('notices.id', '=', 'answer.notice_id').onRef('notices.issued_at', '=', 'answer.issued_at'),
    )
    .select(['answer.device_id', 'answer.request_id', 'answer.report_id'])
    .where('answer.stated_name', 'is not', null)
    .where(({ eb, or }) => or([eb('notices.id', 'is', null), eb('notices.valid_until', '<', before)]))
    .limit(limit)
    .execute();
  for (const { device_id, request_id } of rows) {
    await trx
      .updateTable('notice_answers')
      .set({ stated_name: null })
      .where('device_id', '=', device_id)
      .where('request_id', '=', request_id)
      .execute();
  }
  await removeBodies(trx, [...new Set(rows.map(({ report_id }) => report_id))], at);
  return { removed: rows.length, next: rows.length < limit ? undefined : ['', ''] };
};

const spoken =
  (table: 'notice_answers' | 'suspicions'): Step['batch'] =>
  async (trx, { before, at, limit }) => {
    const rows = await trx
      .selectFrom(table)
      .select(['device_id', 'request_id'])
      .where('received_at', '<', before)
      .where(({ not }) => not(isYoungByDevice('at', { before, at })))
      .limit(limit)
      .execute();
    for (const { device_id, request_id } of rows) {
      await trx.deleteFrom(table).where('device_id', '=', device_id).where('request_id', '=', request_id).execute();
    }
    return { removed: rows.length, next: rows.length < limit ? undefined : ['', ''] };
  };

const reports = ({ reportDays }: RetentionSettings): number | null => reportDays;
const incidents = ({ incidentDays }: RetentionSettings): number | null => incidentDays;
const events = ({ eventDays }: RetentionSettings): number | null => eventDays;

/** Gap reports keep their bodies: they account for what is missing, and are small. */
const steps: readonly Step[] = [
  { kind: 'reportBodies', keep: reports, batch: bodiesOf('routine') },
  { kind: 'reportBodies', keep: reports, batch: bodiesOf('full') },
  { kind: 'incidentBodies', keep: incidents, batch: bodiesOf('incident') },
  { kind: 'incidentBodies', keep: incidents, batch: bodiesOf('acknowledgement') },
  { kind: 'softwareChanges', keep: reports, batch: numbered('software_changes') },
  // Before the answers they stand in: those lead to the bodies.
  { kind: 'names', keep: ({ nameDays }) => nameDays, batch: names },
  { kind: 'spoken', keep: incidents, batch: spoken('notice_answers') },
  { kind: 'spoken', keep: incidents, batch: spoken('suspicions') },
  { kind: 'events', keep: events, batch: numbered('device_events') },
  { kind: 'gaps', keep: events, batch: gaps },
  { kind: 'deliveries', keep: ({ deliveryDays }) => deliveryDays, batch: deliveries },
];

export interface SweepLimits {
  /** Rows of one transaction. */
  readonly rows: number;
  /** Transactions of one call. */
  readonly batches: number;
}

/** With one call a minute: 5 million reports a day, ten times what a district sends. */
const sweepLimits: SweepLimits = { rows: 200, batches: 20 };

/**
 * Goes through everything once a day, a part with each call; the next call goes on where the last one stopped. A call
 * returns what it has removed; undefined when the sweep of the day is done, or held back because of the clock.
 */
export function createSweep(
  { db, now }: FleetContext,
  { rows, batches }: SweepLimits = sweepLimits,
): (signal?: AbortSignal) => Promise<Removed | undefined> {
  let index = 0;
  let place: Place;
  return async (signal) => {
    const at = now();
    const { settings, sweptOn, sweptAt } = await readRetention(db);
    if (holdOf(sweptAt, at) !== undefined || (sweptOn !== null && sweptOn >= dayOf(at))) return undefined;
    // Nothing says yet whether this clock is right: the first sweep is the measure of those to come and removes nothing.
    if (sweptAt === null) {
      await writeRow(db, { swept_at: at.toISOString(), swept_on: dayOf(at) });
      return {};
    }
    const removed: Removed = {};
    for (let left = batches; left > 0 && signal?.aborted !== true; left -= 1) {
      const step = steps[index];
      if (step === undefined) {
        await finish(db, at, settings);
        index = 0;
        break;
      }
      const kept = step.keep(settings);
      const from = place;
      const done = await db.transaction().execute(async (trx) => {
        if (kept === null) return { removed: 0, next: undefined };
        const before = new Date(at.getTime() - kept * dayMs).toISOString();
        const work = await step.batch(trx, { before, at: at.toISOString(), limit: rows, place: from });
        if (work.removed > 0) await count(trx, step.kind, work.removed);
        return work;
      });
      if (done.removed > 0) removed[step.kind] = (removed[step.kind] ?? 0) + done.removed;
      place = done.next;
      if (place === undefined) index += 1;
      await setImmediate();
    }
    return removed;
  };
}

/** Says in the log once a day, however often it is called, that the clock holds everything back. */
export function createHoldWatch({ db, now, log }: FleetContext & Pick<ServerContext, 'log'>): () => Promise<void> {
  let saidOn = '';
  return async () => {
    const at = now();
    const hold = holdOf((await readRetention(db)).sweptAt, at);
    if (hold === undefined || saidOn === dayOf(at)) return;
    saidOn = dayOf(at);
    log.error(hold, inWords(hold, at));
  };
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

async function soFar(trx: Database): Promise<Removed> {
  const { removed } = await trx.selectFrom('retention').select('removed').executeTakeFirstOrThrow();
  return removedCounts.parse(JSON.parse(removed));
}

async function count(trx: Database, kind: Step['kind'], more: number): Promise<void> {
  const before = await soFar(trx);
  await writeRow(trx, { removed: JSON.stringify({ ...before, [kind]: (before[kind] ?? 0) + more }) });
}

async function finish(db: Database, at: Date, settings: RetentionSettings): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const removed = await soFar(trx);
    await writeRow(trx, { swept_on: dayOf(at), swept_at: at.toISOString(), removed: '{}' });
    if (Object.keys(removed).length === 0) return;
    await recordDeed(trx, at, { actor: 'retention', action: 'retention.removed', detail: { ...removed, settings } });
  });
}
