/** Policy and notices reach a device only from the right key, for it, in their time, and never an older one again. */
import { createHmac, randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { jwsTypes, maxWords } from '../../../agent/contract/wire.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import {
  isShown,
  type Listener,
  membershipHash,
  noticesHash,
  verifyNotice,
  verifyPolicy,
} from '../../../agent/signing/words.ts';
import { type Authority, authority, forge, later, now } from './authority.ts';

let kits: Authority;
let listener: Listener;
beforeAll(async () => {
  kits = await authority();
  listener = { trust: kits.trust, holder: kits.holder, now };
});

const isRefused = (reason: string) => ({ name: 'JwsError', reason });

test('a policy for this device is taken', async () => {
  const jws = await kits.signPolicy();
  expect(await verifyPolicy(jws, listener)).toMatchObject({ version: 7, settings: { checkInSeconds: 300 } });
});

describe.each([
  ['municipality', () => ({ municipality: kits.holder.municipality })],
  ['group', () => ({ municipality: kits.holder.municipality, group: kits.holder.groups[0]! })],
  ['device', () => ({ municipality: kits.holder.municipality, device: kits.holder.device })],
])('words to its %s', (_name, audience) => {
  test('are for the device', async () => {
    expect(await verifyNotice(await kits.signNotice({ audience: audience() }), listener)).toBeDefined();
    expect(await verifyPolicy(await kits.signPolicy({ audience: audience() }), listener)).toBeDefined();
  });
});

describe.each([
  ['another municipality', () => ({ municipality: randomUUID() })],
  [
    'another municipality, although the device is named',
    () => ({ municipality: randomUUID(), device: kits.holder.device }),
  ],
  ['another group', () => ({ municipality: kits.holder.municipality, group: randomUUID() })],
  ['another device', () => ({ municipality: kits.holder.municipality, device: randomUUID() })],
  [
    'another device of its group',
    () => ({ municipality: kits.holder.municipality, group: kits.holder.groups[0]!, device: randomUUID() }),
  ],
])('words to %s', (_name, audience) => {
  test('are refused', async () => {
    const refused = isRefused('audience');
    await expect(verifyNotice(await kits.signNotice({ audience: audience() }), listener)).rejects.toMatchObject(
      refused,
    );
    await expect(verifyPolicy(await kits.signPolicy({ audience: audience() }), listener)).rejects.toMatchObject(
      refused,
    );
  });
});

describe('keys are not mistaken for each other', () => {
  test.each(['device', 'recovery', 'notice'] as const)('a policy signed with the %s key is refused', async (name) => {
    const jws = await kits.signPolicy({}, kits[name]);
    await expect(verifyPolicy(jws, listener)).rejects.toMatchObject(isRefused('key'));
  });

  test.each(['device', 'recovery', 'server'] as const)('a notice signed with the %s key is refused', async (name) => {
    const jws = await kits.signNotice({}, kits[name]);
    await expect(verifyNotice(jws, listener)).rejects.toMatchObject(isRefused('key'));
  });

  test('another key that calls itself the server key is refused', async () => {
    const header = { alg: 'Ed25519', typ: 'kits-policy', kid: kits.server.thumbprint };
    const jws = forge(header, kits.policyOf(), await generateKey());
    await expect(verifyPolicy(jws, listener)).rejects.toMatchObject(isRefused('signature'));
  });

  test('a key that was replaced counts until its end and not after it', async () => {
    const trust = {
      keys: [
        { use: 'server' as const, key: (await generateKey()).publicKey },
        { use: 'server' as const, key: kits.server.publicKey, until: later(1) },
      ],
    };
    const jws = await kits.signPolicy();
    expect(await verifyPolicy(jws, { ...listener, trust })).toBeDefined();
    const after = { ...listener, trust, now: new Date(later(1)) };
    await expect(verifyPolicy(jws, after)).rejects.toMatchObject(isRefused('key'));
  });

  test.each(['kits-report', 'kits-answer', 'kits-receipt', 'kits-notice', 'kits-keys', 'JWT', 'kits-policy2'])(
    'a %s is not taken for a policy',
    async (typ) => {
      const jws = forge({ alg: 'Ed25519', typ, kid: kits.server.thumbprint }, kits.policyOf(), kits.server);
      await expect(verifyPolicy(jws, listener)).rejects.toMatchObject(isRefused('malformed'));
    },
  );

  test('a policy is not taken for a notice, nor a notice for a policy', async () => {
    await expect(verifyNotice(await kits.signPolicy(), listener)).rejects.toMatchObject(isRefused('malformed'));
    await expect(verifyPolicy(await kits.signNotice(), listener)).rejects.toMatchObject(isRefused('malformed'));
  });
});

