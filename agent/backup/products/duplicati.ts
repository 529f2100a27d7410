/** Duplicati, as a service of the PC or as a program of one person; each has a server database of its own. */
import { codeOf } from '../../collectors/text.ts';
import type { BackupReason } from '../../contract/facts/backup.ts';
import type { Reader } from '../../platform/machine.ts';
import { findProgram, findService, isThere } from '../linux/installed.ts';
import { targetOf } from '../linux/target.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { type DuplicatiJob, duplicatiJobs } from './duplicati-database.ts';

const file = 'Duplicati-server.sqlite';
const serviceFolders = [
  '/var/lib/duplicati',
  '/var/lib/Duplicati',
  '/usr/lib/duplicati/data',
  '/root/.config/Duplicati',
];
const personFolder = '.config/Duplicati';

export const duplicati: BackupProduct = {
  id: 'duplicati',
  name: 'Duplicati',
  kind: 'backup',
  platforms: ['linux'],
  read: readLinux,
};

async function readLinux(context: BackupContext): Promise<ProductFinding | undefined> {
  const program = await findProgram(context, {
    packages: ['duplicati'],
    files: ['/usr/bin/duplicati-server', '/usr/lib/duplicati/duplicati-server', '/opt/duplicati/duplicati-server'],
  });
  const jobs: JobRecord[] = [];
  const reasons = new Set<BackupReason>();
  const read = async (
    reader: Reader,
    path: string,
    job: (found: DuplicatiJob) => Promise<JobRecord>,
  ): Promise<void> => {
    try {
      const found = await reader.database(path, duplicatiJobs);
      if (typeof found === 'string') reasons.add(found);
      else for (const each of found) jobs.push(await job(each));
    } catch (error) {
      if (codeOf(error) === 'not-found') return;
      // Newer versions can encrypt the whole file.
      reasons.add((error as { code?: unknown }).code === 'EINVAL' ? 'schema-unknown' : reasonOf(error));
    }
  };
  for (const folder of serviceFolders) {
    const path = `${folder}/${file}`;
    if (await isThere(context, path)) {
      await read(context.reader, path, (found) => jobOf(context, found, `server ${found.id}`, 'administrator'));
    }
  }
  // Without the program nobody's profile is looked into.
  for (const user of program.installed ? await context.users() : []) {
    const reader = context.profile(user);
    const path = `${user.home}/${personFolder}/${file}`;
    try {
      await reader.stat(path);
    } catch (error) {
      if (codeOf(error) !== 'not-found') reasons.add('user-source-unreadable');
      continue;
    }
    await read(reader, path, (found) => jobOf(context, found, `account ${user.uid} ${found.id}`, 'user'));
  }
  if (!program.installed && jobs.length === 0 && reasons.size === 0) return undefined;
  const service = program.installed ? await findService(context, ['duplicati.service'], { onDemand: true }) : undefined;
  return {
    ...program,
    ...(service === undefined ? {} : { service }),
    answers: 'here',
    jobs,
    ...(reasons.size === 0 ? {} : { reasons: [...reasons] }),
  };
}

/** A job of a server's database, with the id and the targets of the system it is on. */
export function duplicatiJob(
  found: DuplicatiJob,
  { id, writableBy, targets }: Pick<JobRecord, 'id' | 'writableBy' | 'targets'>,
): JobRecord {
  return {
    id,
    name: found.name,
    writableBy,
    ...(found.schedule === undefined ? {} : { enabled: true, schedule: found.schedule }),
    ...(found.nextRunAt === undefined ? {} : { nextRunAt: found.nextRunAt }),
    targets,
    runs: found.runs,
    // The last success stands there for as long as the job does.
    history: 'whole',
    ...(found.schedule === undefined ? { reasons: ['no-schedule'] } : {}),
  };
}

async function jobOf(
  { machine }: BackupContext,
  found: DuplicatiJob,
  id: string,
  writableBy: JobRecord['writableBy'],
): Promise<JobRecord> {
  const targets = found.address === undefined ? [] : [await targetOf(machine, found.address)];
  return duplicatiJob(found, { id, writableBy, targets });
}
