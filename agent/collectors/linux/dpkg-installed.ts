/** What dpkg has on this machine, as far as updates are concerned. */
import type { CollectContext } from '../collector.ts';
import { clean, readRequired } from '../text.ts';
import { fieldOf, paragraphs } from './deb822.ts';

export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Name of the source package, which apt's preferences may pin by. */
  readonly source: string;
  /** An administrator holds it at its version. */
  readonly held: boolean;
}

/** dpkg's own database; dpkg ends every entry with an empty line. */
export const dpkgStatus = '/var/lib/dpkg/status';
/** A PC with 5,000 packages has about 6 MiB. */
export const maxStatusBytes = 64 * 1024 * 1024;

/** Throws `CollectError` when the database cannot be read. */
export function installedPackages({
  machine,
  once,
}: Pick<CollectContext, 'machine' | 'once'>): Promise<InstalledPackage[]> {
  return once(dpkgStatus, async () => parseInstalled(await readRequired(machine, dpkgStatus, maxStatusBytes)));
}

/** Entries of dpkg's status file whose files are on the disk; removed ones with left-over configuration are not. */
export function parseInstalled(status: string): InstalledPackage[] {
  return paragraphs(status).flatMap((entry) => {
    const name = clean(fieldOf(entry, 'Package'), 150);
    const version = clean(fieldOf(entry, 'Version'), 160);
    const architecture = clean(fieldOf(entry, 'Architecture'), 24);
    const [want, , state] = fieldOf(entry, 'Status')?.split(/\s+/) ?? [];
    if (name === undefined || version === undefined || architecture === undefined || state === undefined) return [];
    if (state === 'not-installed' || state === 'config-files') return [];
    return [{ name, version, architecture, source: sourceOf(entry, name), held: want === 'hold' }];
  });
}

/** "Source: openssl (3.0.1-1)" where it differs from the package in name or version. */
export function sourceOf(entry: string, name: string): string {
  return fieldOf(entry, 'Source')?.split(/[\s(]/)[0] || name;
}

/** The name everything refers to: "openssl:amd64". */
export function packageId({ name, architecture }: Pick<InstalledPackage, 'name' | 'architecture'>): string {
  return `${name}:${architecture}`;
}

/** Packages without code of their own ("all") live with the machine's own architecture, which is that of dpkg. */
export function nativeArchitecture(packages: readonly InstalledPackage[]): string | undefined {
  const own = ['dpkg', 'libc6', 'apt'].map((name) => packages.find((entry) => entry.name === name)?.architecture);
  return [...own, ...packages.map(({ architecture }) => architecture)].find(
    (architecture) => architecture !== undefined && architecture !== 'all',
  );
}
