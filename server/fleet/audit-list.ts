/** The audit record as staff read it, youngest first. */
import { z } from 'zod';
import type { AuditEntry } from '../api/contract.ts';
import { decodeCursor, page } from './cursor.ts';
import { auditIn, type FleetContext, type Scope } from './scope.ts';

const place = z.tuple([z.int()]);

/** Throws `Refusal` invalid-cursor. */
export async function listAudit(
  { db }: FleetContext,
  scope: Scope,
  query: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ items: AuditEntry[]; nextCursor: string | null }> {
  let entries = auditIn(db, scope).selectAll('audit');
  if (query.cursor !== undefined) entries = entries.where('audit.id', '<', decodeCursor(query.cursor, place)[0]);
  const found = await entries
    .orderBy('audit.id', 'desc')
    .limit(query.limit + 1)
    .execute();
  const shown = page(found, query.limit, (row) => [row.id]);
  const items = shown.rows.map((row) => ({
    id: row.id,
    at: row.at,
    actor: row.actor,
    action: row.action,
    municipalityId: row.municipality_id,
    target: row.target,
    detail: row.detail,
  }));
  return { items, nextCursor: shown.nextCursor };
}
