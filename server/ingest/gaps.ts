/**
 * Reports the server does not hold in full. A hole in the sequence and an envelope without its body are noted at once as
 * "undeclared"; a gap report of the device accounts for them later. Nothing is believed that contradicts what is held.
 */
import type { Insertable } from 'kysely';
import { type Gap, type ReportEnvelope, reportEnvelope } from '../../agent/contract/report.ts';
import { maxMissing } from '../../agent/contract/wire.ts';
import type { Database } from '../store/database.ts';
import type { DeviceGapTable, DeviceRow } from '../store/schema.ts';
import { noteEvent } from './events.ts';
import type { ReadReport } from './read-report.ts';

const undeclared = 'undeclared';

/** Sequences of one epoch, both ends included. */
interface Range {
  readonly storeEpoch: string;
  readonly from: number;
  readonly to: number;
}

/** Nothing came of these sequences, not even envelopes. */
export async function noteHole(trx: Database, device: DeviceRow, range: Range, now: Date): Promise<void> {
  await trx
    .insertInto('device_gaps')
    .values({
      device_id: device.id,
      store_epoch: range.storeEpoch,
      from_sequence: range.from,
      to_sequence: range.to,
      counts: null,
      first_at: null,
      last_at: null,
      reason: undeclared,
      fits: null,
      noted_at: now.toISOString(),
      report_id: null,
    })
    .execute();
}

/** Ranges of which not even envelopes came and that nobody has accounted for, the oldest first; for `SignedAnswer.missing`. */
export async function holesOf(
  trx: Database,
  deviceId: string,
  storeEpoch: string,
  notedAfter: string,
): Promise<{ from: number; to: number }[]> {
  const rows = await openGaps(trx, deviceId, storeEpoch)
    .where('first_at', 'is', null)
    .where('noted_at', '>', notedAfter)
    .orderBy('from_sequence')
    .limit(maxMissing)
    .execute();
  return rows.map(({ from_sequence, to_sequence }) => ({ from: Number(from_sequence), to: Number(to_sequence) }));
}

/**
 * Nothing is held at its place, and the reports on either side, as far as they are held, are chained to this one. `isFollowed`: the
 * one behind it has to be held, which nobody but its author could have chained to it.
 */
export async function belongsInHole(
  trx: Database,
  { envelope, envelopeHash }: { readonly envelope: ReportEnvelope; readonly envelopeHash: string },
  { isFollowed = false }: { readonly isFollowed?: boolean } = {},
): Promise<boolean> {
  const { deviceId, storeEpoch, sequence, previousHash } = envelope;
  const rows = await trx
    .selectFrom('reports')
    .select(['sequence', 'envelope_hash', 'envelope_jws'])
    .where('device_id', '=', deviceId)
    .where('store_epoch', '=', storeEpoch)
    .where('sequence', 'in', [sequence - 1, sequence, sequence + 1])
    .execute();
  if (isFollowed && !rows.some((row) => Number(row.sequence) > sequence)) return false;
  return rows.every((row) => {
    if (Number(row.sequence) < sequence) return row.envelope_hash === previousHash;
    return Number(row.sequence) > sequence && previousHashOf(row.envelope_jws) === envelopeHash;
  });
}

/** A report comes after those behind it: its device had set it aside. What was noted of its absence is over. */
export async function fillHole(
  trx: Database,
  device: DeviceRow,
  { storeEpoch, sequence, reportId }: ReportEnvelope,
  now: Date,
): Promise<void> {
  await noteEvent(
    trx,
    device.id,
    now,
    'report-late',
    `Report ${sequence} of ${storeEpoch} (${reportId}) came after all.`,
  );
  await takeOut(gapsOf(trx, device.id, storeEpoch), trx, { storeEpoch, from: sequence, to: sequence });
}

/** The envelope came without its body; what follows on another such one lengthens its range. */
export async function noteBodyGone(
  trx: Database,
  device: DeviceRow,
  envelope: ReportEnvelope,
  now: Date,
): Promise<void> {
  const { storeEpoch, sequence, createdAt } = envelope;
  const before = await openGaps(trx, device.id, storeEpoch)
    .where('to_sequence', '=', sequence - 1)
    .where('first_at', 'is not', null)
    .executeTakeFirst();
  const counts = before?.counts == null ? {} : (JSON.parse(before.counts) as Record<string, number>);
  // How many of each class are in the range is not known any more once a part of it was accounted for.
  const isCounted = before === undefined || before.counts !== null;
  const row: Insertable<DeviceGapTable> = {
    device_id: device.id,
    store_epoch: storeEpoch,
    from_sequence: before?.from_sequence ?? sequence,
    to_sequence: sequence,
    counts: isCounted ? JSON.stringify({ ...counts, [envelope.class]: (counts[envelope.class] ?? 0) + 1 }) : null,
    first_at: before?.first_at ?? createdAt,
    last_at: createdAt,
    reason: undeclared,
    fits: null,
    noted_at: now.toISOString(),
    report_id: null,
  };
  if (before === undefined) await trx.insertInto('device_gaps').values(row).execute();
  else await trx.updateTable('device_gaps').set(row).where('id', '=', before.id).execute();
}

