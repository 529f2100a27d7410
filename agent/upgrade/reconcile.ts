/** Carries out what `nextStep` decides, until the machine is as it should be. Used by `activate` and by the guard. */
import type { Log } from '../log.ts';
import type { InstalledVersions } from './installed-versions.ts';
import { ended, failureOf, type NextStep, nextStep, type Observed, type Trial } from './trial.ts';
import { changeTrial, readTrial } from './trial-file.ts';

/** Points at which a process may be killed; a test does so at each of them. */
export type UpgradePoint =
  | 'begun'
  | 'draft-written'
  | 'self-tested'
  | 'put-in-place'
  | 'trial-recorded'
  | 'service-switched'
  | 'trial-begun'
  | 'service-started'
  | 'failure-recorded'
  | 'switched-back'
  | 'way-back-recorded'
  | 'guard-moved'
  | 'old-removed';

export interface Upgrade {
  readonly dataDir: string;
  readonly versions: InstalledVersions;
  readonly log: Log;
  readonly now: () => Date;
  readonly reached: (point: UpgradePoint) => void;
}

export interface Reconciled {
  /** Done in this order. */
  readonly steps: readonly NextStep[];
  readonly current: string | undefined;
  readonly trial: Trial | undefined;
}

/** A way that leads nowhere must end; the longest that leads somewhere has five steps. */
const mostSteps = 10;

/** Throws `SwitchFailed` when the system does not do what it is asked, `StoreUnavailable` when nothing can be recorded. */
export async function reconcile(upgrade: Upgrade): Promise<Reconciled> {
  const { versions, log, dataDir } = upgrade;
  const steps: NextStep[] = [];
  for (;;) {
    const observed = await observe(upgrade);
    const next = nextStep(observed);
    const waits = !versions.isUp() && (next.step === 'begin' || next.step === 'start');
    // Started just now and already gone: the system starts it again, and counts how often.
    const again =
      (next.step === 'start' || next.step === 'begin') &&
      ['begin', 'start', 'switch'].includes(steps.at(-1)?.step ?? '');
    if (next.step === 'none' || next.step === 'lost' || waits || again || steps.length >= mostSteps) {
      if (next.step === 'lost') log.error('no-version-left', { reason: next.reason });
      removeOthers(upgrade, observed);
      return { steps, current: observed.current, trial: readTrial(dataDir) };
    }
    log.info('upgrade-step', { ...next });
    steps.push(next);
    await perform(next, observed, upgrade);
  }
}

export async function observe({ dataDir, versions, now }: Upgrade): Promise<Observed> {
  return {
    current: await versions.current(),
    proven: await versions.proven(),
    present: versions.present(),
    trial: readTrial(dataDir),
    running: versions.isUp() && (await versions.isRunning()),
    now: now().getTime(),
  };
}

async function perform(next: NextStep, observed: Observed, upgrade: Upgrade): Promise<void> {
  const { dataDir, versions, now, reached } = upgrade;
  switch (next.step) {
    case 'begin':
      changeTrial(dataDir, (record) =>
        record?.state === 'trial' && record.startedAt === undefined
          ? { ...record, startedAt: now().toISOString() }
          : undefined,
      );
      reached('trial-begun');
      await start(upgrade, observed);
      return;
    case 'start':
      await start(upgrade, observed);
      return;
    case 'switch': {
      // The service may have proven itself in the meantime: then nothing is switched.
      const record = changeTrial(dataDir, (before) =>
        before?.to === observed.current && before?.state === 'trial' && isOver(before, observed)
          ? ended(before, 'failed', now(), next.reason)
          : undefined,
      );
      const here = observed.current !== undefined && observed.present.includes(observed.current);
      if (here && record?.to === observed.current && ['proven', 'trial'].includes(record.state)) return;
      reached('failure-recorded');
      await versions.startServiceFrom(next.to);
      reached('switched-back');
      if (versions.isUp()) await versions.restart();
      reached('service-started');
      return;
    }
    case 'close':
      changeTrial(dataDir, (before) =>
        before === undefined || before.state === 'proven'
          ? undefined
          : ended(before, 'rolled-back', now(), next.reason),
      );
      reached('way-back-recorded');
      return;
    case 'settle':
      if (observed.current !== undefined) await versions.startGuardFrom(observed.current);
      reached('guard-moved');
      return;
    case 'none':
    case 'lost':
      return;
  }
}

/** A version on trial that the system cannot even start has failed. */
async function start({ dataDir, versions, now, reached }: Upgrade, { current }: Observed): Promise<void> {
  try {
    await versions.restart();
  } catch (error) {
    const record = changeTrial(dataDir, (before) =>
      before?.state === 'trial' && before.to === current && before.from !== undefined
        ? ended(before, 'failed', now(), (error as Error).message)
        : undefined,
    );
    if (record?.state !== 'failed' || record.to !== current) throw error;
  }
  reached('service-started');
}

function isOver(record: Trial, { now, present }: Observed): boolean {
  return failureOf(record, now) !== undefined || !present.includes(record.to);
}

/** What runs, what guards and the version before stay; the rest is never needed again. */
function removeOthers({ versions, reached }: Upgrade, { current, proven, present, trial }: Observed): void {
  if (current === undefined || current !== proven) return;
  const kept = new Set([current, proven, trial?.from, trial?.state === 'trial' ? trial.to : undefined]);
  for (const version of present) {
    if (!kept.has(version)) versions.remove(version);
  }
  reached('old-removed');
}
