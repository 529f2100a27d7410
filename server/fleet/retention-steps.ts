/** What is removed when its period is over, kind by kind and in small batches; see docs/decisions/0010-retention.md. */
import { sql } from 'kysely';
import type { ReportClass } from '../../agent/contract/report.ts';
import type { Database } from '../store/database.ts';
import type { RetentionSettings, removedKinds } from './retention.ts';

/**
 * Of two times of one row, the server's of its receipt and the device's own, a server's clock that was behind spoils one and a
 * device's clock the other: what is old by both is old. A device's time that has not come yet says nothing.
 */
const isYoungByDevice = (column: string, { before, at }: { readonly before: string; readonly at: string }) =>
  sql<boolean>`coalesce(${sql.ref(column)}, '') between ${before} and ${at}`;

/** Where a step goes on: the last row it looked at. */
export type Place = readonly [at: string, id: string] | undefined;

export interface Step {
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
export const steps: readonly Step[] = [
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
