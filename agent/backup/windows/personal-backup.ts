/** Personal Backup: runs as a program of a person; of its end only the exit code of a task is kept. */
import type { BackupProduct } from '../product.ts';
import { presenceOf } from './presence.ts';
import { taskJob, zeroIsSuccess } from './tasks.ts';

export const personalBackup: BackupProduct = {
  id: 'personal-backup',
  name: 'Personal Backup',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const { installed, version } = presenceOf(records, { program: /^Personal Backup\b/i });
    const tasks = (records.tasks ?? []).filter(({ programs }) => programs.includes('persbackup.exe'));
    if (!installed && tasks.length === 0) return undefined;
    return {
      ...(version === undefined ? {} : { version }),
      installed,
      answers: tasks.length > 0 ? 'here' : 'nowhere',
      jobs: tasks.map((task) => taskJob(task, zeroIsSuccess)),
      reasons: tasks.length > 0 ? [] : ['no-readable-record'],
    };
  },
};
