import { randomBytes, scryptSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkPassword } from '../../../server/staff/password.ts';
import { disableUser, enableUser } from '../../../server/staff/users.ts';
import { auditOf, cookieIn, type StaffedServer, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
beforeEach(async () => {
  kits = await startStaffedServer();
});
afterEach(() => kits.close());

const signInWith = (body: object, headers: Record<string, string> = {}) =>
  kits.call('session', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** A member of staff who has chosen a password. */
async function choosesPassword(name: string, password: string) {
  const client = await kits.staff(name, 'technician', kits.wasungen);
  expect((await client.send('PUT', 'session/password', { password })).status).toBe(204);
  return client;
}

/** The same person some time later: the hash is of the lowest cost that counts, for it is checked again and again. */
async function withPassword(name: string, password: string) {
  const client = await kits.staff(name, 'technician', kits.wasungen);
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, 32, { N: 2 ** 14, r: 8, p: 1, maxmem: 2 ** 26 });
  const [saltText, hashText] = [salt, hash].map((bytes) => bytes.toString('base64').replace(/=+$/, ''));
  const { db } = kits.context;
  const stored = `$scrypt$ln=14,r=8,p=1$${saltText}$${hashText}`;
  await db.updateTable('users').set({ password_hash: stored }).where('name', '=', name).execute();
  await db.updateTable('sessions').set({ by_link: 0 }).execute();
  return client;
}

describe('a one-time link', () => {
  test('opens a session that says who is signed in and asks for a password', async () => {
    await kits.user('Ada', 'technician', kits.wasungen);
    const answer = await signInWith({ link: await kits.link('Ada') });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      user: 'Ada',
      role: 'technician',
      municipalities: [kits.wasungen],
      csrfToken: expect.stringMatching(/^[\w-]{43}$/),
      mustSetPassword: true,
    });
    const client = kits.withCookie(cookieIn(answer), answer.body.csrfToken);
    expect((await client.get('session')).body).toEqual(answer.body);
  });

  test('gives a cookie that no script and no other site gets at, for 12 hours', async () => {
    await kits.user('Ada', 'viewer');
    const [cookie, ...more] = (await signInWith({ link: await kits.link('Ada') })).headers.getSetCookie();
    expect(more).toEqual([]);
    expect(cookie?.split('; ').slice(1).sort()).toEqual(['HttpOnly', 'Max-Age=43200', 'Path=/', 'SameSite=Strict']);
    expect(cookie).toMatch(/^kits-session=[\w-]{43};/);
  });

  test('gives a cookie for https only when a proxy says that the browser used https', async () => {
    await kits.user('Ada', 'viewer');
    const answer = await signInWith({ link: await kits.link('Ada') }, { 'x-forwarded-proto': 'https' });
    expect(answer.headers.getSetCookie()[0]).toContain('; Secure');
  });

  test('works once', async () => {
    await kits.user('Ada', 'viewer');
    const link = await kits.link('Ada');
    expect((await signInWith({ link })).status).toBe(200);
    const again = await signInWith({ link });
    expect([again.status, again.body.code]).toEqual([401, 'sign-in-failed']);
    expect(again.headers.getSetCookie()).toEqual([]);
  });

  test('works once, also for ten browsers at the same moment', async () => {
    await kits.user('Ada', 'viewer');
    const link = await kits.link('Ada');
    const statuses = (await Promise.all(Array.from({ length: 10 }, () => signInWith({ link })))).map((a) => a.status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(await kits.context.db.selectFrom('sessions').selectAll().execute()).toHaveLength(1);
  });

  test.each([
    [15, 899, 200],
    [15, 900, 401],
    [undefined, 1799, 200],
    [undefined, 1800, 401],
    [60, 3600, 401],
  ])('of %s minutes after %i seconds: %i', async (minutes, seconds, status) => {
    await kits.user('Ada', 'viewer');
    const link = await kits.link('Ada', minutes);
    kits.advance(seconds);
    expect((await signInWith({ link })).status).toBe(status);
  });

  test('that has expired is cleared away with the next one', async () => {
    await kits.user('Ada', 'viewer');
    await kits.link('Ada', 15);
    kits.advance(900);
    await kits.link('Ada', 15);
    expect(await kits.context.db.selectFrom('sign_in_links').selectAll().execute()).toHaveLength(1);
  });

  test.each([14, 61, Number.NaN])('is not made for %d minutes', async (minutes) => {
    await kits.user('Ada', 'viewer');
    await expect(kits.link('Ada', minutes)).rejects.toThrow('15 to 60 minutes');
  });

  test('is stored as a hash only, as sessions are', async () => {
    await kits.user('Ada', 'viewer');
    const link = await kits.link('Ada');
    const stored = async (table: 'sign_in_links' | 'sessions') =>
      JSON.stringify(await kits.context.db.selectFrom(table).selectAll().execute());
    expect(await stored('sign_in_links')).not.toContain(link);
    const secret = cookieIn(await signInWith({ link })).split('=')[1]!;
    expect(await stored('sessions')).not.toContain(secret);
  });
});

