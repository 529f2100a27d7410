/** Exceptions to rules: who decided, why, and until when. None is open-ended, none is deleted: it ends or is withdrawn. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { instant, uuid } from '../../agent/contract/field.ts';
import { maxExceptionDays } from '../../agent/contract/policy.ts';
import { isExcusable } from '../../agent/rules/exceptions.ts';
import { ruleById } from '../../agent/rules/rule.ts';
import type {
  ExceptionEntry,
  ExceptionList,
  ExceptionRequest,
  ExceptionState,
  exceptionQuery,
} from '../api/contract.ts';
import { recordDeed } from '../staff/audit.ts';
import type { Database } from '../store/database.ts';
import type { ExceptionRow } from '../store/schema.ts';
import { decodeCursor, page } from './cursor.ts';
import { findDevice } from './devices.ts';
import { evaluateDevice } from './evaluate.ts';
import { markDue } from './exceptions-in-force.ts';
import { findMunicipality } from './municipalities.ts';
import { notFound, Refusal } from './refusal.ts';
import { type Actor, exceptionsIn, type FleetContext, type Scope } from './scope.ts';

const dayMs = 86_400_000;

type Query = z.output<typeof exceptionQuery>;

/** In force from now on. Throws `Refusal` not-found or invalid. */
export async function createException(
  context: FleetContext,
  actor: Actor,
  request: ExceptionRequest,
): Promise<ExceptionEntry> {
  const id = randomUUID();
  const at = context.now();
  const row = {
    id,
    rule_id: request.ruleId,
    municipality_id: request.municipalityId,
    device_id: request.deviceId ?? null,
    reason: request.reason.normalize('NFC').trim(),
    approved_by: request.approvedBy.normalize('NFC').trim(),
    approved_at: at.toISOString(),
    expires_at: endOf(request, at),
    entered_by: actor.name.slice(0, 120),
    withdrawn_at: null,
    withdrawn_by: null,
  };
  if (!isExcusable(row.rule_id)) {
    throw new Refusal('invalid', {
      de: 'Für das Vertrauen in ein Gerät gibt es keine Ausnahme: Klären Sie den Verdacht und geben Sie das Gerät dann frei.',
      en: 'There is no exception from trust in a device: clear up the suspicion, then release the device.',
    });
  }
  if (ruleById(row.rule_id) === undefined || row.reason === '' || row.approved_by === '') {
    throw new Refusal('invalid', {
      de: 'Eine Ausnahme braucht eine bekannte Regel, eine Begründung und eine Person, die sie genehmigt hat.',
      en: 'An exception needs a known rule, a reason, and somebody who approved it.',
    });
  }
  await context.db.transaction().execute(async (trx) => {
    await findMunicipality(trx, actor.scope, row.municipality_id);
    if (row.device_id !== null) {
      const device = await findDevice(trx, actor.scope, row.device_id);
      if (device.municipality_id !== row.municipality_id) throw notFound();
    }
    await trx.insertInto('exceptions').values(row).execute();
    await judgeAnew(trx, row, at);
    await recordDeed(trx, at, {
      actor: actor.name,
      action: 'exception.create',
      municipalityId: row.municipality_id,
      target: id,
      detail: {
        rule: row.rule_id,
        ...(row.device_id === null ? {} : { device: row.device_id }),
        approvedBy: row.approved_by,
        expiresAt: row.expires_at,
        reason: row.reason,
      },
    });
  });
  return findException(context, actor.scope, id);
}

function endOf({ expiresAt }: ExceptionRequest, now: Date): string {
  const end = new Date(expiresAt);
  const ahead = end.getTime() - now.getTime();
  if (ahead > 0 && ahead <= maxExceptionDays * dayMs) return end.toISOString();
  throw new Refusal('invalid', {
    de: `Das Ende der Ausnahme muss in der Zukunft liegen, höchstens ${maxExceptionDays} Tage von heute an.`,
    en: `The end of the exception must lie in the future, at most ${maxExceptionDays} days from today.`,
  });
}

