/** Signed words of strangers: changed in any way they are refused with a reason, never by a fault, and never taken. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { type JwsError, jwsRefusals, signJws } from '../../../agent/signing/jws.ts';
import { applyAnnouncement, signKeySet } from '../../../agent/signing/key-set.ts';
import { type Listener, verifyNotice, verifyPolicy } from '../../../agent/signing/words.ts';
import { type Authority, authority, forge, now } from './authority.ts';

/** All tests of this file together; more of them in a soak. */
const inputs = Number(process.env['KITS_FUZZ_INPUTS'] ?? 2000);

let kits: Authority;
let listener: Listener;
let readers: readonly { readonly jws: string; readonly read: (jws: string) => Promise<unknown> }[];
beforeAll(async () => {
  kits = await authority();
  listener = { trust: kits.trust, holder: kits.holder, now };
  readers = [
    { jws: await kits.signPolicy(), read: (jws) => verifyPolicy(jws, listener) },
    { jws: await kits.signNotice(), read: (jws) => verifyNotice(jws, listener) },
    {
      jws: await signKeySet(kits.setOf(), kits.server),
      read: (jws) => applyAnnouncement(kits.trust, jws, kits.recovery.thumbprint),
    },
  ];
});

const outcome = (read: Promise<unknown>): Promise<string> =>
  read.then(
    () => 'taken',
    (error: JwsError) => (error.name === 'JwsError' ? error.reason : `fault: ${error.stack}`),
  );

const which = fc.nat(2);

test('what the mutations begin with is taken', async () => {
  for (const { jws, read } of readers) expect(await outcome(read(jws))).toBe('taken');
});

test('bytes that were changed, cut, doubled or swapped are refused', async () => {
  type Change = (jws: string, at: number, by: string) => string;
  const changes: Change[] = [
    (jws, at, by) => jws.slice(0, at) + by + jws.slice(at + 1),
    (jws, at, by) => jws.slice(0, at) + by + jws.slice(at),
    (jws, at) => jws.slice(0, at),
    (jws, at) => jws.slice(at),
    (jws, at) => jws.slice(0, at) + jws.slice(at + 1),
    (jws, at, by) => `${jws.slice(0, at)}.${by}${jws.slice(at)}`,
    (jws) => jws.split('.').reverse().join('.'),
    (jws, at, by) =>
      jws
        .split('.')
        .with(at % 3, by)
        .join('.'),
    (jws) => `${jws}${jws}`,
  ];
  const change = fc.constantFrom(...changes);
  await fc.assert(
    fc.asyncProperty(which, change, fc.nat(2000), fc.string({ maxLength: 8 }), async (index, mutate, at, by) => {
      const { jws, read } = readers[index]!;
      const changed = mutate(jws, at % jws.length, by);
      const bytes = (text: string) => text.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex'));
      // Not every character of base64url carries bits: what decodes to the same bytes is the same message.
      fc.pre(bytes(changed).join() !== bytes(jws).join());
      expect(jwsRefusals).toContain(await outcome(read(changed)));
    }),
    { numRuns: Math.ceil(inputs * 0.5) },
  );
});

test('any header over any payload, really signed, is judged and never trips', async () => {
  const header = fc.record(
    {
      alg: fc.constantFrom('Ed25519', 'EdDSA', 'none', 7),
      typ: fc.constantFrom('kits-policy', 'kits-notice', 'kits-keys', ['kits-policy']),
      kid: fc.oneof(fc.jsonValue(), fc.constant('own')),
      jwk: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(which, header, fc.jsonValue(), async (index, head, payload) => {
      const kid = head.kid === 'own' ? kits.server.thumbprint : head.kid;
      const made = forge({ ...head, ...(kid === undefined ? {} : { kid }) }, payload, kits.server);
      expect(jwsRefusals).toContain(await outcome(readers[index]!.read(made)));
    }),
    { numRuns: Math.ceil(inputs * 0.2) },
  );
});

test('good words with one nonsense value in them, really signed, are judged and never trip', async () => {
  const mutated = fc.tuple(which, fc.nat(40), fc.jsonValue({ maxDepth: 2 }));
  await fc.assert(
    fc.asyncProperty(mutated, async ([index, place, value]) => {
      const words = [kits.policyOf(), kits.noticeOf(), kits.setOf()][index]!;
      const spoilt = withValue(words, place, value);
      const type = [jwsTypes.policy, jwsTypes.notice, jwsTypes.keys][index]!;
      const signer = [kits.server, kits.notice, kits.server][index]!;
      const jws = await signJws(type, spoilt, signer, { embedKey: index === 2 });
      expect([...jwsRefusals, 'taken']).toContain(await outcome(readers[index]!.read(jws)));
    }),
    { numRuns: Math.ceil(inputs * 0.3) },
  );
});

/** A copy with the value at the `place`-th path replaced; counts round when there are fewer. */
function withValue(words: object, place: number, value: unknown): unknown {
  const paths: (readonly string[])[] = [];
  const walk = (node: unknown, path: readonly string[]): void => {
    if (path.length > 0) paths.push(path);
    if (typeof node === 'object' && node !== null)
      for (const [key, child] of Object.entries(node)) walk(child, [...path, key]);
  };
  walk(words, []);
  const path = paths[place % paths.length]!;
  const copy = structuredClone(words) as Record<string, unknown>;
  const holder = path.slice(0, -1).reduce((node, key) => node[key] as Record<string, unknown>, copy);
  holder[path.at(-1)!] = value;
  return copy;
}
