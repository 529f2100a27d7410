/** The notices a device is to hold: for it, not over, the newest first where there are too many. */

import type { WordsHolder } from '../../agent/contract/keys.ts';
import { maxNotices } from '../../agent/contract/wire.ts';
import type { Database } from '../store/database.ts';

/** One wording of a notice; `number` as in the table. */
export interface NoticeInForce {
  readonly id: string;
  readonly number: number;
  readonly jws: string;
}

/**
 * At most `maxNotices`. Those to come are among them, and recalled ones until their end, so that no earlier
 * wording is taken for a new one. A notice that another one has replaced is not.
 */
export async function noticesFor(db: Database, holder: WordsHolder, now: Date): Promise<NoticeInForce[]> {
  return db
    .selectFrom('notices')
    .select(['id', 'number', 'jws'])
    .where('municipality_id', '=', holder.municipality)
    .where('valid_until', '>', now.toISOString())
    .where(({ eb, or }) => or([eb('device_id', 'is', null), eb('device_id', '=', holder.device)]))
    .where(({ eb, or }) =>
      or([
        eb('group_id', 'is', null),
        ...(holder.groups.length === 0 ? [] : [eb('group_id', 'in', [...holder.groups])]),
      ]),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('notices as newer')
            .select('newer.number')
            .whereRef('newer.replaces', '=', 'notices.id')
            .whereRef('newer.municipality_id', '=', 'notices.municipality_id')
            .whereRef('newer.number', '>', 'notices.number')
            .where('newer.valid_from', '<=', now.toISOString()),
        ),
      ),
    )
    .orderBy('number', 'desc')
    .limit(maxNotices)
    .execute();
}

/** When the next notice of the municipality ends, or takes the place of another; null = no such time is known. */
export async function nextChangeOfNotices(db: Database, municipalityId: string, now: Date): Promise<string | null> {
  const at = now.toISOString();
  const notices = db.selectFrom('notices').where('municipality_id', '=', municipalityId);
  const ends = await notices
    .select(({ fn }) => fn.min('valid_until').as('at'))
    .where('valid_until', '>', at)
    .executeTakeFirst();
  const begins = await notices
    .select(({ fn }) => fn.min('valid_from').as('at'))
    .where('replaces', 'is not', null)
    .where('valid_from', '>', at)
    .executeTakeFirst();
  const times = [ends?.at, begins?.at].filter((time) => typeof time === 'string').sort();
  return times[0] ?? null;
}

/** Where the device belongs and who may address it. */
export async function holderOf(
  db: Database,
  device: { readonly id: string; readonly municipality_id: string },
): Promise<WordsHolder> {
  const groups = await db
    .selectFrom('group_members')
    .innerJoin('device_groups', 'device_groups.id', 'group_members.group_id')
    .select('device_groups.id')
    .where('group_members.device_id', '=', device.id)
    .where('group_members.removed_at', 'is', null)
    .where('device_groups.deleted_at', 'is', null)
    .where('device_groups.municipality_id', '=', device.municipality_id)
    .orderBy('device_groups.id')
    .limit(64)
    .execute();
  return { municipality: device.municipality_id, device: device.id, groups: groups.map(({ id }) => id) };
}
