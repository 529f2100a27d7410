/** Whether firewall, backup target and KITS server can be reached from this PC, and how long their certificates last. */
import type { FactsOf } from '../contract/facts/index.ts';
import type { InfrastructureTarget } from '../contract/policy.ts';
import type { Machine } from '../platform/machine.ts';
import { type CollectContext, CollectError, type Collector } from './collector.ts';
import { atMost, byKey, clean, defined } from './text.ts';

type Target = FactsOf<'infrastructure'>['targets'][number];

const concurrency = 8;
const targetTimeoutMs = 5000;
const dayMs = 86_400_000;

export const infrastructureCollector: Collector<'infrastructure'> = {
  id: 'infrastructure',
  platforms: ['linux', 'win32'],
  // 32 targets, 8 at a time, each 5 s at worst.
  timeoutMs: 30_000,
  round: 'cheap',
  collect: async (context) => {
    const queue = [...context.infrastructureTargets];
    if (queue.length === 0) throw new CollectError('not-present', 'no target is configured');
    const targets: Target[] = [];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) targets.push(await probe(next, context));
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    // NUL sorts before every character, so that this is the order of the names.
    const inOrder = byKey(targets, ({ name, host, port }) => [name, host, port].join('\0'));
    return { targets: atMost(inOrder, 64, 'targets', context) };
  },
};

async function probe(target: InfrastructureTarget, { machine, now, signal }: CollectContext): Promise<Target> {
  const { name, kind, host, port, tls } = target;
  const result = await machine.connect({ host, port, tls }, { timeoutMs: targetTimeoutMs, signal });
  return defined({
    name,
    kind,
    host,
    port,
    reachable: result.reachable,
    failure: result.reachable ? undefined : (result.failure ?? ('other' as const)),
    latencyMs: result.connectMs === undefined ? undefined : roundUp(result.connectMs),
    certificate: certificateOf(result.certificate, now),
  });
}

/** To 1, 2, 5, 10, 20, 50 …: a quiet network must report nothing new. At most a minute. */
export function roundUp(milliseconds: number): number {
  for (let power = 1; power <= 10_000; power *= 10) {
    for (const step of [1, 2, 5]) if (milliseconds <= step * power) return step * power;
  }
  return 60_000;
}

function certificateOf(
  certificate: Awaited<ReturnType<Machine['connect']>>['certificate'],
  now: Date,
): Target['certificate'] {
  if (certificate === undefined) return undefined;
  const days = Math.floor((certificate.validUntil.getTime() - now.getTime()) / dayMs);
  return defined({
    subject: clean(certificate.subject, 253) ?? 'unknown',
    issuer: clean(certificate.issuer, 253),
    validUntil: certificate.validUntil.toISOString(),
    daysLeft: Math.max(-100_000, Math.min(100_000, days)),
    trusted: certificate.trusted,
  });
}
