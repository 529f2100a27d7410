/** What people at a PC said: answers to notices, suspicions. Stated, not proven; each request counts once. */
import type { Database } from '../store/database.ts';
import type { DeviceRow } from '../store/schema.ts';
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
    .select('id')
    .where('id', 'in', named)
    .where('municipality_id', '=', device.municipality_id)
    .execute();
  for (const { id } of rows) {
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
      .map(({ requestId, issuedAt, kind, at, until }) => ({
        device_id: device.id,
        request_id: requestId,
        notice_id: id,
        issued_at: issuedAt,
        kind,
        at,
        until: until ?? null,
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
