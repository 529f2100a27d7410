/** What is known of the backups of one device beyond its newest facts: the runs it has forgotten, and the target's word. */
import { backupEvidence } from '../../agent/contract/facts/backup.ts';
import type { DeviceBackup } from '../api/contract.ts';
import { evidenceOf } from './backup-standing.ts';
import { maxRunsOfDevice } from './device-backups.ts';
import { findDevice } from './devices.ts';
import type { FleetContext, Scope } from './scope.ts';

/** Throws `Refusal` not-found. */
export async function describeDeviceBackup({ db }: FleetContext, scope: Scope, id: string): Promise<DeviceBackup> {
  const device = await findDevice(db, scope, id);
  const runs = await db
    .selectFrom('backup_runs')
    .selectAll()
    .where('device_id', '=', id)
    .orderBy('at', 'desc')
    .orderBy('product_id')
    .orderBy('job_id')
    .limit(maxRunsOfDevice)
    .execute();
  return {
    runs: runs.map((row) => ({
      product: { id: row.product_id, name: row.product_name },
      job: { id: row.job_id, name: row.job_name },
      startedAt: row.started_at,
      endedAt: row.ended_at,
      result: row.result,
      code: row.code,
      evidence: backupEvidence.parse(JSON.parse(row.evidence)),
    })),
    evidence: await evidenceOf(db, device),
  };
}
