/** Facts in good order, to be spoilt one by one; the instant is fixed so that each boundary can be met exactly. */
import type { FactsOf, SectionId } from '../../../agent/contract/facts/index.ts';
import { defaultBackupPolicy, defaultThresholds } from '../../../agent/contract/policy.ts';
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

/** UTC day so many days before the day of `now`; negative = after it. */
export const dayBefore = (days: number): string => earlier(days * day).slice(0, 10);

export type Update = FactsOf<'patches'>['updates'][number];
/** A security update that has been missing since today. */
export const update = (change: Partial<Update> = {}): Update => ({
  id: 'openssl:amd64',
  state: 'missing',
  security: true,
  firstSeenOn: dayBefore(0),
  ...change,
});

export const goodPatches: FactsOf<'patches'> = {
  source: 'apt',
  scan: { kind: 'index', complete: true, succeededOn: dayBefore(0), server: 'deb.debian.org', insecure: false },
  updates: [],
  automatic: { enabled: true, mechanism: 'unattended-upgrades', lastRunOn: dayBefore(1) },
  restart: { required: false, reasons: [] },
};

const lockedDown: FactsOf<'security'> = {
  encryption: [{ mountPoint: '/', system: true, state: 'encrypted', protection: 'on' }],
  boot: { secureBoot: 'on' },
};
export const goodSecurity: FactsOf<'security'> = {
  ...lockedDown,
  antivirus: [{ name: 'ClamAV', state: 'on', signaturesOf: dayBefore(0) }],
  firewall: { product: 'nftables', active: true, profiles: [{ name: 'all', enabled: true, inboundDefault: 'block' }] },
  remoteAccess: { ssh: { installed: false } },
  accounts: {
    administrators: [{ id: 'sudo', kind: 'group' }],
    automaticLogon: false,
    screenLockSeconds: 600,
  },
  hardening: { accessControl: 'apparmor', enforcedProfiles: 30 },
};

export type Job = FactsOf<'backup'>['products'][number]['jobs'][number];
export type Product = FactsOf<'backup'>['products'][number];
const record = { kind: 1, source: 'record of the product', reference: '17' };
/** A backup of last night, recorded by the product itself, on a share. */
export const backupJob = (change: Partial<Job> = {}): Job => ({
  id: 'documents',
  name: 'Dokumente',
  writableBy: 'administrator',
  enabled: true,
  targets: [{ kind: 'share', name: '//nas/sicherung' }],
  state: 'success',
  lastRun: { endedAt: earlier(10 * hour), result: 'success', evidence: record },
  lastSuccess: { endedAt: earlier(10 * hour), result: 'success', evidence: record },
  onDaysSinceSuccess: 1,
  recentRuns: [{ endedAt: earlier(10 * hour), result: 'success', evidence: record }],
  reasons: [],
  ...change,
});
export const backupProduct = (change: Partial<Product> = {}): Product => ({
  id: 'restic',
  name: 'restic',
  kind: 'backup',
  installed: true,
  answers: 'here',
  jobs: [backupJob()],
  reasons: [],
  ...change,
});
export const restoreTest = (change: Partial<FactsOf<'backup'>['restoreTests'][number]> = {}) => ({
  at: earlier(30 * day),
  product: 'restic',
  source: '//nas/sicherung',
  result: 'equal' as const,
  files: 20,
  bytes: 4096,
  different: 0,
  durationSeconds: 9,
  ...change,
});
export const goodBackup: FactsOf<'backup'> = { products: [backupProduct()], restoreTests: [restoreTest()] };

