/** UrBackup client on Windows: the answer of its command, else the time in its own database, as on Linux. */
import { codeOf } from '../../collectors/text.ts';
import type { BackupContext, BackupProduct, JobRecord } from '../product.ts';
import { askClient, fileBackupOf, lastFileBackup, storedFileBackup } from '../products/urbackup.ts';
import { reasonOf } from '../read-reason.ts';
import { isDown, presenceOf } from './presence.ts';
import type { WindowsRecords } from './records.ts';

const traces = { service: /^UrBackupClientBackend$/i, serviceName: 'UrBackupClientBackend', program: /^UrBackup\b/i };

export const urbackupWindows: BackupProduct = {
  id: 'urbackup',
  name: 'UrBackup',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const { installed, version, service } = presenceOf(records, traces);
    const answered = installed ? await askClient(context) : undefined;
    const stored = answered?.status === undefined ? await readStored(context, records) : undefined;
    if (!installed && stored === undefined) return undefined;
    const job =
      answered?.status === undefined
        ? (stored ?? storedFileBackup({ reason: 'source-missing' }))
        : fileBackupOf(answered.status);
    return {
      ...(version === undefined ? {} : { version }),
      installed,
      ...(service === undefined ? {} : { service }),
      answers: 'here',
      jobs: [job],
      reasons: [
        ...(answered?.reason === undefined ? [] : [answered.reason]),
        ...(isDown(service) && answered?.reason !== 'service-stopped' ? (['service-stopped'] as const) : []),
      ],
    };
  },
};

/** Undefined where there is no database. */
async function readStored({ reader }: BackupContext, { places }: WindowsRecords): Promise<JobRecord | undefined> {
  for (const base of places.programs) {
    try {
      return storedFileBackup(await reader.database(`${base}\\UrBackup\\urbackup\\backup_client.db`, lastFileBackup));
    } catch (error) {
      if (codeOf(error) !== 'not-found') return storedFileBackup({ reason: reasonOf(error) });
    }
  }
  return undefined;
}
