/** Tasks that look like a backup nobody taught the agent: a hint for the administrator, never proof. */
import type { BackupProduct } from '../product.ts';
import type { TaskEntry } from './records.ts';
import { type MeaningOf, taskJob, zeroIsSuccess } from './tasks.ts';

/** Programs with products of their own, and what Windows plans for itself. */
const known = /^(reflect|persbackup)\.exe$/;

/** Copied files are no error for robocopy (below 8); 7-Zip and restic say 1 and 3 when some files could not be read. */
const meanings: Readonly<Record<string, MeaningOf>> = {
  'robocopy.exe': (code) => (code < 8 ? 'success' : 'failed'),
  '7z.exe': (code) => (code === 1 ? 'warning' : zeroIsSuccess(code)),
  'restic.exe': (code) => (code === 3 ? 'warning' : zeroIsSuccess(code)),
};

export const scheduledTasks: BackupProduct = {
  id: 'scheduled-task',
  name: 'Scheduled task',
  kind: 'hint',
  platforms: ['win32'],
  read: async (context) => {
    const { tasks = [] } = await context.windows();
    const own = tasks.filter(
      ({ path, programs }) =>
        !path.startsWith('\\Microsoft\\') &&
        !path.startsWith('\\Macrium\\') &&
        !programs.some((name) => known.test(name)),
    );
    if (own.length === 0) return undefined;
    return { installed: true, answers: 'here', jobs: own.map((task) => taskJob(task, meaningOf(task))) };
  },
};

function meaningOf({ programs }: TaskEntry): MeaningOf {
  const [only] = programs;
  return (
    (programs.length === 1 && only !== undefined
      ? meanings[only.endsWith('.exe') ? only : `${only}.exe`]
      : undefined) ?? zeroIsSuccess
  );
}