export const goodFacts = {
  backup: goodBackup,
  system: { hostname: 'pc-1', chassis: 'desktop', virtualization: { kind: 'none' } },
  patches: goodPatches,
  security: goodSecurity,
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

const profile = (name: 'domain' | 'private' | 'public') => ({ name, enabled: true, inboundDefault: 'block' }) as const;

/** Facts of a Windows PC in good order. */
export const goodWindows = {
  ...goodFacts,
  os: {
    family: 'windows',
    id: 'windows',
    name: 'Windows 11 Pro',
    edition: 'Professional',
    version: '25H2',
    build: '26200.7171',
    kernel: '10.0.26200',
    architecture: 'x86_64',
  },
  patches: {
    ...goodPatches,
    source: 'windows-update',
    scan: { kind: 'online-search', complete: true, succeededOn: dayBefore(0), server: 'Microsoft Update' },
    build: { number: 26200, revision: 7171, updateOfDay: dayBefore(14) },
  },
  security: {
    ...lockedDown,
    antivirus: [{ name: 'Microsoft Defender', state: 'on', realTime: true, signaturesCurrent: true }],
    firewall: {
      product: 'Windows Defender Firewall',
      active: true,
      profiles: [profile('domain'), profile('private'), profile('public')],
    },
    boot: { secureBoot: 'on', certificates2023: 'updated' },
    remoteAccess: { rdp: { enabled: false }, smb1: false },
    accounts: {
      administrators: [{ id: 'S-1-5-21-1-2-3-500', kind: 'user', local: true, builtIn: true, enabled: false }],
      automaticLogon: false,
      plainLogonPassword: false,
      guestEnabled: false,
      passwordRotation: 'active-directory',
      screenLockSeconds: 600,
    },
    hardening: {
      uac: 'on',
      credentialGuard: false,
      lsaProtection: true,
      powershell2: false,
      smartScreen: 'off',
    },
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
  const all = { ...sectionsOf(goodFacts), ...sections };
  return {
    sections: new Map(Object.entries(all).flatMap(([id, value]) => (value === undefined ? [] : [[id, value]]))),
    thresholds: defaultThresholds,
    backup: defaultBackupPolicy,
    now,
    ...change,
  };
}

const sectionsOf = (facts: object): Record<string, EvidenceSection> =>
  Object.fromEntries(Object.entries(facts).map(([id, data]) => [id, section(id, data)]));

type Change<T> = { readonly [K in keyof T]?: Partial<T[K]> | undefined };

/** Linux in good order, with parts of `patches`, `security` and `system` in place of theirs; `undefined` takes one away. */
export const linux = (
  parts: { patches?: object; security?: Change<FactsOf<'security'>>; system?: object } = {},
  change: Partial<RuleInput> = {},
): RuleInput => input(sectionsOf(changed(goodFacts, parts)), change);

/** The same on Windows. */
export const windows = (
  parts: { patches?: object; security?: Change<FactsOf<'security'>>; system?: object } = {},
  change: Partial<RuleInput> = {},
): RuleInput => input(sectionsOf(changed(goodWindows, parts)), change);

/** Lists and plain values are replaced, objects are merged two levels deep (section and part). */
function changed(facts: object, parts: Readonly<Record<string, object | undefined>>): object {
  const isObject = (value: unknown): value is object =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const merge = (left: unknown, right: unknown, depth: number): unknown => {
    if (depth === 0 || !isObject(left) || !isObject(right)) return right;
    const entries = Object.entries(right).map(([key, value]) => [
      key,
      merge((left as Record<string, unknown>)[key], value, depth - 1),
    ]);
    return { ...left, ...Object.fromEntries(entries) };
  };
  return merge(facts, parts, 3) as object;
}

/** What one rule says, checked against the contract, with its German sentence. */
export function judge(ruleId: string, by: RuleInput) {
  const found = evaluateRules(by).find((verdict) => verdict.ruleId === ruleId);
  if (found === undefined) return undefined;
  const { verdict, severity, reason, values, evidence } = verdictSchema.parse(found);
  const { de, en } = explain(found).explanation;
  return { verdict, severity, reason, values, evidence, de, en };
}

/** A section whose facts may count, told without the rules: read, and neither old nor from the future. */
export function usable(by: RuleInput, id: string): EvidenceSection | undefined {
  const section = by.sections.get(id);
  if (section === undefined || !['complete', 'partial'].includes(section.state)) return undefined;
  const offset = by.heard === undefined ? 0 : (by.clockOffsetSeconds ?? 0) * 1000;
  const age = by.now.getTime() - Date.parse(section.collectedAt) + offset;
  return age >= -300_000 && age <= 3 * day ? section : undefined;
}