describe('headers decide nothing', () => {
  const header = () => ({ alg: 'Ed25519', typ: 'kits-policy', kid: kits.server.thumbprint });

  test('the header of the tests below is good without its trick', async () => {
    expect(await verifyPolicy(forge(header(), kits.policyOf(), kits.server), listener)).toBeDefined();
  });

  test.each<[string, object]>([
    ['alg none', { alg: 'none' }],
    ['alg None', { alg: 'None' }],
    ['alg EdDSA', { alg: 'EdDSA' }],
    ['alg HS256', { alg: 'HS256' }],
    ['no alg', { alg: undefined }],
    ['a list of algs', { alg: ['Ed25519', 'none'] }],
    ['crit', { crit: ['exp'], exp: 1 }],
    ['an empty crit', { crit: [] }],
    ['b64 false', { b64: false, crit: ['b64'] }],
    ['a key of its own beside kid', { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } }],
    ['a key somewhere else', { jku: 'https://kits.example/keys' }],
    ['a certificate', { x5c: ['MIIB'] }],
    ['compression', { zip: 'DEF' }],
    ['typ in other letters', { typ: 'KITS-POLICY' }],
    ['an oversized kid', { kid: 'A'.repeat(600) }],
    ['an oversized header nobody knows', { x: 'A'.repeat(600) }],
  ])('%s is refused', async (_name, trick) => {
    const jws = forge({ ...header(), ...trick }, kits.policyOf(), kits.server);
    await expect(verifyPolicy(jws, listener)).rejects.toMatchObject(isRefused('malformed'));
  });

  test.each([undefined, null, 7, {}, [], '', '__proto__'])('kid %j names no key', async (kid) => {
    const jws = forge({ ...header(), kid }, kits.policyOf(), kits.server);
    await expect(verifyPolicy(jws, listener)).rejects.toMatchObject(isRefused('key'));
  });

  test('an HMAC with the public key is no signature', async () => {
    const [head, payload] = forge(header(), kits.policyOf(), kits.server).split('.');
    const mac = createHmac('sha256', kits.server.publicKey.x).update(`${head}.${payload}`).digest('base64url');
    await expect(verifyPolicy(`${head}.${payload}.${mac}`, listener)).rejects.toMatchObject(isRefused('signature'));
  });

  test('a policy that is too large is refused before it is decoded', async () => {
    const settings = { withoutSections: Array.from({ length: 64 }, () => 'usb') };
    const jws = forge(header(), { ...kits.policyOf({ settings }), filler: 'x'.repeat(maxWords.policy) }, kits.server);
    await expect(verifyPolicy(jws, listener)).rejects.toMatchObject(isRefused('malformed'));
  });
});

describe('time', () => {
  test.each([
    ['expired', { issuedAt: later(-30), expiresAt: later(-1) }],
    ['expired', { issuedAt: later(-30), expiresAt: now.toISOString() }],
    ['premature', { issuedAt: later(1), expiresAt: later(30) }],
    ['payload', { issuedAt: later(-1), expiresAt: later(-2) }],
    ['payload', { issuedAt: later(-1), expiresAt: later(400) }],
    ['payload', { issuedAt: 'yesterday' as string }],
  ])('%s: %j', async (reason, change) => {
    const jws = await signJws(jwsTypes.policy, { ...kits.policyOf(), ...change }, kits.server);
    await expect(verifyPolicy(jws, listener)).rejects.toMatchObject(isRefused(reason));
  });

  const day = 86_400_000;
  test.each<[string, number, number]>([
    ['taken', 3_600_000, day],
    ['premature', 3_600_001, day],
    ['taken', -1, 366 * day - 1],
    ['payload', -1, 366 * day],
    ['taken', -day, 1],
    ['expired', -day, 0],
    ['payload', 1, 1],
    ['premature', Number.NaN, day],
  ])(
    'to the millisecond, for a policy and for a notice: %s, issued %d ms from now and ending after %d',
    async (expected, issued, ends) => {
      const at = Number.isNaN(issued) ? new Date(Number.NaN) : now;
      const from = new Date(now.getTime() + (Number.isNaN(issued) ? 0 : issued)).toISOString();
      const end = new Date(now.getTime() + ends).toISOString();
      const asked = { ...listener, now: at };
      const outcome = (asks: Promise<unknown>) =>
        asks.then(
          () => 'taken',
          (error: { reason: string }) => error.reason,
        );
      const policy = await kits.signPolicy({ issuedAt: from, expiresAt: end });
      const notice = await kits.signNotice({ issuedAt: from, validFrom: from, validUntil: end });
      expect(await outcome(verifyPolicy(policy, asked))).toBe(expected);
      expect(await outcome(verifyNotice(notice, asked))).toBe(expected);
    },
  );

  test('a time that is none lets nothing pass', async () => {
    const jws = await kits.signPolicy();
    await expect(verifyPolicy(jws, { ...listener, now: new Date(Number.NaN) })).rejects.toMatchObject(
      isRefused('premature'),
    );
    const spent = {
      keys: [...kits.trust.keys.slice(1), { use: 'server' as const, key: kits.server.publicKey, until: 'x' }],
    };
    await expect(verifyPolicy(jws, { ...listener, trust: spent })).rejects.toMatchObject(isRefused('key'));
  });
});

