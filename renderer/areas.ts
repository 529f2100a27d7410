/** Pure: the verdicts of the service, gathered into the areas a person thinks in. */
import type { OverallState } from '../agent/contract/status.ts';
import type { View } from '../main/ipc/contract.ts';

export const areas = ['backup', 'updates', 'restart', 'protection', 'storage', 'connection', 'other'] as const;
export type Area = (typeof areas)[number];

type Status = NonNullable<View['status']>;
export type ShownVerdict = Status['verdicts'][number];

export interface AreaState {
  readonly area: Area;
  readonly light: OverallState;
  /** What is wrong or not known, the worst first. */
  readonly open: readonly ShownVerdict[];
  /** All that is asked of it is excused for a while. */
  readonly isExempt: boolean;
}

const areaOfRule: Readonly<Record<string, Area>> = {
  'updates-installed': 'updates',
  'updates-automatic': 'updates',
  'update-scan-fresh': 'updates',
  'update-source-secure': 'updates',
  'os-supported': 'updates',
  'outdated-components': 'updates',
  'restart-due': 'restart',
  'storage-free': 'storage',
  'device-heard': 'connection',
  'device-trusted': 'connection',
  'agent-healthy': 'connection',
  'clock-correct': 'connection',
  'virus-protection': 'protection',
  'firewall-active': 'protection',
  'disk-encrypted': 'protection',
  'secure-boot': 'protection',
  'secure-boot-certificates': 'protection',
  'access-control-active': 'protection',
  'accounts-administrators': 'protection',
  'credentials-protected': 'protection',
  'logon-required': 'protection',
  'remote-access': 'protection',
  'remote-desktop': 'protection',
  'screen-lock': 'protection',
  'smartscreen-off': 'protection',
  'uac-active': 'protection',
};

/** A rule of a newer service is shown all the same. */
export function areaOf(ruleId: string): Area {
  if (ruleId.startsWith('backup-')) return 'backup';
  return Object.hasOwn(areaOfRule, ruleId) ? (areaOfRule[ruleId] ?? 'other') : 'other';
}

const severityRank = { critical: 0, warning: 1, info: 2 };
const rank = ({ verdict, severity }: ShownVerdict): number => (verdict === 'not-met' ? 0 : 3) + severityRank[severity];

/** As the service judges the whole: a hint alone does not spoil it, and nothing known is not green. */
function lightOf(verdicts: readonly ShownVerdict[]): OverallState {
  const broken = verdicts.filter(({ verdict }) => verdict === 'not-met');
  if (broken.some(({ severity }) => severity === 'critical')) return 'critical';
  if (broken.some(({ severity }) => severity === 'warning')) return 'attention';
  const counted = verdicts.filter(({ verdict }) => verdict !== 'exempt');
  return counted.length > 0 && counted.every(({ verdict }) => verdict !== 'unknown') ? 'ok' : 'unknown';
}

/** All areas in their order; "other" only when there is something in it. */
export function areaStates(status: Status): AreaState[] {
  return areas.flatMap((area) => {
    const verdicts = status.verdicts.filter(({ ruleId }) => areaOf(ruleId) === area);
    if (area === 'other' && verdicts.length === 0) return [];
    return {
      area,
      light: lightOf(verdicts),
      open: verdicts
        .filter(({ verdict }) => verdict === 'not-met' || verdict === 'unknown')
        .sort((a, b) => rank(a) - rank(b)),
      isExempt: verdicts.length > 0 && verdicts.every(({ verdict }) => verdict === 'exempt'),
    };
  });
}

/** Whether KITS can know of it: the last report arrived, and none waits. */
export function isInformed({ reporting }: Status): boolean {
  return reporting.lastAcceptedAt !== undefined && reporting.failure === undefined && reporting.waiting === 0;
}
