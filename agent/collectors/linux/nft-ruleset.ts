/** Whether the kernel filters what comes in, read from the rules it has loaded (`nft -j list ruleset`, libnftables-json(5)). */
import { z } from 'zod';

export interface Filtering {
  /** Some rule or policy turns incoming connections away. */
  readonly active: boolean;
  /** What happens to a connection that no rule names, for IPv4 and IPv6 alike. */
  readonly inboundDefault: 'block' | 'allow';
  /** Who wrote the rules: "firewalld", "ufw" or "nftables". */
  readonly product: string;
}

const entry = z.object({
  chain: z
    .object({
      family: z.string(),
      table: z.string(),
      name: z.string(),
      type: z.string().optional(),
      hook: z.string().optional(),
      policy: z.string().optional(),
    })
    .optional(),
  rule: z
    .object({
      family: z.string(),
      table: z.string(),
      chain: z.string(),
      expr: z.array(z.record(z.string(), z.unknown())),
    })
    .optional(),
});
const ruleset = z.object({ nftables: z.array(entry).max(100_000) });

type Rule = NonNullable<z.infer<typeof entry>['rule']>;
type Chain = NonNullable<z.infer<typeof entry>['chain']>;

/** What a rule does whatever comes along, when nothing but these stands in it. */
const notes = new Set(['counter', 'log', 'comment']);
const maxJumps = 64;

/** Undefined when the text is no rule set: then nothing is known. */
export function parseNftRuleset(text: string): Filtering | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // Cut off or no JSON at all: the caller says so.
    return undefined;
  }
  const parsed = ruleset.safeParse(json);
  if (!parsed.success) return undefined;
  const rules = Map.groupBy(
    parsed.data.nftables.flatMap(({ rule }) => rule ?? []),
    chainKey,
  );
  const chains = parsed.data.nftables.flatMap(({ chain }) => chain ?? []);
  const incoming = chains.filter(({ hook, type }) => hook === 'input' && type === 'filter');
  const blocks = (family: string): boolean =>
    incoming.some((chain) => [family, 'inet'].includes(chain.family) && endsBlocked(chain, rules));
  return {
    active: incoming.some(
      (chain) => chain.policy === 'drop' || turnsAway(key(chain.family, chain.table, chain.name), rules),
    ),
    inboundDefault: blocks('ip') && blocks('ip6') ? 'block' : 'allow',
    product: chains.some(({ table }) => table === 'firewalld')
      ? 'firewalld'
      : chains.some(({ name }) => name.startsWith('ufw-') || name.startsWith('ufw6-'))
        ? 'ufw'
        : 'nftables',
  };
}

function key(family: string, table: string, chain: string): string {
  return JSON.stringify([family, table, chain]);
}

function chainKey(rule: Rule): string {
  return key(rule.family, rule.table, rule.chain);
}

/** True when a packet no rule has decided on is dropped at the end: by the policy or by a last rule without a condition. */
function endsBlocked(chain: Chain, rules: ReadonlyMap<string, readonly Rule[]>): boolean {
  return chain.policy === 'drop' || refusesAtEnd(key(chain.family, chain.table, chain.name), rules, 0);
}

function refusesAtEnd(chain: string, rules: ReadonlyMap<string, readonly Rule[]>, depth: number): boolean {
  if (depth > maxJumps) return false;
  for (const rule of (rules.get(chain) ?? []).toReversed()) {
    const verdict = unconditional(rule);
    // A rule with a condition behind it changes nothing for what it does not match.
    if (verdict === undefined) continue;
    if ('drop' in verdict || 'reject' in verdict) return true;
    if ('accept' in verdict) return false;
    const target = targetOf(verdict);
    if (target !== undefined && refusesAtEnd(key(rule.family, rule.table, target), rules, depth + 1)) return true;
  }
  return false;
}

/** The verdict of a rule that has no condition. */
function unconditional({ expr }: Rule): Record<string, unknown> | undefined {
  const rest = expr.filter((part) => !Object.keys(part).every((name) => notes.has(name)));
  return rest.length === 1 ? rest[0] : undefined;
}

function targetOf(verdict: Record<string, unknown>): string | undefined {
  const target = (verdict['jump'] ?? verdict['goto']) as { target?: unknown } | null | undefined;
  return typeof target?.target === 'string' ? target.target : undefined;
}

/** True when a drop or reject can be reached from the chain. */
function turnsAway(start: string, rules: ReadonlyMap<string, readonly Rule[]>): boolean {
  const seen = new Set<string>();
  const queue = [start];
  for (let chain = queue.shift(); chain !== undefined; chain = queue.shift()) {
    if (seen.has(chain)) continue;
    seen.add(chain);
    for (const rule of rules.get(chain) ?? []) {
      for (const part of rule.expr) {
        if ('drop' in part || 'reject' in part) return true;
        const target = targetOf(part);
        if (target !== undefined) queue.push(key(rule.family, rule.table, target));
      }
    }
  }
  return false;
}
