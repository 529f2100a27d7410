/**
 * What is removed when its time is over, see docs/decisions/0010-retention.md: bodies of reports and what was derived from
 * them. Their envelopes stay, so the chain of each device can still be proven. In small batches, so that requests come in
 * between; one entry in the audit record for each day on which something was removed.
 */
import { setImmediate } from 'node:timers/promises';
import type { Updateable } from 'kysely';
import { z } from 'zod';
import type { ServerContext } from '../context.ts';
import { recordDeed } from '../staff/audit.ts';
import type { Database } from '../store/database.ts';
import type { RetentionTable } from '../store/schema.ts';
import { holdOf, inWords } from './retention-clock.ts';
import { type Place, type Step, steps } from './retention-steps.ts';
import type { Actor, FleetContext } from './scope.ts';

const dayMs = 86_400_000;
/** Days; null = for ever. */
const days = z.int().min(30).max(36_500).nullable();
export const retentionSettings = z
  .object({
    /** Bodies of routine and full reports, what they said of each section, changes of software. */
    reportDays: days.default(400),
    /** Bodies of incidents and acknowledgements, answers to notices, reported suspicions. */
    incidentDays: days.default(1461),
    /** Events of devices, and gaps that are accounted for. */
    eventDays: days.default(1461),
    /** Which device held which notice, once the notice is no longer in force. */
    deliveryDays: days.default(400),
    /** Names in answers to a notice, after its end; never for ever. */
    nameDays: z.int().min(1).max(366).default(90),
  })
  .refine(
    ({ reportDays, incidentDays }) => incidentDays === null || (reportDays !== null && reportDays <= incidentDays),
    { error: 'incidents are never kept for a shorter time than other reports', path: ['incidentDays'] },
  );
export type RetentionSettings = z.infer<typeof retentionSettings>;

export const removedKinds = [
  'reportBodies',
  'incidentBodies',
  'softwareChanges',
  'spoken',
  'events',
  'gaps',
  'deliveries',
  'names',
] as const;
export type Removed = Partial<Record<(typeof removedKinds)[number], number>>;
const removedCounts = z.partialRecord(z.enum(removedKinds), z.int());

export interface RetentionState {
  readonly settings: RetentionSettings;
  /** Day (UTC) of the last sweep that came to its end; null before the first. */
  readonly sweptOn: string | null;
  /** When that was; a change of the periods leaves it. */
  readonly sweptAt: string | null;
}

export async function readRetention(db: Database): Promise<RetentionState> {
  const row = await db.selectFrom('retention').selectAll().executeTakeFirstOrThrow();
  return { settings: retentionSettings.parse(JSON.parse(row.settings)), sweptOn: row.swept_on, sweptAt: row.swept_at };
}

/** Throws a `ZodError` for what does not fit. In force with the next sweep. */
export async function changeRetention(
  { db, now }: FleetContext,
  actor: Actor,
  change: Partial<RetentionSettings>,
): Promise<RetentionState> {
  return db.transaction().execute(async (trx) => {
    const { settings: before, ...swept } = await readRetention(trx);
    const settings = retentionSettings.parse({ ...before, ...change });
    const json = JSON.stringify(settings);
    if (json !== JSON.stringify(before)) {
      await writeRow(trx, { settings: json, swept_on: null });
      await recordDeed(trx, now(), {
        actor: actor.name,
        action: 'retention.change',
        detail: { before, after: settings },
      });
    }
    return { settings, ...swept };
  });
}

/** A person has said that the clock of this server is right: what was held back goes on with the next minute. */
export async function vouchForClock({ db, now }: FleetContext, actor: Actor): Promise<void> {
  const at = now();
  await db.transaction().execute(async (trx) => {
    const { sweptAt } = await readRetention(trx);
    await writeRow(trx, { swept_at: at.toISOString(), swept_on: null });
    await recordDeed(trx, at, { actor: actor.name, action: 'retention.clock', detail: { sweptAt, now: at } });
  });
}

async function writeRow(trx: Database, change: Updateable<RetentionTable>) {
  await trx.updateTable('retention').set(change).execute();
}

export interface SweepLimits {
  /** Rows of one transaction. */
  readonly rows: number;
  /** Transactions of one call. */
  readonly batches: number;
}

/** With one call a minute: 5 million reports a day, ten times what a district sends. */
const sweepLimits: SweepLimits = { rows: 200, batches: 20 };

/**
 * Goes through everything once a day, a part with each call; the next call goes on where the last one stopped. A call
 * returns what it has removed; undefined when the sweep of the day is done, or held back because of the clock.
 */
export function createSweep(
  { db, now }: FleetContext,
  { rows, batches }: SweepLimits = sweepLimits,
): (signal?: AbortSignal) => Promise<Removed | undefined> {
  let index = 0;
  let place: Place;
  return async (signal) => {
    const at = now();
    const { settings, sweptOn, sweptAt } = await readRetention(db);
    if (holdOf(sweptAt, at) !== undefined || (sweptOn !== null && sweptOn >= dayOf(at))) return undefined;
    // Nothing says yet whether this clock is right: the first sweep is the measure of those to come and removes nothing.
    if (sweptAt === null) {
      await writeRow(db, { swept_at: at.toISOString(), swept_on: dayOf(at) });
      return {};
    }
    const removed: Removed = {};
    for (let left = batches; left > 0 && signal?.aborted !== true; left -= 1) {
      const step = steps[index];
      if (step === undefined) {
        await finish(db, at, settings);
        index = 0;
        break;
      }
      const kept = step.keep(settings);
      const from = place;
      const done = await db.transaction().execute(async (trx) => {
        if (kept === null) return { removed: 0, next: undefined };
        const before = new Date(at.getTime() - kept * dayMs).toISOString();
        const work = await step.batch(trx, { before, at: at.toISOString(), limit: rows, place: from });
        if (work.removed > 0) await count(trx, step.kind, work.removed);
        return work;
      });
      if (done.removed > 0) removed[step.kind] = (removed[step.kind] ?? 0) + done.removed;
      place = done.next;
      if (place === undefined) index += 1;
      await setImmediate();
    }
    return removed;
  };
}

/** Says in the log once a day, however often it is called, that the clock holds everything back. */
export function createHoldWatch({ db, now, log }: FleetContext & Pick<ServerContext, 'log'>): () => Promise<void> {
  let saidOn = '';
  return async () => {
    const at = now();
    const hold = holdOf((await readRetention(db)).sweptAt, at);
    if (hold === undefined || saidOn === dayOf(at)) return;
    saidOn = dayOf(at);
    log.error(hold, inWords(hold, at));
  };
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

async function soFar(trx: Database): Promise<Removed> {
  const { removed } = await trx.selectFrom('retention').select('removed').executeTakeFirstOrThrow();
  return removedCounts.parse(JSON.parse(removed));
}

async function count(trx: Database, kind: Step['kind'], more: number): Promise<void> {
  const before = await soFar(trx);
  await writeRow(trx, { removed: JSON.stringify({ ...before, [kind]: (before[kind] ?? 0) + more }) });
}

async function finish(db: Database, at: Date, settings: RetentionSettings): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const removed = await soFar(trx);
    await writeRow(trx, { swept_on: dayOf(at), swept_at: at.toISOString(), removed: '{}' });
    if (Object.keys(removed).length === 0) return;
    await recordDeed(trx, at, { actor: 'retention', action: 'retention.removed', detail: { ...removed, settings } });
  });
}
