/** Verifies the notices of the status file once more, with the keys in `trust.json`: what does not hold is not shown. */
import { readFile } from 'node:fs/promises';
import { type TrustFile, trustFile } from '../../agent/contract/keys.ts';
import type { Notice } from '../../agent/contract/policy.ts';
import { JwsError } from '../../agent/signing/jws.ts';
import { isShown, verifyNotice } from '../../agent/signing/words.ts';
import type { NoticeMemory } from '../notices/notice-memory.ts';

const maxCharacters = 256 * 1024;
const rank: Record<Notice['severity'], number> = { urgent: 0, warning: 1, info: 2 };

export interface VerifiedNotices {
  /** To be shown, the most severe first. */
  readonly notices: Notice[];
  /** All that hold, also those to come, recalled or replaced. */
  readonly genuine: readonly Notice[];
  /** What does not hold. A notice that has run out is genuine, and nothing to warn of. */
  readonly refused: number;
}

/** Undefined when there are no keys to verify with. */
export async function readTrust(file: string): Promise<TrustFile | undefined> {
  try {
    const content = await readFile(file, 'utf8');
    return content.length > maxCharacters ? undefined : trustFile.parse(JSON.parse(content));
  } catch {
    return undefined;
  }
}

/** `memory`: an older wording than one seen before is refused, and what was replaced stays so. */
export async function verifiedNotices(
  signed: readonly string[],
  trust: TrustFile | undefined,
  now: Date,
  memory: Pick<NoticeMemory, 'newest' | 'absorb' | 'isReplaced'>,
): Promise<VerifiedNotices> {
  if (trust === undefined) return { notices: [], genuine: [], refused: signed.length };
  const held = new Map<string, Notice>();
  let refused = 0;
  for (const jws of signed) {
    try {
      const said = await verifyNotice(jws, { ...trust, now }, (id) => held.get(id) ?? memory.newest(id));
      held.set(said.id, said);
    } catch (error) {
      if (!(error instanceof JwsError)) throw error;
      if (error.reason !== 'expired') refused += 1;
    }
  }
  const genuine = [...held.values()];
  memory.absorb(genuine);
  const notices = genuine
    .filter((said) => isShown(said, genuine, now) && !memory.isReplaced(said.id, now))
    .sort((a, b) => rank[a.severity] - rank[b.severity] || (a.validFrom < b.validFrom ? 1 : -1));
  return { notices, genuine, refused };
}
