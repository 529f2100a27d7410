import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { maxStatement } from '../../../agent/contract/history.ts';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { canonicalHash, canonicalJson, hashBytes } from '../../../agent/signing/canonical.ts';
import { signJws, verifyEmbeddedKey, verifyJws } from '../../../agent/signing/jws.ts';
import { generateKey, parsePrivateKey, privateKeyPem, type SigningKey } from '../../../agent/signing/keys.ts';
import { claimedDevice, makeProof, verifyProof } from '../../../agent/signing/proof.ts';
import { encodeFrame, signReport, splitFrame, verifyReport } from '../../../agent/signing/report-frame.ts';
import { fc, tries } from '../../fixtures/properties.ts';

const payload = z.object({ value: z.int() });
let key: SigningKey;
let other: SigningKey;

beforeAll(async () => {
  key = await generateKey();
  other = await generateKey();
});

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A JWS with any header, signed for real with the device's own key. */
function forge(header: object, body: unknown = { value: 1 }): string {
  const input = `${encode(header)}.${encode(body)}`;
  return `${input}.${sign(null, Buffer.from(input), key.privateKey).toString('base64url')}`;
}

describe('canonical JSON', () => {
  test('has the order and number form of RFC 8785', () => {
    expect(canonicalJson({ b: 1e21, a: [3, { z: '€', y: null }], '\u20ac': 0.1 })).toBe(
      '{"a":[3,{"y":null,"z":"€"}],"b":1e+21,"€":0.1}',
    );
  });

  test('of equal facts has equal hashes in whatever order they were read', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (facts) => {
        const reversed = Object.fromEntries(Object.entries(facts).reverse());
        expect(canonicalHash(reversed)).toBe(canonicalHash(facts));
      }),
    );
  });

  test.each([[Number.NaN], [Number.POSITIVE_INFINITY], [undefined]])('refuses %s', (value) => {
    expect(() => canonicalJson(value)).toThrow();
  });
});

describe('keys', () => {
  test('come back from their file with the same thumbprint', async () => {
    expect((await parsePrivateKey(privateKeyPem(key))).thumbprint).toBe(key.thumbprint);
  });

  test('of another kind are refused', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    await expect(async () => parsePrivateKey(String(rsa))).rejects.toThrow('Ed25519');
  });
});

