/**
 * BorgBackup and borgmatic. The list of archives stands behind the passphrase and is asked for through hooks of the
 * administrator; without one, the exit code of borgmatic's unit tells at least that the program ended.
 */
import { z } from 'zod';
import { clean } from '../../collectors/text.ts';
import { askHook, jobOfHook, maxHookRuns } from '../hooks.ts';
import { parseLocalIso } from '../local-time.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import type { BackupHook } from '../sources.ts';
import { cronEntries, withCron } from './cron-job.ts';
import { findProgram } from './installed.ts';
import { companionRun, ownUnits, planOf, type ScheduledUnit, scheduledUnits } from './own-units.ts';
import { hookTargets, repositoryTarget } from './repository.ts';
import { sameHost } from './restic.ts';
import { json } from './resticprofile.ts';
import { jobOfUnit } from './unit-job.ts';

const folders = ['/usr/bin', '/usr/local/bin', '/root/.local/bin'];
const maxConfigBytes = 256 * 1024;
const maxRepositories = 16;

export const borg: BackupProduct = {
  id: 'borg',
  name: 'BorgBackup',
  kind: 'backup',
  platforms: ['linux'],
  read: readBorg,
};

async function readBorg(context: BackupContext): Promise<ProductFinding | undefined> {
  const hooks = context.sources.hooks.filter(({ product }) => product === 'borg' || product === 'borgmatic');
  const program = await findProgram(context, {
    packages: ['borgbackup', 'borgmatic', 'borgbackup2'],
    files: folders.flatMap((folder) => [`${folder}/borg`, `${folder}/borgmatic`]),
  });
  const repositories = await borgmaticRepositories(context);
  if (!program.installed && repositories.length === 0 && hooks.length === 0) return undefined;
  const units = program.installed ? await borgUnits(context) : [];
  const own = (await Promise.all(hooks.map((hook) => jobsFromHook(context, hook)))).flat();
  const cron = program.installed ? await cronEntries(context, /\bborg(matic)?\b/) : [];
  const jobs = withCron(await withUnits(context, own, units, repositories), cron);
  return { ...program, answers: 'here', jobs, ...(jobs.length === 0 ? { reasons: ['needs-credentials'] } : {}) };
}

async function borgUnits(context: BackupContext): Promise<readonly ScheduledUnit[]> {
  const named = await ownUnits(context, ['borg', 'borgmatic'], {
    backup: /\bcreate\b/,
    others: /\b(check|prune|compact|list|info|extract|mount|init|rcreate)\b/,
  });
  const found = await scheduledUnits(context, ['borgmatic.service', ...named.map(({ name }) => name)]);
  if (typeof found === 'string') return [];
  // The package brings its unit switched on; without a configuration it starts nothing.
  return found.filter(
    ({ name, state, timer }) => name !== 'borgmatic.service' || timer !== undefined || state.startedAt !== undefined,
  );
}

/** One unit serves all repositories of borgmatic: where it is the only one, each job has its plan and its last run. */
async function withUnits(
  context: BackupContext,
  jobs: readonly JobRecord[],
  units: readonly ScheduledUnit[],
  repositories: readonly string[],
): Promise<JobRecord[]> {
  const [unit] = units;
  if (units.length === 1 && unit !== undefined && jobs.length > 0) {
    return jobs.map((job) => ({ ...job, ...planOf(unit), runs: [...job.runs, ...companionRun(unit, job.runs)] }));
  }
  const targets = (await Promise.all(repositories.map((address) => repositoryTarget(context, address)))).flat();
  return [
    ...jobs,
    ...units.map((found) => ({ ...jobOfUnit(found), ...(found.name.startsWith('borgmatic') ? { targets } : {}) })),
  ];
}

const archive = z.object({
  name: z.string().max(1000),
  hostname: z.string().max(300).optional(),
  id: z.string().max(100).optional(),
  start: z.string().max(60).optional(),
  end: z.string().max(60).optional(),
  /** `borg list` has no end. */
  time: z.string().max(60).optional(),
  stats: z.object({ original_size: z.number().optional() }).optional().catch(undefined),
});
const repository = z.object({
  archives: z.array(archive).max(100_000),
  repository: z.object({
    id: z.string().max(100).optional(),
    location: z.string().max(1000).optional(),
    label: z.string().max(200).optional().catch(undefined),
  }),
  encryption: z
    .object({ mode: z.string().max(60) })
    .optional()
    .catch(undefined),
});
const answer = z.union([repository.transform((one) => [one]), z.array(repository).max(maxRepositories)]);

export interface BorgRepository {
  readonly id?: string;
  readonly location?: string;
  readonly label?: string;
  readonly encrypted?: boolean;
  /** Newest first. */
  readonly runs: readonly RunRecord[];
}

/**
 * `borg info --json --last N`, `borg list --json`, and borgmatic's arrays of them. An archive is there when its backup came
 * to its end, whether or not some files were left out; checkpoints of interrupted ones do not count. Undefined when it is
 * something else, an answer without a list of archives included.
 */
