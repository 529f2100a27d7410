/** System Restore: settings and system files on the disk they came from. Shown as what it is, never as a backup. */
import type { BackupProduct, RunRecord } from '../product.ts';

export const systemRestore: BackupProduct = {
  id: 'system-restore',
  name: 'System Restore',
  kind: 'system-restore',
  platforms: ['win32'],
  read: async (context) => {
    const { restorePoints, key } = await context.windows();
    const interval = key('systemRestore')?.number('RPSessionInterval');
    const points = restorePoints.kind === 'read' ? restorePoints.data : [];
    if (restorePoints.kind === 'absent' || (interval !== 1 && points.length === 0)) return undefined;
    const runs = points.map(
      ({ number, at }): RunRecord => ({
        ...(at === undefined ? {} : { endedAt: at }),
        ...(number === undefined ? {} : { sequence: number }),
        result: 'success',
        evidence: {
          kind: 1,
          source: 'restore point',
          ...(number === undefined ? {} : { reference: `number ${number}` }),
        },
      }),
    );
    return {
      installed: true,
      answers: 'here',
      jobs: [
        {
          id: 'system-restore',
          name: 'System Restore',
          writableBy: 'administrator',
          ...(interval === undefined ? {} : { enabled: interval === 1 }),
          targets: [{ kind: 'local-disk' }],
          runs,
          history: restorePoints.kind === 'read' ? 'window' : 'unreadable',
          reasons:
            restorePoints.kind === 'read'
              ? []
              : [restorePoints.code === 'denied' ? 'source-denied' : 'source-unreadable'],
        },
      ],
    };
  },
};
