/** The long-running service: looks once a minute what is due and does it. Complete without anybody logged in. */
import type { Agent } from './agent.ts';
import type { Log } from './log.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import type { HeardEvent } from './report/event-stream.ts';
import { dueTasks, type Task } from './schedule/due.ts';
import { createHurry, type Hurry } from './schedule/hurry.ts';
import { everyMinute } from './schedule/minute-tick.ts';

/** Two ticks further apart than this: the PC slept. */
const sleptMs = 150_000;
const statusIntervalMs = 5 * 60_000;
/** A round that failed (full disk) is tried again then; waiting for the next regular one would cost hours. */
const retryMs = 10 * 60_000;
/** Events may have been missed, as after a restart of the server: all devices notice that at about the same time. */
const missedSpreadMs = 60_000;

export interface ServiceOptions {
  readonly agent: Agent;
  readonly log: Log;
  readonly clock?: Clock;
  /** Check-ins out of turn; without it there are none. */
  readonly hurry?: Hurry;
  /** Told after each attempt to check in. */
  readonly reached?: (reached: boolean) => void;
}

/** One look at what is due; `startService` calls it each minute. */
export function createTick({ agent, log, clock = systemClock, hurry, reached }: ServiceOptions): () => Promise<void> {
  let awakeSince = clock.now().getTime();
  let lastTick = awakeSince;
  const failedAt = new Map<Task, number>();

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
        const result = await agent.exchange();
        log.info('reported', { ...result });
        break;
      }
      case 'status':
        agent.publishStatus();
        break;
    }
  };

  return async () => {
    const now = clock.now();
    const at = now.getTime();
    if (at - lastTick > sleptMs || at < lastTick) awakeSince = at;
    lastTick = at;
    const enrolment = agent.enrolment();
    const { settings } = agent.settings();
    const { checkInSeconds, notBefore } = agent.store.readExchange();
    const due = dueTasks({
      now,
      lastRuns: agent.store.lastRuns(),
      intervalsMs: {
        // Both sides may ask for fewer check-ins; neither can ask for more than the other allows.
        'check-in': Math.max(settings.checkInSeconds, checkInSeconds) * 1000,
        'cheap-round': settings.cheapRoundMinutes * 60_000,
        'full-round': settings.fullRoundMinutes * 60_000,
        status: statusIntervalMs,
      },
      seed: enrolment?.deviceId ?? '',
      awakeSince,
    });
    // A round is followed by sending at once; what a failure set as the earliest time holds for both.
    const ready = due.filter((task) => !(Math.abs(at - (failedAt.get(task) ?? -Infinity)) < retryMs));
    const collected = ready.some((task) => task.endsWith('round'));
    const wanted = new Set<Task>(collected ? [...ready, 'check-in', 'status'] : ready);
    // A clock that was set back must not keep the agent silent for years.
    const blocked = at < notBefore && notBefore - at < 6 * 3_600_000;
    if (hurry?.isDue() === true) wanted.add('check-in');
    if (enrolment === undefined || blocked) wanted.delete('check-in');
    for (const task of wanted) {
      try {
        await run(task);
        failedAt.delete(task);
        if (task === 'check-in') reached?.(true);
      } catch (error) {
        log.warn('task-failed', { task, error: (error as Error).message });
        failedAt.set(task, at);
        if (task === 'check-in') reached?.(false);
        if (task.endsWith('round')) continue;
      }
      agent.store.ran(task, clock.now());
      // A full round has read the cheap sections as well.
      if (task === 'full-round') agent.store.ran('cheap-round', clock.now());
    }
  };
}

/** Runs until `stop`; the first look is taken at once. `stop` waits for what is under way. */
export function startService(options: ServiceOptions): { stop(): Promise<void> } {
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
  const listening = agent.enrolment() === undefined ? undefined : agent.events(hear);
  let current = Promise.resolve();
  const guarded = async (): Promise<void> => {
    try {
      await tick();
      await listening?.look(mayListen);
    } catch (error) {
      // The store itself failed (full disk, damaged file). The next minute tries again.
      log.error('tick-failed', { error: (error as Error).message });
    }
  };
  const look = (): Promise<void> => {
    current = current.then(guarded);
    return current;
  };

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
  const job = everyMinute(look);
  return {
    stop: async () => {
      job.stop();
      await listening?.stop();
      await current;
    },
  };
}
