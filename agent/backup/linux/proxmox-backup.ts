/**
 * Proxmox Backup Client. The server's list of snapshots stands behind a token and is asked for through hooks of the
 * administrator; without one, the exit code of the unit that starts the client tells at least that it ended.
 */
import { z } from 'zod';
import { clean } from '../../collectors/text.ts';
import { askHook, jobOfHook, maxHookRuns } from '../hooks.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import type { BackupHook } from '../sources.ts';
import { findProgram } from './installed.ts';
import { companionRun, ownUnits, planOf, type ScheduledUnit, scheduledUnits } from './own-units.ts';
import { hookTargets } from './repository.ts';
import { sameHost } from './restic.ts';
import { json } from './resticprofile.ts';
import { jobOfUnit } from './unit-job.ts';

const client = 'proxmox-backup-client';

export const proxmoxBackup: BackupProduct = {
  id: 'proxmox-backup',
  name: 'Proxmox Backup Client',
  kind: 'backup',
  platforms: ['linux'],
  read: async (context): Promise<ProductFinding | undefined> => {
    const hooks = context.sources.hooks.filter(({ product }) => product === 'proxmox-backup');
    const program = await findProgram(context, {
      packages: [client, `${client}-static`],
      files: [`/usr/bin/${client}`],
    });
    if (!program.installed && hooks.length === 0) return undefined;
    const units = program.installed ? await clientUnits(context) : [];
    const own = await Promise.all(hooks.map((hook) => jobFromHook(context, hook)));
    const [job] = own;
    const [unit] = units;
    const jobs =
      own.length === 1 && units.length === 1 && job !== undefined && unit !== undefined
        ? [{ ...job, ...planOf(unit), runs: [...job.runs, ...companionRun(unit, job.runs)] }]
        : [...own, ...units.map((each) => jobOfUnit(each))];
    return { ...program, answers: 'here', jobs, ...(own.length === 0 ? { reasons: ['needs-credentials'] } : {}) };
  },
};

async function clientUnits(context: BackupContext): Promise<readonly ScheduledUnit[]> {
  const named = (await ownUnits(context, [client])).filter(({ commands }) =>
    commands.some((command) => !/\b(prune|garbage-collect|verify|login)\b/.test(command)),
  );
  const found = await scheduledUnits(
    context,
    named.map(({ name }) => name),
  );
  return typeof found === 'string' ? [] : found;
}

async function jobFromHook(context: BackupContext, hook: BackupHook): Promise<JobRecord> {
  const job = jobOfHook(hook, hookTargets(hook, [{ kind: 'repository' }]));
  const answer = await askHook(context, hook);
  if ('reasons' in answer) return { ...job, runs: [], history: 'unreadable', reasons: answer.reasons };
  const runs = parseProxmoxSnapshots(answer.text, context.machine.hostname);
  return runs === undefined
    ? { ...job, runs: [], history: 'unreadable', reasons: ['schema-unknown'] }
    : // The server itself says which snapshots of this PC it has.
      { ...job, runs, history: 'whole' };
}

const snapshots = z
  .array(
    z.object({
      'backup-type': z.string().max(20),
      'backup-id': z.string().max(300),
      /** Unix seconds of the beginning. */
      'backup-time': z.int().min(0).max(253_402_300_799),
      size: z.number().min(0).nullish().catch(undefined),
      verification: z
        .object({ state: z.string().max(20) })
        .nullish()
        .catch(undefined),
    }),
  )
  .max(100_000);

/**
 * `snapshot list --output-format json`, of which those of this PC count; a snapshot the server found damaged is a failure.
 * `undefined` when it is something else.
 */
export function parseProxmoxSnapshots(text: string, hostname: string): RunRecord[] | undefined {
  const parsed = snapshots.safeParse(json(text));
  if (!parsed.success) return undefined;
  return parsed.data
    .filter((entry) => entry['backup-type'] === 'host' && sameHost(entry['backup-id'], hostname))
    .sort((a, b) => b['backup-time'] - a['backup-time'])
    .slice(0, maxHookRuns)
    .map((entry): RunRecord => {
      const at = new Date(entry['backup-time'] * 1000);
      const { size, verification } = entry;
      const id = clean(entry['backup-id'], 60) ?? '?';
      return {
        startedAt: at,
        // The list has no end; the beginning makes a backup look older, never younger.
        endedAt: at,
        result: verification?.state === 'failed' ? 'failed' : 'success',
        ...(verification === undefined || verification === null ? {} : { code: `verification ${verification.state}` }),
        ...(typeof size === 'number' ? { bytes: size } : {}),
        evidence: {
          kind: 2,
          source: 'proxmox-backup-client snapshot list',
          reference: `host/${id}/${at.toISOString()}`,
        },
      };
    });
}
