/** Whether Linux wants a restart: the marker of the packages, a newer kernel on the disk, services on replaced libraries. */
import type { FactsOf } from '../../contract/facts/index.ts';
import type { CollectContext } from '../collector.ts';
import { atMost, clean, codeOf, defined, readOptional } from '../text.ts';
import { compareDebVersions } from './deb-version.ts';
import { type InstalledPackage, packageId } from './dpkg-installed.ts';

type Restart = FactsOf<'patches'>['restart'];
type Reason = Restart['reasons'][number];

/** The facts, and the packages that are installed and not in force yet. */
export interface RestartFindings {
  readonly restart: Restart;
  readonly waiting: readonly InstalledPackage[];
}

const maxProcesses = 5000;
const maxMapsBytes = 8 * 1024 * 1024;

export async function readRestart(
  installed: readonly InstalledPackage[],
  context: Pick<CollectContext, 'machine' | 'problem' | 'signal'>,
): Promise<RestartFindings> {
  const marker = await readMarker(context);
  const kernel = newestKernel(installed, context.machine.kernel);
  const libraries = await servicesOnDeletedLibraries(context);
  const reasons: Reason[] = [];
  if (marker.present === true) {
    reasons.push(
      defined({
        code: 'marker-file' as const,
        strength: 'strong' as const,
        detail: clean(marker.packages.join(' '), 300),
      }),
    );
  }
  if (kernel.pending !== undefined) {
    reasons.push({ code: 'kernel', strength: 'strong', detail: packageId(kernel.pending) });
  }
  if (libraries.services.length > 0) {
    reasons.push({ code: 'deleted-libraries', strength: 'medium', detail: `${libraries.services.length} services` });
  }
  // "No" needs all three answers.
  const told = marker.present !== undefined && kernel.comparable && libraries.complete;
  const named = installed.filter(({ name }) => marker.packages.includes(name));
  const waiting = new Map(
    [...named, ...(kernel.pending === undefined ? [] : [kernel.pending])].map((entry) => [packageId(entry), entry]),
  );
  return {
    restart: defined({
      required: reasons.length > 0 ? true : told ? false : undefined,
      reasons,
      since: marker.since,
      runningKernel: clean(context.machine.kernel.release, 120),
      newestKernel: kernel.newest,
      services:
        libraries.complete || libraries.services.length > 0
          ? atMost(libraries.services, 200, 'services on replaced libraries', context)
          : undefined,
    }),
    waiting: [...waiting.values()],
  };
}

async function readMarker({
  machine,
  problem,
}: Pick<CollectContext, 'machine' | 'problem'>): Promise<{ present?: boolean; packages: string[]; since?: string }> {
  try {
    const names = await machine.list('/run');
    if (!names.includes('reboot-required')) return { present: false, packages: [] };
  } catch (error) {
    problem(codeOf(error), '/run cannot be read: whether a restart is marked is not known');
    return { packages: [] };
  }
  const packages =
    (await readOptional(machine, '/run/reboot-required.pkgs'))
      ?.split(/\s+/)
      .filter((name) => /^[a-z0-9][a-z0-9+.-]*$/.test(name)) ?? [];
  return { present: true, packages: [...new Set(packages)].sort(), ...(await dayOf(machine, '/run/reboot-required')) };
}

async function dayOf(machine: CollectContext['machine'], path: string): Promise<{ since?: string }> {
  try {
    return { since: (await machine.stat(path)).modifiedAt.toISOString().slice(0, 10) };
  } catch {
    // Gone between two looks: the day is not worth a problem.
    return {};
  }
}

/**
 * The newest kernel of the running flavour ("amd64", "cloud-amd64", "generic") on the disk, and the package that waits for a
 * restart. `comparable` is false when kernels are installed and the running one is none of their kind: then nothing is known.
 */
