/** The way from a pinned key to the one in force: who may announce which key, and that nothing leads back. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { KeySet, Trust } from '../../../agent/contract/keys.ts';
import { hashBytes } from '../../../agent/signing/canonical.ts';
import {
  applyAnnouncement,
  currentServerKey,
  findPinnedKey,
  followAnnouncements,
  keysFor,
  pinnedTrust,
  signKeySet,
} from '../../../agent/signing/key-set.ts';
import { generateKey, type SigningKey } from '../../../agent/signing/keys.ts';
import { type Authority, authority, forge, later, now } from './authority.ts';

let kits: Authority;
let pinned: Trust;
let next: SigningKey;
let third: SigningKey;
beforeAll(async () => {
  kits = await authority();
  pinned = pinnedTrust(kits.server.publicKey);
  [next, third] = await Promise.all([generateKey(), generateKey()]);
});

const server = (key: SigningKey, until?: string) => ({
  use: 'server' as const,
  key: key.publicKey,
  ...(until === undefined ? {} : { until }),
});
const notice = (key: SigningKey, until?: string) => ({ ...server(key, until), use: 'notice' as const });
const announce = (signer: SigningKey, change: Partial<KeySet> = {}) => signKeySet(kits.setOf(change), signer);
const apply = (trust: Trust, jws: string, recoveryKey: string | undefined = kits.recovery.thumbprint) =>
  applyAnnouncement(trust, jws, recoveryKey);
const isRefused = (reason: string) => ({ name: 'JwsError', reason });

test('the pinned key announces its successor and stays good for what it signed, for a while', async () => {
  const jws = await announce(kits.server, { keys: [server(next), server(kits.server, later(30))] });
  const trust = await apply(pinned, jws);
  expect((await currentServerKey(trust)).thumbprint).toBe(next.thumbprint);
  expect(trust).toMatchObject({ generation: 0, version: 1, announcement: hashBytes(jws) });
  const thumbprints = async (at: string) =>
    (await keysFor(trust, 'server', new Date(at))).map(({ thumbprint }) => thumbprint);
  expect(await thumbprints(later(29))).toEqual([next.thumbprint, kits.server.thumbprint]);
  expect(await thumbprints(later(30))).toEqual([next.thumbprint]);
});

describe('an announcement is refused', () => {
  test('by a stranger', async () => {
    await expect(apply(pinned, await announce(next, { keys: [server(next)] }))).rejects.toMatchObject(isRefused('key'));
  });

  test('by the notice key, or a device', async () => {
    for (const signer of [kits.notice, kits.device]) {
      await expect(apply(kits.trust, await announce(signer))).rejects.toMatchObject(isRefused('key'));
    }
  });

  test('by a key that was replaced, also while its words still count', async () => {
    const keys = [server(next), server(kits.server, later(30))];
    const trust = await apply(pinned, await announce(kits.server, { keys }));
    const back = await announce(kits.server, { version: 9, keys: [server(kits.server)] });
    await expect(apply(trust, back)).rejects.toMatchObject(isRefused('key'));
  });

  test('when it is not newer', async () => {
    const trust = await apply(pinned, await announce(kits.server, { version: 5 }));
    for (const version of [1, 4, 5]) {
      await expect(apply(trust, await announce(kits.server, { version }))).rejects.toMatchObject(isRefused('older'));
    }
    expect(await apply(trust, await announce(kits.server, { version: 6 }))).toMatchObject({ version: 6 });
  });

  test('when the server key begins a generation', async () => {
    const jws = await announce(kits.server, { generation: 2 });
    await expect(apply(pinned, jws)).rejects.toMatchObject(isRefused('key'));
  });

  test('when its signature is not of the key it carries', async () => {
    const header = { alg: 'Ed25519', typ: 'kits-keys', jwk: kits.server.publicKey };
    await expect(apply(pinned, forge(header, kits.setOf(), next))).rejects.toMatchObject(isRefused('signature'));
    await expect(apply(pinned, forge(header, kits.setOf(), kits.server))).resolves.toMatchObject({ version: 1 });
  });

  test('when it comes as another kind', async () => {
    const header = { alg: 'Ed25519', typ: 'kits-policy', jwk: kits.server.publicKey };
    await expect(apply(pinned, forge(header, kits.setOf(), kits.server))).rejects.toMatchObject(isRefused('malformed'));
  });

  test('when it would put the recovery key to daily use', async () => {
    const jws = await announce(kits.server, { keys: [server(kits.server), notice(kits.recovery)] });
    await expect(apply(pinned, jws)).rejects.toMatchObject(isRefused('key'));
  });
});

describe('the recovery key', () => {
  const recover = (change: Partial<KeySet> = {}) =>
    announce(kits.recovery, { generation: 1, keys: [server(next)], ...change });

  test('names a new server key when the old one is lost, whatever the old one has said', async () => {
    const stolen = await apply(pinned, await announce(kits.server, { version: 2 ** 53 - 1, keys: [server(third)] }));
    const trust = await apply(stolen, await recover());
    expect((await currentServerKey(trust)).thumbprint).toBe(next.thumbprint);
    expect(trust).toMatchObject({ generation: 1, version: 1 });
    const thief = await announce(third, { version: 2 ** 53 - 1, keys: [server(third)] });
    await expect(apply(trust, thief)).rejects.toMatchObject(isRefused('key'));
    expect(await apply(trust, await announce(next, { version: 2, keys: [server(next)] }))).toMatchObject({
      version: 2,
    });
  });

  test('counts only where it was pinned', async () => {
    const jws = await recover();
    await expect(applyAnnouncement(pinned, jws, undefined)).rejects.toMatchObject(isRefused('key'));
    await expect(apply(pinned, jws, third.thumbprint)).rejects.toMatchObject(isRefused('key'));
  });

  test('is not heard twice', async () => {
    const jws = await recover({ generation: 3 });
    const trust = await apply(pinned, jws);
    await expect(apply(trust, jws)).rejects.toMatchObject(isRefused('older'));
    await expect(apply(trust, await recover({ generation: 2 }))).rejects.toMatchObject(isRefused('older'));
  });

  test('always begins a generation', async () => {
    const jws = await announce(kits.recovery);
    await expect(apply(pinned, jws)).rejects.toMatchObject(isRefused('payload'));
  });
});

describe('a notice key that is kept offline', () => {
  let trust: Trust;
  beforeAll(async () => {
    const keys = [server(kits.server), notice(kits.notice)];
    trust = await apply(pinned, await announce(kits.server, { keys, noticeKeyKept: 'offline' }));
  });
  const then = (change: Partial<KeySet>) => announce(kits.server, { version: 2, noticeKeyKept: 'offline', ...change });

  test('survives a change of the server key', async () => {
    const keys = [server(next), server(kits.server, later(30)), notice(kits.notice)];
    expect(await apply(trust, await then({ keys }))).toMatchObject({ version: 2 });
  });

  test.each([
    ['replaced', () => ({ keys: [server(kits.server), notice(third)] })],
    ['joined by another', () => ({ keys: [server(kits.server), notice(kits.notice), notice(third, later(9))] })],
    ['called online', () => ({ noticeKeyKept: 'online' as const })],
  ])('is not %s by the server key', async (_name, change) => {
    await expect(apply(trust, await then(change()))).rejects.toMatchObject(isRefused('key'));
  });

  test('gets no longer life from the server key', async () => {
    const keys = [server(kits.server), notice(kits.notice, later(2))];
    const ending = await apply(trust, await then({ keys }));
    for (const end of [later(3), undefined]) {
      const longer = [server(kits.server), notice(kits.notice, end)];
      await expect(apply(ending, await then({ version: 3, keys: longer }))).rejects.toMatchObject(isRefused('key'));
    }
  });

  test('is replaced by the recovery key', async () => {
    const keys = [server(kits.server), notice(third)];
    const after = await apply(trust, await announce(kits.recovery, { generation: 1, keys, noticeKeyKept: 'offline' }));
    expect((await keysFor(after, 'notice', now)).map(({ thumbprint }) => thumbprint)).toEqual([third.thumbprint]);
  });
});

describe('a device that was off for long', () => {
  let chain: string[];
  beforeAll(async () => {
    const old = (key: SigningKey) => server(key, later(30));
    chain = [
      await announce(kits.server, { version: 1, keys: [server(kits.server)] }),
      await announce(kits.server, { version: 2, keys: [server(next), old(kits.server)] }),
      await announce(next, { version: 3, keys: [server(next), old(kits.server)] }),
      await announce(next, { version: 4, keys: [server(third), old(next)] }),
      await announce(third, { version: 5, keys: [server(third), old(next)] }),
    ];
  });

  test.each([0, 2, 4])('finds the way from any key it knows (%i)', async (start) => {
    const known = [kits.server, kits.server, next, next, third][start]!;
    const { trust } = await followAnnouncements(pinnedTrust(known.publicKey), chain, undefined);
    expect((await currentServerKey(trust)).thumbprint).toBe(third.thumbprint);
    expect(trust.announcement).toBe(hashBytes(chain[4]!));
  });

  test('stays where it is when a link is missing, and says why', async () => {
    const { trust, refused } = await followAnnouncements(pinned, [chain[0]!, ...chain.slice(3)], undefined);
    expect((await currentServerKey(trust)).thumbprint).toBe(kits.server.thumbprint);
    expect(refused.map(({ reason }) => reason)).toEqual(['key', 'key']);
  });

  test('that only knows its pin takes what that key said last, whatever it has said before', async () => {
    const first = await announce(kits.server, { version: 1, noticeKeyKept: 'offline' });
    const keys = [server(kits.server), notice(third)];
    const byRecovery = await announce(kits.recovery, { generation: 1, version: 2, keys, noticeKeyKept: 'offline' });
    const last = await announce(kits.server, { version: 3, keys, noticeKeyKept: 'offline' });
    for (const recoveryKey of [undefined, kits.recovery.thumbprint]) {
      const { trust } = await followAnnouncements(pinned, [first, byRecovery, last], recoveryKey);
      expect((await keysFor(trust, 'notice', now)).map(({ thumbprint }) => thumbprint)).toEqual([third.thumbprint]);
    }
    const known = await apply(pinned, first);
    const { trust, refused } = await followAnnouncements(known, [first, byRecovery, last], undefined);
    expect([trust, refused.map(({ reason }) => reason)]).toEqual([known, ['key', 'key']]);
  });

  test('is not led anywhere by nonsense', async () => {
    const { trust, refused } = await followAnnouncements(pinned, ['', 'a.b.c', 'x'.repeat(20_000)], undefined);
    expect(trust).toEqual(pinned);
    expect(refused.map(({ reason }) => reason)).toEqual(['malformed', 'malformed', 'malformed']);
  });

  test('finds the key it pinned among the signers, long after it went out of use', async () => {
    const shown = { keys: [third.publicKey], announcements: chain };
    expect(await findPinnedKey(kits.server.thumbprint, shown)).toEqual(kits.server.publicKey);
    expect(await findPinnedKey(third.thumbprint, shown)).toEqual(third.publicKey);
    expect(await findPinnedKey(kits.recovery.thumbprint, shown)).toBeUndefined();
  });
});
