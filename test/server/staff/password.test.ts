import { scryptSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { Refusal } from '../../../server/fleet/refusal.ts';
import { checkPassword, hashPassword } from '../../../server/staff/password.ts';

describe('passwords', () => {
  let stored: string;
  beforeAll(async () => {
    stored = await hashPassword('Grüße aus Wasungen');
  });

  test('are stored as a PHC string that another implementation of scrypt can check', () => {
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
    expect(await checkPassword('Gru\u0308ße aus Wasungen', stored)).toBe(true);
    expect(await checkPassword('grüße aus wasungen', stored)).toBe(false);
  });

  test('have a salt each', async () => {
    expect(await hashPassword('Grüße aus Wasungen')).not.toBe(stored);
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
    // Of an older, lower cost: what is tried here is the queue, and an eighth of the work stands in it as well.
    const cheap = `$scrypt$ln=14,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
    const crowd = await Promise.allSettled(Array.from({ length: 20 }, () => checkPassword('guess', cheap)));
    const refused = crowd.filter((one) => one.status === 'rejected').map(({ reason }) => reason as Refusal);
    expect(refused).toHaveLength(2);
    expect(refused[0]).toBeInstanceOf(Refusal);
    expect(refused[0]).toMatchObject({ code: 'busy', retryAfterSeconds: 5 });
    expect(crowd.filter((one) => one.status === 'fulfilled').map(({ value }) => value)).toEqual(
      Array.from({ length: 18 }, () => false),
    );
    // Nobody lost a place: it works again afterwards.
    expect(await checkPassword('guess', cheap)).toBe(false);
  });
});
