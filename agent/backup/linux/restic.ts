/**
 * restic. Its own answer stands behind the repository's password, so it is asked through hooks of the administrator; without
 * one, status files of resticprofile tell each run, and a unit's exit code tells at least that the program ended.
 */
import { z } from 'zod';
import { CollectError } from '../../collectors/collector.ts';
import { clean, codeOf } from '../../collectors/text.ts';
import type { BackupReason } from '../../contract/facts/backup.ts';
import type { Reader } from '../../platform/machine.ts';
import { askHook, jobOfHook, maxHookRuns } from '../hooks.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { placeOf } from '../source-place.ts';
import type { BackupHook } from '../sources.ts';
import { cronEntries, withCron } from './cron-job.ts';
import { findProgram } from './installed.ts';
import { companionRun, ownUnits, planOf, type ScheduledUnit, scheduledUnits } from './own-units.ts';
import { profileReader } from './profile-source.ts';
import { hookTargets, repositoryTarget } from './repository.ts';
import { json, parseAutoresticLock, parseStatusFile, valuesOf } from './resticprofile.ts';
import { jobOfUnit } from './unit-job.ts';

const files = ['restic', 'resticprofile', 'autorestic'].flatMap((name) => [
  `/usr/bin/${name}`,
  `/usr/local/bin/${name}`,
]);
/** Exit code 3: the snapshot was made, some files are not in it. */
const warningExitCodes = [3];
const maxConfigBytes = 1024 * 1024;
const maxStatusFiles = 8;
const configNames = ['yaml', 'yml', 'toml', 'conf', 'json', 'hcl'].map((ending) => `profiles.${ending}`);

export const restic: BackupProduct = {
  id: 'restic',
  name: 'restic',
  kind: 'backup',
  platforms: ['linux'],
  read: readRestic,
};

async function readRestic(context: BackupContext): Promise<ProductFinding | undefined> {
  const hooks = context.sources.hooks.filter(({ product }) => product === 'restic');
  const program = await findProgram(context, { packages: ['restic'], files });
  const profiles = await readProfiles(context);
  if (!program.installed && profiles.jobs.length === 0 && hooks.length === 0) {
    // Nothing says that it is here: what could not be looked at is a gap, no product.
    if (profiles.reasons.includes('user-source-unreadable')) {
      throw new CollectError('denied', 'profiles of people could not be read');
    }
    return undefined;
  }
  const units = program.installed ? await resticUnits(context) : [];
  const own = [...(await Promise.all(hooks.map((hook) => jobFromHook(context, hook)))), ...profiles.jobs];
  const cron = program.installed ? await cronEntries(context, /\b(restic|resticprofile|autorestic)\b/) : [];
  const jobs = withCron(withUnits(own, units), cron);
  // Nothing else tells of a backup: then it matters that a profile writes no status file.
  const reasons = profiles.reasons.filter((reason) => reason !== 'no-readable-record' || jobs.length === 0);
  if (jobs.length === 0 && reasons.length === 0) reasons.push('needs-credentials');
  return { ...program, answers: 'here', jobs, ...(reasons.length === 0 ? {} : { reasons }) };
}

async function resticUnits(context: BackupContext): Promise<readonly ScheduledUnit[]> {
  const named = await ownUnits(context, ['restic', 'resticprofile', 'autorestic'], {
    backup: /\bbackup\b/,
    others: /\b(check|prune|forget|copy|snapshots|stats|unlock|mount|restore|init|self-update)\b/,
  });
  const found = await scheduledUnits(
    context,
    named.map(({ name }) => name),
  );
  return typeof found === 'string' ? [] : found;
}

