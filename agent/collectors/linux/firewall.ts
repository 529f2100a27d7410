/** Whether a firewall filters now. One child (`nft`), since the kernel shows its rules nowhere in a file. */
import type { FactsOf } from '../../contract/facts/index.ts';
import type { CollectContext } from '../collector.ts';
import { readOptional } from '../text.ts';
import { parseNftRuleset } from './nft-ruleset.ts';

type Firewall = NonNullable<FactsOf<'security'>['firewall']>;

const timeoutMs = 5000;

/** Undefined, and a problem noted, when it cannot be told. */
export async function readFirewall({
  machine,
  problem,
  signal,
}: Pick<CollectContext, 'machine' | 'problem' | 'signal'>): Promise<Firewall | undefined> {
  const modules = await readOptional(machine, '/proc/modules', 1024 * 1024);
  const loaded = (name: string): boolean => new RegExp(`^${name} `, 'm').test(modules ?? '');
  // Rules of the old kind are invisible to nft.
  if (loaded('iptable_filter') || loaded('ip6table_filter')) {
    problem('unsupported', 'rules of iptables-legacy are loaded: they are not read');
    return undefined;
  }
  // A kernel made of modules that has loaded neither filter filters nothing; one with a filter built in shows no module.
  if (modules !== undefined && modules !== '' && !loaded('nf_tables') && !loaded('ip_tables')) {
    const builtIn = await machine.list('/sys/module').then(
      (names) => names.includes('nf_tables'),
      () => true,
    );
    if (!builtIn) return { active: false, profiles: [{ name: 'all', enabled: false, inboundDefault: 'allow' }] };
  }
  if (!machine.privileged) {
    problem('denied', 'the rules of the firewall are shown to root only');
    return undefined;
  }
  const outcome = await machine.run('nft', ['-j', 'list', 'ruleset'], { timeoutMs, signal });
  switch (outcome.kind) {
    case 'not-found':
      problem('not-found', 'nft is not installed: the rules of the firewall cannot be read');
      return undefined;
    case 'timeout':
      problem('timeout', `nft gave no answer within ${timeoutMs} ms`);
      return undefined;
    case 'too-much-output':
      problem('truncated', 'the rules of the firewall are too many to be read');
      return undefined;
    case 'exited': {
      const filtering = outcome.exitCode === 0 ? parseNftRuleset(outcome.stdout) : undefined;
      if (filtering === undefined) {
        problem('unreadable', `nft ended with ${outcome.exitCode} and no list of rules`);
        return undefined;
      }
      const { active, inboundDefault, product } = filtering;
      return { product, active, profiles: [{ name: 'all', enabled: active, inboundDefault }] };
    }
  }
}
