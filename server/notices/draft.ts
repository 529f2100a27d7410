/** From what a person writes to a signed notice, and back. */
import { randomUUID } from 'node:crypto';
import { type Notice, notice } from '../../agent/contract/policy.ts';
import { jwsTypes } from '../../agent/contract/wire.ts';
import { signJws } from '../../agent/signing/jws.ts';
import type { SigningKey } from '../../agent/signing/keys.ts';
import type { NoticeDraft } from '../api/contract.ts';

/** Give the `id` of a published notice to correct or recall it. */
export function noticeFrom(draft: NoticeDraft, now: Date): Notice {
  const { issuedAt: _filled, id = randomUUID(), validFrom = now.toISOString(), ...rest } = draft;
  return { ...rest, id, validFrom, issuedAt: now.toISOString() };
}

/** Of a notice that is published: it was verified then, and what stands in the database is no stranger's. */
export function saidIn(jws: string): Notice {
  return notice.parse(JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()));
}

/** Throws `ZodError` for what is no notice. */
export function signNotice(said: Notice, key: SigningKey): Promise<string> {
  return signJws(jwsTypes.notice, notice.parse(said), key);
}
