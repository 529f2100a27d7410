/** Facts in good order, spoilt at random places: no rule about updates and security says "met" out of garbage. */
import { expect, test } from 'vitest';
import type { FactsOf } from '../../../agent/contract/facts/index.ts';
import { defaultBackupPolicy } from '../../../agent/contract/policy.ts';
import { parseSectionData, verdict as verdictSchema } from '../../../agent/contract/report.ts';
import { type EvidenceSection, evaluateRules, explain, type RuleInput } from '../../../agent/rules/rule.ts';
import { fc, tries } from '../../fixtures/properties.ts';
import { day, dayBefore, earlier, goodFacts, goodWindows, hour, now, section, update, usable } from './input.ts';

type Key = string | number;
interface Damage {
  readonly path: readonly Key[];
  readonly value: unknown;
}

/** What may stand anywhere instead of the right value: right words at wrong places above all. */
const replacements: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  1,
  -1,
  899,
  900,
  901,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '',
  '\u202E\n',
  'on',
  'off',
  'passive',
  'snoozed',
  'unknown',
  'none',
  'allow',
  'block',
  'partly',
  'suspended',
  'not-encrypted',
  'setup-mode',
  'not-started',
  'silent',
  'yes',
  'windows',
  'notebook',
  'server',
  'vm',
  'build-table',
  'waiting-for-restart',
  dayBefore(-2),
  dayBefore(-1),
  ...[3, 4, 6, 7, 8, 20, 21, 44, 45, 80].map(dayBefore),
  '2026-02-30',
  [],
  [null],
  [update()],
  [update({ firstSeenOn: dayBefore(6) }), update({ id: 'b', firstSeenOn: dayBefore(7) })],
  [update({ security: false, firstSeenOn: dayBefore(60) })],
  [update({ state: 'waiting-for-restart' })],
  [{ code: 'kernel', strength: 'strong' }],
  [{ code: 'rename', strength: 'weak' }],
  { accessControl: 'none' },
  {},
];

function pathsOf(value: unknown, path: readonly Key[] = []): (readonly Key[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const keys: readonly Key[] = Array.isArray(value) ? value.map((_, index) => index) : Object.keys(value);
  const below = keys.flatMap((key) => pathsOf((value as Record<Key, unknown>)[key], [...path, key]));
  return path.length === 0 ? below : [path, ...below];
}

function spoil(facts: object, damages: readonly Damage[]): object {
  const copy = structuredClone(facts);
  for (const { path, value } of damages) {
    let parent: unknown = copy;
    for (const key of path.slice(0, -1)) parent = (parent as Record<Key, unknown> | null | undefined)?.[key];
    const last = path.at(-1);
    if (typeof parent === 'object' && parent !== null && last !== undefined) {
      (parent as Record<Key, unknown>)[last] = structuredClone(value);
    }
  }
  return copy;
}

/** What only a whole part can be wrong with. */
const ssh = ['security', 'remoteAccess', 'ssh'];
const rdp = ['security', 'remoteAccess', 'rdp'];
const administrators = ['security', 'accounts', 'administrators'];
const keysOnly = { installed: true, running: true, rootLogin: 'no', passwordAuthentication: false };
const wholeParts: readonly Damage[] = [
  { path: ssh, value: { installed: true } },
  { path: ssh, value: keysOnly },
  { path: ssh, value: { ...keysOnly, emptyPasswords: false } },
  { path: ssh, value: { ...keysOnly, emptyPasswords: false, passwordAuthentication: true } },
  { path: rdp, value: { enabled: true } },
  { path: rdp, value: { enabled: true, networkLevelAuthentication: true } },
  { path: rdp, value: { enabled: true, networkLevelAuthentication: false } },
  { path: ['security', 'boot', 'certificates2023'], value: 'not-started' },
  { path: administrators, value: [{ id: 'x', kind: 'user', withoutPassword: true }] },
  { path: administrators, value: [{ id: 'x', kind: 'user', builtIn: true, enabled: true }] },
];

/** Also at places that are empty in good order. */
const extraPaths: readonly (readonly Key[])[] = [
  ['patches', 'automatic', 'pausedUntil'],
  ['patches', 'automatic', 'deferQualityDays'],
  ['patches', 'restart', 'since'],
  ['patches', 'scan', 'insecure'],
  ['patches', 'build', 'updateOfDay'],
  ['security', 'antivirus', 0, 'signaturesOf'],
];
/** Whether a value is of the kind that stands there, so that the schema may let it pass. */
const kindOf = (value: unknown): string =>
  Array.isArray(value) ? 'list' : typeof value === 'string' && /^\d{4}-/.test(value) ? 'day' : typeof value;

function damagedFrom(facts: object) {
  const places = [...pathsOf(facts), ...extraPaths].filter(([id]) => id !== 'agent' && id !== 'storage');
  const at = (path: readonly Key[]) =>
    path.reduce<unknown>((value, key) => (value as Record<Key, unknown>)?.[key], facts);
  const all = places.flatMap((path) => replacements.map((value) => ({ path, value })));
  const fitting = all.filter(({ path, value }) => at(path) === undefined || kindOf(at(path)) === kindOf(value));
  const damage = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom<Damage>(...fitting) },
    { weight: 1, arbitrary: fc.constantFrom<Damage>(...all) },
    { weight: 1, arbitrary: fc.constantFrom<Damage>(...wholeParts) },
  );
  return fc.array(damage, { maxLength: 4 }).map((damages) => spoil(facts, damages));
}