describe('a session', () => {
  test('is a new one after each sign-in and ends the one before it in the same browser', async () => {
    const before = await kits.staff('Ada', 'viewer');
    const answer = await signInWith({ link: await kits.link('Ada') }, { cookie: before.cookie });
    expect(cookieIn(answer)).not.toBe(before.cookie);
    expect((await before.get('session')).status).toBe(401);
  });

  test('never takes over a secret that somebody planted', async () => {
    await kits.user('Ada', 'viewer');
    const planted = `kits-session=${'a'.repeat(43)}`;
    const answer = await signInWith({ link: await kits.link('Ada') }, { cookie: planted });
    expect(cookieIn(answer)).not.toBe(planted);
    expect((await kits.withCookie(planted, answer.body.csrfToken).get('session')).status).toBe(401);
  });

  test('ends after 12 hours, used or not', async () => {
    const client = await kits.staff('Ada', 'viewer');
    kits.advance(12 * 3600 - 1);
    expect((await client.get('municipalities')).status).toBe(200);
    kits.advance(1);
    const late = await client.get('municipalities');
    expect([late.status, late.body.code]).toEqual([401, 'not-signed-in']);
  });

  test('ends with signing out, which takes the cookie away', async () => {
    const client = await kits.staff('Ada', 'viewer');
    const out = await client.send('DELETE', 'session');
    expect(out.status).toBe(204);
    expect(out.headers.getSetCookie()[0]).toMatch(/^kits-session=; .*Expires=Thu, 01 Jan 1970/);
    expect((await client.get('session')).status).toBe(401);
    expect(await auditOf(kits.context, 'session.close')).toMatchObject([{ actor: 'Ada' }]);
  });

  test('is over when it has expired: the next sign-in clears it from the table', async () => {
    await kits.staff('Ada', 'viewer');
    kits.advance(12 * 3600);
    await kits.signIn('Ada');
    expect(await kits.context.db.selectFrom('sessions').selectAll().execute()).toHaveLength(1);
  });
});

describe('a change', () => {
  test.each([
    ['no token', ''],
    ['the token of somebody else', 'foreign'],
    ['nonsense', 'x'.repeat(43)],
  ])('with the cookie and %s is refused', async (_, given) => {
    const ada = await kits.staff('Ada', 'admin');
    const bert = await kits.staff('Bert', 'admin');
    const forged = kits.withCookie(ada.cookie, given === 'foreign' ? bert.csrfToken : given);
    for (const [method, path, body] of [
      ['DELETE', 'session', undefined],
      ['PUT', 'session/password', { password: 'a password of the attacker' }],
      ['POST', 'municipalities', { name: 'Fambach' }],
      ['POST', 'devices/import-records', 'hostname\npc'],
    ] as const) {
      const answer = await forged.send(method, path, body);
      expect([answer.status, answer.body.code]).toEqual([403, 'csrf']);
    }
    expect((await ada.get('session')).status).toBe(200);
    expect((await ada.get('municipalities')).body.items).toHaveLength(2);
  });
});

