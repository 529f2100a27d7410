/**
 * duplicity keeps its answers behind a passphrase. What it leaves on this PC are the names of the lists it made of each
 * backup: that a run came so far, not that its data reached the target.
 */
import { codeOf } from '../../collectors/text.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import { findProgram } from './installed.ts';

/** Of the administrator's own backups; those of a person are Déjà Dup's. */
const cache = '/root/.cache/duplicity';
const maxArchives = 16;
const maxLists = 400;

export const duplicity: BackupProduct = {
  id: 'duplicity',
  name: 'duplicity',
  kind: 'backup',
  platforms: ['linux'],
  read: async (context): Promise<ProductFinding | undefined> => {
    const program = await findProgram(context, {
      packages: ['duplicity'],
      files: ['/usr/bin/duplicity', '/usr/local/bin/duplicity'],
    });
    const jobs = await readArchives(context);
    // Alone it is a part of Déjà Dup, which speaks for itself.
    if (jobs.length === 0 && (!program.installed || (await context.packages()).has('deja-dup'))) return undefined;
    return { ...program, answers: 'nowhere', jobs, reasons: ['needs-credentials', 'weak-evidence'] };
  },
};

async function readArchives({ machine }: BackupContext): Promise<JobRecord[]> {
  const names = async (folder: string): Promise<string[]> => {
    try {
      return await machine.list(folder);
    } catch (error) {
      if (codeOf(error) === 'not-found') return [];
      throw error;
    }
  };
  const jobs: JobRecord[] = [];
  for (const archive of (await names(cache)).slice(0, maxArchives)) {
    const runs = listsOf(await names(`${cache}/${archive}`));
    if (runs.length === 0) continue;
    jobs.push({
      id: archive.slice(0, 120),
      name: archive,
      writableBy: 'administrator',
      targets: [],
      runs,
      history: 'window',
      reasons: ['weak-evidence', 'needs-credentials'],
    });
  }
  return jobs;
}

/**
 * "duplicity-full.TIME.manifest" and "duplicity-inc.TIME.to.TIME.manifest"; with ".part" behind it the run has not ended, or
 * never will. The time is that of the beginning.
 */
export function listsOf(names: readonly string[]): RunRecord[] {
  return names
    .flatMap((name): RunRecord[] => {
      const match = /^duplicity-(?:full|inc\.\d{8}T\d{6}Z\.to)\.(\d{8}T\d{6}Z)\.manifest(\.part)?$/.exec(name);
      const at =
        match === null
          ? undefined
          : new Date((match[1] ?? '').replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, '$1-$2-$3T$4:$5:$6Z'));
      if (at === undefined || Number.isNaN(at.getTime())) return [];
      const evidence = { kind: 5, source: 'lists in the cache of duplicity', reference: name } as const;
      return match?.[2] === undefined
        ? [{ startedAt: at, endedAt: at, result: 'success', evidence }]
        : [{ startedAt: at, result: 'unknown', evidence, reasons: ['interrupted'] }];
    })
    .slice(-maxLists);
}
