/** Updates a Debian or Ubuntu machine lacks, read from what apt fetched last: no program is started, nothing is changed. */
import type { FactsOf } from '../../contract/facts/index.ts';
import { type CollectContext, CollectError, type Collector } from '../collector.ts';
import { atMost, byKey, clean, defined, listOrNone, noticing } from '../text.ts';
import { newestDay, readAutomatic } from './apt-automatic.ts';
import { type AptConf, aptBoolean, readAptConf } from './apt-conf.ts';
import { readPreferences } from './apt-preferences.ts';
import type { Release } from './apt-release.ts';
import { type AptSource, readAptSources } from './apt-sources.ts';
import { findArchives, findUpdates, type PendingUpdate } from './apt-updates.ts';
import { dpkgStatus, type InstalledPackage, installedPackages, packageId } from './dpkg-installed.ts';
import { readRestart } from './restart.ts';

type Patches = FactsOf<'patches'>;

export const linuxPatchesCollector: Collector<'patches'> = {
  id: 'patches',
  platforms: ['linux'],
  timeoutMs: 30_000,
  round: 'full',
  collect: async (context) => {
    const { machine, now } = context;
    const installed = await installedPackages(context);
    if (installed.length === 0) throw new CollectError('unreadable', `${dpkgStatus} names no installed package`);
    const list = noticing(context);
    const conf = await readAptConf(list.context);
    const sources = await readAptSources(list.context);
    const architectures = new Set(installed.map(({ architecture }) => architecture).filter((name) => name !== 'all'));
    const archives = await findArchives(sources, architectures, list.context);
    const pending = await findUpdates(
      installed,
      archives,
      { pins: await readPreferences(list.context), ...defaultRelease(conf, list.context) },
      list.context,
    );
    const { restart, waiting } = await readRestart(installed, context);
    const held = installed.filter((entry) => entry.held).map(packageId);
    return {
      source: 'apt',
      scan: { ...(await scanOf(context, sources, archives.releases, conf)), complete: !list.hasGaps() },
      updates: updatesOf(pending, waiting, context),
      held: atMost(held.sort(), 1000, 'held packages', context),
      automatic: await readAutomatic(machine, conf, installed, now),
      restart,
    };
  },
};

/** Regular expressions are noted: without them backports could pass for updates or updates for nothing. */
function defaultRelease(conf: AptConf, { problem }: Pick<CollectContext, 'problem'>): { defaultRelease?: string } {
  const value = conf.get('apt::default-release')?.replace(/^[an]=/, '');
  if (value === undefined || value === '') return {};
  if (/^[\w.-]+$/.test(value)) return { defaultRelease: value };
  problem('unsupported', 'APT::Default-Release is set in a form that is not understood');
  return {};
}

async function scanOf(
  { machine, now }: Pick<CollectContext, 'machine' | 'now'>,
  sources: readonly AptSource[],
  releases: readonly Release[],
  conf: AptConf,
): Promise<Omit<Patches['scan'], 'complete'>> {
  const remote = sources.filter(({ host }) => host !== '');
  const server = remote.find(({ suite }) => suite.includes('security')) ?? remote[0];
  // An archive that may no longer be believed has not been reached for days, whatever the others did.
  const expired = releases.some(({ validUntil }) => validUntil !== undefined && validUntil < now.getTime());
  const unsigned = ['apt::get::allowunauthenticated', 'acquire::allowinsecurerepositories'].some(
    (name) => aptBoolean(conf.get(name)) === true,
  );
  // Plain http is usual and safe as long as apt asks for a signature: only both together let a stranger put in packages.
  const insecure = sources.some(({ scheme, trusted }) => /^(http|ftp)$/.test(scheme) && (trusted || unsigned));
  return defined({
    kind: 'index' as const,
    succeededOn: await refreshedOn(machine, now),
    server: clean(server?.host, 253),
    insecure,
    failure: expired ? 'index-expired' : undefined,
  });
}

/**
 * Day of the last good refresh. The stamp is written by apt's daily job after success. Without it, the directory of the lists
 * changes whenever one is exchanged. The files themselves carry the archive's time and apt's caches change with every
 * installation: neither proves a refresh.
 */
async function refreshedOn(machine: CollectContext['machine'], now: Date): Promise<string | undefined> {
  const stamps = [
    '/var/lib/apt/periodic/update-success-stamp',
    '/var/lib/apt/periodic/update-stamp',
    '/var/lib/apt/lists',
  ];
  return (await listOrNone(machine, '/var/lib/apt/lists')).some((name) => /Release$/.test(name))
    ? newestDay(machine, now, stamps)
    : undefined;
}

function updatesOf(
  pending: readonly PendingUpdate[],
  waiting: readonly InstalledPackage[],
  context: CollectContext,
): Patches['updates'] {
  const missing = new Set(pending.map((update) => packageId(update.package)));
  const inForceLater = waiting.filter((entry) => !missing.has(packageId(entry)));
  const since = context.firstSeen('patches', [...missing, ...inForceLater.map(packageId)]);
  const firstSeenOn = (id: string): string => since.get(id) ?? context.now.toISOString().slice(0, 10);
  const updates: Patches['updates'] = [
    ...pending.map((update) => ({
      id: packageId(update.package),
      state: 'missing' as const,
      installedVersion: update.package.version,
      candidateVersion: update.candidate,
      origin: clean(update.origin, 160) ?? 'local',
      security: update.security,
      ...(update.package.held ? { held: true } : {}),
      firstSeenOn: firstSeenOn(packageId(update.package)),
    })),
    ...inForceLater.map((entry) => ({
      id: packageId(entry),
      state: 'waiting-for-restart' as const,
      installedVersion: entry.version,
      firstSeenOn: firstSeenOn(packageId(entry)),
    })),
  ];
  return byKey(atMost(updates, 5000, 'updates', context), ({ id }) => id);
}
