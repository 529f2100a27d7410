/** What was installed, removed and updated on a device, youngest first. */
import { z } from 'zod';
import { type SoftwareChangeList, softwareChange } from '../api/contract.ts';
import { decodeCursor, page } from './cursor.ts';
import { findDevice } from './devices.ts';
import type { FleetContext, Scope } from './scope.ts';

const place = z.tuple([z.int()]);
const stored = softwareChange.pick({ installed: true, removed: true, updated: true });

/** Throws `Refusal` not-found or invalid-cursor. */
export async function listSoftwareChanges(
  { db }: FleetContext,
  scope: Scope,
  id: string,
  query: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<SoftwareChangeList> {
  await findDevice(db, scope, id);
  let changes = db.selectFrom('software_changes').selectAll().where('device_id', '=', id);
  if (query.cursor !== undefined) changes = changes.where('id', '<', decodeCursor(query.cursor, place)[0]);
  const found = await changes
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute();
  const shown = page(found, query.limit, (row) => [row.id]);
  const items = shown.rows.map((row) => ({
    reportId: row.report_id,
    receivedAt: row.received_at,
    comparedWith: row.compared_with,
    ...stored.parse(JSON.parse(row.changes)),
  }));
  return { items, nextCursor: shown.nextCursor };
}