/** From now on it excuses nothing; withdrawing twice keeps the first time. Throws `Refusal` not-found. */
export async function withdrawException({ db, now }: FleetContext, actor: Actor, id: string): Promise<void> {
  const at = now();
  await db.transaction().execute(async (trx) => {
    const row = await exceptionsIn(trx, actor.scope).where('exceptions.id', '=', id).selectAll().executeTakeFirst();
    if (row === undefined) throw notFound();
    if (row.withdrawn_at !== null) return;
    await trx
      .updateTable('exceptions')
      .set({ withdrawn_at: at.toISOString(), withdrawn_by: actor.name.slice(0, 120) })
      .where('id', '=', id)
      .execute();
    await judgeAnew(trx, row, at);
    await recordDeed(trx, at, {
      actor: actor.name,
      action: 'exception.withdraw',
      municipalityId: row.municipality_id,
      target: id,
      detail: { rule: row.rule_id, ...(row.device_id === null ? {} : { device: row.device_id }) },
    });
  });
}

/** One device at once; the devices of a municipality with the next tick, because a request cannot wait for all of them. */
async function judgeAnew(
  trx: Database,
  exception: Pick<ExceptionRow, 'rule_id' | 'municipality_id' | 'device_id'>,
  now: Date,
): Promise<void> {
  if (exception.device_id === null) await markDue(trx, exception);
  else await evaluateDevice(trx, exception.device_id, now);
}

function joined(db: Database, scope: Scope) {
  return (
    exceptionsIn(db, scope)
      .innerJoin('municipalities', 'municipalities.id', 'exceptions.municipality_id')
      // What has moved away since is another municipality's: its name stays there.
      .leftJoin('devices', (join) =>
        join
          .onRef('devices.id', '=', 'exceptions.device_id')
          .onRef('devices.municipality_id', '=', 'exceptions.municipality_id'),
      )
      .selectAll('exceptions')
      .select(['municipalities.name', 'devices.hostname'])
  );
}

async function findException({ db, now }: FleetContext, scope: Scope, id: string): Promise<ExceptionEntry> {
  const row = await joined(db, scope).where('exceptions.id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound();
  return entryOf(row, now());
}

const place = z.tuple([instant, uuid]);

/** Youngest first. Throws `Refusal` invalid-cursor. */
export async function listExceptions({ db, now }: FleetContext, scope: Scope, query: Query): Promise<ExceptionList> {
  const at = now();
  let rows = joined(db, scope);
  if (query.municipality !== undefined) rows = rows.where('exceptions.municipality_id', '=', query.municipality);
  if (query.device !== undefined) rows = rows.where('exceptions.device_id', '=', query.device);
  if (query.state !== undefined) {
    rows = rows.where('exceptions.withdrawn_at', query.state === 'withdrawn' ? 'is not' : 'is', null);
    if (query.state !== 'withdrawn')
      rows = rows.where('exceptions.expires_at', query.state === 'active' ? '>' : '<=', at.toISOString());
  }
  if (query.cursor !== undefined) {
    const after = decodeCursor(query.cursor, place);
    rows = rows.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('exceptions.approved_at', 'exceptions.id'), '<', tuple(...after)),
    );
  }
  const found = await rows
    .orderBy('exceptions.approved_at', 'desc')
    .orderBy('exceptions.id', 'desc')
    .limit(query.limit + 1)
    .execute();
  const shown = page(found, query.limit, (row) => [row.approved_at, row.id]);
  return { items: shown.rows.map((row) => entryOf(row, at)), nextCursor: shown.nextCursor };
}

type Row = Awaited<ReturnType<ReturnType<typeof joined>['executeTakeFirstOrThrow']>>;

function entryOf(row: Row, now: Date): ExceptionEntry {
  return {
    id: row.id,
    rule: { id: row.rule_id, title: ruleById(row.rule_id)?.title ?? { de: row.rule_id, en: row.rule_id } },
    municipality: { id: row.municipality_id, name: row.name },
    device: row.device_id === null ? null : { id: row.device_id, hostname: row.hostname ?? row.device_id },
    reason: row.reason,
    approvedBy: row.approved_by,
    approvedAt: row.approved_at,
    expiresAt: row.expires_at,
    enteredBy: row.entered_by,
    withdrawnAt: row.withdrawn_at,
    withdrawnBy: row.withdrawn_by,
    state: stateOf(row, now),
  };
}

function stateOf({ withdrawn_at, expires_at }: Row, now: Date): ExceptionState {
  if (withdrawn_at !== null) return 'withdrawn';
  return expires_at > now.toISOString() ? 'active' : 'expired';
}
