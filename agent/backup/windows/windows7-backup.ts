/** "Backup and Restore (Windows 7)": seen by its task. No record of its runs is documented, so the answer is "check by hand". */
import type { BackupProduct } from '../product.ts';
import { taskJob } from './tasks.ts';

export const windows7Backup: BackupProduct = {
  id: 'windows7-backup',
  name: 'Backup and Restore (Windows 7)',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const { tasks, services } = await context.windows();
    // Made when a schedule is set up; ConfigNotification beside it is on every PC.
    const task = tasks?.find(
      ({ path, name }) => path === '\\Microsoft\\Windows\\WindowsBackup\\' && name === 'AutomaticBackup',
    );
    if (task === undefined) return undefined;
    const service = services?.find(({ name }) => name.toUpperCase() === 'SDRSVC');
    const job = taskJob(task, () => undefined);
    return {
      installed: services === undefined || service !== undefined,
      service: {
        name: 'SDRSVC',
        state: service?.state ?? (services === undefined ? 'unknown' : 'missing'),
        onDemand: true,
      },
      answers: 'nowhere',
      jobs: [{ ...job, id: 'automatic-backup', reasons: [...(job.reasons ?? []), 'no-readable-record'] }],
      reasons: ['no-readable-record'],
    };
  },
};
