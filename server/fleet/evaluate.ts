/** Applies the rules to what the server knows of a device, and keeps its light and its worst verdict beside it. */
import { setImmediate } from 'node:timers/promises';
import { backupPolicyWith, thresholdsWith } from '../../agent/contract/policy.ts';
import type { Verdict } from '../../agent/contract/report.ts';
import type { OverallState } from '../../agent/contract/status.ts';
import { applyExceptions } from '../../agent/rules/exceptions.ts';
import { type EvidenceSection, evaluateRules, overallState, rules, worstOf } from '../../agent/rules/rule.ts';
import type { ServerContext } from '../context.ts';
import type { Database } from '../store/database.ts';
import { backupColumns, evidenceOf, lastGoodTest, restoreTestsOf } from './backup-standing.ts';
import { markEnded } from './exceptions-in-force.ts';
import { policyFor } from './policies.ts';
import { patternId } from './verdict-pattern.ts';

/** Verdicts change with time alone (silence, ends of support): each device is judged at least this often. */
export const judgeEveryMs = 3_600_000;
/** Judged in one go; requests wait that long, a few ms a device. */
const batchSize = 10;

/** Worst first, so that a list can be ordered by it. */
export const lightRanks: Readonly<Record<OverallState, number>> = { critical: 0, attention: 1, unknown: 2, ok: 3 };

/** Sections whose facts a rule reads; of the others only state and problems are needed. */
const judgedSections = [...new Set<string>(rules.flatMap(({ sections }) => sections))];

/** Goes into the transaction that changed the facts, so that facts and verdicts are never of different reports. */
export async function evaluateDevice(trx: Database, deviceId: string, now: Date): Promise<void> {
  const device = await trx
    .selectFrom('devices')
    .select(['id', 'municipality_id', 'state', 'last_heard_at', 'clock_offset_seconds'])
    .where('id', '=', deviceId)
    .executeTakeFirstOrThrow();
  const { settings } = await policyFor(trx, device);
  const said = await evidenceOf(trx, device);
  const judged = evaluateRules({
    sections: await readEvidence(trx, deviceId),
    thresholds: thresholdsWith(settings.thresholds),
    backup: backupPolicyWith(settings.backup),
    now,
    ...(device.clock_offset_seconds === null ? {} : { clockOffsetSeconds: device.clock_offset_seconds }),
    deviceState: device.state,
    heard: device.last_heard_at === null ? {} : { lastAt: new Date(device.last_heard_at) },
    restoreTests: await restoreTestsOf(trx, deviceId),
    ...(said.length === 0
      ? {}
      : {
          targetEvidence: said.map(({ server, newestAt, receivedAt }) => ({
            source: server.name,
            newestAt: new Date(newestAt),
            receivedAt: new Date(receivedAt),
          })),
        }),
  });
  const verdicts = applyExceptions(judged, settings.exceptions ?? [], now, {
    municipality: device.municipality_id,
    device: device.id,
  });
  await storeVerdicts(trx, deviceId, verdicts, now);
  const light = overallState(verdicts);
  const worst = worstOf(verdicts);
  await trx
    .updateTable('devices')
    .set({
      light,
      light_rank: lightRanks[light],
      worst_rule: worst?.ruleId ?? null,
      worst_verdict: worst?.verdict ?? null,
      worst_reason: worst?.reason ?? null,
      pattern_id: await patternId(trx, verdicts),
      ...backupColumns(verdicts),
      restore_tested_at: await lastGoodTest(trx, deviceId, now),
      judged_at: now.toISOString(),
    })
    .where('id', '=', deviceId)
    .execute();
}

async function readEvidence(trx: Database, deviceId: string): Promise<Map<string, EvidenceSection>> {
  const own = trx.selectFrom('sections').where('device_id', '=', deviceId);
  const states = await own
    .select(['section_id', 'state', 'collected_at', 'clock_offset_seconds', 'problems'])
    .execute();
  const facts = await own.select(['section_id', 'data']).where('section_id', 'in', judgedSections).execute();
  const dataOf = new Map(facts.map(({ section_id, data }) => [section_id, data]));
  return new Map(
    states.map((row) => {
      const data = dataOf.get(row.section_id) ?? null;
      const evidence: EvidenceSection = {
        id: row.section_id,
        state: row.state,
        collectedAt: row.collected_at,
        ...(row.clock_offset_seconds === null ? {} : { clockOffsetSeconds: row.clock_offset_seconds }),
        problems: JSON.parse(row.problems) as EvidenceSection['problems'],
        ...(data === null ? {} : { data: JSON.parse(data) as unknown }),
      };
      return [row.section_id, evidence];
    }),
  );
}

/** `since` stays while verdict and reason stay: "for 9 days" must survive the reports of those days. */
async function storeVerdicts(trx: Database, deviceId: string, verdicts: readonly Verdict[], now: Date): Promise<void> {
  const before = await trx
    .selectFrom('verdicts')
    .select(['rule_id', 'verdict', 'reason', 'since'])
    .where('device_id', '=', deviceId)
    .execute();
  await trx.deleteFrom('verdicts').where('device_id', '=', deviceId).execute();
  if (verdicts.length === 0) return;
  await trx
    .insertInto('verdicts')
    .values(
      verdicts.map(({ ruleId, verdict, severity, reason, values, evidence }) => {
        const same = before.find((row) => row.rule_id === ruleId && row.verdict === verdict && row.reason === reason);
        return {
          device_id: deviceId,
          rule_id: ruleId,
          verdict,
          severity,
          reason,
          values: JSON.stringify(values),
          evidence: JSON.stringify(evidence),
          since: same?.since ?? now.toISOString(),
        };
      }),
    )
    .execute();
}

/**
 * Judges every device that is due, also because an exception for it has ended; a few at a time, so that requests come in
 * between. Returns how many.
 */
export async function evaluateFleet(context: Pick<ServerContext, 'db' | 'now'>, signal?: AbortSignal): Promise<number> {
  const now = context.now();
  const due = new Date(now.getTime() - judgeEveryMs);
  await context.db.transaction().execute((trx) => markEnded(trx, due, now));
  for (let judged = 0; ; ) {
    const count = await context.db.transaction().execute(async (trx) => {
      const devices = await trx
        .selectFrom('devices')
        .select('id')
        .where('state', '!=', 'retired')
        // Later than now: judged before the server's clock was set back.
        .where(({ eb, or }) =>
          or([
            eb('judged_at', 'is', null),
            eb('judged_at', '<=', due.toISOString()),
            eb('judged_at', '>', now.toISOString()),
          ]),
        )
        .orderBy('judged_at')
        .orderBy('id')
        .limit(batchSize)
        .execute();
      for (const { id } of devices) await evaluateDevice(trx, id, now);
      return devices.length;
    });
    judged += count;
    if (count < batchSize || signal?.aborted === true) return judged;
    // The database answers without leaving this thread: without a pause no request would be served until the end.
    await setImmediate();
  }
}
