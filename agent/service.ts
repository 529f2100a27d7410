/** The long-running service: looks once a minute what is due and does it. Complete without anybody logged in. */
import { setTimeout } from 'node:timers/promises';
import type { Agent } from './agent.ts';
import type { Log } from './log.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import { releaseMemory } from './platform/release-memory.ts';
import type { HeardEvent } from './report/event-stream.ts';
import { ServerRefused } from './report/refusal.ts';
import { ServerUnreachable } from './report/server-client.ts';
import { dueTasks, secondOfTick, type Task } from './schedule/due.ts';
import { createHurry, type Hurry } from './schedule/hurry.ts';
import { everyMinute } from './schedule/minute-tick.ts';
import { watchMailbox } from './status/mailbox-watch.ts';
import { isDamaged, isStorageFailure, storageFault } from './store/sqlite.ts';

/** Two ticks further apart than this: the PC slept. */
const sleptMs = 150_000;
const statusIntervalMs = 5 * 60_000;
/** A round that failed (full disk) is tried again then; waiting for the next regular one would cost hours. */
const retryMs = 10 * 60_000;
/** Events may have been missed, as after a restart of the server: all devices notice that at about the same time. */
const missedSpreadMs = 60_000;
/** Between two full rounds that somebody at the PC asks for; in between the last one is new enough. */
const askedRoundMs = 5 * 60_000;

/**
 * A queue of 90 days is in within two hours, and the server, which takes 30 a minute from one device, never has to say no.
 */
export const reportsAMinute = 20;

export interface ServiceOptions {
  readonly agent: Agent;
  readonly log: Log;
  readonly clock?: Clock;
  /** Check-ins out of turn; without it there are none. */
  readonly hurry?: Hurry;
  /** Told after each attempt to check in. */
  readonly reached?: (reached: boolean) => void;
  /** Tasks that are due whatever ran when. */
  readonly wanted?: () => readonly Task[];
  /** Told after each look that has come to its end, whatever it found. */
  readonly turned?: () => Promise<void>;
}

/** One look at what is due; `startService` calls it each minute. */
export function createTick({
  agent,
  log,
  clock = systemClock,
  hurry,
  reached,
  wanted,
}: ServiceOptions): () => Promise<void> {
  let awakeSince = clock.now().getTime();
  let lastTick = awakeSince;
  let more = false;
  const failedAt = new Map<Task, number>();
  /** Known here also when the disk takes nothing: what cannot be written down must not run again each minute. */
  const ranAt = new Map<Task, number>();

  let askedAt = -Infinity;
  /** What the status says of the way to the server; unknown at the start. */
  let shownReach: string | undefined;

  /** True when a full round is to be made because somebody asks for it. */
  const readMailbox = async (): Promise<boolean> => {
    try {
      const { checkNow, reported, handled } = await agent.readMailbox();
      const isAsked = checkNow && clock.monotonicMs() - askedAt >= askedRoundMs;
      if (isAsked) askedAt = clock.monotonicMs();
      else if (checkNow || reported) hurry?.want(0);
      if (handled) agent.publishStatus();
      return isAsked;
    } catch (error) {
      // Nothing of it counts as handled: the tray says it again.
      if (isDamaged(error)) throw error;
      log.warn('mailbox-failed', { error: (error as Error).message });
      return false;
    }
  };

  const run = async (task: Task): Promise<void> => {
    switch (task) {
      case 'full-round':
      case 'cheap-round': {
        const { sections } = await agent.round(task === 'full-round' ? 'full' : 'cheap');
        log.info('collected', { task, sections: sections.length });
        break;
      }
      case 'check-in': {
        hurry?.met();
        more = false;
        const result = await agent.exchange({ limit: reportsAMinute });
        more = result.more;
        log.info('reported', { ...result });
        break;
      }
      case 'status':
        agent.publishStatus();
        break;
    }
  };
  /** At once: until then the tray would say that KITS knows what it does not, or the other way round. */
  const showReach = (): void => {
    const { failure, lastAcceptedAt } = agent.store.readExchange();
    const now = JSON.stringify([failure, lastAcceptedAt]);
    if (now === shownReach) return;
    try {
      agent.publishStatus();
      shownReach = now;
    } catch (error) {
      if (isDamaged(error)) throw error;
      log.warn('task-failed', { task: 'status', error: (error as Error).message });
    }
  };
  const ran = (task: Task): void => {
    const at = clock.now();
    ranAt.set(task, at.getTime());
    try {
      agent.store.ran(task, at);
    } catch (error) {
      if (!isStorageFailure(error)) throw error;
    }
  };

  return async () => {
    const now = clock.now();
    const at = now.getTime();
    agent.watchClock();
    if (at - lastTick > sleptMs || at < lastTick) awakeSince = at;
    lastTick = at;
    const enrolment = agent.enrolment();
    const { settings } = agent.settings();
    const { checkInSeconds, notBefore } = agent.store.readExchange();
    const lastRuns = new Map([...agent.store.lastRuns(), ...ranAt]);
    if (await readMailbox()) lastRuns.delete('full-round');
    for (const task of wanted?.() ?? []) lastRuns.delete(task);
    const due = dueTasks({
      now,
      lastRuns,
      intervalsMs: {
        // Both sides may ask for fewer check-ins; neither can ask for more than the other allows.
        'check-in': Math.max(settings.checkInSeconds, checkInSeconds) * 1000,
        'cheap-round': settings.cheapRoundMinutes * 60_000,
        'full-round': settings.fullRoundMinutes * 60_000,
        status: statusIntervalMs,
      },
      seed: enrolment?.deviceId ?? '',
      awakeSince,
      exchange: { notBefore, more: more || hurry?.isDue() === true },
    });
    let collected = false;
    for (const task of due) {
      if (task === 'check-in' && enrolment === undefined) continue;
      if (Math.abs(at - (failedAt.get(task) ?? -Infinity)) < retryMs) continue;
      collected ||= task === 'full-round' || task === 'cheap-round';
      try {
        await run(task);
        failedAt.delete(task);
        ran(task);
        // A full round has read the cheap sections as well.
        if (task === 'full-round') ran('cheap-round');
        if (task === 'check-in') reached?.(true);
      } catch (error) {
        if (isDamaged(error)) throw error;
        log.warn('task-failed', { task, error: (error as Error).message });
        // When to speak to the server again is written down with the failure itself.
        const retries = error instanceof ServerUnreachable || error instanceof ServerRefused;
        if (!retries) failedAt.set(task, at);
        if (task === 'check-in') reached?.(false);
      }
      if (task === 'check-in') showReach();
    }
    if (collected) releaseMemory();
  };
}