export function parseArchives(text: string, hostname: string): BorgRepository[] | undefined {
  const parsed = answer.safeParse(json(text));
  if (!parsed.success) return undefined;
  return parsed.data.map(({ archives, repository: { id, location, label }, encryption }) => ({
    ...(id === undefined ? {} : { id }),
    ...(location === undefined ? {} : { location }),
    ...(label === undefined ? {} : { label }),
    ...(encryption === undefined ? {} : { encrypted: encryption.mode !== 'none' }),
    runs: archives
      .filter(({ name }) => !/\.checkpoint(\.\d+)?$/.test(name))
      .filter((one) => one.hostname === undefined || sameHost(one.hostname, hostname))
      .flatMap((one) => runOf(one))
      .sort((a, b) => (b.endedAt?.getTime() ?? 0) - (a.endedAt?.getTime() ?? 0))
      .slice(0, maxHookRuns),
  }));
}

function runOf({ id, start, end, time, stats }: z.infer<typeof archive>): RunRecord[] {
  const endedAt = borgTime(end ?? time ?? start);
  if (endedAt === undefined) return [];
  const startedAt = borgTime(start);
  const bytes = stats?.original_size;
  return [
    {
      ...(startedAt === undefined ? {} : { startedAt }),
      endedAt,
      result: 'success',
      ...(bytes === undefined ? {} : { bytes }),
      evidence: {
        kind: 2,
        source: 'borg archives',
        ...(id === undefined ? {} : { reference: `archive ${id.slice(0, 12)}` }),
      },
    },
  ];
}

/** Borg 1 writes local times without a zone, Borg 2 with one. */
export function borgTime(text: string | undefined): Date | undefined {
  const [, plain, zone] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$/.exec(text ?? '') ?? [];
  if (plain === undefined) return undefined;
  if (zone === undefined) return parseLocalIso(plain);
  const time = new Date(plain + zone);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

async function jobsFromHook(context: BackupContext, hook: BackupHook): Promise<JobRecord[]> {
  const job = jobOfHook(hook, hookTargets(hook));
  const said = await askHook(context, hook);
  if ('reasons' in said) return [{ ...job, runs: [], history: 'unreadable', reasons: said.reasons }];
  const found = parseArchives(said.text, context.machine.hostname);
  if (found === undefined || found.length === 0) {
    return [{ ...job, runs: [], history: 'unreadable', reasons: ['schema-unknown'] }];
  }
  return Promise.all(
    found.map(async ({ id, location, label, encrypted, runs }): Promise<JobRecord> => {
      const several = found.length > 1;
      const suffix = several ? ` ${id?.slice(0, 8) ?? ''}` : '';
      return {
        ...job,
        id: `${job.id}${suffix}`,
        name: several && label !== undefined ? `${job.name} (${clean(label, 60) ?? '?'})` : job.name,
        targets: hookTargets(hook, await repositoryTarget(context, location)),
        ...(encrypted === undefined ? {} : { encrypted }),
        runs,
        // The repository itself said that there is no archive of this PC in it: there is nothing to get back.
        history: 'whole',
      };
    }),
  );
}

/** Addresses of borgmatic's repositories; nothing else of its configuration is looked at, least of all a passphrase. */
async function borgmaticRepositories({ machine }: BackupContext): Promise<string[]> {
  const files = ['/etc/borgmatic/config.yaml'];
  try {
    files.push(...(await machine.list('/etc/borgmatic.d')).map((name) => `/etc/borgmatic.d/${name}`));
  } catch {
    // No folder, no further configurations.
  }
  const found: string[] = [];
  for (const file of files.filter((name) => /\.ya?ml$/.test(name)).slice(0, maxRepositories)) {
    try {
      found.push(...parseRepositories(await machine.readText(file, { maxBytes: maxConfigBytes })));
    } catch {
      // Not there, or not readable: then its repositories are not known.
    }
  }
  return [...new Set(found)].slice(0, maxRepositories);
}

/** The list `repositories:` of a borgmatic configuration, in its old form ("- path") and its new ("- path: …"). */
export function parseRepositories(text: string): string[] {
  const found: string[] = [];
  let indent = -1;
  for (const line of text.split('\n')) {
    if (/^\s*(#|$)/.test(line)) continue;
    const depth = line.search(/\S/);
    if (/^\s*repositories:\s*(#.*)?$/.test(line)) indent = depth;
    else if (depth < indent || (depth === indent && !/^\s*-/.test(line))) indent = -1;
    else if (indent !== -1) {
      const [, , value] = /^\s*-?\s*(path:\s*)?["']?([^"'#\s][^"'#]*?)["']?\s*(?:#.*)?$/.exec(line) ?? [];
      if (value !== undefined && !/^[a-z_]+:(\s|$)/.test(value)) found.push(value);
    }
  }
  return found;
}