describe('nothing older comes back', () => {
  const before = { version: 7, issuedAt: later(-1) };
  test.each([
    ['a lower version', { version: 6, issuedAt: later(-0.5) }],
    ['the same version, issued earlier', { version: 7, issuedAt: later(-2) }],
  ])('%s is refused', async (_name, change) => {
    const jws = await kits.signPolicy(change);
    await expect(verifyPolicy(jws, listener, before)).rejects.toMatchObject(isRefused('older'));
  });

  test.each([
    ['a higher version', { version: 8, issuedAt: later(-2) }],
    ['the same version, issued later', { version: 7, issuedAt: later(-0.5) }],
    ['the very same', {}],
  ])('%s is taken', async (_name, change) => {
    expect(await verifyPolicy(await kits.signPolicy(change), listener, before)).toBeDefined();
  });

  test('a notice in an earlier wording is refused, one under another id is not', async () => {
    const id = randomUUID();
    const recalled = await verifyNotice(await kits.signNotice({ id, recalled: true }), listener);
    const known = (asked: string) => (asked === id ? recalled : undefined);
    const earlier = await kits.signNotice({ id, issuedAt: later(-2) });
    await expect(verifyNotice(earlier, listener, known)).rejects.toMatchObject(isRefused('older'));
    expect(await verifyNotice(await kits.signNotice({ issuedAt: later(-2) }), listener, known)).toBeDefined();
    // The same wording again, and a later one.
    for (const issuedAt of [recalled.issuedAt, later(-0.5)]) {
      expect(await verifyNotice(await kits.signNotice({ id, issuedAt }), listener, known)).toMatchObject({ id });
    }
  });
});

describe('of the notices that are held', () => {
  test.each([
    ['in its time', true, {}],
    ['from its first moment', true, { validFrom: now.toISOString() }],
    ['before it', false, { validFrom: later(1) }],
    ['after it', false, { validUntil: now.toISOString() }],
    ['recalled', false, { recalled: true }],
  ])('one %s: shown %s', (_name, shown, change) => {
    const notice = kits.noticeOf(change);
    expect(isShown(notice, [notice], now)).toBe(shown);
  });

  test('one that was replaced is not shown, from the moment the other one is', () => {
    const old = kits.noticeOf();
    const replacing = kits.noticeOf({ replaces: old.id });
    const soon = kits.noticeOf({ replaces: old.id, validFrom: later(1) });
    expect(isShown(old, [old, soon], now)).toBe(true);
    expect(isShown(old, [old, replacing], now)).toBe(false);
    expect(isShown(old, [old, kits.noticeOf({ replaces: old.id, validFrom: now.toISOString() })], now)).toBe(false);
    expect(isShown(replacing, [old, replacing], now)).toBe(true);
  });

  test('a notice does not hide itself', () => {
    const id = randomUUID();
    const notice = kits.noticeOf({ id, replaces: id });
    expect(isShown(notice, [notice], now)).toBe(true);
  });

  test('a hash tells the set, not its order', () => {
    expect(noticesHash([])).toBeUndefined();
    expect(noticesHash(['a.b.c', 'd.e.f'])).toBe(noticesHash(['d.e.f', 'a.b.c']));
    expect(noticesHash(['a.b.c'])).not.toBe(noticesHash(['d.e.f']));
  });
});

test('a hash tells where a device belongs', () => {
  const [one, two] = [randomUUID(), randomUUID()];
  const { municipality } = kits.holder;
  expect(membershipHash({ municipality, groups: [one, two] })).toBe(
    membershipHash({ municipality, groups: [two, one] }),
  );
  expect(membershipHash({ municipality, groups: [one] })).not.toBe(membershipHash({ municipality, groups: [] }));
  expect(membershipHash({ municipality: one, groups: [] })).not.toBe(membershipHash({ municipality, groups: [] }));
});
