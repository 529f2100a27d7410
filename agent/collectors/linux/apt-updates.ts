/** What apt would upgrade, found in the lists it fetched last; why not by asking apt: docs/decisions/0003-apt-without-apt.md. */
import { type CollectContext, CollectError } from '../collector.ts';
import { codeOf, listOrNone } from '../text.ts';
import { type Offer, scanPackages } from './apt-index.ts';
import { type Archive, candidateOf, type OfferedVersion, type Pin } from './apt-preferences.ts';
import { isSecurity, originText, parseRelease, type Release } from './apt-release.ts';
import { type AptSource, listPrefix } from './apt-sources.ts';
import { compareDebVersions } from './deb-version.ts';
import { type InstalledPackage, nativeArchitecture } from './dpkg-installed.ts';

export interface PendingUpdate {
  readonly package: InstalledPackage;
  readonly candidate: string;
  readonly origin: string;
  readonly security: boolean;
}

interface SourceArchive extends Archive {
  readonly origin: string;
  readonly security: boolean;
}

interface KnownVersion extends OfferedVersion {
  readonly archives: SourceArchive[];
}

export interface Archives {
  /** One per component and architecture, with the list that belongs to it. */
  readonly lists: readonly { readonly path: string; readonly archive: SourceArchive }[];
  readonly releases: readonly Release[];
}

const listsDirectory = '/var/lib/apt/lists';
const listEndings = ['', '.lz4', '.gz', '.zst', '.xz', '.bz2'];
/** Debian's main list has 50 MB today. */
const maxListBytes = 512 * 1024 * 1024;
/** A Release file of Debian has 200 KiB. */
const maxReleaseBytes = 16 * 1024 * 1024;

/**
 * The lists that belong to the sources. A list that a source should have and that is not there is noted; when none at all is
 * there, nothing can be said: throws `CollectError`.
 */
export async function findArchives(
  sources: readonly AptSource[],
  architectures: ReadonlySet<string>,
  context: Pick<CollectContext, 'machine' | 'problem'>,
): Promise<Archives> {
  const { machine, problem } = context;
  const present = new Set(await listOrNone(machine, listsDirectory));
  const lists = new Map<string, Archives['lists'][number]>();
  const releases = new Map<string, Release>();
  for (const source of sources) {
    const prefix = listPrefix(source);
    const release = releases.get(prefix) ?? (await readRelease(prefix, present, context));
    if (release === undefined) {
      problem('not-found', `${source.host || 'local source'} ${source.suite}: never fetched`);
      continue;
    }
    releases.set(prefix, release);
    for (const { name, component } of expectedLists(source, release, architectures)) {
      const file = listEndings
        .map((ending) => `${prefix}${name.replaceAll('/', '_')}${ending}`)
        .find((one) => present.has(one));
      if (file !== undefined) {
        const archive: SourceArchive = {
          host: source.host,
          component,
          release,
          origin: originText(release, source.host),
          security: isSecurity(release, source.suite),
        };
        lists.set(file, { path: `${listsDirectory}/${file}`, archive });
      } else if (release.files.get(name) !== 0) {
        problem('not-found', `${source.host || 'local source'} ${source.suite}: list ${name} is not there`);
      }
    }
  }
  if (lists.size === 0) throw new CollectError('not-found', `${listsDirectory} has no list of packages of any source`);
  return { lists: [...lists.values()], releases: [...releases.values()] };
}

async function readRelease(
  prefix: string,
  present: ReadonlySet<string>,
  { machine, problem }: Pick<CollectContext, 'machine' | 'problem'>,
): Promise<Release | undefined> {
  const file = [`${prefix}InRelease`, `${prefix}Release`].find((one) => present.has(one));
  if (file === undefined) {
    // A directory of packages that apt was told to trust may have no description at all.
    const bare = [...present].some((name) => name.startsWith(prefix) && /Packages(\.\w+)?$/.test(name));
    return bare ? parseRelease('') : undefined;
  }
  try {
    return parseRelease(await machine.readText(`${listsDirectory}/${file}`, { maxBytes: maxReleaseBytes }));
  } catch (error) {
    problem(codeOf(error), `${listsDirectory}/${file} cannot be read`);
    return undefined;
  }
}

