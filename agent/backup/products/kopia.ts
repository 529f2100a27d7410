/**
 * Kopia. Its list of snapshots can be had only by the account that connected the repository, whose profile keeps the
 * password: it is asked through hooks of the administrator.
 */
import { z } from 'zod';
import { askHook, jobOfHook, maxHookRuns } from '../hooks.ts';
import { findProgram } from '../linux/installed.ts';
import { personHas, profileReader } from '../linux/profile-source.ts';
import { hookTargets } from '../linux/repository.ts';
import { sameHost } from '../linux/restic.ts';
import { json } from '../linux/resticprofile.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import type { BackupHook } from '../sources.ts';
import { openRun } from '../still-running.ts';

export const kopia: BackupProduct = {
  id: 'kopia',
  name: 'Kopia',
  kind: 'backup',
  platforms: ['linux'],
  read: readKopia,
};

async function readKopia(context: BackupContext): Promise<ProductFinding | undefined> {
  const hooks = context.sources.hooks.filter(({ product }) => product === 'kopia');
  const program = await findProgram(context, {
    packages: ['kopia', 'kopia-ui'],
    files: ['/usr/bin/kopia', '/usr/local/bin/kopia', '/opt/KopiaUI'],
  });
  // What cannot be looked at is a gap where nothing else says that Kopia is here.
  const found = connectedPeople(context);
  const people = program.installed || hooks.length > 0 ? await found.catch(() => []) : await found;
  if (!program.installed && people.length === 0 && hooks.length === 0) return undefined;
  const jobs = [...(await Promise.all(hooks.map((hook) => jobFromHook(context, hook)))), ...people];
  return { ...program, answers: 'here', jobs, ...(jobs.length === 0 ? { reasons: ['needs-credentials'] } : {}) };
}

/** People who connected a repository. The file that shows it keeps the password and is not opened. */
async function connectedPeople(context: BackupContext): Promise<JobRecord[]> {
  const jobs: JobRecord[] = [];
  for (const user of await context.users()) {
    const path = `${user.home}/.config/kopia/repository.config`;
    const reader = await profileReader(context, user, [path]);
    if (reader === undefined || !(await personHas(reader, path))) continue;
    jobs.push({
      id: `account ${user.uid}`,
      name: 'Kopia',
      writableBy: 'user',
      targets: [],
      encrypted: true,
      runs: [],
      history: 'unreadable',
      reasons: ['needs-credentials'],
    });
  }
  return jobs;
}

const instant = z.iso.datetime({ offset: true });
const count = z.number().min(0).optional().catch(undefined);
const snapshot = z.object({
  id: z.string().max(100).optional(),
  source: z.object({ host: z.string().max(300) }),
  startTime: instant,
  endTime: instant.optional(),
  /** Why a snapshot is not whole: "checkpoint", "canceled", "limit". */
  incomplete: z.string().max(60).optional(),
  stats: z.object({ totalSize: count, errorCount: count, ignoredErrorCount: count }).optional(),
  rootEntry: z.object({ summ: z.object({ numFailed: count, numIgnoredErrors: count }).optional() }).optional(),
});
const snapshots = z.array(snapshot).max(100_000);

/** `kopia snapshot list --json`, snapshots of other PCs left out; undefined when it is something else. */
export function parseKopiaSnapshots(text: string, hostname: string, now: Date): RunRecord[] | undefined {
  const parsed = snapshots.safeParse(json(text));
  if (!parsed.success) return undefined;
  return parsed.data
    .filter(({ source }) => sameHost(source.host, hostname))
    .map(runOf)
    .sort((a, b) => (b.startedAt?.getTime() ?? 0) - (a.startedAt?.getTime() ?? 0))
    .slice(0, maxHookRuns)
    .map((run, index) => (run.code === 'checkpoint' ? openRun(run, index === 0, now) : run));
}

function runOf({ id, startTime, endTime, incomplete, stats, rootEntry }: z.infer<typeof snapshot>): RunRecord {
  const failed = Math.max(stats?.errorCount ?? 0, rootEntry?.summ?.numFailed ?? 0);
  const ignored = Math.max(stats?.ignoredErrorCount ?? 0, rootEntry?.summ?.numIgnoredErrors ?? 0);
  const broken = incomplete !== undefined && incomplete !== '';
  // Without an end or without a root there is nothing that could be read back.
  const whole = !broken && endTime !== undefined && rootEntry !== undefined;
  const result = !whole
    ? incomplete === 'canceled'
      ? 'cancelled'
      : 'failed'
    : failed + ignored > 0
      ? 'warning'
      : 'success';
  const bytes = stats?.totalSize;
  return {
    startedAt: new Date(startTime),
    ...(endTime === undefined ? {} : { endedAt: new Date(endTime) }),
    result,
    ...(bytes === undefined ? {} : { bytes }),
    ...(broken ? { code: incomplete } : {}),
    evidence: {
      kind: 2,
      source: 'kopia snapshot list',
      ...(id === undefined ? {} : { reference: `snapshot ${id.slice(0, 12)}` }),
    },
    ...(result === 'warning'
      ? { reasons: ['files-skipped'] }
      : broken && incomplete !== 'checkpoint'
        ? { reasons: ['interrupted'] }
        : {}),
  };
}

async function jobFromHook(context: BackupContext, hook: BackupHook): Promise<JobRecord> {
  const job = { ...jobOfHook(hook, hookTargets(hook)), encrypted: true };
  const answer = await askHook(context, hook);
  if ('reasons' in answer) return { ...job, runs: [], history: 'unreadable', reasons: answer.reasons };
  const runs = parseKopiaSnapshots(answer.text, context.machine.hostname, context.now);
  if (runs === undefined) return { ...job, runs: [], history: 'unreadable', reasons: ['schema-unknown'] };
  return { ...job, runs, history: 'whole' };
}
