/** The section `backup`: every product asked once, its records turned into one answer for each job. */
import { type CollectContext, CollectError, type Collector } from '../collectors/collector.ts';
import { installedPackages } from '../collectors/linux/dpkg-installed.ts';
import { atMost, byKey, clean, codeOf } from '../collectors/text.ts';
import type { BackupFacts, BackupProductFacts, BackupReason } from '../contract/facts/backup.ts';
import type { Machine, Reader } from '../platform/machine.ts';
import { backupProductsOf } from './index.ts';
import { describeJob, jobId, type LastSuccess } from './job-state.ts';
import { type LocalUser, localUsers } from './linux/users.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding } from './product.ts';

const maxJobs = 64;
/** Products overlap while they wait for files and programs; more at once would only make the peak higher. */
const atOnce = 3;

export const backupCollector: Collector<'backup'> = {
  id: 'backup',
  platforms: ['linux', 'win32'],
  timeoutMs: 240_000,
  round: 'cheap',
  collect: async (context) => collectBackups(context, await backupProductsOf(context.machine.platform)),
};

/** With the products given: tests hand in their own. */
export async function collectBackups(context: CollectContext, known: readonly BackupProduct[]): Promise<BackupFacts> {
  const { machine, backup } = context;
  const reader = machine.reader();
  const profiles = new Map<number, Reader>();
  const own: BackupContext = {
    signal: context.signal,
    now: context.now,
    machine,
    reader,
    profile: (user) => {
      const found = profiles.get(user.uid) ?? machine.reader(user);
      profiles.set(user.uid, found);
      return found;
    },
    sources: backup.sources,
    users: once(() => usersOf(machine, context)),
    windows: once(() => windowsRecords(context)),
    packages: once(() => packagesOf(context)),
    rememberedJobs: (product) => backup.memory.jobsOf(product),
    problem: context.problem,
  };
  // Without it no product of Windows can be told from its absence: said once, not by each of them.
  if (machine.platform === 'win32') await own.windows();
  const successes = new Map<string, LastSuccess>();
  const products: BackupProductFacts[] = [];
  const queue = known.filter(({ platforms }) => platforms.includes(machine.platform));
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !context.signal.aborted; next = queue.shift()) {
      const described = await describeProduct(next, own, context, successes);
      if (described !== undefined) products.push(described);
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } finally {
    for (const open of [reader, ...profiles.values()]) open.close();
  }
  if (context.signal.aborted) throw new CollectError('timeout', 'not all products were asked in time');
  backup.memory.keep(successes);
  const failing = products.some(({ jobs }) => jobs.some(({ state }) => state === 'failed'));
  const failedWriters =
    machine.platform === 'win32' && failing
      ? await (await import('./windows/writers.ts')).readFailedWriters(own)
      : undefined;
  return {
    products: byKey(products, ({ id }) => id),
    ...(failedWriters === undefined ? {} : { failedWriters }),
    restoreTests: [...backup.memory.restoreTests()],
  };
}

async function describeProduct(
  product: BackupProduct,
  own: BackupContext,
  context: CollectContext,
  successes: Map<string, LastSuccess>,
): Promise<BackupProductFacts | undefined> {
  let finding: ProductFinding | undefined;
  try {
    finding = await product.read(own);
  } catch (error) {
    // Whether it is there is not known either: a PC without any product must not be told from this.
    context.problem(codeOf(error), `${product.id}: ${(error as Error).message}`);
    return undefined;
  }
  if (finding === undefined) return undefined;
  const records = atMost(finding.jobs, maxJobs, `jobs of ${product.name}`, context);
  const keys = records.map((record) => memoryKey(product, record));
  const jobs = records.map((record) => {
    const key = memoryKey(product, record);
    const { lastSuccess, ...memory } = context.backup.memory.of(key);
    // Whose success is remembered cannot be told between two jobs of one id.
    const single = keys.indexOf(key) === keys.lastIndexOf(key);
    const known = single && lastSuccess !== undefined ? { ...memory, lastSuccess } : memory;
    const job = describeJob(record, known, context.now);
    if (job.lastSuccess !== undefined && single) successes.set(key, job.lastSuccess);
    return job;
  });
  const version = clean(finding.version, 80);
  const reasons = new Set<BackupReason>(finding.reasons ?? []);
  if (!finding.installed) reasons.add('program-removed');
  return {
    id: product.id,
    name: product.name,
    kind: product.kind,
    ...(version === undefined ? {} : { version }),
    installed: finding.installed,
    ...(finding.service === undefined ? {} : { service: finding.service }),
    answers: finding.answers,
    jobs: withoutTwins(byKey(jobs, ({ id }) => id)),
    reasons: [...reasons].sort(),
  };
}

/** What a user could write is remembered apart: it must never come back as the success of an administrator's job. */
function memoryKey({ id }: Pick<BackupProduct, 'id'>, record: JobRecord): string {
  return `${id}${record.writableBy === 'user' ? '~user' : ''} ${jobId(record)}`;
}

/** Two jobs with one id cannot be told apart later; the second gets a number. */
function withoutTwins<T extends { readonly id: string }>(jobs: readonly T[]): T[] {
  const seen = new Map<string, number>();
  return jobs.map((job) => {
    const count = (seen.get(job.id) ?? 0) + 1;
    seen.set(job.id, count);
    return count === 1 ? job : { ...job, id: `${job.id.slice(0, 110)} #${count}` };
  });
}

async function windowsRecords(context: CollectContext): ReturnType<BackupContext['windows']> {
  const { windowsDocument } = await import('../collectors/windows/document.ts');
  const { readRecords } = await import('./windows/records.ts');
  return readRecords(await windowsDocument(context), context);
}

async function usersOf(machine: Machine, { problem }: Pick<CollectContext, 'problem'>): Promise<LocalUser[]> {
  if (machine.platform !== 'linux') return [];
  try {
    return await localUsers(machine);
  } catch (error) {
    problem(codeOf(error), `accounts: ${(error as Error).message}`);
    return [];
  }
}

/** A system without dpkg has no list; one that cannot be read is a gap, and programs are found by their files alone. */
async function packagesOf(context: CollectContext): Promise<Map<string, string>> {
  if (context.machine.platform !== 'linux') return new Map();
  try {
    return new Map((await installedPackages(context)).map(({ name, version }) => [name, version]));
  } catch (error) {
    if (codeOf(error) !== 'not-found') context.problem(codeOf(error), `packages: ${(error as Error).message}`);
    return new Map();
  }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}