const inputs = fc
  .record({
    // Backups are spoilt in a test of their own.
    facts: fc.oneof(damagedFrom({ ...goodFacts, backup: null }), damagedFrom({ ...goodWindows, backup: null })),
    age: fc.oneof(
      { weight: 9, arbitrary: fc.constant(hour) },
      { weight: 1, arbitrary: fc.constantFrom(4 * day, -day, Number.NaN) },
    ),
    problems: fc.oneof(
      { weight: 4, arbitrary: fc.constant<EvidenceSection['problems']>([]) },
      { weight: 1, arbitrary: fc.constant<EvidenceSection['problems']>([{ code: 'denied', detail: 'x' }]) },
    ),
  })
  .map(inputOf);
interface Reported {
  readonly facts: object;
  /** ms; NaN = a time that is none. */
  readonly age: number;
  readonly problems: EvidenceSection['problems'];
}
function inputOf({ facts, age, problems }: Reported): RuleInput {
  const state = problems.length > 0 ? 'partial' : 'complete';
  const collectedAt = Number.isNaN(age) ? 'yesterday' : earlier(age);
  const sections = Object.entries(facts).map(
    ([id, data]) => [id, section(id, data, { collectedAt, state, problems })] as const,
  );
  return { sections: new Map(sections), thresholds, backup: defaultBackupPolicy, now };
}

/** Written out, so that the answers below do not rest on the defaults. */
const thresholds = {
  storageFreeWarningPercent: 10,
  storageFreeCriticalPercent: 3,
  osSupportWarningDays: 180,
  silentWarningHours: 72,
  silentCriticalHours: 336,
  clockWarningSeconds: 120,
  clockCriticalSeconds: 3600,
  securityUpdateWarningDays: 7,
  securityUpdateCriticalDays: 30,
  otherUpdateDays: 60,
  cumulativeUpdateWarningDays: 45,
  cumulativeUpdateCriticalDays: 75,
  updateScanWarningDays: 7,
  updateScanCriticalDays: 21,
  updateDeferralDays: 14,
  restartWarningDays: 3,
  restartCriticalDays: 14,
  signatureWarningDays: 4,
  signatureCriticalDays: 7,
  screenLockSeconds: 900,
};

