/** Exceptions as the rules take them, and when their end changes verdicts. */
import type { Exception } from '../../agent/contract/policy.ts';
import type { Database } from '../store/database.ts';
import type { ExceptionRow } from '../store/schema.ts';

/** As the rules take them: of the device's municipality, for all its devices or for this one, withdrawn ones left out. */
export async function exceptionsFor(
  db: Database,
  device: { readonly id: string; readonly municipality_id: string },
): Promise<Exception[]> {
  const rows = await db
    .selectFrom('exceptions')
    .selectAll()
    .where('municipality_id', '=', device.municipality_id)
    .where(({ eb, or }) => or([eb('device_id', 'is', null), eb('device_id', '=', device.id)]))
    .where('withdrawn_at', 'is', null)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    ruleId: row.rule_id,
    audience: { municipality: row.municipality_id, ...(row.device_id === null ? {} : { device: row.device_id }) },
    reason: row.reason,
    approvedBy: row.approved_by,
    approvedAt: row.approved_at,
    expiresAt: row.expires_at,
  }));
}

/** Devices judged before an exception for them ended become due again. `after`: ends before it were seen to already. */
export async function markEnded(trx: Database, after: Date, now: Date): Promise<void> {
  const ended = await trx
    .selectFrom('exceptions')
    .select(({ fn }) => ['rule_id', 'municipality_id', 'device_id', fn.max('expires_at').as('expires_at')])
    .where('expires_at', '>', after.toISOString())
    .where('expires_at', '<=', now.toISOString())
    .where('withdrawn_at', 'is', null)
    .groupBy(['rule_id', 'municipality_id', 'device_id'])
    .execute();
  for (const { expires_at, ...exception } of ended) await markDue(trx, exception, expires_at);
}

/**
 * The devices an exception is for are judged with the next tick. Those that keep the rule are left out: no exception
 * changes that. `judgedBefore`: nor those judged since then.
 */
export async function markDue(
  trx: Database,
  exception: Pick<ExceptionRow, 'rule_id' | 'municipality_id' | 'device_id'>,
  judgedBefore?: string,
): Promise<void> {
  let devices = trx
    .updateTable('devices')
    .set({ judged_at: null })
    .where('municipality_id', '=', exception.municipality_id)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('verdicts')
          .select('verdicts.device_id')
          .whereRef('verdicts.device_id', '=', 'devices.id')
          .where('verdicts.rule_id', '=', exception.rule_id)
          .where('verdicts.verdict', '!=', 'met'),
      ),
    );
  if (exception.device_id !== null) devices = devices.where('id', '=', exception.device_id);
  if (judgedBefore !== undefined) devices = devices.where('judged_at', '<', judgedBefore);
  await devices.execute();
}
