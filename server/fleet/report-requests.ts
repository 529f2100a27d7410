/**
 * "Report these sections now": asked by staff, told to the device in the signed answer to its check-in (which an event
 * only hurries along), and settled by a report that was made after it was told.
 */
import type { ReportEnvelope } from '../../agent/contract/report.ts';
import type { CheckInRequest } from '../../agent/contract/wire.ts';
import type { ServerContext } from '../context.ts';
import { recordDeed } from '../staff/audit.ts';
import type { Database } from '../store/database.ts';
import { findDevice } from './devices.ts';
import { Refusal } from './refusal.ts';
import type { Actor } from './scope.ts';

/** Nobody waits for it any longer: a PC that was off for a week has reported in full by itself when it is back. */
export const requestLifeMs = 24 * 3_600_000;

/** Asking again for what is asked for already makes it new. Throws `Refusal` not-found or conflict. */
export async function requestReport(
  { db, now, push }: Pick<ServerContext, 'db' | 'now' | 'push'>,
  actor: Actor,
  deviceId: string,
  sections: readonly string[],
): Promise<void> {
  const at = now();
  const device = await db.transaction().execute(async (trx) => {
    const found = await findDevice(trx, actor.scope, deviceId);
    if (found.state !== 'active') {
      throw new Refusal('conflict', {
        de: `Von ${found.hostname} werden zurzeit keine Berichte angenommen. Geben Sie das Gerät zuerst frei.`,
        en: `Reports of ${found.hostname} are not accepted now. Approve the device first.`,
      });
    }
    const asked = {
      requested_at: at.toISOString(),
      requested_by: actor.name.slice(0, 120),
      told_epoch: null,
      told_sequence: null,
    };
    await trx
      .insertInto('report_requests')
      .values([...new Set(sections)].map((section) => ({ device_id: deviceId, section_id: section, ...asked })))
      .onConflict((conflict) => conflict.columns(['device_id', 'section_id']).doUpdateSet(asked))
      .execute();
    await recordDeed(trx, at, {
      actor: actor.name,
      action: 'device.report-now',
      municipalityId: found.municipality_id,
      target: deviceId,
      detail: { hostname: found.hostname, sections },
    });
    return found;
  });
  push.publish(
    { municipalityId: device.municipality_id, deviceIds: [deviceId] },
    { name: 'report', data: { sections: [...sections] } },
  );
}

/** Open requests, oldest first, as staff see them. */
export async function openRequests(
  db: Database,
  deviceId: string,
  now: Date,
): Promise<{ section: string; requestedAt: string }[]> {
  const rows = await stillOpen(db, deviceId, now).orderBy('requested_at').orderBy('section_id').execute();
  return rows.map(({ section_id, requested_at }) => ({ section: section_id, requestedAt: requested_at }));
}

/** What to tell the device that checks in; from here on a report with a higher sequence settles it. */
export async function takeRequests(
  trx: Database,
  deviceId: string,
  said: Pick<CheckInRequest, 'storeEpoch' | 'sequence'>,
  now: Date,
): Promise<string[]> {
  const open = await stillOpen(trx, deviceId, now).orderBy('section_id').execute();
  if (open.some(({ told_epoch }) => told_epoch === null)) {
    await trx
      .updateTable('report_requests')
      .set({ told_epoch: said.storeEpoch, told_sequence: said.sequence })
      .where('device_id', '=', deviceId)
      .where('told_epoch', 'is', null)
      .execute();
  }
  return open.map(({ section_id }) => section_id);
}

/** Judged by the order of the device, not by anybody's clock: a report that had waited in the queue settles nothing. */
export async function settleRequests(
  trx: Database,
  { deviceId, storeEpoch, sequence, first }: ReportEnvelope,
  sections: readonly string[],
): Promise<void> {
  if (sections.length === 0) return;
  await trx
    .deleteFrom('report_requests')
    .where('device_id', '=', deviceId)
    .where('section_id', 'in', sections)
    .where(({ eb, and, or }) =>
      first === undefined
        ? or([eb('told_epoch', '!=', storeEpoch), eb('told_sequence', '<', sequence)])
        : // Signed anew: it was made where it stood first, and epochs have no order by themselves.
          and([eb('told_epoch', '=', first.storeEpoch), eb('told_sequence', '<', first.sequence)]),
    )
    .execute();
}

function stillOpen(db: Database, deviceId: string, now: Date) {
  return db
    .selectFrom('report_requests')
    .select(['section_id', 'requested_at', 'told_epoch'])
    .where('device_id', '=', deviceId)
    .where('requested_at', '>', new Date(now.getTime() - requestLifeMs).toISOString());
}
