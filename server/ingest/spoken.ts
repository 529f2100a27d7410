/** What people at a PC said: answers to notices, suspicions. Stated, not proven; each request counts once. */
import type { Selectable } from 'kysely';
import type { NoticeAnswer } from '../../agent/contract/report.ts';
import { removeBodies } from '../fleet/retention-steps.ts';
import { everything } from '../fleet/scope.ts';
import { devicesFor } from '../notices/deliveries.ts';
import { saidIn } from '../notices/draft.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow, NoticeTable } from '../store/schema.ts';
import { noteEvent } from './events.ts';
import type { ReadReport } from './read-report.ts';

/** To one notice, from one device: a terminal server with many sessions, but not a script in a loop. */
const maxAnswersOfDevice = 2000;

export async function storeSpoken(
  trx: Database,
  device: Pick<DeviceRow, 'id' | 'municipality_id'>,
  report: ReadReport,
  now: Date,
): Promise<void> {
  await storeAnswers(trx, device, report, now);
  await discardNames(trx, device, report, now);
  const { suspicions = [] } = report.content;
  for (const { requestId, at, text } of suspicions) {
    const { numInsertedOrUpdatedRows: taken } = await trx
      .insertInto('suspicions')
      .values({
        device_id: device.id,
        request_id: requestId,
        text,
        at,
        received_at: now.toISOString(),
        report_id: report.envelope.reportId,
      })
      .onConflict((conflict) => conflict.columns(['device_id', 'request_id']).doNothing())
      .executeTakeFirstOrThrow();
    // The words themselves stand only in their table.
    if (taken === 1n)
      await noteEvent(trx, device.id, now, 'suspicion-reported', `Suspicion ${requestId}, said at ${at}.`);
  }
}

/** An answer to what this municipality never published says nothing; the report that brought it is kept all the same. */
async function storeAnswers(
  trx: Database,
  device: Pick<DeviceRow, 'id' | 'municipality_id'>,
  { content: { noticeAnswers = [] }, envelope }: ReadReport,
  now: Date,
): Promise<void> {
  if (noticeAnswers.length === 0) return;
  const named = [...new Set(noticeAnswers.map(({ noticeId }) => noticeId))];
  const rows = await trx
    .selectFrom('notices')
    .selectAll()
    .where('id', 'in', named)
    .where('municipality_id', '=', device.municipality_id)
    .execute();
  const isNamed = envelope.class === 'acknowledgement' && noticeAnswers.some(hasName);
  for (const notice of rows) {
    const { id } = notice;
    const asksForNames = isNamed && (await asksByName(trx, device, notice));
    const { held } = await trx
      .selectFrom('notice_answers')
      .select(({ fn }) => fn.countAll<number>().as('held'))
      .where('notice_id', '=', id)
      .where('device_id', '=', device.id)
      .executeTakeFirstOrThrow();
    const room = Math.max(0, maxAnswersOfDevice - Number(held));
    const values = noticeAnswers
      .filter(({ noticeId }) => noticeId === id)
      .slice(0, room)
      .map(({ requestId, issuedAt, kind, at, until, statedName }) => ({
        device_id: device.id,
        request_id: requestId,
        notice_id: id,
        issued_at: issuedAt,
        kind,
        at,
        until: until ?? null,
        // To a wording before this one it may have been asked for as well; nobody can look that up any more.
        stated_name:
          asksForNames && kind === 'acknowledged' && issuedAt === notice.issued_at ? (statedName ?? null) : null,
        received_at: now.toISOString(),
        report_id: envelope.reportId,
      }));
    if (values.length === 0) continue;
    await trx
      .insertInto('notice_answers')
      .values(values)
      .onConflict((conflict) => conflict.columns(['device_id', 'request_id']).doNothing())
      .execute();
  }
}

const hasName = ({ statedName }: NoticeAnswer): boolean => statedName !== undefined;

/** Whether this wording asks for names, and this device. */
async function asksByName(
  trx: Database,
  device: Pick<DeviceRow, 'id'>,
  notice: Selectable<NoticeTable>,
): Promise<boolean> {
  if (saidIn(notice.jws).answers !== 'named') return false;
  const asked = await devicesFor(trx, everything, notice)
    .select('devices.id')
    .where('devices.id', '=', device.id)
    .executeTakeFirst();
  return asked !== undefined;
}

/**
 * A name that was not taken, for whatever reason, must not lie in the body either. That is signed and goes as a whole, as
 * after its retention period; the envelope proves that it was there.
 */
async function discardNames(
  trx: Database,
  device: Pick<DeviceRow, 'id'>,
  { content: { noticeAnswers = [] }, envelope: { reportId } }: ReadReport,
  now: Date,
): Promise<void> {
  const stated = noticeAnswers.filter(hasName).length;
  if (stated === 0) return;
  const { taken } = await trx
    .selectFrom('notice_answers')
    .select(({ fn }) => fn.count<number>('stated_name').as('taken'))
    .where('device_id', '=', device.id)
    .where('report_id', '=', reportId)
    .executeTakeFirstOrThrow();
  if (Number(taken) === stated) return;
  await removeBodies(trx, [reportId], now.toISOString());
  await noteEvent(
    trx,
    device.id,
    now,
    'name-discarded',
    `Report ${reportId} states a name that no notice asks for, or that was stated before.`,
  );
}
