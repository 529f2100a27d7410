import { scryptSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../../server/fleet/refusal.ts';
import { checkPassword, hashPassword } from '../../../server/staff/password.ts';

describe('passwords', () => {
  test('are stored as a PHC string that another implementation of scrypt can check', async () => {
    const stored = await hashPassword('Grüße aus Wasungen');
    const [, salt, hash] = /^\$scrypt\$ln=17,r=8,p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/.exec(stored) ?? [];
    const derived = scryptSync('Grüße aus Wasungen', Buffer.from(salt!, 'base64'), 32, {
      N: 131_072,
      r: 8,
      p: 1,
      maxmem: 256 * 1024 * 1024,
    });
    expect(derived.toString('base64').replace(/=+$/, '')).toBe(hash);
  });

  test('are right or wrong, and right in either way of typing an umlaut', async () => {
    const stored = await hashPassword('Grüße aus Wasungen');
    expect(await checkPassword('Gru\u0308ße aus Wasungen', stored)).toBe(true);
    expect(await checkPassword('grüße aus wasungen', stored)).toBe(false);
  });

  test('have a salt each', async () => {
    expect(await hashPassword('the same twice')).not.toBe(await hashPassword('the same twice'));
  });

  test('of nobody are never right', async () => {
    expect(await checkPassword('', undefined)).toBe(false);
  });

  test.each([
    '',
    'plain text',
    '$scrypt$ln=30,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=17,r=8,p=1$$',
  ])('stored in a form that is not ours are an error, not a match: %j', async (stored) => {
    await expect(checkPassword('', stored)).rejects.toThrow('cannot be read');
  });

  test('are hashed two at a time; a crowd beyond the queue is told to come back', async () => {
    const crowd = await Promise.allSettled(Array.from({ length: 20 }, () => checkPassword('guess', undefined)));
    const refused = crowd.filter((one) => one.status === 'rejected').map(({ reason }) => reason as Refusal);
    expect(refused).toHaveLength(2);
    expect(refused[0]).toBeInstanceOf(Refusal);
    expect(refused[0]).toMatchObject({ code: 'busy', retryAfterSeconds: 5 });
    // Nobody lost a place: it works again afterwards.
    expect(await checkPassword('guess', undefined)).toBe(false);
  });
});
