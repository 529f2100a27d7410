/** Stores what a report says of each section: as history always, as the newest state when no newer report is here. */
import type { Insertable } from 'kysely';
import type { Section } from '../../agent/contract/report.ts';
import { noteFacts } from '../fleet/facts.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow, ReportSectionTable, SectionRow } from '../store/schema.ts';
import { noteClockJumps } from './clock-jumps.ts';
import type { ReadReport } from './read-report.ts';
import { noteSoftwareChange } from './software-change.ts';

export interface StoredSections {
  /** Sections named by a hash the server does not hold. */
  readonly need: string[];
  readonly history: Insertable<ReportSectionTable>[];
}

export async function storeSections(
  trx: Database,
  device: DeviceRow,
  report: ReadReport,
  { isNewest, now }: { readonly isNewest: boolean; readonly now: Date },
): Promise<StoredSections> {
  const rows = await trx.selectFrom('sections').selectAll().where('device_id', '=', device.id).execute();
  const before = new Map(rows.map((row) => [row.section_id, row]));
  const need: string[] = [];
  const history: Insertable<ReportSectionTable>[] = [];
  for (const section of report.content.sections) {
    const stored = before.get(section.id);
    history.push({
      report_id: report.envelope.reportId,
      section_id: section.id,
      state: section.state,
      hash: section.hash,
      changed: stored?.hash === section.hash ? 0 : 1,
      problems: JSON.stringify(section.problems),
    });
    const next = merge(device, section, stored, report, now);
    if (isNewest) {
      await upsert(trx, next);
      if (next.hash !== stored?.hash || next.facts_held !== stored.facts_held || next.state !== stored.state) {
        const complete = next.state === 'complete';
        await noteFacts(trx, device.id, { id: next.section_id, json: next.data, complete }, now);
        if (next.section_id === 'software') await noteSoftwareChange(trx, stored, next);
        if (next.section_id === 'agent') await noteClockJumps(trx, stored, next, now);
      }
    }
    // For an older report too: the device may believe afterwards that the server holds what it named here.
    const held = isNewest ? next : stored;
    if (section.state !== 'missing' && (held?.hash !== section.hash || held.facts_held === 0)) need.push(section.id);
  }
  return { need, history };
}

function merge(
  device: DeviceRow,
  section: Section,
  stored: SectionRow | undefined,
  report: ReadReport,
  now: Date,
): SectionRow {
  const { facts, envelope } = report;
  const brought = facts.get(section.id);
  const known = stored?.hash === section.hash && stored.facts_held === 1 ? stored : undefined;
  const data = brought ?? known?.data ?? null;
  return {
    device_id: device.id,
    section_id: section.id,
    state: section.state,
    collected_at: section.collectedAt,
    clock_offset_seconds: clockOffsetOf(report, device, now),
    duration_ms: section.durationMs,
    hash: section.hash,
    data,
    facts_held: section.state === 'missing' || data !== null ? 1 : 0,
    problems: JSON.stringify(section.problems),
    received_at: now.toISOString(),
    // The report that brought the facts, so that they can be traced to the bytes that were signed.
    report_id: known?.report_id ?? envelope.reportId,
  };
}

/** Two clocks that are kept right may differ by this much. */
const toleranceMs = 5 * 60_000;

/**
 * What the device knew of its clock when it made the report. A server's time that has not come yet it did not hear from this
 * server: its clock was set forward unnoticed, and how far is what the request itself has shown.
 */
function clockOffsetOf({ content }: ReadReport, device: DeviceRow, now: Date): number | null {
  const known = Date.parse(content.serverTime ?? '');
  if (!(known <= now.getTime() + toleranceMs)) return device.clock_offset_seconds;
  return Math.round((Date.parse(content.createdAt) - known) / 1000);
}

async function upsert(trx: Database, row: SectionRow): Promise<void> {
  const { device_id: _device, section_id: _section, ...changes } = row;
  await trx
    .insertInto('sections')
    .values(row)
    .onConflict((conflict) => conflict.columns(['device_id', 'section_id']).doUpdateSet(changes))
    .execute();
}