/** Each job with the unit that starts it where that is beyond doubt; the other units are jobs of their own. */
export function withUnits(jobs: readonly JobRecord[], units: readonly ScheduledUnit[]): JobRecord[] {
  const left = [...units];
  const joined = jobs.map((job) => {
    const profile = /^profile (.+)$/.exec(job.id)?.[1];
    const index = left.findIndex(({ name }) =>
      profile === undefined ? false : name.includes(`profile-${profile}.`) && name.includes('backup'),
    );
    const only = jobs.length === 1 && units.length === 1 ? 0 : -1;
    const [unit] = left.splice(index === -1 ? only : index, index === -1 && only === -1 ? 0 : 1);
    if (unit === undefined) return job;
    return { ...job, ...planOf(unit), runs: [...job.runs, ...companionRun(unit, job.runs, warningExitCodes)] };
  });
  return [...joined, ...left.map((unit) => jobOfUnit(unit, warningExitCodes))];
}

const snapshot = z.object({
  time: z.iso.datetime({ offset: true }),
  hostname: z.string().max(300).optional(),
  id: z.string().max(100).optional(),
  /** Since 0.17. */
  summary: z
    .object({
      backup_start: z.iso.datetime({ offset: true }).optional(),
      backup_end: z.iso.datetime({ offset: true }).optional(),
      total_bytes_processed: z.number().optional(),
    })
    .optional()
    .catch(undefined),
});
const snapshots = z.array(snapshot).max(100_000);

/**
 * `restic snapshots --json`: a snapshot is there only when its backup came to its end. Those of other PCs in the same
 * repository do not count. Undefined when it is something else.
 */
export function parseSnapshots(text: string, hostname: string): RunRecord[] | undefined {
  const parsed = snapshots.safeParse(json(text));
  if (!parsed.success) return undefined;
  return parsed.data
    .filter((entry) => entry.hostname === undefined || sameHost(entry.hostname, hostname))
    .map(({ time, id, summary }): RunRecord => {
      const bytes = summary?.total_bytes_processed;
      return {
        startedAt: new Date(summary?.backup_start ?? time),
        // Older versions write no end: the beginning makes the backup look older, never younger.
        endedAt: new Date(summary?.backup_end ?? time),
        result: 'success',
        ...(bytes === undefined ? {} : { bytes }),
        evidence: {
          kind: 2,
          source: 'restic snapshots',
          ...(id === undefined ? {} : { reference: `snapshot ${id.slice(0, 12)}` }),
        },
      };
    })
    .sort((a, b) => (b.endedAt?.getTime() ?? 0) - (a.endedAt?.getTime() ?? 0))
    .slice(0, maxHookRuns);
}

/** "pc7" and "pc7.rathaus.example" are one PC. */
export function sameHost(a: string, b: string): boolean {
  const short = (name: string): string => name.toLowerCase().replace(/\..*$/, '');
  return short(a) === short(b) && short(a) !== '';
}

async function jobFromHook(context: BackupContext, hook: BackupHook): Promise<JobRecord> {
  const job = { ...jobOfHook(hook, hookTargets(hook)), encrypted: true };
  const answer = await askHook(context, hook);
  if ('reasons' in answer) return { ...job, runs: [], history: 'unreadable', reasons: answer.reasons };
  const runs = parseSnapshots(answer.text, context.machine.hostname);
  if (runs === undefined) return { ...job, runs: [], history: 'unreadable', reasons: ['schema-unknown'] };
  // The repository itself said that there is no snapshot of this PC in it: there is nothing to get back.
  return { ...job, runs, history: 'whole' };
}

interface ConfigPlace {
  readonly reader: Pick<Reader, 'readText'>;
  readonly folder: string;
  readonly writableBy: JobRecord['writableBy'];
}