export function newestKernel(
  installed: readonly InstalledPackage[],
  running: { readonly release: string; readonly version: string },
): { readonly newest?: string; readonly pending?: InstalledPackage; readonly comparable: boolean } {
  const kernels = installed.flatMap((entry) => {
    const release = /^linux-image-(?:unsigned-)?(\d[^:]*?)(?<!-dbg(?:sym)?)$/.exec(entry.name)?.[1];
    return release === undefined ? [] : [{ entry, release }];
  });
  // A container, or a kernel no package brought: no update of a package can replace it.
  if (kernels.length === 0) return { comparable: true };
  const same = kernels.filter(({ release }) => flavour(release) === flavour(running.release));
  const newest = same.toSorted((a, b) => compareDebVersions(b.release, a.release))[0];
  if (newest === undefined) return { comparable: false };
  const order = compareDebVersions(newest.release, running.release);
  // Debian repairs a kernel without a new release name too; the running one says its package version itself.
  const build = /\bDebian (\S+)/.exec(running.version)?.[1];
  const rebuilt = order === 0 && build !== undefined && compareDebVersions(newest.entry.version, build) > 0;
  return { newest: newest.release, comparable: true, ...(order > 0 || rebuilt ? { pending: newest.entry } : {}) };
}

/** "6.1.0-41-cloud-amd64" → "cloud-amd64", "6.8.0-50-generic" → "generic". */
function flavour(release: string): string {
  return release.replace(/^[^-]*-(?:[\d.~+a-z]*\d[\d.~+]*-)*/, '');
}

async function servicesOnDeletedLibraries({
  machine,
  problem,
  signal,
}: Pick<CollectContext, 'machine' | 'problem' | 'signal'>): Promise<{ services: string[]; complete: boolean }> {
  const services = new Set<string>();
  let [seen, denied] = [0, 0];
  let processes: string[];
  try {
    processes = (await machine.list('/proc')).filter((name) => /^\d+$/.test(name));
  } catch (error) {
    problem(codeOf(error), '/proc cannot be read: services on replaced libraries are not known');
    return { services: [], complete: false };
  }
  for (const pid of atMost(processes, maxProcesses, 'processes', { problem })) {
    signal.throwIfAborted();
    const unit = parseServiceUnit((await readOptional(machine, `/proc/${pid}/cgroup`)) ?? '');
    // Users' programs are nobody's business here, and one service is named once.
    if (unit === undefined || services.has(unit)) continue;
    seen += 1;
    try {
      if (usesDeletedLibrary(await machine.readText(`/proc/${pid}/maps`, { maxBytes: maxMapsBytes })))
        services.add(unit);
    } catch (error) {
      // A process that has ended meanwhile uses nothing; maps of other users are for root.
      if (codeOf(error) === 'denied') denied += 1;
    }
  }
  if (denied > 0) problem('denied', `${denied} services: their libraries are shown to root only`);
  if (seen === 0) problem('not-found', 'no process belongs to a service of systemd: replaced libraries are not known');
  return { services: [...services].sort(), complete: seen > 0 && denied === 0 };
}

/** The service a process belongs to, of either version of control groups: "ssh.service", "init.scope" for systemd itself. */
export function parseServiceUnit(cgroup: string): string | undefined {
  for (const line of cgroup.split('\n')) {
    const path = /^(?:0:|\d+:name=systemd):(.*)$/.exec(line)?.[1]?.trim();
    if (path === undefined) continue;
    if (path === '/init.scope') return 'init.scope';
    if (!path.startsWith('/system.slice/')) continue;
    const unit = path.split('/').find((part) => part.endsWith('.service'));
    const name = clean(unit, 120);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** True when code runs whose file an update has replaced. Memory files, shared memory and what lies in /tmp are no libraries. */
export function usesDeletedLibrary(maps: string): boolean {
  return maps.split('\n').some((line) => {
    if (!line.endsWith(' (deleted)')) return false;
    const [, permissions = '', , , , path = ''] = line.split(/\s+/);
    return permissions.includes('x') && /^\/(?:usr|lib|lib64|bin|sbin|opt)\//.test(path);
  });
}
