/** Sessions of people at the console: who is signed in, for 12 hours at most. */
import type { Session } from '../api/contract.ts';
import { type Actor, type FleetContext, reachOf } from '../fleet/scope.ts';
import type { Database } from '../store/database.ts';
import { makeSecret, secretHash } from './secret.ts';

export const sessionHours = 12;

/** A session that was looked up by the secret in the cookie. */
export interface OpenSession {
  /** Names the session; the secret itself is not kept. */
  readonly hash: string;
  readonly userId: string;
  readonly actor: Actor;
  readonly csrfToken: string;
  readonly mustSetPassword: boolean;
  /** Opened by a one-time link, which vouches for the person as well as the password would. */
  readonly byLink: boolean;
}

/** Always a new secret, so that one planted before the sign-in is worth nothing. Expired sessions are cleared away. */
export async function openSession(db: Database, now: Date, userId: string, byLink: boolean): Promise<string> {
  const { secret, hash } = makeSecret();
  await db.deleteFrom('sessions').where('expires_at', '<=', now.toISOString()).execute();
  await db
    .insertInto('sessions')
    .values({
      secret_hash: hash,
      user_id: userId,
      csrf_token: makeSecret().secret,
      by_link: byLink ? 1 : 0,
      created_at: now.toISOString(),
      expires_at: new Date(now.getTime() + sessionHours * 3_600_000).toISOString(),
    })
    .execute();
  return secret;
}

/** `undefined` when nobody is signed in with this secret, or not any more. */
export async function findSession({ db, now }: FleetContext, secret: string): Promise<OpenSession | undefined> {
  const hash = secretHash(secret);
  const row = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['users.id', 'users.name', 'users.role', 'users.password_hash', 'sessions.csrf_token', 'sessions.by_link'])
    .where('sessions.secret_hash', '=', hash)
    .where('sessions.expires_at', '>', now().toISOString())
    .where('users.disabled_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const reach = await db
    .selectFrom('user_municipalities')
    .select('municipality_id')
    .where('user_id', '=', row.id)
    .orderBy('municipality_id')
    .execute();
  return {
    hash,
    userId: row.id,
    actor: {
      name: row.name,
      scope: { role: row.role, municipalities: reachOf(reach.map(({ municipality_id }) => municipality_id)) },
    },
    csrfToken: row.csrf_token,
    mustSetPassword: row.password_hash === null,
    byLink: row.by_link === 1,
  };
}

export async function closeSession(db: Database, hash: string): Promise<void> {
  await db.deleteFrom('sessions').where('secret_hash', '=', hash).execute();
}

/** As the console sees it. */
export function describeSession({ actor, csrfToken, mustSetPassword }: OpenSession): Session {
  const { role, municipalities } = actor.scope;
  return {
    user: actor.name,
    role,
    municipalities: municipalities === 'all' ? [] : [...municipalities],
    csrfToken,
    mustSetPassword,
  };
}
