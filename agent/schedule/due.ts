/** What is due now: a pure function over what ran when. Missed runs fold into one. */

import { isHeldBack } from '../report/retry.ts';

export const tasks = ['check-in', 'cheap-round', 'full-round', 'status'] as const;
export type Task = (typeof tasks)[number];

export interface DueInput {
  readonly now: Date;
  /** ms since 1970 of the last run of each task; no entry or 0 = never. */
  readonly lastRuns: ReadonlyMap<string, number>;
  readonly intervalsMs: Readonly<Record<Task, number>>;
  /** Spreads the devices of a fleet; the device id will do. */
  readonly seed: string;
  /** When this process started or the PC woke up, ms since 1970. */
  readonly awakeSince: number;
  /** How the last exchange with the server went. */
  readonly exchange?: {
    /** After a failure: no request before then, ms since 1970; 0 = it succeeded. */
    readonly notBefore: number;
    /** There is a reason for the next one now: more waits than was to be sent at once, or the server has something to say. */
    readonly more: boolean;
  };
}

/** Tasks that speak to the server: a whole town hall switches its PCs on at the same minute. */
const spreadAfterWake: Readonly<Record<Task, number>> = {
  'check-in': 60_000,
  'cheap-round': 120_000,
  'full-round': 300_000,
  status: 0,
};

const order: readonly Task[] = ['full-round', 'cheap-round', 'check-in', 'status'];

/**
 * In the order in which they should run. A full round that is overdue takes the place of a cheap one; a round is followed
 * by an exchange and a status, unless a failure forbids the exchange for now.
 */
export function dueTasks(input: DueInput): Task[] {
  const overdue = tasks.filter((task) => isOverdue(task, input));
  const ready = new Set(
    overdue.filter((task) => !isSpreading(task, input) && !(task === 'cheap-round' && overdue.includes('full-round'))),
  );
  if (ready.has('full-round') || ready.has('cheap-round')) {
    ready.add('status');
    if (!isHeldBack(input.exchange?.notBefore ?? 0, input.now)) ready.add('check-in');
  }
  return order.filter((task) => ready.has(task));
}

/** In which second of each minute a device looks at what is due: a fleet that looks at one second asks at one second. */
export function secondOfTick(seed: string): number {
  return Math.floor(fraction(`${seed} tick`) * 60);
}

function isOverdue(task: Task, { now, lastRuns, intervalsMs, seed, exchange }: DueInput): boolean {
  const at = now.getTime();
  const last = lastRuns.get(task);
  if (task === 'check-in' && exchange !== undefined) {
    if (exchange.notBefore > 0) return !isHeldBack(exchange.notBefore, now);
    if (exchange.more) return true;
  }
  // A run in the future means that the clock was set back: what it says no longer counts.
  if (last === undefined || !(last <= at)) return true;
  // ±10 %, another value after each run, so that devices that met once drift apart again.
  const share = (at - last) / intervalsMs[task];
  if (task === 'status' || share < 0.9 || share > 1.1) return share >= 1;
  return share >= 0.9 + 0.2 * fraction(`${seed} ${task} ${last}`);
}

/** Holds back for a moment after waking up; a first run is never held back: somebody may be waiting to see it arrive. */
function isSpreading(task: Task, { now, lastRuns, seed, awakeSince, exchange }: DueInput): boolean {
  if (task === 'check-in' && exchange?.more === true) return false;
  const awakeFor = now.getTime() - awakeSince;
  return (
    (lastRuns.get(task) ?? 0) > 0 &&
    awakeFor >= 0 &&
    awakeFor < fraction(`${seed} ${task} wake`) * spreadAfterWake[task]
  );
}

/** 0 ≤ f < 1, the same for the same text on every machine (FNV-1a with a final mix). */
function fraction(words: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < words.length; index += 1) {
    hash = Math.imul(hash ^ words.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
