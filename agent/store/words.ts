/** What the agent keeps of the server's signed words: whom to believe, the policy in force, the notices held. */
import { z } from 'zod';
import { compactJws, text, uuid } from '../contract/field.ts';
import { trust } from '../contract/keys.ts';
import { notice, policy } from '../contract/policy.ts';
import { maxNotices, maxWords } from '../contract/wire.ts';

export const storedWords = z.object({
  /** Absent until enrolment. */
  trust: trust.optional().catch(undefined),
  groups: z.array(uuid).max(64).catch([]),
  /** The last good one, whatever became of its key and its time. */
  policy: z
    .object({
      said: policy,
      /** Of the trust it was verified with: a version counts among those of one generation. */
      generation: z.int().min(0),
    })
    .optional()
    .catch(undefined),
  /** One that this version does not take any more goes by itself. */
  notices: z
    .array(
      z
        .object({ jws: compactJws(maxWords.notice), said: notice })
        .nullable()
        .catch(null),
    )
    .max(maxNotices)
    .transform((held) => held.filter((entry) => entry !== null))
    .catch([]),
  /** What was not accepted since the last check-in, as "policy: signature". */
  refused: z.array(text(60)).max(16).catch([]),
});
export type StoredWords = z.infer<typeof storedWords>;

export const noWords: StoredWords = { groups: [], notices: [], refused: [] };