describe('a password', () => {
  const password = 'Werra-Brücke 1893';

  test('signs in afterwards; other sessions and unused links end, this session stays', async () => {
    const other = await kits.staff('Ada', 'technician', kits.wasungen);
    const here = await kits.signIn('Ada');
    const unused = await kits.link('Ada');
    expect((await here.send('PUT', 'session/password', { password })).status).toBe(204);
    expect((await other.get('session')).status).toBe(401);
    expect((await signInWith({ link: unused })).status).toBe(401);
    expect((await here.get('session')).body.mustSetPassword).toBe(false);
    const answer = await signInWith({ user: 'Ada', password });
    expect([answer.status, answer.body.user, answer.body.mustSetPassword]).toEqual([200, 'Ada', false]);
    expect(await auditOf(kits.context, 'user.set-password')).toMatchObject([{ actor: 'Ada', target: 'Ada' }]);
  });

  describe('once chosen, is changed', () => {
    const next = 'Rhön und Rennsteig';
    const byPassword = async () => {
      const answer = await signInWith({ user: 'Ada', password });
      return kits.withCookie(cookieIn(answer), answer.body.csrfToken);
    };

    test('with the current one only', async () => {
      await choosesPassword('Ada', password);
      const client = await byPassword();
      for (const body of [{ password: next }, { password: next, currentPassword: 'wrong' }]) {
        const answer = await client.send('PUT', 'session/password', body);
        expect([answer.status, answer.body.code]).toEqual([403, 'password-wrong']);
      }
      const changed = await client.send('PUT', 'session/password', { password: next, currentPassword: password });
      expect(changed.status).toBe(204);
      expect((await signInWith({ user: 'Ada', password })).status).toBe(401);
      expect((await signInWith({ user: 'Ada', password: next })).status).toBe(200);
    });

    test('without it after a one-time link, the way back for who has forgotten it; once', async () => {
      await withPassword('Ada', password);
      const client = await kits.signIn('Ada');
      expect((await client.send('PUT', 'session/password', { password: next })).status).toBe(204);
      expect((await client.send('PUT', 'session/password', { password })).body.code).toBe('password-wrong');
    });

    test('not by guessing: it is throttled like the sign-in', async () => {
      await withPassword('Ada', password);
      const client = await byPassword();
      const guess = (currentPassword: string) =>
        client.send('PUT', 'session/password', { password: next, currentPassword });
      for (let failure = 0; failure < 5; failure += 1) expect((await guess('wrong')).status).toBe(403);
      expect((await guess(password)).body.code).toBe('too-many-attempts');
      kits.advance(1);
      expect((await guess(password)).status).toBe(204);
    });
  });

  test('that nobody had time to check is no failed attempt', async () => {
    await withPassword('Ada', password);
    // Two are hashed, sixteen wait: the next ones are told to come back.
    const crowd = Array.from({ length: 18 }, () => checkPassword('guess', undefined));
    for (let time = 0; time < 6; time += 1) {
      const answer = await signInWith({ user: 'Ada', password });
      expect([answer.status, answer.body.code]).toEqual([503, 'busy']);
    }
    await Promise.all(crowd);
    expect((await signInWith({ user: 'Ada', password })).status).toBe(200);
  });

  test('and name may be typed with either kind of umlaut', async () => {
    await choosesPassword('J\u00f6rg', 'Stra\u00dfe nach R\u00f6mhild');
    const answer = await signInWith({ user: 'Jo\u0308rg ', password: 'Stra\u00dfe nach Ro\u0308mhild' });
    expect([answer.status, answer.body.user]).toEqual([200, 'J\u00f6rg']);
  });

  test('has at least 12 characters', async () => {
    const client = await kits.staff('Ada', 'viewer');
    const answer = await client.send('PUT', 'session/password', { password: 'a'.repeat(11) });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid']);
    expect((await client.get('session')).body.mustSetPassword).toBe(true);
  });

  test('that is wrong, a user who has none, and a user who is not there get one and the same answer', async () => {
    await withPassword('Ada', password);
    await kits.user('Bert', 'viewer');
    const answers = [
      await signInWith({ user: 'Ada', password: 'wrong' }),
      await signInWith({ user: 'Bert', password: 'wrong' }),
      await signInWith({ user: 'Nobody', password: 'wrong' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(answers[0]?.body.code).toBe('sign-in-failed');
  });

  test('is throttled for the user after some failures, also when it is right then, until the wait is over', async () => {
    await withPassword('Ada', password);
    for (let failure = 0; failure < 5; failure += 1) {
      expect((await signInWith({ user: 'Ada', password: 'wrong' })).status).toBe(401);
    }
    const right = await signInWith({ user: 'Ada', password });
    expect([right.status, right.body.code, right.headers.get('retry-after')]).toEqual([429, 'too-many-attempts', '1']);
    kits.advance(1);
    expect((await signInWith({ user: 'Ada', password })).status).toBe(200);
    expect((await signInWith({ user: 'Ada', password })).status).toBe(200);
  });

  test('guesses for many names are throttled for the address; a good link from elsewhere still works', async () => {
    for (let failure = 0; failure < 20; failure += 1) {
      expect((await signInWith({ link: `there-is-no-such-link-${failure}` })).status).toBe(401);
    }
    const last = await signInWith({ link: 'there-is-no-such-link-20' });
    expect([last.status, last.headers.get('retry-after')]).toEqual([429, '1']);
    await kits.user('Ada', 'viewer');
    const elsewhere = await signInWith({ link: await kits.link('Ada') }, { 'x-forwarded-for': '192.0.2.7' });
    expect(elsewhere.status).toBe(200);
  });

  test('that succeeds does not count against the office behind one address', async () => {
    await kits.user('Ada', 'viewer');
    for (let time = 0; time < 25; time += 1) {
      expect((await signInWith({ link: await kits.link('Ada') })).status).toBe(200);
    }
  });
});

describe('a disabled user', () => {
  const password = 'Werra-Brücke 1893';
  const cli = 'cli:test';

  test('is signed out at once and comes in by no way', async () => {
    const client = await withPassword('Ada', password);
    const link = await kits.link('Ada');
    await disableUser(kits.context, cli, 'Ada');
    expect((await client.get('session')).status).toBe(401);
    expect((await signInWith({ link })).status).toBe(401);
    const refused = await signInWith({ user: 'Ada', password });
    expect([refused.status, refused.body.code]).toEqual([401, 'sign-in-failed']);
    await expect(kits.link('Ada')).rejects.toMatchObject({ code: 'user-disabled' });
    expect(await kits.context.db.selectFrom('sessions').selectAll().execute()).toEqual([]);
    expect(await kits.context.db.selectFrom('sign_in_links').selectAll().execute()).toEqual([]);
  });

  test('comes in again when enabled, and both are on record once', async () => {
    await withPassword('Ada', password);
    await disableUser(kits.context, cli, 'Ada');
    await disableUser(kits.context, cli, 'Ada');
    await enableUser(kits.context, cli, 'Ada');
    await enableUser(kits.context, cli, 'Ada');
    expect((await signInWith({ user: 'Ada', password })).status).toBe(200);
    for (const action of ['user.disable', 'user.enable']) {
      expect(await auditOf(kits.context, action)).toMatchObject([{ actor: cli, target: 'Ada' }]);
    }
  });

  test('has to be there', async () => {
    await expect(disableUser(kits.context, cli, 'Nobody')).rejects.toMatchObject({ code: 'not-found' });
    await expect(enableUser(kits.context, cli, 'Nobody')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('loses a session that was opened while the user was being disabled', async () => {
    const client = await kits.staff('Ada', 'viewer');
    await kits.context.db
      .updateTable('users')
      .set({ disabled_at: '2026-11-24T09:00:00.000Z' })
      .where('name', '=', 'Ada')
      .execute();
    expect((await client.get('session')).status).toBe(401);
  });
});

describe('the audit record', () => {
  test('holds success and failure of signing in, and never what a stranger typed', async () => {
    await kits.user('Ada', 'viewer');
    await signInWith({ link: await kits.link('Ada') });
    await signInWith({ user: 'Ada', password: 'secret one' });
    await signInWith({ user: 'my password by mistake', password: 'secret two' });
    expect(await auditOf(kits.context, 'session.open')).toMatchObject([
      { actor: 'Ada', target: 'Ada', detail: '{"by":"link","address":"127.0.0.1"}' },
    ]);
    expect(await auditOf(kits.context, 'session.refused')).toMatchObject([
      { actor: 'anonymous', target: 'Ada', detail: '{"by":"password","address":"127.0.0.1"}' },
      { actor: 'anonymous', target: null },
    ]);
    const all = JSON.stringify(await kits.context.db.selectFrom('audit').selectAll().execute());
    expect(all).not.toMatch(/secret|mistake/);
  });
});

test.each([[{}], [{ user: 'Ada' }], [{ link: 'short' }], [{ user: '', password: 'x' }], [[]], [{ link: 7 }]])(
  'nonsense instead of credentials is refused: %j',
  async (body) => {
    const answer = await signInWith(body);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid']);
  },
);

test('a form of another site cannot sign anybody in: only JSON is read', async () => {
  await kits.user('Ada', 'viewer');
  const body = JSON.stringify({ link: await kits.link('Ada') });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
    const answer = await kits.call('session', { method: 'POST', headers: { 'content-type': type }, body });
    expect([400, 415]).toContain(answer.status);
    expect(answer.headers.getSetCookie()).toEqual([]);
  }
});
