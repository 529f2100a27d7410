/** Facts in good order, to be spoilt one by one; the instant is fixed so that each boundary can be met exactly. */
import type { FactsOf, SectionId } from '../../../agent/contract/facts/index.ts';
import { defaultThresholds } from '../../../agent/contract/policy.ts';
import { verdict as verdictSchema } from '../../../agent/contract/report.ts';
import { type EvidenceSection, evaluateRules, explain, type RuleInput } from '../../../agent/rules/rule.ts';

export const now = new Date('2026-11-24T12:00:00.000Z');
export const GiB = 1024 ** 3;
export const hour = 3_600_000;
export const day = 24 * hour;

export const earlier = (ms: number): string => new Date(now.getTime() - ms).toISOString();

export type Volume = FactsOf<'storage'>['volumes'][number];
export const volume = (change: Partial<Volume> = {}): Volume => ({
  mountPoint: '/',
  fileSystem: 'ext4',
  sizeBytes: 100 * GiB,
  freeBytes: 50 * GiB,
  readOnly: false,
  system: true,
  remote: false,
  ...change,
});

export const goodFacts = {
  storage: { disks: [], volumes: [volume()] },
  os: {
    family: 'linux',
    id: 'debian',
    name: 'Debian GNU/Linux 13 (trixie)',
    version: '13',
    kernel: '6.12.0-amd64',
    architecture: 'x86_64',
  },
  agent: {
    version: '0.1.0',
    nodeVersion: '24.21.0',
    platform: 'linux',
    privileged: true,
    policyVersion: 0,
    queue: { waiting: 0, refused: 0 },
    settingsProblems: [],
  },
} satisfies { [Id in SectionId]?: FactsOf<Id> };

export const section = (id: string, data: unknown, change: Partial<EvidenceSection> = {}): EvidenceSection => ({
  id,
  state: 'complete',
  collectedAt: earlier(hour),
  data,
  problems: [],
  ...change,
});

/** Good facts, with the sections given in place of theirs (`undefined` takes one away). */
export function input(
  sections: Readonly<Record<string, EvidenceSection | undefined>> = {},
  change: Partial<RuleInput> = {},
): RuleInput {
  const all = {
    ...Object.fromEntries(Object.entries(goodFacts).map(([id, data]) => [id, section(id, data)])),
    ...sections,
  };
  return {
    sections: new Map(Object.entries(all).flatMap(([id, value]) => (value === undefined ? [] : [[id, value]]))),
    thresholds: defaultThresholds,
    now,
    ...change,
  };
}

/** What one rule says, checked against the contract, with its German sentence. */
export function judge(ruleId: string, by: RuleInput) {
  const found = evaluateRules(by).find((verdict) => verdict.ruleId === ruleId);
  if (found === undefined) return undefined;
  const { verdict, severity, reason, values, evidence } = verdictSchema.parse(found);
  const { de, en } = explain(found).explanation;
  return { verdict, severity, reason, values, evidence, de, en };
}
