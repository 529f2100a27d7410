/** Where a PC gets its updates from, and whether policy or a person holds them back. */
import { z } from 'zod';
import type { PatchesFacts } from '../../contract/facts/patches.ts';
import { clean } from '../text.ts';
import { registryKey, type WindowsDocument } from './document.ts';
import { dayOf, time } from './values.ts';

const schema = z.object({
  policy: registryKey,
  automatic: registryKey,
  device: registryKey,
  effective: registryKey,
  user: registryKey,
  service: registryKey,
});

const disabledService = 4;
/** `AUOptions`: everything but 1 looks for updates by itself. */
const neverCheck = 1;
const paused = 1;
const fromWindowsUpdate = 0;

export interface UpdateSource {
  /** Host of the update server of the house; undefined when updates come from Microsoft or it is not known. */
  readonly server?: string;
  readonly insecure?: boolean;
  /** The policy was read, so that the absence of a server means Microsoft. */
  readonly known: boolean;
  readonly automatic: PatchesFacts['automatic'];
}

export function readUpdateSource(document: WindowsDocument, now: Date): UpdateSource {
  const read = document.read('updatePolicy', schema);
  if (read.kind !== 'read') return { known: false, automatic: {} };
  const { policy, automatic, device, effective, user, service } = read.data;
  const off = automatic.number('NoAutoUpdate') === 1;
  const address = serverOf(policy, automatic, off);
  // Nobody said anything: Windows looks for updates by itself.
  const byDefault = automatic.unset('NoAutoUpdate') && automatic.unset('AUOptions');
  const options = automatic.number('AUOptions');
  const start = service.number('Start');
  const blocked =
    off || options === neverCheck || start === disabledService || policy.number('DisableWindowsUpdateAccess') === 1;
  const works = (options !== undefined || byDefault || automatic.number('NoAutoUpdate') === 0) && start !== undefined;
  const enabled = blocked ? false : works ? true : undefined;
  const resumes = dayOf(time.parse(user.text('PauseUpdatesExpiryTime')), farFuture);
  const isPaused =
    effective.number('PausedQualityStatus') === paused || (resumes !== undefined && resumes >= dayString(now));
  const quality = deferral(policy, device, 'Quality', 365);
  const feature = deferral(policy, device, 'Feature', 730);
  return {
    known: policy.state === 'ok' || policy.state === 'absent',
    ...(address === undefined ? {} : address),
    automatic: {
      ...(enabled === undefined ? {} : { enabled }),
      mechanism: 'Windows Update',
      ...(isPaused && resumes !== undefined ? { pausedUntil: resumes } : {}),
      ...(quality === undefined ? {} : { deferQualityDays: quality }),
      ...(feature === undefined ? {} : { deferFeatureDays: feature }),
    },
  };
}

type Key = z.output<typeof registryKey>;

/** A server counts only with `UseWUServer`, not with updates switched off, and not where policy sends updates elsewhere. */
function serverOf(policy: Key, automatic: Key, off: boolean): { server: string; insecure: boolean } | undefined {
  const address = policy.text('WUServer');
  if (address === undefined || automatic.number('UseWUServer') !== 1 || off) return undefined;
  const elsewhere =
    automatic.number('UseUpdateClassPolicySource') === 1 &&
    policy.number('SetPolicyDrivenUpdateSourceForQualityUpdates') === fromWindowsUpdate;
  if (elsewhere || !URL.canParse(address)) return undefined;
  const { hostname, protocol } = new URL(address);
  const server = clean(hostname, 253);
  return server === undefined ? undefined : { server, insecure: protocol !== 'https:' };
}

function deferral(policy: Key, device: Key, kind: 'Quality' | 'Feature', max: number): number | undefined {
  const name = `Defer${kind}UpdatesPeriodInDays`;
  const days = policy.number(`Defer${kind}Updates`) === 1 ? policy.number(name) : device.number(name);
  return days !== undefined && days >= 0 && days <= max ? days : undefined;
}

/** The end of a pause lies ahead by nature. */
const farFuture = new Date('9000-01-01T00:00:00Z');

function dayString(date: Date): string {
  return date.toISOString().slice(0, 10);
}