/** What the source has for this machine: lists the archive does not name are not fetched by apt either. */
function expectedLists(
  source: AptSource,
  release: Release,
  architectures: ReadonlySet<string>,
): { name: string; component: string }[] {
  if (source.suite.endsWith('/')) return [{ name: 'Packages', component: '' }];
  const wanted = [...architectures].filter(
    (one) => source.architectures === undefined || source.architectures.includes(one),
  );
  return source.components.flatMap((component) =>
    [...wanted, 'all']
      .map((architecture) => ({ name: `${component}/binary-${architecture}/Packages`, component, architecture }))
      .filter(({ name, architecture }) => {
        if (architecture === 'all') return release.separateAll && release.files.has(name);
        return release.files.size === 0 || release.files.has(name);
      }),
  );
}

/** Reads the lists and decides per installed package. Lists that cannot be read are noted; when none can, throws. */
export async function findUpdates(
  installed: readonly InstalledPackage[],
  { lists }: Archives,
  rules: { readonly pins: readonly Pin[]; readonly defaultRelease?: string },
  { machine, problem, signal }: Pick<CollectContext, 'machine' | 'problem' | 'signal'>,
): Promise<PendingUpdate[]> {
  const native = nativeArchitecture(installed) ?? 'all';
  const keyOf = ({ name, architecture }: Pick<Offer, 'name' | 'architecture'>): string =>
    `${name}:${architecture === 'all' ? native : architecture}`;
  const byKey = new Map(installed.map((entry) => [keyOf(entry), entry]));
  const names = new Set(installed.map(({ name }) => name));
  const offers = new Map<string, { offer: Offer; archive: SourceArchive }[]>();
  let read = 0;
  for (const { path, archive } of lists) {
    signal.throwIfAborted();
    try {
      await scanPackages(machine.readUnpacked(path, { maxBytes: maxListBytes }), names, (offer) => {
        const key = keyOf(offer);
        if (!byKey.has(key)) return;
        const known = offers.get(key);
        if (known === undefined) offers.set(key, [{ offer, archive }]);
        else known.push({ offer, archive });
      });
      read += 1;
    } catch (error) {
      problem(error instanceof RangeError ? 'invalid' : codeOf(error), `${path} cannot be read`);
    }
  }
  if (read === 0) throw new CollectError('unreadable', 'none of the lists of packages can be read');
  return [...byKey].flatMap(([key, entry]) => updateOf(entry, offers.get(key) ?? [], rules) ?? []);
}

function updateOf(
  entry: InstalledPackage,
  offers: readonly { offer: Offer; archive: SourceArchive }[],
  rules: { readonly pins: readonly Pin[]; readonly defaultRelease?: string },
): PendingUpdate | undefined {
  const versions = new Map<string, KnownVersion>([
    [entry.version, { version: entry.version, archives: [], installed: true }],
  ]);
  for (const { offer, archive } of offers) {
    // Given to a part of the machines only; whether to this one is apt's own throw of the dice. Not missing before all get it.
    if (offer.phasedPercent !== undefined && offer.phasedPercent < 100) continue;
    const known = versions.get(offer.version);
    if (known === undefined)
      versions.set(offer.version, { version: offer.version, archives: [archive], installed: false });
    else known.archives.push(archive);
  }
  // The usual case, and the reason why a round is cheap.
  if (versions.size === 1) return undefined;
  const isNewer = ({ version }: OfferedVersion): boolean => compareDebVersions(version, entry.version) > 0;
  const candidate = candidateOf(entry, [...versions.values()], rules);
  if (candidate === undefined || !isNewer(candidate)) return undefined;
  const archives = versions.get(candidate.version)?.archives ?? [];
  const origin = archives.find(({ security }) => security) ?? archives[0];
  // A point release may hold the fix of a security update that came between: then this update closes it too.
  const passed = [...versions.values()].filter(
    (version) => isNewer(version) && compareDebVersions(version.version, candidate.version) <= 0,
  );
  return {
    package: entry,
    candidate: candidate.version,
    origin: origin?.origin ?? 'local',
    security: passed.some((version) => version.archives.some(({ security }) => security)),
  };
}
