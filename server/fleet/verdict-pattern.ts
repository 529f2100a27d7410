/**
 * The verdicts of a device as one short text, "rule:kind" in the order of the rules. A fleet has few different ones, so
 * that the page of controls counts groups of equal devices and need not read every verdict.
 */
import { type VerdictKind, verdictKinds } from '../../agent/contract/report.ts';
import type { Database } from '../store/database.ts';

type Judged = { readonly ruleId: string; readonly verdict: VerdictKind };

export function patternOf(verdicts: readonly Judged[]): string {
  return verdicts.map(({ ruleId, verdict }) => `${ruleId}:${verdictKinds.indexOf(verdict)}`).join(' ');
}

export function readPattern(pattern: string): ReadonlyMap<string, VerdictKind> {
  const kinds = new Map<string, VerdictKind>();
  for (const entry of pattern.split(' ')) {
    const [ruleId = '', index = ''] = entry.split(':');
    const kind = verdictKinds[Number(index)];
    if (ruleId !== '' && kind !== undefined) kinds.set(ruleId, kind);
  }
  return kinds;
}

/** Id of the pattern of these verdicts, stored when it is new. */
export async function patternId(trx: Database, verdicts: readonly Judged[]): Promise<number> {
  const pattern = patternOf(verdicts);
  const find = () => trx.selectFrom('verdict_patterns').select('id').where('pattern', '=', pattern);
  const known = await find().executeTakeFirst();
  if (known !== undefined) return known.id;
  await trx
    .insertInto('verdict_patterns')
    .values({ pattern })
    .onConflict((conflict) => conflict.column('pattern').doNothing())
    .execute();
  return (await find().executeTakeFirstOrThrow()).id;
}
