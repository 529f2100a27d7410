/** The trial as the service lives it: counts its starts, keeps a copy of the store, and says when it has proven itself. */
import { join } from 'node:path';
import type { Agent } from '../agent.ts';
import type { Log } from '../log.ts';
import type { ServerRefused } from '../report/refusal.ts';
import type { ServerUnreachable } from '../report/server-client.ts';
import type { Task } from '../schedule/due.ts';
import { bringStoreBack, copyStore, discardCopy, type SetBackPoint } from '../store/set-back.ts';
import { attempted, ended, failureOf, proofWithinMs, type Trial } from './trial.ts';
import { changeTrial, readTrial } from './trial-file.ts';

/** Points of the service's trial at which a test kills it. */
export type TrialPoint = 'attempt-counted' | 'store-copied' | 'proof-recorded' | 'copy-removed' | SetBackPoint;

export interface TrialOptions {
  readonly dataDir: string;
  readonly version: string;
  readonly log: Log;
  readonly now: () => Date;
  readonly reached?: (point: TrialPoint) => void;
}

/** This version has failed its trial here; the guard brings back the one before. */
export class TrialFailed extends Error {
  override readonly name = 'TrialFailed';
}

export interface TrialRun {
  /** What counts as proof is seen by looking at what the agent does. */
  watch(agent: Agent): Agent;
  /** Due now, whatever ran when: without them there is no proof. */
  wanted(): readonly Task[];
  /** Comes when the time is over; never for a version without one to go back to. */
  readonly failed: Promise<TrialFailed>;
  stop(): void;
}

/**
 * To be called before the store is opened, and with nobody else working on it. Brings a store back that a version which has
 * failed has made too new. Undefined when this version is not on trial. Throws `TrialFailed` when it has been tried often
 * enough.
 */
export function enterTrial(options: TrialOptions): TrialRun | undefined {
  const { dataDir, version, now, log, reached = () => undefined } = options;
  const privateDir = join(dataDir, 'private');
  const found = readTrial(dataDir);
  if (found === undefined) return undefined;
  if (found.to !== version) {
    if (found.from === version && (found.state === 'failed' || found.state === 'rolled-back')) {
      const back = bringStoreBack(privateDir, found.to, now(), reached);
      if (back !== undefined) log.error('store-brought-back', { newer: back.aside, lost: back.lost });
    }
    return undefined;
  }
  if (found.state === 'failed' && found.from !== undefined) throw failure(found);
  if (found.state !== 'trial') return undefined;
  const record = changeTrial(dataDir, (before) => {
    if (before?.to !== version || before.state !== 'trial') return undefined;
    const next = attempted(before, now());
    const why = next.from === undefined ? undefined : failureOf(next, now().getTime());
    return why === undefined ? next : ended(before, 'failed', now(), why);
  });
  if (record?.state === 'failed') throw failure(record);
  reached('attempt-counted');
  if (copyStore(privateDir, version)) reached('store-copied');
  return follow(options, record?.from !== undefined);
}

function failure({ to, reason }: Trial): TrialFailed {
  return new TrialFailed(
    `KITS Agent ${to} has not proven itself here (${reason}). The version before is brought back.`,
  );
}

function follow(options: TrialOptions, hasWayBack: boolean): TrialRun {
  const { dataDir, version, now, log, reached = () => undefined } = options;
  let [collected, spoken, over] = [false, false, false];
  const { promise: failed, resolve } = Promise.withResolvers<TrialFailed>();

  const end = (): void => {
    over = true;
    clearTimeout(timer);
  };
  const prove = (): void => {
    if (!collected || !spoken || over) return;
    end();
    changeTrial(dataDir, (record) =>
      record?.to === version && record.state === 'trial' ? ended(record, 'proven', now()) : undefined,
    );
    reached('proof-recorded');
    log.info('version-proven', { version });
    discardCopy(dataDir, version);
    reached('copy-removed');
  };
  const timer = setTimeout(() => {
    if (over || !hasWayBack) return;
    end();
    const record = changeTrial(dataDir, (before) =>
      before?.to === version && before.state === 'trial'
        ? ended(before, 'failed', now(), `${version} did not prove itself within ${proofWithinMs / 60_000} minutes`)
        : undefined,
    );
    if (record?.state === 'failed') resolve(failure(record));
  }, proofWithinMs);
  timer.unref();

  return {
    failed,
    stop: end,
    wanted: () =>
      over ? [] : [...(collected ? [] : (['full-round'] as const)), ...(spoken ? [] : (['check-in'] as const))],
    watch: (agent) => {
      // A wait that an earlier failure has asked for must not cost the new version its trial.
      agent.store.changeExchange({ notBefore: 0 });
      const refusedBefore = agent.store.readExchange().refusedSince !== undefined;
      return {
        ...agent,
        round: async (kind) => {
          const round = await agent.round(kind);
          collected ||= kind === 'full';
          // Nobody to report to yet.
          spoken ||= agent.enrolment() === undefined;
          prove();
          return round;
        },
        exchange: async (limits) => {
          try {
            const result = await agent.exchange(limits);
            spoken = true;
            return result;
          } catch (error) {
            spoken ||= isNotItsFault(error, refusedBefore);
            throw error;
          } finally {
            prove();
          }
        },
      };
    },
  };
}

/** The network or the server is not there, or the server refused this device already before the new version came. */
function isNotItsFault(error: unknown, refusedBefore: boolean): boolean {
  // By name, so that a version on trial does not load the parts that speak before it has opened its store.
  if (!(error instanceof Error)) return false;
  if (error.name === 'ServerRefused') {
    const { status } = error as ServerRefused;
    return refusedBefore || status >= 500 || status === 429;
  }
  const { code } = error as ServerUnreachable;
  return error.name === 'ServerUnreachable' && code !== 'answer-invalid' && code !== 'insecure-url';
}
