/** When Windows Update is asked and how: one search at a time, offline each cycle, online at most daily in the background. */
import { z } from 'zod';
import type { UpdateSearch, WindowsReader } from '../machine.ts';

/** Where the last searches are kept between two runs of the service. */
export interface SearchMemory {
  /** Whatever was kept, unchecked; undefined when there is nothing. Never throws. */
  read(): unknown;
  write(value: unknown): void;
}

export interface SearchOptions {
  /** Without a memory no online search is made: its answer would have nowhere to wait. */
  readonly memory?: SearchMemory;
  readonly now: () => Date;
  /** 0 to 1, spreads the online searches of many PCs over the day. */
  readonly random: () => number;
  /** Starts the search process; ends it at the limit. */
  readonly search: (online: boolean, limitMs: number) => Promise<UpdateSearch>;
}

export const offlineLimitMs = 120_000;
export const onlineLimitMs = 20 * 60_000;
const hourMs = 3_600_000;
/** From one online search to the next, failed ones included: 20 to 24 hours. */
const onlineEveryMs = 20 * hourMs;
const onlineSpreadMs = 4 * hourMs;

const kept = z.object({
  version: z.literal(1),
  nextOnlineAt: z.iso.datetime(),
  online: z
    .union([
      z.object({ at: z.iso.datetime(), failure: z.enum(['timeout', 'not-found', 'too-much-output', 'unreadable']) }),
      z.object({ at: z.iso.datetime(), document: z.unknown() }),
    ])
    .optional(),
});

/** True when the time has come; also when the kept time lies further ahead than a day, because the clock was wrong. */
export function onlineSearchDue(nextOnlineAt: string | undefined, now: Date): boolean {
  const wait = Date.parse(nextOnlineAt ?? '') - now.getTime();
  return !(wait > 0 && wait <= onlineEveryMs + onlineSpreadMs);
}

export function createUpdateSearches(options: SearchOptions): Pick<WindowsReader, 'searchUpdates'> & {
  /** Resolves when no search runs. */
  idle(): Promise<void>;
} {
  const { memory, now, random, search } = options;
  let running: Promise<unknown> | undefined;
  let offline: UpdateSearch | undefined;

  const startOnline = (last: UpdateSearch | undefined): void => {
    if (memory === undefined) return;
    const nextOnlineAt = new Date(now().getTime() + onlineEveryMs + random() * onlineSpreadMs).toISOString();
    // Written first: a search that takes the service down with it must not be tried again at once.
    memory.write({ version: 1, nextOnlineAt, ...(last === undefined ? {} : { online: last }) });
    running = search(true, onlineLimitMs)
      .then((online) => memory.write({ version: 1, nextOnlineAt, online }))
      .finally(() => {
        running = undefined;
      });
    // The next call reports what was kept; a failure to keep it shows as an old answer.
    running.catch(() => undefined);
  };

  return {
    searchUpdates: async () => {
      if (running === undefined) {
        const current = search(false, offlineLimitMs);
        running = current;
        try {
          offline = await current;
        } finally {
          running = undefined;
        }
        const remembered = kept.safeParse(memory?.read());
        const online = remembered.data?.online;
        if (onlineSearchDue(remembered.data?.nextOnlineAt, now())) startOnline(online);
      }
      const online = kept.safeParse(memory?.read()).data?.online;
      return { ...(offline === undefined ? {} : { offline }), ...(online === undefined ? {} : { online }) };
    },
    idle: async () => {
      await running?.catch(() => undefined);
    },
  };
}
