/** Every product in every situation: what the agent answers, and what the rule makes of it. */
import { describe, expect, test } from 'vitest';
import { collectBackups } from '../../../agent/backup/collector.ts';
import { backupProductsOf } from '../../../agent/backup/index.ts';
import { createBackupMemory } from '../../../agent/backup/memory.ts';
import { noBackupSources } from '../../../agent/backup/sources.ts';
import { backupFacts } from '../../../agent/contract/facts/backup.ts';
import { defaultBackupPolicy, defaultThresholds } from '../../../agent/contract/policy.ts';
import { evaluateRules } from '../../../agent/rules/rule.ts';
import { productFixtures } from '../../fixtures/backup/index.ts';
import { readAt, type Scenario, situations } from '../../fixtures/backup/scenario.ts';
import { contextOf } from '../collectors/context.ts';

const backupProducts = [...new Set([...(await backupProductsOf('linux')), ...(await backupProductsOf('win32'))])];

async function collected(productId: string, scenario: Scenario) {
  const machine = await scenario.machine();
  const product = backupProducts.find(({ id, platforms }) => id === productId && platforms.includes(machine.platform));
  if (product === undefined) throw new Error(`no product ${productId}`);
  const problems: string[] = [];
  const memory = createBackupMemory(inMemory());
  memory.keep(
    new Map(
      Object.entries(scenario.remembered ?? {}).flatMap(([job, endedAt]) =>
        // A job is remembered by who can write it; the one that is not meant must not be found.
        [productId, `${productId}~user`].map((owner) => [
          `${owner} ${job}`,
          { endedAt, result: 'success', evidence: { kind: 1, source: 'an earlier round' } },
        ]),
      ),
    ),
  );
  const facts = await collectBackups(
    {
      ...contextOf(machine),
      now: readAt,
      signal: new AbortController().signal,
      problem: (code, detail) => problems.push(`${code} ${detail}`),
      backup: { sources: scenario.sources ?? noBackupSources, memory },
    },
    [product],
  );
  return { facts: backupFacts.parse(facts), problems };
}

function inMemory() {
  const values = new Map<string, unknown>();
  return {
    recall: (key: string) => values.get(key),
    remember: (key: string, value: unknown) => values.set(key, value),
  };
}

test('every product has a fixture, and every fixture a product', () => {
  expect(productFixtures.map(({ product }) => product).sort()).toEqual(backupProducts.map(({ id }) => id).sort());
});

test('an id is one product of one name, read by one file on each system', () => {
  for (const product of backupProducts) {
    const same = backupProducts.filter(({ id }) => id === product.id);
    expect(same.map(({ name }) => name)).toEqual(same.map(() => product.name));
    const platforms = same.flatMap((each) => each.platforms);
    expect(new Set(platforms).size).toBe(platforms.length);
  }
});

describe.each(productFixtures)('$product', ({ product, scenarios }) => {
  test.each(situations)('%s', async (situation) => {
    const scenario = scenarios[situation];
    const { facts } = await collected(product, scenario);
    const [found] = facts.products;
    if (scenario.expected === undefined) {
      expect(found).toBeUndefined();
      return;
    }
    expect(found?.id).toBe(product);
    const { expected } = scenario;
    expect({
      installed: found?.installed,
      jobs: found?.jobs.map(({ state, enabled, lastSuccess }) => ({
        state,
        ...(enabled === undefined ? {} : { enabled }),
        lastSuccess: lastSuccess?.endedAt ?? null,
      })),
    }).toEqual({ installed: expected.installed, jobs: expected.jobs });
    const verdicts = evaluateRules({
      sections: new Map([
        ['backup', { id: 'backup', state: 'complete', collectedAt: readAt.toISOString(), data: facts, problems: [] }],
      ]),
      thresholds: defaultThresholds,
      backup: defaultBackupPolicy,
      now: readAt,
    });
    expect(verdicts.find(({ ruleId }) => ruleId === 'backup-recent')?.verdict).toBe(expected.verdict);
    const reasons = [...(found?.reasons ?? []), ...(found?.jobs ?? []).flatMap((job) => job.reasons)];
    expect(reasons).toEqual(expect.arrayContaining([...(expected.reasons ?? [])]));
  });
});
