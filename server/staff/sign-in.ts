/** Signing in by one-time link or by password, signing out, and choosing a password. */
import { Refusal } from '../fleet/refusal.ts';
import type { FleetContext } from '../fleet/scope.ts';
import type { Database } from '../store/database.ts';
import { recordDeed } from './audit.ts';
import { checkPassword, hashPassword } from './password.ts';
import { secretHash } from './secret.ts';
import { closeSession, findSession, type OpenSession, openSession } from './sessions.ts';
import { Throttle } from './throttle.ts';
import { findUser, userName } from './users.ts';

export type Credentials = { readonly link: string } | { readonly user: string; readonly password: string };

export interface SignIn {
  readonly secret: string;
  readonly session: OpenSession;
}

/** One per server: it remembers who failed lately. */
export class SignInDesk {
  readonly #context: FleetContext;
  readonly #users = new Throttle({ free: 5, maxSeconds: 60 });
  readonly #addresses = new Throttle({ free: 20, maxSeconds: 300 });

  constructor(context: FleetContext) {
    this.#context = context;
  }

  /**
   * Opens a session and ends the one the browser had before. Throws `Refusal` sign-in-failed (the same words whatever
   * was wrong), too-many-attempts or busy.
   */
  async signIn(given: Credentials, address: string, previousSecret: string | undefined): Promise<SignIn> {
    const userKey = 'link' in given ? undefined : secretHash(userName(given.user));
    this.#wait(this.#addresses.attempt(address, this.#context.now()));
    if (userKey !== undefined) this.#wait(this.#users.attempt(userKey, this.#context.now()));
    const secret = await this.#open(given, address, previousSecret).catch((error: unknown) => {
      // Nobody guessed anything: the server was busy, or its disk full.
      if (!isGuess(error)) {
        this.#addresses.withdraw(address);
        if (userKey !== undefined) this.#users.withdraw(userKey);
      }
      throw error;
    });
    this.#addresses.withdraw(address);
    if (userKey !== undefined) this.#users.succeeded(userKey);
    const session = await findSession(this.#context, secret);
    if (session === undefined) throw failed();
    return { secret, session };
  }

  #wait(seconds: number): void {
    if (seconds <= 0) return;
    throw new Refusal(
      'too-many-attempts',
      {
        de: `Zu viele Versuche. Bitte warten Sie ${seconds} Sekunden.`,
        en: `Too many attempts. Please wait ${seconds} seconds.`,
      },
      { retryAfterSeconds: seconds },
    );
  }

  async #open(given: Credentials, address: string, previousSecret: string | undefined): Promise<string> {
    const { db, now } = this.#context;
    const user = 'link' in given ? undefined : await findUser(db, given.user);
    const right = 'link' in given || (await checkPassword(given.password, user?.password_hash ?? undefined));
    const secret = await db.transaction().execute(async (trx) => {
      const at = now();
      const claimed = 'link' in given ? await takeLink(trx, at, given.link) : right ? user?.id : undefined;
      // Read here: the user may have been disabled while the password was checked.
      const enabled = claimed === undefined ? undefined : await enabledUser(trx, claimed);
      const userId = enabled?.id;
      const known = enabled?.name ?? user?.name;
      await recordDeed(trx, at, {
        actor: userId === undefined ? 'anonymous' : (known ?? ''),
        action: userId === undefined ? 'session.refused' : 'session.open',
        // What was typed as a name may be a password: only names that exist are kept.
        ...(known !== undefined && { target: known }),
        detail: { by: 'link' in given ? 'link' : 'password', address },
      });
      if (userId === undefined) return undefined;
      if (previousSecret !== undefined) await closeSession(trx, secretHash(previousSecret));
      return openSession(trx, at, userId, 'link' in given);
    });
    if (secret === undefined) throw failed();
    return secret;
  }

  async signOut(session: OpenSession): Promise<void> {
    const { db, now } = this.#context;
    await db.transaction().execute(async (trx) => {
      await closeSession(trx, session.hash);
      await recordDeed(trx, now(), { actor: session.actor.name, action: 'session.close', target: session.actor.name });
    });
  }

  /**
   * Ends all other sessions of the user, and links that were not used yet. `current` is asked for unless there is no
   * password yet or a link vouches for the person: whoever finds an open session must not be able to keep it. Throws
   * `Refusal` password-wrong, too-many-attempts or busy.
   */
  async setPassword(session: OpenSession, password: string, current: string | undefined): Promise<void> {
    const { db, now } = this.#context;
    if (!session.mustSetPassword && !session.byLink) await this.#confirm(session, current ?? '');
    const hash = await hashPassword(password);
    await db.transaction().execute(async (trx) => {
      await trx.updateTable('users').set({ password_hash: hash }).where('id', '=', session.userId).execute();
      await trx
        .deleteFrom('sessions')
        .where('user_id', '=', session.userId)
        .where('secret_hash', '!=', session.hash)
        .execute();
      // The link has done its work; from now on the password vouches.
      await trx.updateTable('sessions').set({ by_link: 0 }).where('secret_hash', '=', session.hash).execute();
      await trx.deleteFrom('sign_in_links').where('user_id', '=', session.userId).execute();
      await recordDeed(trx, now(), {
        actor: session.actor.name,
        action: 'user.set-password',
        target: session.actor.name,
      });
    });
  }

  /** Guesses here count like guesses at the sign-in. */
  async #confirm(session: OpenSession, password: string): Promise<void> {
    const { db, now } = this.#context;
    const { name } = session.actor;
    const userKey = secretHash(userName(name));
    this.#wait(this.#users.attempt(userKey, now()));
    const user = await findUser(db, name);
    const right = await checkPassword(password, user?.password_hash ?? undefined).catch((error: unknown) => {
      this.#users.withdraw(userKey);
      throw error;
    });
    if (!right) {
      throw new Refusal('password-wrong', {
        de: 'Das bisherige Kennwort stimmt nicht.',
        en: 'The current password is not right.',
      });
    }
    this.#users.succeeded(userKey);
  }
}

function isGuess(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'sign-in-failed';
}

function failed(): Refusal {
  return new Refusal('sign-in-failed', {
    de: 'Die Anmeldung ist nicht gelungen: Name oder Kennwort stimmt nicht, oder der Link ist abgelaufen oder schon benutzt.',
    en: 'Sign-in failed: wrong name or password, or the link has expired or been used already.',
  });
}

/** Deleting is what makes it work once: of two at the same time only one finds the row. */
async function takeLink(trx: Database, now: Date, secret: string): Promise<string | undefined> {
  const taken = await trx
    .deleteFrom('sign_in_links')
    .where('secret_hash', '=', secretHash(secret))
    .where('expires_at', '>', now.toISOString())
    .returning('user_id')
    .executeTakeFirst();
  return taken?.user_id;
}

function enabledUser(trx: Database, userId: string) {
  return trx
    .selectFrom('users')
    .select(['id', 'name'])
    .where('id', '=', userId)
    .where('disabled_at', 'is', null)
    .executeTakeFirst();
}