describe('a JWS', () => {
  test('is read with the right key', async () => {
    const jws = await signJws('kits-policy', { value: 7 }, key);
    expect(await verifyJws('kits-policy', jws, [other, key], payload)).toEqual({ value: 7 });
  });

  test('of another key is refused', async () => {
    const jws = await signJws('kits-policy', { value: 7 }, other);
    await expect(verifyJws('kits-policy', jws, [key], payload)).rejects.toMatchObject({ reason: 'key' });
  });

  test('of another kind is refused although the same key signed it', async () => {
    const jws = await signJws('kits-receipt', { value: 7 }, key);
    await expect(verifyJws('kits-policy', jws, [key], payload)).rejects.toMatchObject({ reason: 'malformed' });
  });

  test.each(['none', 'HS256', 'EdDSA', 'ES256', 'RS256'])('with alg %s is refused', async (alg) => {
    const jws = forge({ alg, typ: 'kits-policy', kid: key.thumbprint });
    await expect(verifyJws('kits-policy', jws, [key], payload)).rejects.toMatchObject({ reason: 'malformed' });
  });

  test('whose HMAC was made with the public key is refused', async () => {
    const input = `${encode({ alg: 'HS256', typ: 'kits-policy', kid: key.thumbprint })}.${encode({ value: 1 })}`;
    const mac = createHmac('sha256', key.publicKey.x).update(input).digest('base64url');
    await expect(verifyJws('kits-policy', `${input}.${mac}`, [key], payload)).rejects.toThrow();
  });

  test('with a critical extension is refused', async () => {
    const jws = forge({ alg: 'Ed25519', typ: 'kits-policy', kid: key.thumbprint, crit: ['b64'], b64: false });
    await expect(verifyJws('kits-policy', jws, [key], payload)).rejects.toMatchObject({ reason: 'malformed' });
  });

  test('does not bring its own key unless it is an enrolment', async () => {
    const jws = await signJws('kits-policy', { value: 7 }, other, { embedKey: true });
    await expect(verifyJws('kits-policy', jws, [key], payload)).rejects.toMatchObject({ reason: 'key' });
    const enrolment = await signJws('kits-enrolment', { value: 7 }, other, { embedKey: true });
    expect((await verifyEmbeddedKey('kits-enrolment', enrolment, payload)).key).toEqual(other.publicKey);
  });

  test('whose embedded key is not the signing one is refused', async () => {
    const jws = forge({ alg: 'Ed25519', typ: 'kits-enrolment', jwk: other.publicKey });
    await expect(verifyEmbeddedKey('kits-enrolment', jws, payload)).rejects.toMatchObject({ reason: 'signature' });
  });

  test('that should embed its key and does not is refused as malformed', async () => {
    for (const jwk of [undefined, 'A', { kty: 'RSA', n: 'AQAB', e: 'AQAB' }]) {
      const jws = forge({ alg: 'Ed25519', typ: 'kits-enrolment', jwk });
      await expect(verifyEmbeddedKey('kits-enrolment', jws, payload)).rejects.toMatchObject({ reason: 'malformed' });
    }
  });

  test.each(['kits-proof', 'kits-answer', 'kits-refusal'] as const)(
    'a %s names no key, and one that names another than the only one there is is refused',
    async (typ) => {
      const jws = await signJws(typ, { value: 7 }, key);
      expect(JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString())).toEqual({ alg: 'Ed25519', typ });
      expect(await verifyJws(typ, jws, [key], payload)).toEqual({ value: 7 });
      await expect(verifyJws(typ, jws, [key, other], payload)).rejects.toMatchObject({ reason: 'key' });
      const named = forge({ alg: 'Ed25519', typ, kid: other.thumbprint });
      await expect(verifyJws(typ, named, [key], payload)).rejects.toMatchObject({ reason: 'key' });
    },
  );

  test.each(Object.values(jwsTypes))('of kind %s has a length beyond which nothing of it is decoded', async (typ) => {
    await expect(verifyJws(typ, 'x'.repeat(maxStatement + 1), [key], payload)).rejects.toThrow(
      'characters is too large',
    );
  });

  test('whose payload is no UTF-8 is refused, however well it is signed', async () => {
    const bytes = Buffer.concat([Buffer.from('{"value":7,"x":"'), Buffer.of(0xff), Buffer.from('"}')]);
    const header = encode({ alg: 'Ed25519', typ: 'kits-policy', kid: key.thumbprint });
    const input = `${header}.${bytes.toString('base64url')}`;
    const jws = `${input}.${sign(null, Buffer.from(input), key.privateKey).toString('base64url')}`;
    await expect(verifyJws('kits-policy', jws, [key], payload)).rejects.toMatchObject({ reason: 'payload' });
  });

  test('with a payload outside its schema is refused', async () => {
    const jws = await signJws('kits-policy', { value: 'seven' }, key);
    await expect(verifyJws('kits-policy', jws, [key], payload)).rejects.toMatchObject({ reason: 'payload' });
  });

  test('is refused after any one character was changed', async () => {
    const jws = await signJws('kits-policy', { value: 7 }, key);
    await fc.assert(
      fc.asyncProperty(fc.nat(jws.length - 1), fc.constantFrom('A', 'b', '7', '_'), async (index, character) => {
        fc.pre(jws[index] !== character && jws[index] !== '.');
        const changed = jws.slice(0, index) + character + jws.slice(index + 1);
        // The last character of a base64url part carries unused bits; a change there may decode to the same bytes.
        const same = changed.split('.').every((part, at) => {
          const before = Buffer.from(jws.split('.')[at] ?? '', 'base64url');
          return before.equals(Buffer.from(part, 'base64url'));
        });
        fc.pre(!same);
        await expect(verifyJws('kits-policy', changed, [key], payload)).rejects.toThrow();
      }),
      { numRuns: tries(200) },
    );
  });

  test.each(['', '.', '..', 'a.b.c', '{}', 'x'.repeat(400_000)])(
    'that is none is refused as malformed',
    async (text) => {
      await expect(verifyJws('kits-policy', text, [key], payload)).rejects.toMatchObject({ reason: 'malformed' });
    },
  );
});

