/** For each rule one input it is kept with, one it is broken with, and one that says too little. */
import type { RuleInput } from '../../../agent/rules/rule.ts';
import {
  backupJob,
  backupProduct,
  day,
  dayBefore,
  earlier,
  goodBackup,
  hour,
  input,
  linux,
  now,
  section,
  update,
  windows,
} from './input.ts';

interface Examples {
  readonly met: RuleInput;
  readonly notMet: RuleInput;
  readonly unknown: RuleInput;
}

const without = (id: string, from: RuleInput): RuleInput => ({
  ...from,
  sections: new Map([...from.sections].filter(([name]) => name !== id)),
});
const full = { disks: [], volumes: [] };

export const examples: Readonly<Record<string, Examples>> = {
  'access-control-active': {
    met: linux(),
    notMet: linux({ security: { hardening: { accessControl: 'none' } } }),
    unknown: linux({ security: { hardening: undefined } }),
  },
  'accounts-administrators': {
    met: linux(),
    notMet: linux({
      security: { accounts: { administrators: [{ id: 'admin', kind: 'user', withoutPassword: true }] } },
    }),
    unknown: linux({ security: { accounts: { administrators: undefined } } }),
  },
  'agent-healthy': {
    met: linux(),
    notMet: input({ patches: section('patches', {}, { problems: [{ code: 'bug', detail: 'x' }] }) }),
    unknown: without('agent', linux()),
  },
  'backup-recent': {
    met: linux(),
    notMet: input({ backup: section('backup', { products: [], restoreTests: [] }) }),
    unknown: without('backup', linux()),
  },
  'backup-restore-tested': {
    met: linux(),
    notMet: input({ backup: section('backup', { ...goodBackup, restoreTests: [] }) }),
    unknown: without('backup', linux()),
  },
  'backup-target': {
    met: linux(),
    notMet: input({
      backup: section('backup', {
        ...goodBackup,
        products: [backupProduct({ jobs: [backupJob({ targets: [{ kind: 'local-disk' }] })] })],
      }),
    }),
    unknown: input({
      backup: section('backup', { ...goodBackup, products: [backupProduct({ jobs: [backupJob({ targets: [] })] })] }),
    }),
  },
  'backup-two-sided': {
    met: linux(
      {},
      { targetEvidence: [{ source: 'sicherung-1', newestAt: new Date(earlier(10 * hour)), receivedAt: now }] },
    ),
    notMet: linux(
      {},
      { targetEvidence: [{ source: 'sicherung-1', newestAt: new Date(earlier(9 * day)), receivedAt: now }] },
    ),
    unknown: linux(
      {},
      { targetEvidence: [{ source: 'sicherung-1', newestAt: now, receivedAt: new Date(earlier(9 * day)) }] },
    ),
  },
  'clock-correct': {
    met: linux({}, { clockOffsetSeconds: 0 }),
    notMet: linux({}, { clockOffsetSeconds: 7200 }),
    unknown: linux(),
  },
  'credentials-protected': {
    met: windows(),
    notMet: windows({ security: { hardening: { lsaProtection: false } } }),
    unknown: windows({ security: { hardening: { lsaProtection: undefined } } }),
  },
  'device-heard': {
    met: linux({}, { heard: { lastAt: now } }),
    notMet: linux({}, { heard: { lastAt: new Date(earlier(1000 * hour)) } }),
    unknown: linux({}, { heard: {} }),
  },
  'device-trusted': {
    met: linux({}, { deviceState: 'active' }),
    notMet: linux({}, { deviceState: 'quarantined' }),
    unknown: linux({}, { deviceState: 'pending' }),
  },
  'disk-encrypted': {
    met: linux(),
    notMet: linux({
      security: { encryption: [{ mountPoint: '/', system: true, state: 'not-encrypted', protection: 'off' }] },
    }),
    unknown: linux({ security: { encryption: undefined } }),
  },
  'firewall-active': {
    met: linux(),
    notMet: linux({ security: { firewall: { active: false } } }),
    unknown: linux({ security: { firewall: undefined } }),
  },
  'logon-required': {
    met: linux(),
    notMet: linux({ security: { accounts: { automaticLogon: true } } }),
    unknown: linux({ security: { accounts: undefined } }),
  },
  'os-supported': {
    met: linux(),
    notMet: linux({}, { now: new Date('2040-01-01T00:00:00Z'), clockOffsetSeconds: 0, ...fresh('2040-01-01') }),
    unknown: without('os', linux()),
  },
  'outdated-components': {
    met: windows(),
    notMet: windows({ security: { remoteAccess: { smb1: true } } }),
    unknown: windows({ security: { remoteAccess: undefined } }),
  },
  'remote-access': {
    met: linux(),
    notMet: linux({ security: { remoteAccess: { ssh: { installed: true, passwordAuthentication: true } } } }),
    unknown: linux({ security: { remoteAccess: undefined } }),
  },
  'remote-desktop': {
    met: windows(),
    notMet: windows({ security: { remoteAccess: { rdp: { enabled: true, networkLevelAuthentication: false } } } }),
    unknown: windows({ security: { remoteAccess: { rdp: undefined } } }),
  },
  'restart-due': {
    met: linux(),
    notMet: linux({ patches: { restart: { required: true } } }),
    unknown: linux({ patches: { restart: { required: undefined } } }),
  },
  'screen-lock': {
    met: linux(),
    notMet: linux({ security: { accounts: { screenLockSeconds: 0 } } }),
    unknown: linux({ security: { accounts: { screenLockSeconds: undefined } } }),
  },
  'secure-boot': {
    met: linux(),
    notMet: linux({ security: { boot: { secureBoot: 'off' } } }),
    unknown: linux({ security: { boot: undefined } }),
  },
  'secure-boot-certificates': {
    met: windows(),
    notMet: windows({ security: { boot: { certificates2023: 'not-started' } } }),
    unknown: windows({ security: { boot: { certificates2023: 'unknown' } } }),
  },
  'smartscreen-off': {
    met: windows(),
    notMet: windows({ security: { hardening: { smartScreen: 'on' } } }),
    unknown: windows({ security: { hardening: { smartScreen: 'unknown' } } }),
  },
  'storage-free': {
    met: linux(),
    notMet: linux({}, { thresholds: { ...linux().thresholds, storageFreeWarningPercent: 90 } }),
    unknown: input({ storage: section('storage', full) }),
  },
  'uac-active': {
    met: windows(),
    notMet: windows({ security: { hardening: { uac: 'off' } } }),
    unknown: windows({ security: { hardening: undefined } }),
  },
  'update-scan-fresh': {
    met: linux(),
    notMet: linux({ patches: { scan: { succeededOn: dayBefore(100) } } }),
    unknown: linux({ patches: { scan: { succeededOn: undefined } } }),
  },
  'update-source-secure': {
    met: linux(),
    notMet: linux({ patches: { scan: { insecure: true } } }),
    unknown: linux({ patches: { scan: { insecure: undefined } } }),
  },
  'updates-automatic': {
    met: linux(),
    notMet: linux({ patches: { automatic: { enabled: false } } }),
    unknown: linux({ patches: { automatic: { enabled: undefined } } }),
  },
  'updates-installed': {
    met: linux(),
    notMet: linux({ patches: { updates: [update({ firstSeenOn: dayBefore(100) })] } }),
    unknown: linux({ patches: { scan: { succeededOn: undefined } } }),
  },
  'virus-protection': {
    met: linux(),
    notMet: windows({ security: { antivirus: [] } }),
    unknown: linux({ security: { antivirus: undefined } }),
  },
};

/** All sections of a Linux PC, collected on that day. */
function fresh(day: string): Pick<RuleInput, 'sections'> {
  const sections = [...linux().sections].map(
    ([id, each]) => [id, { ...each, collectedAt: `${day}T00:00:00Z` }] as const,
  );
  return { sections: new Map(sections) };
}
