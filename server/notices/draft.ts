/** From what a person writes to a signed notice, and back. */
import { randomUUID } from 'node:crypto';
import { ZodError } from 'zod';
import { type Notice, notice } from '../../agent/contract/policy.ts';
import { hiddenSigns } from '../../agent/contract/printable.ts';
import { jwsTypes } from '../../agent/contract/wire.ts';
import { signJws } from '../../agent/signing/jws.ts';
import type { SigningKey } from '../../agent/signing/keys.ts';
import { type NoticeDraft, publishedNotice } from '../api/contract.ts';
import { Refusal } from '../fleet/refusal.ts';

/** Give the `id` of a published notice to correct or recall it. */
export function noticeFrom(draft: NoticeDraft, now: Date): Notice {
  const { issuedAt: _filled, id = randomUUID(), validFrom = now.toISOString(), ...rest } = draft;
  return { ...rest, id, validFrom, issuedAt: now.toISOString() };
}

/** Of a notice that is published: it was verified then, and what stands in the database is no stranger's. */
export function saidIn(jws: string): Notice {
  return publishedNotice.parse(JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()));
}

/** Throws `Refusal` invalid for words with hidden signs, `ZodError` for what is no notice. */
export async function signNotice(said: Notice, key: SigningKey): Promise<string> {
  const parsed = notice.safeParse(said);
  if (!parsed.success) throw refusalOfHidden(parsed.error) ?? parsed.error;
  return signJws(jwsTypes.notice, parsed.data, key);
}

/** Devices refuse such a notice, and the place cannot be found by looking. Undefined where something else is wrong. */
export function refusalOfHidden(error: unknown): Refusal | undefined {
  const issues = error instanceof ZodError ? error.issues : [];
  const place = issues.find(({ message }) => message === hiddenSigns)?.path.join('.');
  if (place === undefined) return undefined;
  return new Refusal('invalid', {
    de: `In der Mitteilung stehen unter „${place}“ Zeichen, die man nicht sieht oder die die Schreibrichtung ändern. Geräte würden sie nicht zeigen. Schreiben Sie diese Stelle neu, statt sie einzufügen.`,
    en: `The notice holds, in "${place}", signs that cannot be seen or that change the direction of writing. Devices would not show it. Type this part anew instead of pasting it.`,
  });
}
