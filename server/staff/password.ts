/** Passwords: scrypt, stored as a PHC string. A hash takes 128 MiB, so only a few are made at a time. */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../fleet/refusal.ts';
import { Turns } from '../turns.ts';

const logN = 17;
const r = 8;
const p = 1;
const saltBytes = 16;
const hashBytes = 32;

/** Beyond these the server says that it is busy; each waits about half a second. */
const maxWaiting = 16;

/** Throws `Refusal` busy when too many wait already. */
const turns = new Turns({
  atOnce: 2,
  maxWaiting,
  busy: () =>
    new Refusal(
      'busy',
      {
        de: 'Gerade melden sich zu viele Personen gleichzeitig an. Versuchen Sie es gleich noch einmal.',
        en: 'Too many people are signing in at once. Try again in a moment.',
      },
      { retryAfterSeconds: 5 },
    ),
});

function derive(password: string, salt: Uint8Array, length: number, logCost: number): Promise<Buffer> {
  const cost = 2 ** logCost;
  // scrypt needs 128·N·r bytes and a little; Node's default limit of 32 MiB would refuse.
  const options: ScryptOptions = { N: cost, r, p, maxmem: 128 * cost * r + 32 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, length, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** `$scrypt$ln=17,r=8,p=1$<salt>$<hash>`, base64 without padding. Throws `Refusal` busy. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await turns.take(() => derive(password, salt, hashBytes, logN));
  return phc(salt, hash);
}

function phc(salt: Buffer, hash: Buffer): string {
  const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=${logN},r=${r},p=${p}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** Of no password: checking against it takes as long as checking a real one. */
const nobody = phc(randomBytes(saltBytes), randomBytes(hashBytes));

/**
 * `undefined` = there is no such user or no password yet: takes the same time and is never right.
 * Throws `Refusal` busy, and an error when the stored text is none of ours.
 */
export async function checkPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, logCost, salt, hash] =
    /^\$scrypt\$ln=(1[4-8]),r=8,p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/.exec(stored ?? nobody) ?? [];
  if (logCost === undefined || salt === undefined || hash === undefined) {
    throw new Error('a stored password hash cannot be read');
  }
  const expected = Buffer.from(hash, 'base64');
  const derived = await turns.take(() =>
    derive(password, Buffer.from(salt, 'base64'), expected.length, Number(logCost)),
  );
  return timingSafeEqual(derived, expected) && stored !== undefined;
}
