/** What became of a notice: how many devices hold it, and what was said at them. Counts, never names. */
import { type NoticeAnswerKind, noticeAnswerKinds } from '../../agent/contract/report.ts';
import type { Database } from '../store/database.ts';

export type NoticeCounts = Readonly<
  Record<
    NoticeAnswerKind,
    {
      /** Devices from which at least one such answer came. */
      readonly devices: number;
      /** Answers, each session of a device by itself. */
      readonly answers: number;
    }
  >
>;

/**
 * Of the wording in force: what was said to an earlier one does not count for its correction, and a device that was retired
 * does not count at all. The caller has made sure
 * that the notice is within reach of whoever asks. An unknown id counts nothing.
 */
export async function countsFor(db: Database, noticeId: string): Promise<NoticeCounts> {
  const rows = await db
    .selectFrom('notice_answers')
    .innerJoin('notices', (join) =>
      join
        .onRef('notices.id', '=', 'notice_answers.notice_id')
        .onRef('notices.issued_at', '=', 'notice_answers.issued_at'),
    )
    .innerJoin('devices', 'devices.id', 'notice_answers.device_id')
    .where('devices.state', '!=', 'retired')
    .select(({ fn }) => [
      'notice_answers.kind',
      fn.count<number>('notice_answers.device_id').distinct().as('devices'),
      fn.countAll<number>().as('answers'),
    ])
    .where('notice_answers.notice_id', '=', noticeId)
    .groupBy('notice_answers.kind')
    .execute();
  const counted = new Map(
    rows.map(({ kind, devices, answers }) => [kind, { devices: Number(devices), answers: Number(answers) }]),
  );
  const of = (kind: NoticeAnswerKind) => counted.get(kind) ?? { devices: 0, answers: 0 };
  return Object.fromEntries(noticeAnswerKinds.map((kind) => [kind, of(kind)])) as NoticeCounts;
}
