/** A key in a file that may leave the machine opens with its passphrase and with nothing else. */
import { beforeAll, describe, expect, test } from 'vitest';
import { generateKey, type SigningKey } from '../../../agent/signing/keys.ts';
import { openSealedKey, sealedThumbprint, sealKey } from '../../../agent/signing/sealed-key.ts';

const passphrase = 'drei Äpfel im Schrank';
let key: SigningKey;
let sealed: string;
beforeAll(async () => {
  key = await generateKey();
  sealed = await sealKey(key, passphrase);
});

const header = (text: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(text.split('.')[0]!, 'base64url').toString());
const withHeader = (change: object): string => {
  const made = Buffer.from(JSON.stringify({ ...header(sealed), ...change })).toString('base64url');
  return [made, ...sealed.split('.').slice(1)].join('.');
};

test('comes back whole, also with a line feed behind it, and with the passphrase as another system types it', async () => {
  const opened = await openSealedKey(`${sealed}\n`, passphrase.normalize('NFD'));
  expect(opened.thumbprint).toBe(key.thumbprint);
  expect(opened.privateKey.equals(key.privateKey)).toBe(true);
});

test('says which key it is without its passphrase, and keeps the rest to itself', () => {
  expect(sealedThumbprint(sealed)).toBe(key.thumbprint);
  expect(header(sealed)['p2c']).toBeGreaterThanOrEqual(600_000);
  expect(sealed).not.toContain(String(key.privateKey.export({ format: 'jwk' }).d));
});

describe('is refused', () => {
  test.each([
    ['under another passphrase', () => sealed, 'drei Äpfel im Schrank!', 'passphrase'],
    ['when one character was changed', () => `${sealed.slice(0, -4)}AAAA`, passphrase, 'passphrase'],
    ['when its header was changed', () => withHeader({ cty: 'text' }), passphrase, 'passphrase'],
    ['when it claims to be another key', () => withHeader({ kid: 'A'.repeat(43) }), passphrase, 'passphrase'],
    ['when it asks for endless work', () => withHeader({ p2c: 2_000_000_000 }), passphrase, 'passphrase'],
    ['with an algorithm of its own', () => withHeader({ alg: 'dir' }), passphrase, 'malformed'],
    ['when it is none', () => '-----BEGIN PRIVATE KEY-----', passphrase, 'malformed'],
    ['when it is large', () => sealed + 'A'.repeat(5000), passphrase, 'malformed'],
  ])('%s', async (_name, text, words, reason) => {
    await expect(openSealedKey(text(), words)).rejects.toMatchObject({ name: 'SealedKeyError', reason });
  });
});

test('is not made under a short passphrase', () => {
  expect(() => sealKey(key, 'kurz')).toThrow('at least 12 characters');
});