/** Takes down what a gap report accounts for; the ranges it names are no longer undeclared. */
export async function declareGaps(trx: Database, device: DeviceRow, report: ReadReport, now: Date): Promise<void> {
  for (const gap of report.content.gaps ?? []) {
    const range = rangeOf(gap, report.envelope);
    const misfit = range === undefined ? undefined : await misfitOf(trx, device.id, gap, range);
    if (range !== undefined && misfit === undefined) await settle(trx, device, range);
    if (misfit !== undefined) {
      const detail = `Report ${report.envelope.sequence} accounts for ${gap.from} to ${gap.to} of ${gap.storeEpoch}: ${misfit}`;
      await noteEvent(trx, device.id, now, 'gap-mismatch', detail);
    }
    await trx
      .insertInto('device_gaps')
      .values({
        device_id: device.id,
        store_epoch: gap.storeEpoch ?? null,
        from_sequence: gap.from ?? null,
        to_sequence: gap.to ?? null,
        counts: gap.counts === undefined ? null : JSON.stringify(gap.counts),
        first_at: gap.firstAt ?? null,
        last_at: gap.lastAt ?? null,
        reason: gap.reason,
        fits: range === undefined ? null : misfit === undefined ? 1 : 0,
        noted_at: now.toISOString(),
        report_id: report.envelope.reportId,
      })
      .execute();
  }
}

function rangeOf(gap: Gap, envelope: ReportEnvelope): (Range & { readonly own: ReportEnvelope }) | undefined {
  const { storeEpoch, from, to } = gap;
  if (storeEpoch === undefined || from === undefined || to === undefined) return undefined;
  return { storeEpoch, from, to, own: envelope };
}

/** Why the words of the device cannot be true; undefined when nothing speaks against them. */
async function misfitOf(
  trx: Database,
  deviceId: string,
  gap: Gap,
  { storeEpoch, from, to, own }: Range & { readonly own: ReportEnvelope },
): Promise<string | undefined> {
  if (from > to) return 'it ends before it begins.';
  if (storeEpoch === own.storeEpoch && to >= own.sequence) return 'it names reports that come after it.';
  const held = trx.selectFrom('reports').where('device_id', '=', deviceId).where('store_epoch', '=', storeEpoch);
  const whole = await held
    .select('sequence')
    .where('sequence', '>=', from)
    .where('sequence', '<=', to)
    // Only bare envelopes have an empty body, and those that were held long enough.
    .where(({ eb, or }) => or([eb('body', '!=', new Uint8Array()), eb('body_removed_at', 'is not', null)]))
    .limit(1)
    .executeTakeFirst();
  if (whole !== undefined) return `report ${whole.sequence} came in full.`;
  const at = async (sequence: number) =>
    held.select(['envelope_hash', 'envelope_jws']).where('sequence', '=', sequence).executeTakeFirst();
  const [first, last, next] = [await at(from), await at(to), await at(to + 1)];
  if (first !== undefined && first.envelope_hash !== gap.firstHash) return 'its first hash is another one.';
  if (last !== undefined && last.envelope_hash !== gap.lastHash) return 'its last hash is another one.';
  if (next !== undefined && previousHashOf(next.envelope_jws) !== gap.lastHash) {
    return 'the report after it follows on another one.';
  }
  return undefined;
}

/** Of an envelope whose signature was checked when it was stored. */
function previousHashOf(envelopeJws: string): string | undefined {
  const payload: unknown = JSON.parse(Buffer.from(envelopeJws.split('.')[1] ?? '', 'base64url').toString());
  return reportEnvelope.parse(payload).previousHash;
}

/** What was undeclared of this range is so no longer; what lies beside it stays. */
function settle(trx: Database, device: DeviceRow, range: Range): Promise<void> {
  return takeOut(openGaps(trx, device.id, range.storeEpoch), trx, range);
}

async function takeOut(gaps: ReturnType<typeof gapsOf>, trx: Database, { from, to }: Range): Promise<void> {
  const touched = await gaps.where('from_sequence', '<=', to).where('to_sequence', '>=', from).execute();
  for (const row of touched) {
    const { id, ...rest } = row;
    await trx.deleteFrom('device_gaps').where('id', '=', id).execute();
    // How many of each class lie on which side is not known any more.
    const left = { ...rest, counts: null, to_sequence: from - 1 };
    const right = { ...rest, counts: null, from_sequence: to + 1 };
    if (Number(row.from_sequence) < from) await trx.insertInto('device_gaps').values(left).execute();
    if (Number(row.to_sequence) > to) await trx.insertInto('device_gaps').values(right).execute();
  }
}

function openGaps(trx: Database, deviceId: string, storeEpoch: string) {
  return gapsOf(trx, deviceId, storeEpoch).where('report_id', 'is', null);
}

function gapsOf(trx: Database, deviceId: string, storeEpoch: string) {
  return trx
    .selectFrom('device_gaps')
    .selectAll()
    .where('device_id', '=', deviceId)
    .where('store_epoch', '=', storeEpoch);
}