export interface Service {
  /** Waits for what is under way. */
  stop(): Promise<void>;
  /** Comes when the store turns out to be damaged: the agent has to be opened anew, with a new store. */
  readonly damaged: Promise<void>;
}

/** Runs until `stop`; the first look is taken at once. */
export function startService(options: ServiceOptions): Service {
  const { agent, log, clock = systemClock } = options;
  const hurry = createHurry(clock, Math.random);
  let mayListen = false;
  const tick = createTick({
    ...options,
    hurry,
    reached: (reached) => {
      mayListen = reached;
    },
  });
  const { promise: damaged, resolve: foundDamaged } = Promise.withResolvers<void>();
  const listening = agent.enrolment() === undefined ? undefined : agent.events(hear);
  let current = Promise.resolve();
  const guarded = async (): Promise<void> => {
    // Before the look, so that nothing is written between the two.
    mailbox.renew();
    try {
      await tick();
      await listening?.look(mayListen);
      // Takes as long as it takes; the next look does not wait for it.
      void agent.updater?.look();
    } catch (error) {
      // The disk takes nothing: the next minute tries again. A damaged file stays so.
      log.error('tick-failed', { error: (error as Error).message });
      if (isDamaged(error)) foundDamaged();
    }
    await options.turned?.();
  };
  const look = (): Promise<void> => {
    current = current.then(guarded);
    return current;
  };

  const mailbox = watchMailbox(agent.mailboxFile, look, { log });

  /** A notice speaks for itself; one that does not hold, or that needs keys this device lacks, is left to a check-in. */
  async function show(notice: string): Promise<void> {
    try {
      if (await agent.words.take({ notice })) agent.publishStatus();
      else hurry.want(missedSpreadMs);
    } catch (error) {
      log.error('notice-failed', { error: (error as Error).message });
    }
  }

  function hear(event: HeardEvent): void {
    switch (event.name) {
      case 'missed':
        hurry.want(missedSpreadMs);
        break;
      case 'policy':
        hurry.want(event.spreadSeconds * 1000);
        break;
      case 'report':
        hurry.want(0);
        break;
      case 'notice':
        current = current.then(() => show(event.notice));
        return;
    }
    if (hurry.isDue()) void look();
  }

  void look();
  const job = everyMinute(secondOfTick(agent.enrolment()?.deviceId ?? ''), look);
  return {
    damaged,
    stop: async () => {
      job.stop();
      mailbox.stop();
      await listening?.stop();
      await agent.updater?.stop();
      await current;
    },
  };
}

/** On a disk that is full or read-only the service waits instead of giving up. Undefined when it was aborted meanwhile. */
export async function openWhenPossible<T>(
  open: () => Promise<T>,
  { log, signal, pauseMs, turned }: { log: Log; signal: AbortSignal; pauseMs: number; turned?: () => Promise<void> },
): Promise<T | undefined> {
  while (!signal.aborted) {
    try {
      return await open();
    } catch (error) {
      if (!isStorageFailure(error)) throw error;
      log.error('store-unavailable', { fault: storageFault(error), error: (error as Error).message });
      await turned?.();
      await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}
