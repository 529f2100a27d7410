/** Kopia on Windows: per person, behind the password of the repository. Only that it is there can be said. */
import type { BackupContext, BackupProduct, JobRecord } from '../product.ts';
import { presenceOf } from './presence.ts';
import type { ProfileEntry } from './records.ts';

const program = /^Kopia(UI)?\b/i;

export const kopiaWindows: BackupProduct = {
  id: 'kopia',
  name: 'Kopia',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const { installed, version, service } = presenceOf(records, { image: /\\kopia\.exe$/i, program, onDemand: true });
    const profiles = records.profiles ?? [];
    const own = profiles.flatMap(({ programs }) => programs).find(({ name }) => program.test(name));
    const jobs = (await Promise.all(profiles.map((profile) => connected(context, profile)))).flat();
    if (!installed && own === undefined && jobs.length === 0) return undefined;
    const known = version ?? own?.version;
    return {
      ...(known === undefined ? {} : { version: known }),
      installed: installed || own !== undefined,
      ...(service === undefined ? {} : { service }),
      answers: 'nowhere',
      jobs,
      reasons: ['needs-credentials'],
    };
  },
};

/** The file that shows the connection keeps the password and is not opened. */
async function connected({ machine }: BackupContext, { id, folder }: ProfileEntry): Promise<JobRecord[]> {
  if (folder === undefined || !/^[A-Za-z]:\\/.test(folder)) return [];
  const found = await machine.stat(`${folder}\\AppData\\Roaming\\kopia\\repository.config`).catch(() => undefined);
  if (found?.kind !== 'file') return [];
  return [
    {
      id: `profile-${id}`,
      name: 'Kopia',
      writableBy: 'user',
      targets: [],
      encrypted: true,
      runs: [],
      history: 'unreadable',
      reasons: ['needs-credentials'],
    },
  ];
}