/** One at a time, each brings a "not-met" that the search might find once or not at all. */
const grave: readonly Damage[] = (
  [
    ['patches.automatic.enabled', false],
    ['patches.restart.required', true],
    ['patches.scan.insecure', true],
    ['patches.updates', [update({ firstSeenOn: dayBefore(80) })]],
    ['security.accounts.automaticLogon', true],
    ['security.accounts.screenLockSeconds', 901],
    ['security.boot.secureBoot', 'off'],
    ['security.firewall.active', false],
    ['security.hardening', { accessControl: 'none', lsaProtection: false, credentialGuard: false }],
    ['security.hardening.powershell2', true],
    ['security.hardening.smartScreen', 'on'],
    ['security.hardening.uac', 'off'],
    ['security.remoteAccess.rdp', { enabled: true, networkLevelAuthentication: false }],
  ] as const
).map(([path, value]) => ({ path: path.split('.'), value }));
const examples = [goodFacts, goodWindows].flatMap((good) =>
  grave.map((damage): [RuleInput] => [
    inputOf({ facts: spoil({ ...good, backup: null }, [damage]), age: hour, problems: [] }),
  ]),
);
const daysOld = (of: string | undefined): number => (Date.parse(dayBefore(0)) - Date.parse(of ?? '')) / day;
const between = (value: number, low: number, high: number) => value >= low && value < high;

interface Read {
  readonly patches: FactsOf<'patches'>;
  readonly security: FactsOf<'security'>;
  readonly system: FactsOf<'system'>;
  readonly os: FactsOf<'os'>;
}
const onWindows = ({ os }: Read) => os.family === 'windows';

/** What must hold before a rule may say "met", written without the rules. */
const oracle: Readonly<Record<string, (read: Read) => boolean>> = {
  'access-control-active': ({ os, security }) =>
    os.family === 'linux' &&
    (security.hardening?.accessControl === 'selinux' ||
      (security.hardening?.accessControl === 'apparmor' && (security.hardening.enforcedProfiles ?? 0) > 0)),
  'accounts-administrators': (read) => {
    const { administrators = [], passwordRotation } = read.security.accounts ?? {};
    const builtIn = administrators.find((each) => each.builtIn === true);
    const rotated = ['entra', 'active-directory', 'legacy'].includes(passwordRotation ?? '');
    return (
      administrators.length > 0 &&
      administrators.every((each) => each.withoutPassword !== true) &&
      (!onWindows(read) || rotated || builtIn?.enabled === false)
    );
  },
  'credentials-protected': ({ security }) =>
    security.hardening?.lsaProtection === true || security.hardening?.credentialGuard === true,
  'disk-encrypted': ({ system, security }) =>
    system.virtualization.kind === 'none' &&
    (security.encryption ?? []).some((each) => each.system) &&
    (security.encryption ?? []).every(
      ({ state, protection, removable }) => removable === true || (state === 'encrypted' && protection === 'on'),
    ),
  'firewall-active': ({ security }) => {
    const { active, product, profiles = [] } = security.firewall ?? {};
    const names = profiles.map(({ name }) => name);
    const foreign = product !== undefined && !['nftables', 'Windows Defender Firewall'].includes(product);
    return (
      active === true &&
      (foreign ||
        ((names.includes('all') || new Set(names).size === 3) &&
          profiles.every(({ enabled, inboundDefault }) => enabled !== false && inboundDefault !== 'allow') &&
          profiles.some(({ enabled, inboundDefault }) => enabled === true && inboundDefault === 'block')))
    );
  },
  'logon-required': (read) => {
    const { automaticLogon, plainLogonPassword, guestEnabled } = read.security.accounts ?? {};
    const rest = [plainLogonPassword, guestEnabled];
    return automaticLogon === false && rest.every((each) => (onWindows(read) ? each === false : each !== true));
  },
  'outdated-components': ({ security }) =>
    security.remoteAccess?.smb1 === false && security.hardening?.powershell2 === false,
  'remote-access': ({ security }) => {
    const ssh = security.remoteAccess?.ssh;
    return (
      ssh?.installed === false ||
      ssh?.running === false ||
      (ssh?.passwordAuthentication === false && ssh.rootLogin !== undefined && ssh.emptyPasswords !== undefined)
    );
  },
  'remote-desktop': ({ security }) => {
    const rdp = security.remoteAccess?.rdp;
    return rdp?.enabled === false || rdp?.networkLevelAuthentication === true;
  },
  'restart-due': ({ patches }) =>
    patches.restart.required === false && patches.restart.reasons.every(({ strength }) => strength !== 'strong'),
  'screen-lock': ({ security }) => between(security.accounts?.screenLockSeconds ?? 0, 1, 901),
  'secure-boot': ({ security }) => security.boot?.secureBoot === 'on',
  'secure-boot-certificates': (read) => onWindows(read) && read.security.boot?.certificates2023 === 'updated',
  'smartscreen-off': ({ security }) => security.hardening?.smartScreen === 'off',
  'uac-active': ({ security }) => security.hardening?.uac === 'on',
  'update-scan-fresh': ({ patches }) =>
    patches.scan.kind !== 'build-table' && between(daysOld(patches.scan.succeededOn), -1, 7),
  'update-source-secure': ({ patches: { scan } }) =>
    scan.insecure === false || (scan.insecure === undefined && scan.server === 'Microsoft Update'),
  'updates-automatic': ({ patches: { automatic } }) =>
    automatic.enabled === true &&
    (automatic.pausedUntil === undefined || daysOld(automatic.pausedUntil) >= 1) &&
    (automatic.deferQualityDays ?? 0) <= 14,
  'updates-installed': ({ patches }) =>
    patches.scan.complete === true &&
    patches.scan.kind !== 'build-table' &&
    between(daysOld(patches.scan.succeededOn), -1, 21) &&
    !(daysOld(patches.build?.updateOfDay) >= 45) &&
    patches.updates.every(
      ({ state, security, firstSeenOn }) =>
        state === 'missing' && between(daysOld(firstSeenOn), -1, security === false ? 60 : 7),
    ),
  'virus-protection': ({ security }) =>
    (security.antivirus ?? []).some(
      ({ state, realTime, signaturesCurrent, signaturesOf }) =>
        state === 'on' &&
        realTime !== false &&
        signaturesCurrent !== false &&
        !(daysOld(signaturesOf) >= 4) &&
        (signaturesCurrent === true || between(daysOld(signaturesOf), -1, 4)),
    ),
};

