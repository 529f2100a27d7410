/** Verifies the notices of the status file once more, with the keys in `trust.json`: what does not hold is not shown. */
import { readFile } from 'node:fs/promises';
import { type TrustFile, trustFile } from '../../agent/contract/keys.ts';
import type { Notice } from '../../agent/contract/policy.ts';
import { JwsError } from '../../agent/signing/jws.ts';
import { isShown, verifyNotice } from '../../agent/signing/words.ts';

const maxCharacters = 256 * 1024;
const rank: Record<Notice['severity'], number> = { urgent: 0, warning: 1, info: 2 };

export interface VerifiedNotices {
  readonly notices: Notice[];
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

export async function verifiedNotices(
  signed: readonly string[],
  trust: TrustFile | undefined,
  now: Date,
): Promise<VerifiedNotices> {
  if (trust === undefined) return { notices: [], refused: signed.length };
  const held = new Map<string, Notice>();
  let refused = 0;
  for (const jws of signed) {
    try {
      const said = await verifyNotice(jws, { ...trust, now }, (id) => held.get(id));
      held.set(said.id, said);
    } catch (error) {
      if (!(error instanceof JwsError)) throw error;
      refused += 1;
    }
  }
  const all = [...held.values()];
  const notices = all
    .filter((said) => isShown(said, all, now))
    .sort((a, b) => rank[a.severity] - rank[b.severity] || (a.validFrom < b.validFrom ? 1 : -1));
  return { notices, refused };
}
