/** Notices when the clock of the PC is set, and keeps the last times for the section `agent`. Sleep is no jump. */
import { z } from 'zod';
import { type AgentFacts, agentFacts } from '../contract/facts/operation.ts';
import type { Log } from '../log.ts';
import type { Clock } from '../platform/clock.ts';
import type { AgentStore } from '../store/agent-store.ts';
import { isStorageFailure } from '../store/sqlite.ts';

type ClockJump = NonNullable<AgentFacts['clockJumps']>[number];

/** What the clock said is written down for the next process, rarely enough to cost nothing. */
const writeEveryMs = 10 * 60_000;
/** Smaller steps are those of a time service at work. */
export const jumpSeconds = 30;
const kept = 8;
const jumps = agentFacts.shape.clockJumps.unwrap();

export function readClockJumps(store: AgentStore): ClockJump[] {
  return jumps.catch([]).parse(store.recall('clockJumps') ?? []);
}

export function noteClockJump(store: AgentStore, log: Log, jump: ClockJump): void {
  log.warn('clock-jumped', { ...jump });
  store.remember('clockJumps', [...readClockJumps(store), jump].slice(-kept));
}

/** Call it often; the first call looks at what the last process left. */
export function createClockWatch(store: AgentStore, clock: Clock, log: Log): { look(): void } {
  let written = Number.NEGATIVE_INFINITY;
  let last: { readonly wallMs: number; readonly bootMs: number } | undefined;
  const look = (): void => {
    const now = clock.now();
    const mark = { wallMs: now.getTime(), bootMs: clock.sinceBootMs() };
    const jump = last === undefined ? sinceLastProcess(store, mark.wallMs) : whileRunning(last, mark);
    last = mark;
    if (jump !== undefined && Math.abs(jump.seconds) >= jumpSeconds) {
      const { clockOffsetSeconds: offset } = store.readExchange();
      // What the clock is off by has changed by as much; the next signed answer confirms it.
      if (offset !== undefined) store.changeExchange({ clockOffsetSeconds: offset + jump.seconds });
      noteClockJump(store, log, { at: now.toISOString(), ...jump });
    }
    if (Math.abs(mark.wallMs - written) < writeEveryMs) return;
    store.remember('clockSeen', mark.wallMs);
    written = mark.wallMs;
  };
  return {
    look: () => {
      try {
        look();
      } catch (error) {
        // A disk that takes nothing must not keep the service from the rest of its work.
        if (!isStorageFailure(error)) throw error;
      }
    },
  };
}

type Noticed = Omit<ClockJump, 'at'>;

/** A PC that was off cannot tell a clock set forward from the time that passed; backwards it can. */
function sinceLastProcess(store: AgentStore, wallMs: number): Noticed | undefined {
  const seen = z.number().optional().catch(undefined).parse(store.recall('clockSeen'));
  if (seen === undefined || wallMs >= seen) return undefined;
  return { seconds: Math.round((wallMs - seen) / 1000), noticed: 'restart' };
}

function whileRunning(
  before: { readonly wallMs: number; readonly bootMs: number },
  now: { readonly wallMs: number; readonly bootMs: number },
): Noticed {
  const moved = now.wallMs - before.wallMs - (now.bootMs - before.bootMs);
  return { seconds: Math.round(moved / 1000), noticed: 'running' };
}
