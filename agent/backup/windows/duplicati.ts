/** Duplicati on Windows: the database of its server, of the service or of a person's program beside the clock. */
import { codeOf } from '../../collectors/text.ts';
import type { BackupReason } from '../../contract/facts/backup.ts';
import type { BackupContext, BackupProduct, JobRecord } from '../product.ts';
import { duplicatiJob } from '../products/duplicati.ts';
import { duplicatiJobs } from '../products/duplicati-database.ts';
import { reasonOf } from '../read-reason.ts';
import { isDown, presenceOf } from './presence.ts';
import type { WindowsRecords } from './records.ts';
import { targetOf } from './targets.ts';

const file = 'Duplicati-server.sqlite';
const traces = { service: /^Duplicati/i, image: /\\Duplicati\.WindowsService\.exe$/i, program: /^Duplicati\b/i };

export const duplicatiWindows: BackupProduct = {
  id: 'duplicati',
  name: 'Duplicati',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const { installed, version, service } = presenceOf(records, traces);
    const profiles = records.profiles ?? [];
    const own = profiles.flatMap(({ programs }) => programs).find(({ name }) => traces.program.test(name));
    const reasons = new Set<BackupReason>();
    const jobs: JobRecord[] = [];
    for (const source of sourcesOf(records)) {
      const found = await readJobs(context, source, records);
      if (typeof found === 'string') reasons.add(found);
      else jobs.push(...found);
    }
    const present = installed || own !== undefined;
    if (!present && jobs.length === 0 && reasons.size === 0) return undefined;
    const known = version ?? own?.version;
    if (isDown(service)) reasons.add('service-stopped');
    return {
      ...(known === undefined ? {} : { version: known }),
      installed: present,
      ...(service === undefined ? {} : { service }),
      answers: 'here',
      jobs,
      reasons: [...reasons],
    };
  },
};

interface Source {
  readonly path: string;
  /** Goes before the number of the job. */
  readonly id: string;
  readonly writableBy: JobRecord['writableBy'];
}

function sourcesOf({ places, profiles }: WindowsRecords): Source[] {
  const system = `${places.data.slice(0, 2)}\\Windows\\System32\\config\\systemprofile\\AppData\\Local\\Duplicati`;
  const ofService = [`${places.data}\\Duplicati`, system].map(
    (folder): Source => ({ path: `${folder}\\${file}`, id: 'server', writableBy: 'administrator' }),
  );
  const ofPersons = (profiles ?? []).flatMap(({ id, folder }): Source[] =>
    folder !== undefined && /^[A-Za-z]:\\/.test(folder)
      ? [{ path: `${folder}\\AppData\\Local\\Duplicati\\${file}`, id: `profile-${id}`, writableBy: 'user' }]
      : [],
  );
  return [...ofService, ...ofPersons];
}

async function readJobs(
  context: BackupContext,
  { path, id, writableBy }: Source,
  records: WindowsRecords,
): Promise<JobRecord[] | BackupReason> {
  try {
    // Only then is a process started for it.
    await context.machine.stat(path);
    const found = await context.reader.database(path, duplicatiJobs);
    if (typeof found === 'string') return found;
    return found.map((job) =>
      duplicatiJob(job, { id: `${id} ${job.id}`, writableBy, targets: targetOf(job.address, records) }),
    );
  } catch (error) {
    if (codeOf(error) === 'not-found') return [];
    // Newer versions can encrypt the whole file.
    return (error as { code?: unknown }).code === 'EINVAL' ? 'schema-unknown' : reasonOf(error);
  }
}
