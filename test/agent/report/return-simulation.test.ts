/**
 * 10,000 agents whose server is away for two hours, on a virtual clock. What is due, when to try again and how much may be
 * sent at once are decided by the functions the service uses; only the server and the time are made up. The generator of
 * random numbers has a fixed seed: the result is the same on every run.
 */
import { expect, test } from 'vitest';
import { afterFailure, afterSuccess, type RetryState } from '../../../agent/report/retry.ts';
import { dueTasks, secondOfTick, type Task, tasks } from '../../../agent/schedule/due.ts';
import { reportsAMinute } from '../../../agent/service.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';

const agents = 10_000;
const minuteMs = 60_000;
const start = Date.parse('2026-11-24T06:00:00Z');
/** Minutes after the start. */
const outage = { from: 150, to: 270 };
const minutes = 450;

const { settings } = loadSettings();
const intervalsMs: Readonly<Record<Task, number>> = {
  'check-in': settings.checkInSeconds * 1000,
  'cheap-round': settings.cheapRoundMinutes * minuteMs,
  'full-round': settings.fullRoundMinutes * minuteMs,
  // Speaks to nobody.
  status: Number.POSITIVE_INFINITY,
};

/** xorshift32, in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

interface SimulatedAgent {
  readonly seed: string;
  readonly second: number;
  readonly lastRuns: Map<Task, number>;
  retry: RetryState;
  waiting: number;
  more: boolean;
  /** Nothing can be due before: saves most looks. */
  quietUntil: number;
}

type Outcome = 'ok' | 'refused' | { readonly retryAfterSeconds: number };

/** Requests in each second. `answer` is how the server meets a request at a minute. */
function simulate(answer: (minute: number) => Outcome): { requests: Float64Array; waiting: number; reports: number } {
  const random = randomFrom(20261124);
  const requests = new Float64Array(minutes * 60);
  let reports = 0;
  const fleet = Array.from({ length: agents }, (_, index): SimulatedAgent => {
    const seed = `3f2504e0-4f89-41d3-9a0c-${index.toString(16).padStart(12, '0')}`;
    return {
      seed,
      second: secondOfTick(seed),
      // A fleet that has run for weeks: each at another place of its intervals.
      lastRuns: new Map(tasks.map((task) => [task, start - Math.floor(random() * intervalsMs[task])])),
      retry: { failures: 0, failedAt: [], notBefore: 0 },
      waiting: 0,
      more: false,
      quietUntil: 0,
    };
  });
  const tick = (agent: SimulatedAgent, minute: number): void => {
    const second = minute * 60 + agent.second;
    const at = start + second * 1000;
    if (at < agent.quietUntil) return;
    const now = new Date(at);
    const due = dueTasks({
      now,
      lastRuns: agent.lastRuns,
      intervalsMs,
      seed: agent.seed,
      awakeSince: start - 86_400_000,
      exchange: { notBefore: agent.retry.notBefore, more: agent.more },
    });
    for (const task of due) {
      if (task.endsWith('round')) agent.waiting += 1;
      if (task === 'full-round') agent.lastRuns.set('cheap-round', at);
      if (task === 'check-in') {
        const outcome = answer(minute);
        // The probe; what waits follows only when it was answered.
        requests[second]! += 1;
        if (outcome !== 'ok') {
          const retryAfterSeconds = outcome === 'refused' ? undefined : outcome.retryAfterSeconds;
          agent.retry = afterFailure(agent.retry, { now, random: random(), retryAfterSeconds });
          agent.more = false;
          continue;
        }
        const sent = Math.min(agent.waiting, reportsAMinute);
        requests[second]! += sent;
        // The stream of events is opened again once a check-in got through.
        if (agent.retry.failures > 0) requests[second]! += 1;
        reports += sent;
        agent.waiting -= sent;
        agent.more = agent.waiting > 0;
        agent.retry = afterSuccess(agent.retry);
      }
      agent.lastRuns.set(task, at);
    }
    const exchangeAt = agent.more ? at : agent.retry.notBefore;
    agent.quietUntil = Math.min(
      ...tasks.map((task) => {
        if (task === 'check-in' && exchangeAt > 0) return exchangeAt;
        return (agent.lastRuns.get(task) ?? 0) + 0.9 * intervalsMs[task];
      }),
    );
  };
  for (let minute = 0; minute < minutes; minute += 1) for (const agent of fleet) tick(agent, minute);
  return { requests, reports, waiting: fleet.reduce((sum, { waiting }) => sum + waiting, 0) };
}

/** Requests a second: the mean between two minutes, and the highest over `window` seconds between them. */
function rates(requests: Float64Array, from: number, to: number, window: number) {
  const span = requests.subarray(from * 60, to * 60);
  const total = span.reduce((sum, count) => sum + count, 0);
  let highest = 0;
  let current = 0;
  for (const [index, count] of span.entries()) {
    current += count - (index >= window ? span[index - window]! : 0);
    if (index >= window - 1) highest = Math.max(highest, current / window);
  }
  return { mean: total / span.length, highest };
}

const inOutage = (minute: number): boolean => minute >= outage.from && minute < outage.to;

test.each<[string, (minute: number) => Outcome]>([
  ['nobody answers', (minute) => (inOutage(minute) ? 'refused' : 'ok')],
  ['503 with Retry-After: 120', (minute) => (inOutage(minute) ? { retryAfterSeconds: 120 } : 'ok')],
])(
  'after two hours in which %s the fleet comes back at no more than three times its steady rate',
  (name, answer) => {
    const { requests, waiting, reports } = simulate(answer);
    // The first hour is left out: the fleet starts with every interval at a random place.
    const steady = rates(requests, 60, outage.from, 10);
    const during = rates(requests, outage.from, outage.to, 10);
    const after = rates(requests, outage.to, minutes, 10);
    const perSecond = rates(requests, outage.to, minutes, 1);
    const figures = { steady, during, after, perSecond: perSecond.highest, times: after.highest / steady.mean };
    process.stdout.write(`${name}: ${JSON.stringify(figures)}\n`);
    expect(steady.mean).toBeGreaterThan(10);
    expect(after.highest).toBeLessThanOrEqual(3 * steady.mean);
    // Attempts on a server that is ailing, when each device has just lost it.
    expect(during.highest).toBeLessThanOrEqual(4 * steady.mean);
    // Whatever was made in the outage has arrived since.
    expect(waiting).toBe(0);
    expect(reports).toBeGreaterThan(agents * 8);
  },
  120_000,
);
