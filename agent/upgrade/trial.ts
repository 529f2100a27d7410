/**
 * A new version is on trial until it has proven itself. What follows from what is found on the machine is decided here, by
 * pure functions; every step of an upgrade may be the last one before a power cut.
 */
import { z } from 'zod';
import { isVersion } from '../contract/version-order.ts';

const version = z.string().refine(isVersion, 'expected a version such as "1.4.2"');

/** `private/upgrade.json`: the last upgrade of this machine. */
export const trial = z.strictObject({
  format: z.literal(1),
  to: version,
  /** The version to go back to; absent when there is none (first installation). */
  from: version.optional(),
  state: z.enum(['trial', 'proven', 'failed', 'rolled-back']),
  /** When the new version was first asked to run; absent while it was only put in place, as in an image of a disk. */
  startedAt: z.iso.datetime().optional(),
  /** Starts of the service as the new version. */
  attempts: z.int().min(0).max(1000),
  endedAt: z.iso.datetime().optional(),
  /** Why it did not prove itself. */
  reason: z.string().max(300).optional(),
});
export type Trial = z.infer<typeof trial>;

/** More starts than this without proof: it does not run here. */
export const maxAttempts = 3;
export const proofWithinMs = 15 * 60_000;

/** What stands on the machine. */
export interface Observed {
  /** The version the service is started from. */
  readonly current: string | undefined;
  /** The version the guard is started from: the last one that has proven itself. */
  readonly proven: string | undefined;
  /** Versions whose executable is there in full. */
  readonly present: readonly string[];
  readonly trial: Trial | undefined;
  readonly running: boolean;
  /** ms since 1970. */
  readonly now: number;
}

export type NextStep =
  /** Everything is as it should be, or a trial is under way and has time left. */
  | { readonly step: 'none' }
  /** The new version stands where the service starts from and has not started yet. */
  | { readonly step: 'begin' }
  | { readonly step: 'start' }
  /** Away from a version that has not proven itself. */
  | { readonly step: 'switch'; readonly to: string; readonly reason: string }
  /** Interrupted before the switch, or after the way back: only the record still says otherwise. */
  | { readonly step: 'close'; readonly reason: string }
  /** Proven: the guard moves on to it, and older versions go. */
  | { readonly step: 'settle' }
  /** No version that could run is here. */
  | { readonly step: 'lost'; readonly reason: string };

/** What is to be done next. Carried out again and again it ends at "none" with a version that runs, whatever was found. */
export function nextStep(observed: Observed): NextStep {
  const { current, present, running, trial: record } = observed;
  const has = (version: string | undefined): version is string => version !== undefined && present.includes(version);
  const knowsProven = has(observed.proven);
  const before = record?.state === 'proven' ? record.to : record?.from;
  // Where the guard's own start is lost, the record still tells what was left behind.
  const proven = knowsProven ? observed.proven : has(before) ? before : undefined;

  if (!has(current)) {
    const to = proven ?? (has(record?.to) ? record.to : present.at(-1));
    if (to === undefined) return { step: 'lost', reason: 'no version of KITS Agent is here; install it again' };
    return { step: 'switch', to, reason: `the service was to start from ${current ?? 'nowhere'}, which is not here` };
  }
  if (proven === undefined || current === proven) {
    if (record !== undefined && record.to !== current && (record.state === 'trial' || record.state === 'failed')) {
      return { step: 'close', reason: record.reason ?? `${record.to} was interrupted before it was started` };
    }
    if (!knowsProven) return { step: 'settle' };
    if (record?.to === current && record.state === 'trial' && record.attempts === 0) return { step: 'begin' };
    return running ? { step: 'none' } : { step: 'start' };
  }
  // From here on the service stands on a version that is not the last proven one.
  if (record?.to === current && record.state === 'proven') return { step: 'settle' };
  const away = (reason: string): NextStep => ({ step: 'switch', to: proven, reason });
  if (record?.to !== current) return away(`no record says that ${current} is on trial`);
  if (record.state !== 'trial') return away(record.reason ?? `${current} has not proven itself`);
  const failure = failureOf(record, observed.now);
  if (failure !== undefined) return away(failure);
  // What runs is still the version before.
  if (record.attempts === 0) return { step: 'begin' };
  return running ? { step: 'none' } : { step: 'start' };
}

/** Why the trial has failed by now; undefined while it may still succeed. */
export function failureOf({ attempts, startedAt, to }: Trial, now: number): string | undefined {
  if (!(attempts <= maxAttempts)) return `${to} was started ${attempts} times without proving itself`;
  if (startedAt === undefined) return undefined;
  const age = now - Date.parse(startedAt);
  // Written so that a clock that was set back counts as time that is over.
  if (age >= 0 && age < proofWithinMs) return undefined;
  return `${to} did not prove itself within ${proofWithinMs / 60_000} minutes`;
}

/** The service starts as the version on trial: one more attempt. */
export function attempted(before: Trial, now: Date): Trial {
  return { ...before, attempts: before.attempts + 1, startedAt: before.startedAt ?? now.toISOString() };
}

export function ended(before: Trial, state: 'proven' | 'failed' | 'rolled-back', now: Date, reason?: string): Trial {
  const { reason: earlier, ...rest } = before;
  const why = state === 'proven' ? undefined : (reason ?? earlier);
  return { ...rest, state, endedAt: now.toISOString(), ...(why === undefined ? {} : { reason: why.slice(0, 300) }) };
}