test('whatever is spoilt: no throw, a verdict the contract allows, and "met" only where the facts say so', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(inputs, (by) => {
      const valid = (id: string) => {
        const data = usable(by, id)?.data;
        return data !== undefined && parseSectionData(id, data).success;
      };
      const data = (id: string) => by.sections.get(id)?.data as never;
      for (const found of evaluateRules(by)) {
        verdictSchema.parse(found);
        const { explanation } = explain(found);
        expect(explanation.de + explanation.en).not.toMatch(
          /undefined|NaN|Infinity|∞|\[object|Invalid|Diese Fassung kennt|\p{Cc}|\p{Cf}/u,
        );
        // Each part that a rule can miss has a name of its own.
        expect(explanation.de + explanation.en).not.toMatch(/Angaben zu „|facts about “/);
        const holds = oracle[found.ruleId];
        if (holds === undefined) continue;
        seen.add(`${found.ruleId} ${found.verdict}`);
        if (found.verdict !== 'met') continue;
        const id = ['updates-', 'update-', 'restart-'].some((start) => found.ruleId.startsWith(start))
          ? 'patches'
          : 'security';
        expect(valid(id), found.ruleId).toBe(true);
        const read = { patches: data('patches'), security: data('security'), system: data('system'), os: data('os') };
        expect(holds(read), `${found.ruleId} ${JSON.stringify(found)}`).toBe(true);
      }
    }),
    { numRuns: tries(4000), examples },
  );
  // The search is worth something only if it reached each verdict of each rule.
  const all = Object.keys(oracle).flatMap((rule) => ['met', 'not-met', 'unknown'].map((kind) => `${rule} ${kind}`));
  expect(all.filter((each) => !seen.has(each))).toEqual([]);
});
