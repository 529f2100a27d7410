/** Keys of a KITS server as a device meets them, and words they sign. For tests. */
import { randomUUID, sign } from 'node:crypto';
import type { KeySet, Trust, WordsHolder } from '../../../agent/contract/keys.ts';
import type { Notice, Policy } from '../../../agent/contract/policy.ts';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { pinnedTrust } from '../../../agent/signing/key-set.ts';
import { generateKey, type SigningKey } from '../../../agent/signing/keys.ts';

export const now = new Date('2026-11-25T10:00:00Z');
export const later = (days: number): string => new Date(now.getTime() + days * 86_400_000).toISOString();

export interface Authority {
  readonly server: SigningKey;
  readonly notice: SigningKey;
  readonly recovery: SigningKey;
  readonly device: SigningKey;
  readonly holder: WordsHolder;
  /** Knows the server's and the notice key, nothing announced yet. */
  readonly trust: Trust;
  setOf(change?: Partial<KeySet>): KeySet;
  policyOf(change?: Partial<Policy>): Policy;
  noticeOf(change?: Partial<Notice>): Notice;
  signPolicy(change?: Partial<Policy>, key?: SigningKey): Promise<string>;
  signNotice(change?: Partial<Notice>, key?: SigningKey): Promise<string>;
}

export async function authority(): Promise<Authority> {
  const [server, notice, recovery, device] = await Promise.all([
    generateKey(),
    generateKey(),
    generateKey(),
    generateKey(),
  ]);
  const holder: WordsHolder = { municipality: randomUUID(), device: randomUUID(), groups: [randomUUID()] };
  const keys: Trust['keys'] = [
    { use: 'server', key: server.publicKey },
    { use: 'notice', key: notice.publicKey },
  ];
  const made: Authority = {
    server,
    notice,
    recovery,
    device,
    holder,
    trust: { ...pinnedTrust(server.publicKey), keys },
    setOf: (change = {}) => ({ version: 1, issuedAt: now.toISOString(), keys, noticeKeyKept: 'online', ...change }),
    policyOf: (change = {}) => ({
      version: 7,
      audience: { municipality: holder.municipality, device: holder.device },
      issuedAt: later(-1),
      expiresAt: later(30),
      settings: { checkInSeconds: 300 },
      ...change,
    }),
    noticeOf: (change = {}) => ({
      id: randomUUID(),
      issuedAt: later(-1),
      audience: { municipality: holder.municipality },
      severity: 'info',
      title: { de: 'Wartung am Freitag' },
      body: { de: 'Am Freitag ab 14 Uhr wird das Netz gewartet.' },
      sender: 'KITS',
      validFrom: later(-1),
      validUntil: later(7),
      links: [],
      mustAcknowledge: false,
      ...change,
    }),
    signPolicy: (change, key = server) => signJws(jwsTypes.policy, made.policyOf(change), key),
    signNotice: (change, key = notice) => signJws(jwsTypes.notice, made.noticeOf(change), key),
  };
  return made;
}

/** A JWS with any header over any payload, really signed. */
export function forge(header: object, payload: unknown, key: SigningKey): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${sign(null, Buffer.from(input), key.privateKey).toString('base64url')}`;
}
