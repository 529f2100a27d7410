/** Installed packages, read from dpkg's own database: one file instead of one process per package. */
import type { FactsOf } from '../contract/facts/index.ts';
import type { Machine } from '../platform/machine.ts';
import { CollectError, type Collector } from './collector.ts';
import { fieldOf, paragraphs } from './linux/deb822.ts';
import { dpkgStatus, maxStatusBytes } from './linux/dpkg-installed.ts';
import { clean, defined, readRequired, wholeNumber } from './text.ts';

type Package = FactsOf<'software'>['packages'][number];

const database = '/var/lib/dpkg';
/** Files without a time carry 1970. */
const earliest = Date.UTC(1995, 0, 1);

export const softwareCollector: Collector<'software'> = {
  id: 'software',
  platforms: ['linux'],
  timeoutMs: 30_000,
  round: 'full',
  collect: async ({ machine, problem }) => {
    const text = await readRequired(machine, dpkgStatus, maxStatusBytes);
    const { packages, shared, broken } = parseDpkgStatus(text);
    if (packages.length === 0) throw new CollectError('unreadable', `${dpkgStatus} names no package`);
    if (broken > 0) problem('unreadable', `${dpkgStatus}: ${broken} entries cannot be read`);
    // dpkg ends every entry with an empty line: without it the disk was full, or the power went.
    if (!text.endsWith('\n\n')) problem('truncated', `${dpkgStatus} ends in the middle of an entry`);
    await addDays(machine, packages, shared);
    return { source: 'dpkg', packages: packages.sort(byNameAndArchitecture) };
  },
};

/**
 * Entries of dpkg's status file (deb822). Every entry dpkg lists counts, also removed packages whose configuration is still
 * there; those say so in `status`. `shared` are the libraries that can be there for several architectures; `broken` counts
 * entries without a name or a status.
 */
export function parseDpkgStatus(text: string): { packages: Package[]; shared: ReadonlySet<Package>; broken: number } {
  const packages: Package[] = [];
  const shared = new Set<Package>();
  let broken = 0;
  for (const entry of paragraphs(text)) {
    const name = clean(fieldOf(entry, 'Package'), 200);
    // "want flag status": what dpkg means to do, whether something is wrong, and how far it got.
    const status = fieldOf(entry, 'Status')?.trim().split(/\s+/)[2];
    if (name === undefined || status === undefined) {
      broken += 1;
      continue;
    }
    // A name dpkg has merely heard of is no package on this machine; dpkg-query leaves it out as well.
    if (status === 'not-installed') continue;
    const found: Package = defined({
      name,
      version: clean(fieldOf(entry, 'Version'), 160),
      architecture: clean(fieldOf(entry, 'Architecture'), 24),
      publisher: publisher(fieldOf(entry, 'Maintainer')),
      status: status === 'installed' ? undefined : clean(status, 40),
      installedKiB: wholeNumber(fieldOf(entry, 'Installed-Size'), 0, 2 ** 40),
    });
    packages.push(found);
    if (fieldOf(entry, 'Multi-Arch') === 'same') shared.add(found);
  }
  return { packages, shared, broken };
}

/** Name without the address: a mailbox of a person is nothing an inventory needs. */
function publisher(maintainer: string | undefined): string | undefined {
  return clean(maintainer?.replace(/<[^>]*>?/g, '').replace(/\S+@\S+/g, ''), 160);
}

/** dpkg writes a package's file list anew whenever it installs or upgrades it. */
async function addDays(machine: Machine, packages: readonly Package[], shared: ReadonlySet<Package>): Promise<void> {
  for (const entry of packages) {
    const name = shared.has(entry) ? `${entry.name}:${entry.architecture ?? ''}` : entry.name;
    try {
      const { modifiedAt } = await machine.stat(`${database}/info/${name}.list`);
      if (modifiedAt.getTime() > earliest) entry.changedOn = modifiedAt.toISOString().slice(0, 10);
    } catch {
      // A removed package whose list is gone as well: the day is not known.
    }
  }
}

function byNameAndArchitecture(a: Package, b: Package): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return (a.architecture ?? '') < (b.architecture ?? '') ? -1 : 1;
}
