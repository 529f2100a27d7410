/**
 * Timeshift: snapshots of system files on a disk of the same PC. It helps after an update that went wrong and is no backup;
 * `info.json` is written when a snapshot is complete.
 */
import { z } from 'zod';
import { codeOf } from '../../collectors/text.ts';
import type { BackupReason } from '../../contract/facts/backup.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { findProgram } from './installed.ts';

const maxSnapshots = 200;
const configs = ['/etc/timeshift/timeshift.json', '/etc/timeshift.json'];

/** All values are texts, also numbers and truth values. */
const info = z.object({
  created: z.string().regex(/^\d{1,12}$/),
  type: z.string().max(20).optional(),
  'app-version': z.string().max(40).optional(),
});
const config = z.object({
  backup_device_uuid: z.string().max(80).default(''),
  schedule_monthly: z.string().max(8).default(''),
  schedule_weekly: z.string().max(8).default(''),
  schedule_daily: z.string().max(8).default(''),
  schedule_hourly: z.string().max(8).default(''),
  schedule_boot: z.string().max(8).default(''),
});
export type TimeshiftConfig = z.infer<typeof config>;

export function parseTimeshiftConfig(text: string): TimeshiftConfig | undefined {
  return parsed(config, text);
}

/** When the snapshot was begun; `undefined` when the file is not Timeshift's. */
export function parseSnapshotInfo(text: string): Date | undefined {
  const found = parsed(info, text);
  return found === undefined ? undefined : new Date(Number(found.created) * 1000);
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    // Half written, or no JSON at all.
    return undefined;
  }
}

export const timeshift: BackupProduct = {
  id: 'timeshift',
  name: 'Timeshift',
  kind: 'system-restore',
  platforms: ['linux'],
  read: async (context): Promise<ProductFinding | undefined> => {
    const program = await findProgram(context, { packages: ['timeshift'], files: ['/usr/bin/timeshift'] });
    const settings = await readConfig(context);
    const folders =
      settings.config === undefined ? ['/timeshift/snapshots'] : await snapshotFolders(context, settings.config);
    const found = await readSnapshots(context, folders);
    if (!program.installed && found.runs.length === 0 && settings.reason === 'source-missing') return undefined;
    // Installed and never set up: there is nothing to speak of.
    if (settings.reason === 'source-missing' && !found.seen) {
      return { ...program, answers: 'here', jobs: [], reasons: ['no-schedule'] };
    }
    return { ...program, answers: 'here', jobs: [jobOf(settings, found)] };
  },
};

type Settings =
  | { readonly config: TimeshiftConfig; readonly reason?: undefined }
  | { readonly config?: undefined; readonly reason: BackupReason };

async function readConfig({ machine }: BackupContext): Promise<Settings> {
  for (const path of configs) {
    try {
      const found = parseTimeshiftConfig(await machine.readText(path, { maxBytes: 256 * 1024 }));
      return found === undefined ? { reason: 'schema-unknown' } : { config: found };
    } catch (error) {
      if (codeOf(error) !== 'not-found') return { reason: reasonOf(error) };
    }
  }
  return { reason: 'source-missing' };
}

/** Where the file system with the snapshots is mounted now; none when it is not. */
async function snapshotFolders(
  { machine }: BackupContext,
  { backup_device_uuid: uuid }: TimeshiftConfig,
): Promise<string[]> {
  if (!/^[0-9A-Za-z-]{4,40}$/.test(uuid)) return ['/timeshift/snapshots'];
  try {
    const device = (await machine.readLink(`/dev/disk/by-uuid/${uuid}`)).replace(/^(\.\.\/)+/, '/dev/');
    const mounts = await machine.readText('/proc/self/mounts');
    return mounts
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([source]) => source === device)
      .flatMap(([, point = '/']) =>
        ['timeshift', 'timeshift-btrfs'].map((name) => `${point === '/' ? '' : point}/${name}/snapshots`),
      )
      .slice(0, 16);
  } catch {
    // The disk is away.
    return [];
  }
}

interface Snapshots {
  readonly runs: readonly RunRecord[];
  /** The folder was there to be read. */
  readonly seen: boolean;
  readonly reason?: BackupReason;
}

async function readSnapshots({ machine }: BackupContext, folders: readonly string[]): Promise<Snapshots> {
  const runs: RunRecord[] = [];
  let seen = false;
  let reason: BackupReason | undefined;
  for (const folder of folders) {
    let names: string[];
    try {
      names = (await machine.list(folder)).filter((name) => /^\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}$/.test(name));
    } catch (error) {
      if (codeOf(error) !== 'not-found') reason = reasonOf(error);
      continue;
    }
    seen = true;
    for (const name of names.slice(-maxSnapshots)) {
      try {
        const at = parseSnapshotInfo(await machine.readText(`${folder}/${name}/info.json`, { maxBytes: 64 * 1024 }));
        if (at === undefined) reason = 'schema-unknown';
        else runs.push({ startedAt: at, endedAt: at, result: 'success', evidence: evidenceOf(name) });
      } catch (error) {
        // Without the file the copying was broken off, or is under way.
        if (codeOf(error) !== 'not-found') reason = reasonOf(error);
      }
    }
  }
  return { runs, seen, ...(reason === undefined ? {} : { reason }) };
}

const evidenceOf = (name: string) => ({ kind: 1, source: 'info.json of the snapshot', reference: name }) as const;

function jobOf({ config: settings, reason }: Settings, { runs, seen, reason: broken }: Snapshots): JobRecord {
  const schedules = (['boot', 'hourly', 'daily', 'weekly', 'monthly'] as const).filter(
    (level) => settings?.[`schedule_${level}`] === 'true',
  );
  const reasons = [reason, broken, seen || settings === undefined ? undefined : ('target-unreachable' as const)].filter(
    (entry) => entry !== undefined,
  );
  return {
    id: 'snapshots',
    name: 'Timeshift',
    writableBy: 'administrator',
    ...(settings === undefined ? {} : { enabled: schedules.length > 0, schedule: schedules.join(', ') || 'none' }),
    targets: [{ kind: 'local-disk' }],
    runs,
    // Old snapshots are removed.
    history: seen && broken === undefined ? 'window' : 'unreadable',
    ...(reasons.length === 0 ? {} : { reasons }),
  };
}
