/** Folders in OneDrive: a copy that follows every deletion and every encryption. Shown as what it is, never as a backup. */
import type { BackupProduct, JobRecord } from '../product.ts';
import type { ProfileEntry, WindowsRecords } from './records.ts';

/** Desktop, documents and pictures, in the two encodings seen. */
const folders = 1 | 2 | 4 | 512 | 1024 | 2048;
const program = /^Microsoft OneDrive\b/i;

export const oneDrive: BackupProduct = {
  id: 'onedrive',
  name: 'OneDrive',
  kind: 'file-sync',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const jobs = (records.profiles ?? []).flatMap(jobsOf);
    if (jobs.length === 0) return undefined;
    const found = entryOf(records);
    return {
      ...(found?.version === undefined ? {} : { version: found.version }),
      installed: found !== undefined,
      answers: 'nowhere',
      jobs,
      reasons: ['no-readable-record'],
    };
  },
};

function entryOf({ programs = [], profiles = [] }: WindowsRecords) {
  return [...programs, ...profiles.flatMap((profile) => profile.programs)].find(({ name }) => program.test(name));
}

function jobsOf({ id, oneDrive: accounts }: ProfileEntry): JobRecord[] {
  return accounts.map(({ account, folders: now, inside }) => ({
    id: `profile-${id}-${account.toLowerCase()}`,
    name: `OneDrive ${account}`,
    writableBy: 'user',
    // The number can be stale: at least one of the folders must lie where OneDrive is.
    ...(now === undefined ? {} : { enabled: (now & folders) !== 0 && inside > 0 }),
    targets: [{ kind: 'cloud', name: 'OneDrive' }],
    runs: [],
    history: 'unreadable',
    reasons: ['no-readable-record'],
  }));
}
