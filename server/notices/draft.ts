/** What a person writes of a notice; the rest is filled in when it is signed. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Notice, notice } from '../../agent/contract/policy.ts';

/** Unknown keys are an error: a misspelt "validUntil" must not be ignored in silence. */
export const noticeDraft = z.strictObject({
  ...notice.shape,
  id: notice.shape.id.optional(),
  issuedAt: z.never('is filled in when the notice is signed').optional(),
  sender: notice.shape.sender.default('KITS'),
  /** From now on when it is left out. */
  validFrom: notice.shape.validFrom.optional(),
  links: notice.shape.links.default([]),
  mustAcknowledge: notice.shape.mustAcknowledge.default(false),
});
export type NoticeDraft = z.infer<typeof noticeDraft>;

/** Give the `id` of a published notice to correct or recall it. */
export function noticeFrom(draft: NoticeDraft, now: Date): Notice {
  const { issuedAt: _filled, id = randomUUID(), validFrom = now.toISOString(), ...rest } = draft;
  return { ...rest, id, validFrom, issuedAt: now.toISOString() };
}
