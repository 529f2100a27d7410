/** What the rules are given of a device's backups beside its facts, and what their verdicts come to for the lists. */
import type { RestoreTest } from '../../agent/contract/facts/backup.ts';
import type { Verdict } from '../../agent/contract/report.ts';
import { type BackupLight, backupLights, type TargetEvidence } from '../api/contract.ts';
import type { Database } from '../store/database.ts';
import type { DeviceTable } from '../store/schema.ts';
import { latestPast } from './plausible-time.ts';

/** Restore tests are counted apart: most devices have none, and that must not hide a backup that failed. */
const standingRules = ['backup-recent', 'backup-target', 'backup-two-sided'];

type Columns = Pick<DeviceTable, 'backup_rule' | 'backup_reason' | 'backup_two_sided' | 'backup_restore'> & {
  readonly backup_rank: number;
};

/** A device that no rule says anything of is unknown. */
export function backupColumns(verdicts: readonly Verdict[]): Columns {
  const ranked = verdicts
    .filter(({ ruleId }) => standingRules.includes(ruleId))
    .map((verdict) => ({ verdict, rank: backupLights.indexOf(lightOf(verdict)) }));
  const worst = ranked.toSorted((a, b) => a.rank - b.rank)[0];
  const of = (id: string) => verdicts.find(({ ruleId }) => ruleId === id)?.verdict ?? null;
  return {
    backup_rank: worst?.rank ?? backupLights.indexOf('unknown'),
    backup_rule: worst?.verdict.ruleId ?? null,
    backup_reason: worst?.verdict.reason ?? null,
    backup_two_sided: of('backup-two-sided'),
    // The rule says nothing of a device that is declared to need no backup.
    backup_restore: of('backup-restore-tested') ?? (of('backup-recent') === 'exempt' ? 'exempt' : null),
  };
}

function lightOf({ verdict, severity }: Verdict): BackupLight {
  if (verdict === 'not-met') return ({ critical: 'critical', warning: 'attention', info: 'note' } as const)[severity];
  return verdict === 'met' ? 'ok' : verdict;
}

/** The last test in which all files of the sample came back equal. */
export async function lastGoodTest(db: Database, deviceId: string, now: Date): Promise<string | null> {
  const { at } = await db
    .selectFrom('restore_tests')
    .select(({ fn }) => fn.max<string | null>('at').as('at'))
    .where('device_id', '=', deviceId)
    .where('result', '=', 'equal')
    .where('files', '>', 0)
    .where('withdrawn_at', 'is', null)
    .where('at', '<=', latestPast(now).toISOString())
    .executeTakeFirstOrThrow();
  return at;
}

/** Those that count, youngest first, for the rules: also what the device ran and has forgotten. */
export async function restoreTestsOf(db: Database, deviceId: string): Promise<RestoreTest[]> {
  const rows = await db
    .selectFrom('restore_tests')
    .selectAll()
    .where('device_id', '=', deviceId)
    .where('withdrawn_at', 'is', null)
    .orderBy('at', 'desc')
    .orderBy('id')
    .limit(20)
    .execute();
  return rows.map((row) => ({
    at: row.at,
    product: row.product_id ?? 'by-hand',
    source: row.source,
    result: row.result,
    files: row.files,
    bytes: row.bytes ?? 0,
    different: row.different,
    durationSeconds: row.duration_seconds ?? 0,
  }));
}

/** What counts now: of servers that are not revoked, and only while the device is in their municipality. Newest first. */
export async function evidenceOf(
  db: Database,
  device: { readonly id: string; readonly municipality_id: string },
): Promise<TargetEvidence[]> {
  const rows = await db
    .selectFrom('backup_evidence')
    .innerJoin('backup_servers', 'backup_servers.id', 'backup_evidence.server_id')
    .selectAll('backup_evidence')
    .select('backup_servers.name')
    .where('backup_evidence.device_id', '=', device.id)
    .where('backup_servers.municipality_id', '=', device.municipality_id)
    .where('backup_servers.revoked_at', 'is', null)
    .orderBy('backup_evidence.newest_at', 'desc')
    .orderBy('backup_servers.name')
    .orderBy('backup_evidence.source')
    .execute();
  return rows.map((row) => ({
    server: { id: row.server_id, name: row.name },
    source: row.source,
    newestAt: row.newest_at,
    restorePoints: row.restore_points,
    bytes: row.bytes,
    receivedAt: row.received_at,
  }));
}
