/** Makes the delivered executable the one that runs, and takes that back when it does not prove itself. */
import { setTimeout } from 'node:timers/promises';
import { compareVersions } from '../contract/version-order.ts';
import { discardCopy } from '../store/set-back.ts';
import { hashFile, putInPlace } from './put-in-place.ts';
import { observe, reconcile, type Upgrade } from './reconcile.ts';
import { ended, failureOf, type Trial } from './trial.ts';
import { changeTrial, readTrial } from './trial-file.ts';

const lookEveryMs = 250;
/** The system starts a service that ended again within seconds; what looks through a new program for viruses may hold it up. */
const defaultGoneMs = 60_000;

export interface Activation extends Upgrade {
  /** Of the delivered executable. */
  readonly version: string;
  readonly file: string;
  /** Tries an executable without changing anything: a sentence when it does not run here. */
  readonly selfTest: (executable: string) => Promise<string | undefined>;
  /** How long a proof is waited for before the way back is taken. */
  readonly waitMs: number;
  /** A service that has not been seen running for as long has failed, where there is a way back. */
  readonly goneMs?: number;
  readonly signal: AbortSignal;
}

export type Activated =
  | { readonly result: 'active'; readonly version: string; readonly before?: string }
  /** The system is not up: the service starts, and proves itself, at the next boot. */
  | { readonly result: 'at-boot'; readonly version: string }
  /** A first installation on a machine that is slow now: there is nothing to go back to, and the guard starts it until it runs. */
  | { readonly result: 'unproven'; readonly version: string }
  /** `stays`: the version that runs now. */
  | { readonly result: 'rolled-back'; readonly version: string; readonly stays?: string; readonly reason: string };

/** Nothing was changed; the message says why. */
export class ActivationRefused extends Error {
  override readonly name = 'ActivationRefused';
}

/**
 * To be called under `holdUpgrade`. Called again after a kill at any point it ends in the same state. Throws
 * `ActivationRefused`, `NotInstalled`, `SwitchFailed` or `StoreUnavailable`.
 */
export async function activate(activation: Activation): Promise<Activated> {
  const { versions, version, file, reached } = activation;
  reached('begun');
  const objection = await versions.objection();
  if (objection !== undefined) throw new ActivationRefused(objection);
  const before = await observe(activation);
  const newest = [before.current, before.proven]
    .filter((known) => known !== undefined)
    .sort(compareVersions)
    .at(-1);
  if (newest !== undefined && compareVersions(version, newest) < 0) {
    throw new ActivationRefused(
      `KITS Agent ${newest} is installed here; ${version} is older. Nothing was changed. ` +
        'An older version could not read what the newer one has stored; remove the newer one first if you must.',
    );
  }
  const isRepair = version === before.current && version === before.proven;
  const changes = hashFile(file) !== hashFile(versions.executable(version));
  if (changes || !isRepair) {
    await putInPlace({ from: file, to: versions.executable(version), objection: activation.selfTest, reached });
  }
  if (isRepair) {
    await reconcile(activation);
    if (changes && versions.isUp()) await versions.restart();
    return versions.isUp() ? { result: 'active', version } : { result: 'at-boot', version };
  }
  begin(activation, before.proven);
  reached('trial-recorded');
  if (before.current !== version) await versions.startServiceFrom(version);
  reached('service-switched');
  await reconcile(activation);
  if (!versions.isUp()) return { result: 'at-boot', version };
  await proof(activation);
  const { current, trial } = await reconcile(activation);
  if (current === version && trial?.state === 'proven') {
    return { result: 'active', version, ...(trial.from === undefined ? {} : { before: trial.from }) };
  }
  const isOpen = trial?.to === version && trial.state === 'trial' && trial.from === undefined;
  if (current === version && isOpen && !activation.signal.aborted) return { result: 'unproven', version };
  const reason = trial?.reason ?? 'it has not proven itself yet';
  return { result: 'rolled-back', version, ...(current === undefined ? {} : { stays: current }), reason };
}

/** The record of a trial of this version that is under way already stands. */
function begin({ dataDir, version, versions }: Activation, proven: string | undefined): void {
  changeTrial(dataDir, (record) => {
    if (record?.to === version && record.state === 'trial') return undefined;
    discardCopy(dataDir, version);
    const from = proven !== undefined && proven !== version && versions.present().includes(proven) ? proven : undefined;
    return { format: 1, to: version, ...(from === undefined ? {} : { from }), state: 'trial', attempts: 0 };
  });
}

/** Waits until the service has said how it went. What has a way back and no proof by then has failed. */
async function proof({ dataDir, version, versions, waitMs, now, signal, log, ...rest }: Activation): Promise<void> {
  const until = performance.now() + waitMs;
  let seen = performance.now();
  const open = (record: Trial | undefined): boolean => record?.to === version && record.state === 'trial';
  while (open(readTrial(dataDir)) && performance.now() < until && !signal.aborted) {
    const record = readTrial(dataDir);
    if (record !== undefined && failureOf(record, now().getTime()) !== undefined) return;
    if (await versions.isRunning()) seen = performance.now();
    const isGone = performance.now() - seen > (rest.goneMs ?? defaultGoneMs);
    if (isGone && record?.from !== undefined) break;
    await setTimeout(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
  // Whoever is told to stop leaves the rest to the guard.
  if (signal.aborted) return;
  changeTrial(dataDir, (record) => {
    if (record === undefined || !open(record) || record.from === undefined) return undefined;
    log.error('no-proof', { version });
    return ended(record, 'failed', now(), `${version} did not prove itself in time`);
  });
}
