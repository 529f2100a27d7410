/** One device with all that is known of it, and the history of its reports. */
import { z } from 'zod';
import { instant, uuid } from '../../agent/contract/field.ts';
import { gapReasons, verdict } from '../../agent/contract/report.ts';
import { explain } from '../../agent/rules/rule.ts';
import type { Device, DeviceGap, DeviceSection, ExplainedVerdict, HistoryEntry } from '../api/contract.ts';
import type { Database } from '../store/database.ts';
import type { GapRow, SectionRow, VerdictRow } from '../store/schema.ts';
import { decodeCursor, page } from './cursor.ts';
import { summaryOf } from './device-list.ts';
import { notFound } from './refusal.ts';
import { openRequests } from './report-requests.ts';
import { devicesIn, type FleetContext, holdsRole, type Scope } from './scope.ts';

/** The youngest ones; older events stay in the database. */
const eventsShown = 50;
const gapsShown = 50;
const suspicionsShown = 20;

/** Throws `Refusal` not-found, also for a device of a municipality out of reach. */
export async function findDevice(db: Database, scope: Scope, id: string) {
  const found = await devicesIn(db, scope)
    .innerJoin('municipalities', 'municipalities.id', 'devices.municipality_id')
    .where('devices.id', '=', id)
    .selectAll('devices')
    .select('municipalities.name as municipality_name')
    .executeTakeFirst();
  if (found === undefined) throw notFound();
  return found;
}

/** Throws `Refusal` not-found. */
export async function describeDevice({ db, now }: FleetContext, scope: Scope, id: string): Promise<Device> {
  const row = await findDevice(db, scope, id);
  const sections = await db
    .selectFrom('sections')
    .selectAll()
    .where('device_id', '=', id)
    .orderBy('section_id')
    .execute();
  const verdicts = await db.selectFrom('verdicts').selectAll().where('device_id', '=', id).orderBy('rule_id').execute();
  const events = await db
    .selectFrom('device_events')
    .select(['at', 'code', 'detail'])
    .where('device_id', '=', id)
    .orderBy('id', 'desc')
    .limit(eventsShown)
    .execute();
  const gaps = await db
    .selectFrom('device_gaps')
    .selectAll()
    .where('device_id', '=', id)
    .orderBy('id', 'desc')
    .limit(gapsShown)
    .execute();
  const suspicions = await db
    .selectFrom('suspicions')
    .select(['at', 'received_at', 'text'])
    .where('device_id', '=', id)
    .orderBy('received_at', 'desc')
    .orderBy('request_id')
    .limit(suspicionsShown)
    .execute();
  const mayRead = holdsRole(scope, 'technician');
  return {
    ...summaryOf(row),
    agentVersion: row.agent_version,
    platform: row.platform,
    clockOffsetSeconds: row.clock_offset_seconds,
    storeEpoch: row.store_epoch,
    acknowledgedSequence: row.acknowledged_sequence,
    sections: sections.map(sectionOf),
    verdicts: verdicts.map(explained),
    requested: await openRequests(db, id, now()),
    events: events.map(({ at, code, detail }) => ({ at, code, detail: detail.slice(0, 500) })),
    gaps: gaps.map(gapOf),
    suspicions: suspicions.map(({ at, received_at: receivedAt, text }) => ({
      at,
      receivedAt,
      text: mayRead ? text : null,
    })),
  };
}

const reportCounts = z.record(z.string(), z.int().min(0));

function gapOf(row: GapRow): DeviceGap {
  const counted = row.counts === null ? undefined : reportCounts.parse(JSON.parse(row.counts));
  const { from_sequence: from, to_sequence: to } = row;
  const sum = counted === undefined ? undefined : Object.values(counted).reduce((total, count) => total + count, 0);
  return {
    storeEpoch: row.store_epoch,
    from,
    to,
    reports: sum ?? (from === null || to === null ? null : to - from + 1),
    firstAt: row.first_at,
    lastAt: row.last_at,
    reason: gapReasons.find((known) => known === row.reason) ?? 'undeclared',
    standing: row.report_id === null ? 'undeclared' : row.fits === 0 ? 'contradicted' : 'declared',
    notedAt: row.noted_at,
  };
}

function sectionOf(row: SectionRow): DeviceSection {
  return {
    id: row.section_id,
    state: row.state,
    collectedAt: row.collected_at,
    durationMs: row.duration_ms,
    hash: row.hash,
    ...(row.data === null ? {} : { data: JSON.parse(row.data) as unknown }),
    problems: JSON.parse(row.problems) as DeviceSection['problems'],
    receivedAt: row.received_at,
    reportId: row.report_id,
  };
}

/** With the words of its reason. */
export function explained(row: VerdictRow): ExplainedVerdict {
  const judged = verdict.parse({
    ruleId: row.rule_id,
    verdict: row.verdict,
    severity: row.severity,
    reason: row.reason,
    values: JSON.parse(row.values),
    evidence: JSON.parse(row.evidence),
  });
  return { ...judged, ...explain(judged), since: row.since };
}

const historyPlace = z.tuple([instant, uuid]);

/** The reports of a device, youngest first. Throws `Refusal` not-found or invalid-cursor. */
export async function listHistory(
  { db }: FleetContext,
  scope: Scope,
  id: string,
  query: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ items: HistoryEntry[]; nextCursor: string | null }> {
  await findDevice(db, scope, id);
  let reports = db
    .selectFrom('reports')
    .select(['id', 'store_epoch', 'sequence', 'class', 'created_at', 'received_at', 'wire_bytes', 'body_removed_at'])
    .select(({ eb }) => eb('body', '=', new Uint8Array()).as('bare'))
    .where('device_id', '=', id);
  if (query.cursor !== undefined) {
    const [receivedAt, reportId] = decodeCursor(query.cursor, historyPlace);
    reports = reports.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('received_at', 'id'), '<', tuple(receivedAt, reportId)),
    );
  }
  const found = await reports
    .orderBy('received_at', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute();
  const shown = page(found, query.limit, (row) => [row.received_at, row.id]);
  const sections = await sectionsOf(
    db,
    shown.rows.map((row) => row.id),
  );
  const items = shown.rows.map((row) => ({
    reportId: row.id,
    storeEpoch: row.store_epoch,
    sequence: row.sequence,
    class: row.class,
    createdAt: row.created_at,
    receivedAt: row.received_at,
    bytes: row.wire_bytes,
    bare: Boolean(row.bare) && row.body_removed_at === null,
    bodyRemovedAt: row.body_removed_at,
    sections: sections.get(row.id) ?? [],
  }));
  return { items, nextCursor: shown.nextCursor };
}

async function sectionsOf(db: Database, reportIds: readonly string[]): Promise<Map<string, HistoryEntry['sections']>> {
  const sections = new Map<string, HistoryEntry['sections']>();
  if (reportIds.length === 0) return sections;
  const rows = await db
    .selectFrom('report_sections')
    .selectAll()
    .where('report_id', 'in', reportIds)
    .orderBy('section_id')
    .execute();
  for (const row of rows) {
    const entry = {
      id: row.section_id,
      state: row.state,
      changed: row.changed === 1,
      problems: JSON.parse(row.problems) as HistoryEntry['sections'][number]['problems'],
    };
    sections.set(row.report_id, [...(sections.get(row.report_id) ?? []), entry]);
  }
  return sections;
}