describe('a transport proof', () => {
  const deviceId = '0b9f8f1e-8a75-4c1c-9d3e-1f2a3b4c5d6e';
  const body = Buffer.from('{"hello":1}');
  const make = () =>
    makeProof(
      { deviceId, method: 'POST', path: '/agent/v1/check-in', body, nonce: 'n-1', counter: 4, now: new Date(5000) },
      key,
    );

  test('holds for its request', async () => {
    const { proof, jti } = await make();
    const claims = await verifyProof(proof, { method: 'POST', path: '/agent/v1/check-in', body }, key);
    expect(claims).toMatchObject({ sub: 'C5-PHop1TBydPh8qO0xdbg', jti, iat: 5, nonce: 'n-1', ctr: 4 });
    expect(claimedDevice(proof)).toBe(deviceId);
  });

  test.each([
    ['method', { method: 'GET', path: '/agent/v1/check-in', body }],
    ['path', { method: 'POST', path: '/agent/v1/reports', body }],
    ['body', { method: 'POST', path: '/agent/v1/check-in', body: Buffer.from('{"hello":2}') }],
  ])('does not hold for another %s', async (_name, request) => {
    const { proof } = await make();
    await expect(verifyProof(proof, request, key)).rejects.toMatchObject({ reason: 'signature' });
  });

  test('of a stranger names nobody', () => {
    for (const text of [
      '',
      'a.b.c',
      `x.${encode({ sub: 'root' })}.y`,
      `x.${encode({ sub: 'C5-PHop1TBydPh8qO0xdbg' })}.y${'z'.repeat(5000)}`,
    ]) {
      expect(claimedDevice(text)).toBeUndefined();
    }
  });
});

describe('a report frame', () => {
  const fields = {
    contractVersion: 1,
    reportId: '7f6c1a52-5d5b-4a55-9f0a-6f1f0a9b8c7d',
    deviceId: '0b9f8f1e-8a75-4c1c-9d3e-1f2a3b4c5d6e',
    storeEpoch: 'c56a4180-65aa-42ec-a945-5fd21dec0538',
    sequence: 1,
    class: 'full' as const,
    createdAt: '2026-11-23T10:00:00Z',
  };

  test('comes back whole, line feeds in the body included', async () => {
    const signed = await signReport(fields, Buffer.from('{"a":\n1}'), key);
    const read = await verifyReport(encodeFrame(signed), key);
    expect(read.envelope).toEqual(signed.envelope);
    expect(Buffer.from(read.body).toString()).toBe('{"a":\n1}');
    expect(read.envelopeHash).toBe(hashBytes(signed.envelopeJws));
  });

  test('is refused when one byte of the body differs or is missing', async () => {
    const signed = await signReport(fields, Buffer.from('{"a":1}'), key);
    for (const body of ['{"a":2}', '{"a":1', '{"a":1} ']) {
      const frame = encodeFrame({ envelopeJws: signed.envelopeJws, body: Buffer.from(body) });
      await expect(verifyReport(frame, key)).rejects.toMatchObject({ reason: 'signature' });
    }
  });

  test.each(['', '\n', 'no line feed at all', `${'x'.repeat(5000)}\n{}`])(
    'that is none is refused as malformed',
    (frame) => {
      expect(() => splitFrame(Buffer.from(frame))).toThrow('envelope line');
    },
  );
});
