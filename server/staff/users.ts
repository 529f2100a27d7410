/** Members of staff and their one-time sign-in links. */
import { randomUUID } from 'node:crypto';
import { plainText } from '../../agent/rules/wording.ts';
import type { Role } from '../api/contract.ts';
import { Refusal } from '../fleet/refusal.ts';
import type { FleetContext } from '../fleet/scope.ts';
import type { Database } from '../store/database.ts';
import { recordDeed } from './audit.ts';
import { makeSecret } from './secret.ts';

export interface NewUser {
  /** 1 to 120 characters; unique. */
  readonly name: string;
  readonly role: Role;
  /** Ids; empty = all municipalities. */
  readonly municipalityIds: readonly string[];
}

/** Both ways of typing an umlaut are the same name. */
export function userName(name: string): string {
  return plainText(name.normalize('NFC'));
}

/** Without a password: the first sign-in is by a link. Returns the id. Throws `Refusal` name-taken, invalid or not-found. */
export async function createUser({ db, now }: FleetContext, actor: string, wanted: NewUser): Promise<string> {
  const name = userName(wanted.name);
  if (name === '' || name.length > 120) {
    throw new Refusal('invalid', {
      de: 'Der Name muss 1 bis 120 Zeichen haben.',
      en: 'The name must have 1 to 120 characters.',
    });
  }
  const id = randomUUID();
  const at = now();
  await db.transaction().execute(async (trx) => {
    const taken = await trx.selectFrom('users').select('id').where('name', '=', name).executeTakeFirst();
    if (taken !== undefined) {
      throw new Refusal('name-taken', {
        de: `„${name}“ gibt es schon.`,
        en: `There is a user "${name}" already.`,
      });
    }
    await trx
      .insertInto('users')
      .values({ id, name, role: wanted.role, password_hash: null, created_at: at.toISOString(), disabled_at: null })
      .execute();
    for (const municipalityId of new Set(wanted.municipalityIds)) {
      await trx.insertInto('user_municipalities').values({ user_id: id, municipality_id: municipalityId }).execute();
    }
    await recordDeed(trx, at, {
      actor,
      action: 'user.create',
      target: name,
      detail: { role: wanted.role, municipalities: wanted.municipalityIds },
    });
  });
  return id;
}

export const linkMinutes = { least: 15, most: 60 } as const;

/**
 * The secret of a link that signs in once, within `minutes` (15 to 60). It is also the way back for somebody who has
 * forgotten the password. Throws `Refusal` not-found or user-disabled.
 */
export async function createSignInLink(
  { db, now }: FleetContext,
  actor: string,
  name: string,
  minutes = 30,
): Promise<{ readonly secret: string; readonly expiresAt: string }> {
  if (!(minutes >= linkMinutes.least && minutes <= linkMinutes.most)) {
    throw new RangeError(`a link is valid for ${linkMinutes.least} to ${linkMinutes.most} minutes`);
  }
  const { secret, hash } = makeSecret();
  const at = now();
  const expiresAt = new Date(at.getTime() + minutes * 60_000).toISOString();
  await db.transaction().execute(async (trx) => {
    const user = await knownUser(trx, name);
    if (user.disabled_at !== null) {
      throw new Refusal('user-disabled', {
        de: `„${user.name}“ ist gesperrt.`,
        en: `"${user.name}" is disabled. Allow signing in again first: kits-server enable-user`,
      });
    }
    await trx.deleteFrom('sign_in_links').where('expires_at', '<=', at.toISOString()).execute();
    await trx
      .insertInto('sign_in_links')
      .values({ secret_hash: hash, user_id: user.id, expires_at: expiresAt })
      .execute();
    await recordDeed(trx, at, { actor, action: 'user.sign-in-link', target: user.name, detail: { expiresAt } });
  });
  return { secret, expiresAt };
}

/**
 * From now on nobody signs in as this user; sessions and unused links end at once. Doing it twice keeps the first time.
 * Throws `Refusal` not-found.
 */
export async function disableUser({ db, now }: FleetContext, actor: string, name: string): Promise<void> {
  const at = now();
  await db.transaction().execute(async (trx) => {
    const user = await knownUser(trx, name);
    if (user.disabled_at !== null) return;
    await trx.updateTable('users').set({ disabled_at: at.toISOString() }).where('id', '=', user.id).execute();
    await trx.deleteFrom('sessions').where('user_id', '=', user.id).execute();
    await trx.deleteFrom('sign_in_links').where('user_id', '=', user.id).execute();
    await recordDeed(trx, at, { actor, action: 'user.disable', target: user.name });
  });
}

/** The user may sign in again, with the password of before or by a new link. Throws `Refusal` not-found. */
export async function enableUser({ db, now }: FleetContext, actor: string, name: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const user = await knownUser(trx, name);
    if (user.disabled_at === null) return;
    await trx.updateTable('users').set({ disabled_at: null }).where('id', '=', user.id).execute();
    await recordDeed(trx, now(), { actor, action: 'user.enable', target: user.name });
  });
}

async function knownUser(trx: Database, name: string) {
  const user = await findUser(trx, name);
  if (user !== undefined) return user;
  throw new Refusal('not-found', {
    de: `„${userName(name)}“ gibt es nicht.`,
    en: `There is no user "${userName(name)}". Create it first: kits-server create-user`,
  });
}

export function findUser(db: Database, name: string) {
  return db.selectFrom('users').selectAll().where('name', '=', userName(name)).executeTakeFirst();
}
