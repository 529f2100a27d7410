/** Restore tests of a device: entered by staff or run by the device itself. None is changed: withdraw it and enter another. */
import { randomUUID } from 'node:crypto';
import { backupPolicy } from '../../agent/contract/policy.ts';
import { plainText } from '../../agent/rules/wording.ts';
import type { RestoreTestEntry, RestoreTestList, RestoreTestRequest } from '../api/contract.ts';
import { recordDeed } from '../staff/audit.ts';
import type { RestoreTestRow } from '../store/schema.ts';
import { lastGoodTest } from './backup-standing.ts';
import { findDevice } from './devices.ts';
import { evaluateDevice } from './evaluate.ts';
import { placeOf } from './plausible-time.ts';
import { policyFor } from './policies.ts';
import { notFound, Refusal } from './refusal.ts';
import type { Actor, FleetContext, Scope } from './scope.ts';

const dayMs = 86_400_000;
const maxShown = 500;

/** Throws `Refusal` not-found. */
export async function listRestoreTests({ db, now }: FleetContext, scope: Scope, id: string): Promise<RestoreTestList> {
  const device = await findDevice(db, scope, id);
  const rows = await db
    .selectFrom('restore_tests')
    .selectAll()
    .where('device_id', '=', id)
    .orderBy('at', 'desc')
    .orderBy('id')
    .limit(maxShown)
    .execute();
  const { settings } = await policyFor(db, device);
  const { restoreTestDays } = backupPolicy.parse(settings.backup ?? {});
  const lastAt = await lastGoodTest(db, id, now());
  // The newest attempt decides: what came back last year does not make up for what did not come back today.
  const newest = rows.find(({ at, withdrawn_at }) => withdrawn_at === null && placeOf(new Date(at), now()) === 'past');
  return {
    items: rows.map(entryOf),
    everyDays: restoreTestDays,
    lastAt,
    nextDueOn:
      lastAt === null || newest?.result !== 'equal'
        ? null
        : new Date(Date.parse(lastAt) + restoreTestDays * dayMs).toISOString().slice(0, 10),
  };
}

/** Throws `Refusal` not-found or invalid. */
export async function enterRestoreTest(
  context: FleetContext,
  actor: Actor,
  deviceId: string,
  request: RestoreTestRequest,
): Promise<RestoreTestEntry> {
  const now = context.now();
  refuseContradictions(request, now);
  const row: RestoreTestRow = {
    id: randomUUID(),
    device_id: deviceId,
    origin: 'staff',
    at: new Date(request.at).toISOString(),
    tested_by: worded(request.testedBy),
    product_id: request.product ?? null,
    source: worded(request.source),
    sample: worded(request.sample),
    result: request.result,
    files: request.files,
    different: request.different,
    bytes: request.bytes ?? null,
    duration_seconds: request.durationSeconds ?? null,
    note: request.note?.normalize('NFC').trim() || null,
    entered_at: now.toISOString(),
    entered_by: actor.name.slice(0, 120),
    withdrawn_at: null,
    withdrawn_by: null,
  };
  await context.db.transaction().execute(async (trx) => {
    const device = await findDevice(trx, actor.scope, deviceId);
    await trx.insertInto('restore_tests').values(row).execute();
    await evaluateDevice(trx, deviceId, now);
    await recordDeed(trx, now, {
      actor: actor.name,
      action: 'restore-test.enter',
      municipalityId: device.municipality_id,
      target: deviceId,
      detail: {
        hostname: device.hostname,
        at: row.at,
        testedBy: row.tested_by,
        source: row.source,
        result: row.result,
        files: row.files,
        different: row.different,
      },
    });
  });
  return entryOf(row);
}

function worded(value: string): string {
  const words = plainText(value.normalize('NFC'));
  if (words !== '') return words;
  throw new Refusal('invalid', {
    de: 'Wer geprüft hat, woraus und was zurückgesichert wurde, darf nicht leer sein.',
    en: 'Who tested, what it was restored from and what was restored must not be empty.',
  });
}

function refuseContradictions({ at, result, files, different }: RestoreTestRequest, now: Date): void {
  if (placeOf(new Date(at), now) !== 'past') {
    throw new Refusal('invalid', {
      de: 'Der Zeitpunkt der Probe darf nicht in der Zukunft liegen.',
      en: 'The time of the test must not lie in the future.',
    });
  }
  const fits =
    different <= files &&
    (result === 'equal' ? files > 0 && different === 0 : result === 'different' ? different > 0 : true);
  if (fits) return;
  throw new Refusal('invalid', {
    de: 'Ergebnis und Zahlen passen nicht zusammen: „gleich“ braucht mindestens eine Datei und keine abweichende, „abweichend“ mindestens eine abweichende; mehr abweichende als geprüfte gibt es nicht.',
    en: 'Result and numbers do not fit: "equal" needs at least one file and none that differs, "different" at least one that does; no more can differ than were compared.',
  });
}

/** Entered by mistake: it stays to be seen and counts no more. Twice keeps the first time. Throws `Refusal` not-found or conflict. */
export async function withdrawRestoreTest(
  { db, now }: FleetContext,
  actor: Actor,
  deviceId: string,
  testId: string,
): Promise<void> {
  const at = now();
  await db.transaction().execute(async (trx) => {
    const device = await findDevice(trx, actor.scope, deviceId);
    const test = await trx
      .selectFrom('restore_tests')
      .selectAll()
      .where('id', '=', testId)
      .where('device_id', '=', deviceId)
      .executeTakeFirst();
    if (test === undefined) throw notFound();
    if (test.origin === 'device') {
      throw new Refusal('conflict', {
        de: 'Diese Probe hat der PC selbst gemeldet; zurücknehmen lässt sich nur, was von Hand eingetragen wurde.',
        en: 'The PC itself reported this test; only what was entered by hand can be withdrawn.',
      });
    }
    if (test.withdrawn_at !== null) return;
    await trx
      .updateTable('restore_tests')
      .set({ withdrawn_at: at.toISOString(), withdrawn_by: actor.name.slice(0, 120) })
      .where('id', '=', testId)
      .execute();
    await evaluateDevice(trx, deviceId, at);
    await recordDeed(trx, at, {
      actor: actor.name,
      action: 'restore-test.withdraw',
      municipalityId: device.municipality_id,
      target: deviceId,
      detail: { hostname: device.hostname, at: test.at, source: test.source },
    });
  });
}

function entryOf(row: RestoreTestRow): RestoreTestEntry {
  return {
    id: row.id,
    origin: row.origin,
    at: row.at,
    testedBy: row.tested_by,
    product: row.product_id,
    source: row.source,
    sample: row.sample,
    result: row.result,
    files: row.files,
    different: row.different,
    bytes: row.bytes,
    durationSeconds: row.duration_seconds,
    note: row.note,
    enteredAt: row.entered_at,
    enteredBy: row.entered_by,
    withdrawnAt: row.withdrawn_at,
    withdrawnBy: row.withdrawn_by,
  };
}
