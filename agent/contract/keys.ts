/**
 * Whose words count: the keys of the KITS server, how a new one is announced, and the file the tray reads them from.
 * See docs/decisions/0006-keys-and-rotation.md.
 */
import { z } from 'zod';
import { instant, sha256, uuid } from './field.ts';
import { publicKey } from './wire.ts';

/**
 * `server` signs answers, receipts, policies and the next announcement; `notice` signs notices and nothing else. The
 * recovery key signs announcements only and is known by its thumbprint alone.
 */
export const keyUses = ['server', 'notice'] as const;
export type KeyUse = (typeof keyUses)[number];

export const trustedKey = z.object({
  use: z.enum(keyUses),
  key: publicKey,
  /** A key that was replaced: what it signed before still counts until then. Without it the key is the current one. */
  until: instant.optional(),
});
export type TrustedKey = z.infer<typeof trustedKey>;

const keyList = z.array(trustedKey).min(1).max(8);
/** Where the private notice key lies. Once it is offline, only the recovery key can name another one. */
const noticeKeyKept = z.enum(['online', 'offline']);

/** Payload of a `kits-keys` JWS: all keys that count from now on. Those it does not name are distrusted at once. */
export const keySet = z
  .object({
    /** Counts up with each announcement; begins anew with a `generation`. */
    version: z.int().min(1),
    /** Given by the recovery key, and only by it: overrides everything of a lower one. */
    generation: z.int().min(1).optional(),
    issuedAt: instant,
    keys: keyList,
    noticeKeyKept,
  })
  .refine(({ keys }) => keys.filter(({ use, until }) => use === 'server' && until === undefined).length === 1, {
    path: ['keys'],
    message: 'exactly one server key is the current one',
  })
  .refine(({ keys }) => keys.filter(({ use, until }) => use === 'notice' && until === undefined).length <= 1, {
    path: ['keys'],
    message: 'at most one notice key is the current one',
  })
  .refine(({ keys }) => new Set(keys.map(({ key }) => key.x)).size === keys.length, {
    path: ['keys'],
    message: 'each key has one use',
  });
export type KeySet = z.infer<typeof keySet>;

/** What a device trusts, as far as it has heard. */
export const trust = z.object({
  /** 0 until the recovery key has spoken. */
  generation: z.int().min(0),
  /** 0 while only the pin of the enrolment is known. */
  version: z.int().min(0),
  keys: keyList,
  noticeKeyKept,
  /** SHA-256 over the last announcement applied; absent before the first. A check-in names its beginning (`shortHash`). */
  announcement: sha256.optional(),
});
export type Trust = z.infer<typeof trust>;

/** Who a device is to those who address it. */
export const wordsHolder = z.object({
  municipality: uuid,
  device: uuid,
  groups: z.array(uuid).max(64),
});
export type WordsHolder = z.infer<typeof wordsHolder>;

/**
 * `public/trust.json`: what the tray verifies notices with. The service writes it; users of the PC can read it and have
 * no right to change it or to put another in its place.
 */
export const trustFile = z.object({
  contractVersion: z.int().min(1),
  writtenAt: instant,
  trust,
  /** Thumbprint pinned by the installer; absent when none was. */
  recoveryKey: sha256.optional(),
  holder: wordsHolder,
});
export type TrustFile = z.infer<typeof trustFile>;
