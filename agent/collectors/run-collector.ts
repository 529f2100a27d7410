/** Runs one collector: time limit, validation, crash capture and timing, so that no collector has to think of them. */
import type { FactsOf, SectionId } from '../contract/facts/index.ts';
import { type KnownSection, type Problem, type ProblemCode, parseSectionData } from '../contract/report.ts';
import type { Clock } from '../platform/clock.ts';
import { canonicalHash } from '../signing/canonical.ts';
import { type CollectContext, CollectError, type Collector } from './collector.ts';

export type RoundContext = Omit<CollectContext, 'signal' | 'problem'>;

const maxProblems = 64;
const maxDetail = 500;
const hashOfNothing = canonicalHash(null);

/** Always yields exactly one section; never throws, whatever the collector does. */
export async function runCollector(collector: Collector, round: RoundContext, clock: Clock): Promise<KnownSection> {
  const startedAt = clock.monotonicMs();
  const collectedAt = clock.now().toISOString();
  const problems: Problem[] = [];
  let open = true;
  const problem = (code: ProblemCode, detail: string): void => {
    // What a collector says after its time is up belongs to no section any more.
    if (open && problems.length < maxProblems) problems.push({ code, detail: shorten(detail) });
  };
  const limit = new AbortController();
  let facts: { data: FactsOf<SectionId>; hash: string } | undefined;
  try {
    const data = await within(collector, { ...round, signal: limit.signal, problem }, limit);
    facts = check(collector.id, data);
  } catch (error) {
    // Why the section is missing is said whatever was noted before.
    problems.splice(maxProblems - 1);
    if (error instanceof CollectError) problem(error.code, error.message);
    else problem('bug', error instanceof Error ? `${error.name}: ${error.message}` : `threw a ${typeof error}`);
  }
  open = false;
  const section = {
    id: collector.id,
    state: facts === undefined ? 'missing' : problems.length > 0 ? 'partial' : 'complete',
    collectedAt,
    durationMs: Math.min(3_600_000, Math.max(0, Math.round(clock.monotonicMs() - startedAt))),
    hash: facts?.hash ?? hashOfNothing,
    ...(facts === undefined ? {} : { data: facts.data }),
    problems,
  };
  // The id decides the type of the facts, and `check` has just held them against the schema of that id.
  return section as KnownSection;
}

/** A collector that ignores the signal is left behind: the round goes on without it. */
async function within(collector: Collector, context: CollectContext, limit: AbortController): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      limit.abort();
      reject(new CollectError('timeout', `not finished after ${collector.timeoutMs} ms`));
    }, collector.timeoutMs);
  });
  try {
    return await Promise.race([tooLong, collector.collect(context)]);
  } finally {
    clearTimeout(timer);
  }
}

/** Facts that do not fit their schema, or that JSON cannot say exactly, are not passed on. */
function check(id: SectionId, data: unknown): { data: FactsOf<SectionId>; hash: string } {
  const parsed = parseSectionData(id, data);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new CollectError('invalid', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'does not fit its schema'}`);
  }
  const facts = parsed.data as FactsOf<SectionId>;
  try {
    return { data: facts, hash: canonicalHash(facts) };
  } catch (cause) {
    throw new CollectError('invalid', `cannot be written as JSON: ${(cause as Error).message}`, { cause });
  }
}

function shorten(detail: string): string {
  // The detail may quote a file: what is no character must not make the whole report unsignable.
  const clean = detail.toWellFormed().trim() || 'no detail';
  return clean.length <= maxDetail ? clean : `${clean.slice(0, maxDetail - 1).toWellFormed()}…`;
}
