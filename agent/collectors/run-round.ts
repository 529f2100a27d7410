/** One round: every collector of this platform once, a few at a time, sorted by section id. */
import type { KnownSection } from '../contract/report.ts';
import type { Clock } from '../platform/clock.ts';
import type { CollectContext, Collector } from './collector.ts';
import { type RoundContext, runCollector } from './run-collector.ts';

export type { RoundContext } from './run-collector.ts';

/** Enough to overlap the few that wait for the network; more would only make the peak of memory higher. */
const defaultConcurrency = 4;

/** `once` of a new round. */
export function onceARound(): CollectContext['once'] {
  const known = new Map<string, Promise<unknown>>();
  return <T>(name: string, read: () => Promise<T>): Promise<T> => {
    const result = (known.get(name) as Promise<T> | undefined) ?? read();
    known.set(name, result);
    return result;
  };
}

export async function runRound(
  collectors: readonly Collector[],
  context: RoundContext,
  options: { clock: Clock; concurrency?: number },
): Promise<KnownSection[]> {
  const queue = collectors.filter(({ platforms }) => platforms.includes(context.machine.platform));
  const sections: KnownSection[] = [];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      sections.push(await runCollector(next, context, options.clock));
    }
  };
  await Promise.all(Array.from({ length: options.concurrency ?? defaultConcurrency }, work));
  return sections.sort((a, b) => (a.id < b.id ? -1 : 1));
}
