/** API tokens: a script's right to read or change, as `Authorization: Bearer kits_…`. */
import { randomUUID } from 'node:crypto';
import type { Role } from '../api/contract.ts';
import { notFound } from '../fleet/refusal.ts';
import { type Actor, type FleetContext, reachOf } from '../fleet/scope.ts';
import { recordDeed } from './audit.ts';
import { makeSecret, secretHash } from './secret.ts';

export interface NewApiToken {
  readonly role: Role;
  /** `undefined` = all municipalities. */
  readonly municipalityId?: string | undefined;
}

/** The secret is shown this once. */
export async function createApiToken(
  { db, now }: FleetContext,
  actor: string,
  wanted: NewApiToken,
): Promise<{ readonly id: string; readonly token: string }> {
  const { secret, hash } = makeSecret('kits_');
  const id = randomUUID();
  const at = now();
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto('api_tokens')
      .values({
        id,
        secret_hash: hash,
        role: wanted.role,
        municipality_id: wanted.municipalityId ?? null,
        created_at: at.toISOString(),
        revoked_at: null,
      })
      .execute();
    await recordDeed(trx, at, {
      actor,
      action: 'api-token.create',
      ...(wanted.municipalityId !== undefined && { municipalityId: wanted.municipalityId }),
      target: id,
      detail: { role: wanted.role },
    });
  });
  return { id, token: secret };
}

/** Scripts that use it are signed out at once. Throws `Refusal` not-found. */
export async function revokeApiToken({ db, now }: FleetContext, actor: string, id: string): Promise<void> {
  const at = now();
  await db.transaction().execute(async (trx) => {
    const revoked = await trx
      .updateTable('api_tokens')
      .set({ revoked_at: at.toISOString() })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returning('municipality_id')
      .executeTakeFirst();
    if (revoked === undefined) throw notFound();
    const municipalityId = revoked.municipality_id;
    await recordDeed(trx, at, {
      actor,
      action: 'api-token.revoke',
      ...(municipalityId !== null && { municipalityId }),
      target: id,
    });
  });
}

/** `undefined` when the token is not, or no longer, valid. */
export async function actorOfToken({ db }: FleetContext, token: string): Promise<Actor | undefined> {
  const row = await db
    .selectFrom('api_tokens')
    .select(['id', 'role', 'municipality_id'])
    .where('secret_hash', '=', secretHash(token))
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const reach = reachOf(row.municipality_id === null ? [] : [row.municipality_id]);
  return { name: `api-token:${row.id}`, scope: { role: row.role, municipalities: reach } };
}
