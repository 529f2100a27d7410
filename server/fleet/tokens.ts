/** Enrolment tokens: whoever holds one may add devices to one municipality. */
import { randomUUID } from 'node:crypto';
import type { CreatedToken, EnrolmentToken } from '../api/contract.ts';
import { recordDeed } from '../staff/audit.ts';
import { makeSecret } from '../staff/secret.ts';
import { findMunicipality } from './municipalities.ts';
import { notFound } from './refusal.ts';
import { type Actor, type FleetContext, type Scope, tokensIn } from './scope.ts';

export interface TokenRequest {
  readonly municipalityId: string;
  /** How many devices may enrol with it, 1 to 10,000. */
  readonly uses: number;
  /** 1 to 365. */
  readonly expiresInDays: number;
}

const dayMs = 86_400_000;

/** The answer holds the secret, the only time it is ever shown. Throws `Refusal` not-found. */
export async function createEnrolmentToken(
  { db, now }: FleetContext,
  actor: Actor,
  request: TokenRequest,
): Promise<Omit<CreatedToken, 'serverKey'>> {
  const { secret, hash } = makeSecret('kits-enrol-');
  const id = randomUUID();
  const at = now();
  const expiresAt = new Date(at.getTime() + request.expiresInDays * dayMs).toISOString();
  const municipality = await db.transaction().execute(async (trx) => {
    const found = await findMunicipality(trx, actor.scope, request.municipalityId);
    await trx
      .insertInto('enrolment_tokens')
      .values({
        id,
        municipality_id: found.id,
        secret_hash: hash,
        created_at: at.toISOString(),
        created_by: actor.name,
        expires_at: expiresAt,
        uses_left: request.uses,
        revoked_at: null,
      })
      .execute();
    await recordDeed(trx, at, {
      actor: actor.name,
      action: 'token.create',
      municipalityId: found.id,
      target: id,
      detail: { uses: request.uses, expiresAt },
    });
    return found;
  });
  return {
    id,
    municipality: { id: municipality.id, name: municipality.name },
    createdAt: at.toISOString(),
    expiresAt,
    usesLeft: request.uses,
    revokedAt: null,
    token: secret,
  };
}

/** Youngest first. */
export async function listEnrolmentTokens({ db }: FleetContext, scope: Scope): Promise<EnrolmentToken[]> {
  const rows = await tokensIn(db, scope)
    .innerJoin('municipalities', 'municipalities.id', 'enrolment_tokens.municipality_id')
    .select([
      'enrolment_tokens.id',
      'enrolment_tokens.municipality_id',
      'municipalities.name',
      'enrolment_tokens.created_at',
      'enrolment_tokens.expires_at',
      'enrolment_tokens.uses_left',
      'enrolment_tokens.revoked_at',
    ])
    .orderBy('enrolment_tokens.created_at', 'desc')
    .orderBy('enrolment_tokens.id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    municipality: { id: row.municipality_id, name: row.name },
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    usesLeft: row.uses_left,
    revokedAt: row.revoked_at,
  }));
}

/** From now on nobody enrols with it; revoking twice keeps the first time. Throws `Refusal` not-found. */
export async function revokeEnrolmentToken({ db, now }: FleetContext, actor: Actor, id: string): Promise<void> {
  const at = now();
  await db.transaction().execute(async (trx) => {
    const token = await tokensIn(trx, actor.scope)
      .where('enrolment_tokens.id', '=', id)
      .select(['enrolment_tokens.municipality_id', 'enrolment_tokens.revoked_at'])
      .executeTakeFirst();
    if (token === undefined) throw notFound();
    if (token.revoked_at !== null) return;
    await trx.updateTable('enrolment_tokens').set({ revoked_at: at.toISOString() }).where('id', '=', id).execute();
    await recordDeed(trx, at, {
      actor: actor.name,
      action: 'token.revoke',
      municipalityId: token.municipality_id,
      target: id,
    });
  });
}