/** Jobs of resticprofile and autorestic, those of the system and those in the profiles of people. */
async function readProfiles(context: BackupContext): Promise<{ jobs: JobRecord[]; reasons: BackupReason[] }> {
  const system = [
    '/etc/resticprofile',
    '/usr/local/etc/resticprofile',
    '/root/.config/resticprofile',
    '/root',
    '/etc/autorestic',
  ];
  const places: ConfigPlace[] = system.map((folder) => ({
    reader: context.machine,
    folder,
    writableBy: 'administrator',
  }));
  for (const user of await context.users()) {
    const folders = [`${user.home}/.config/resticprofile`, user.home];
    const paths = folders.flatMap((folder) => [...configNames, '.autorestic.yml'].map((name) => `${folder}/${name}`));
    const reader = await profileReader(context, user, paths);
    if (reader !== undefined)
      places.push(...folders.map((folder) => ({ reader, folder, writableBy: 'user' as const })));
  }
  const jobs: JobRecord[] = [];
  const reasons: BackupReason[] = [];
  for (const place of places) {
    try {
      jobs.push(...(await autoresticJobs(place)));
      for (const config of await readConfigs(place)) {
        const found = await jobsOfConfig(context, place, config);
        jobs.push(...found.jobs);
        reasons.push(...found.reasons);
      }
    } catch (error) {
      reasons.push(place.writableBy === 'user' ? 'user-source-unreadable' : reasonOf(error));
    }
  }
  return { jobs, reasons: [...new Set(reasons)] };
}

async function readConfigs({ reader, folder }: ConfigPlace): Promise<string[]> {
  const texts: string[] = [];
  for (const name of configNames) {
    const text = await readIfThere(reader, `${folder}/${name}`);
    if (text !== undefined) texts.push(text);
  }
  return texts;
}

async function jobsOfConfig(
  context: BackupContext,
  place: ConfigPlace,
  config: string,
): Promise<{ jobs: JobRecord[]; reasons: BackupReason[] }> {
  const status = valuesOf(config, 'status-file').filter((path) => !path.includes('{{'));
  if (status.length === 0) return { jobs: [], reasons: ['no-readable-record'] };
  const repositories = valuesOf(config, 'repository').filter((value) => !value.includes('{{'));
  const [repository] = repositories;
  const targets = repositories.length === 1 ? await repositoryTarget(context, repository) : [];
  const jobs: JobRecord[] = [];
  const reasons: BackupReason[] = [];
  for (const name of status.slice(0, maxStatusFiles)) {
    const path = name.startsWith('/') ? name : `${place.folder}/${name.replace(/^\.\//, '')}`;
    try {
      // A person's configuration may name any file: it is read with the person's rights wherever it lies.
      const { reader, writableBy } = place.writableBy === 'user' ? place : await placeOf(context, path);
      const profiles = parseStatusFile(await reader.readText(path, { maxBytes: maxConfigBytes }));
      if (profiles === undefined) reasons.push('schema-unknown');
      for (const { profile, run } of profiles ?? []) {
        jobs.push({
          id: `profile ${profile}`,
          name: clean(profile, 120) ?? '?',
          writableBy,
          targets,
          encrypted: true,
          runs: [run],
          history: 'window',
        });
      }
    } catch (error) {
      reasons.push(reasonOf(error));
    }
  }
  return { jobs, reasons };
}

async function autoresticJobs(place: ConfigPlace): Promise<JobRecord[]> {
  const config = (await readIfThere(place.reader, `${place.folder}/.autorestic.yml`)) ?? '';
  const [named] = valuesOf(config, 'lockfile');
  const text = await readIfThere(place.reader, named ?? `${place.folder}/.autorestic.lock.yml`);
  return [...parseAutoresticLock(text ?? '')].slice(0, 32).map(
    ([location, startedAt]): JobRecord => ({
      id: `location ${location}`,
      name: clean(location, 120) ?? '?',
      writableBy: place.writableBy,
      targets: [],
      encrypted: true,
      runs: [{ startedAt, result: 'unknown', evidence: { kind: 5, source: 'autorestic lock file' } }],
      history: 'window',
      reasons: ['weak-evidence'],
    }),
  );
}

async function readIfThere(reader: Pick<Reader, 'readText'>, path: string): Promise<string | undefined> {
  try {
    return await reader.readText(path, { maxBytes: maxConfigBytes });
  } catch (error) {
    if (codeOf(error) === 'not-found') return undefined;
    throw error;
  }
}
