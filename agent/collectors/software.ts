/** Installed packages, read from dpkg's own database: one file instead of one process per package. */
import type { FactsOf } from '../contract/facts/index.ts';
import type { Machine } from '../platform/machine.ts';
import { CollectError, type Collector } from './collector.ts';
import { fieldOf, paragraphs } from './linux/deb822.ts';
import { clean, defined, readRequired, wholeNumber } from './text.ts';

type Package = FactsOf<'software'>['packages'][number];

const database = '/var/lib/dpkg';
/** A PC with 5,000 packages has about 6 MiB. */
const maxBytes = 64 * 1024 * 1024;

export const softwareCollector: Collector<'software'> = {
  id: 'software',
  platforms: ['linux'],
  timeoutMs: 30_000,
  round: 'full',
  collect: async ({ machine, problem }) => {
    const { packages, broken } = parseDpkgStatus(await readRequired(machine, `${database}/status`, maxBytes));
    if (packages.length === 0) throw new CollectError('unreadable', `${database}/status names no package`);
    if (broken > 0) problem('unreadable', `${database}/status: ${broken} entries cannot be read`);
    await addDays(machine, packages);
    return { source: 'dpkg', packages: packages.sort(byNameAndArchitecture) };
  },
};

/**
 * Entries of dpkg's status file (deb822). Every entry dpkg lists counts, also removed packages whose configuration is still
 * there; those say so in `status`. `broken` counts entries without a name or a status.
 */
export function parseDpkgStatus(text: string): { packages: Package[]; broken: number } {
  const packages: Package[] = [];
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
    packages.push(
      defined({
        name,
        version: clean(fieldOf(entry, 'Version'), 160),
        architecture: clean(fieldOf(entry, 'Architecture'), 24),
        publisher: publisher(fieldOf(entry, 'Maintainer')),
        status: status === 'installed' ? undefined : clean(status, 40),
        installedKiB: wholeNumber(fieldOf(entry, 'Installed-Size'), 0, 2 ** 40),
      }),
    );
  }
  return { packages, broken };
}

/** Name without the address: a mailbox of a person is nothing an inventory needs. */
function publisher(maintainer: string | undefined): string | undefined {
  return clean(maintainer?.replace(/<[^>]*>?/g, '').replace(/\S+@\S+/g, ''), 160);
}

/** dpkg writes a package's file list anew whenever it installs or upgrades it. */
async function addDays(machine: Machine, packages: Package[]): Promise<void> {
  const info = `${database}/info`;
  await Promise.all(
    packages.map(async (entry) => {
      for (const name of [entry.name, `${entry.name}:${entry.architecture ?? ''}`]) {
        try {
          const { modifiedAt } = await machine.stat(`${info}/${name}.list`);
          if (modifiedAt.getTime() > Date.UTC(1995, 0, 1)) entry.changedOn = modifiedAt.toISOString().slice(0, 10);
          return;
        } catch {
          // Packages of several architectures carry theirs in the file name.
        }
      }
    }),
  );
}

function byNameAndArchitecture(a: Package, b: Package): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return (a.architecture ?? '') < (b.architecture ?? '') ? -1 : 1;
}
