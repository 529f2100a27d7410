/** The description an archive gives of itself: InRelease or Release, in the words apt_preferences(5) refers to. */
import { clean } from '../text.ts';
import { allFields } from './deb822.ts';

export interface Release {
  readonly origin?: string;
  readonly label?: string;
  /** "oldstable-security"; called archive in preferences. */
  readonly suite?: string;
  readonly codename?: string;
  readonly version?: string;
  /** Packages for every architecture have a list of their own; else they stand in each list. */
  readonly separateAll: boolean;
  /** Not taken from unless asked for: backports, experimental. */
  readonly notAutomatic: boolean;
  /** What was once taken from it is upgraded from it. */
  readonly butAutomaticUpgrades: boolean;
  /** When the archive published it, in ms since 1970. */
  readonly publishedAt?: number;
  /** From when on it must not be believed any more, in ms since 1970. */
  readonly validUntil?: number;
  /** Sizes in bytes of the files it lists: "main/binary-amd64/Packages" → size. */
  readonly files: ReadonlyMap<string, number>;
}

/** Clear-signed or not; fields behind the checksums are not used by any archive. */
export function parseRelease(text: string): Release {
  const body =
    text.replace(/^-----BEGIN PGP SIGNED MESSAGE-----[\s\S]*?\n\s*\n/, '').split(/\n-----BEGIN PGP SIGNATURE/)[0] ?? '';
  const listing = /^(?:MD5Sum|SHA1|SHA256|SHA512):/m.exec(body)?.index ?? body.length;
  const fields = allFields(body.slice(0, listing));
  const get = (name: string): string | undefined => clean(fields.get(name), 120);
  return {
    ...optional('origin', get('origin')),
    ...optional('label', get('label')),
    ...optional('suite', get('suite')),
    ...optional('codename', get('codename')),
    ...optional('version', get('version')),
    ...optional('publishedAt', time(get('date'))),
    ...optional('validUntil', time(get('valid-until'))),
    separateAll:
      fields.get('architectures')?.split(/\s+/).includes('all') === true &&
      get('no-support-for-architecture-all') !== 'Packages',
    notAutomatic: get('notautomatic') === 'yes',
    butAutomaticUpgrades: get('butautomaticupgrades') === 'yes',
    files: filesOf(body.slice(listing)),
  };
}

/** Only the lists of packages matter here; the whole listing has thousands of lines. */
function filesOf(listing: string): Map<string, number> {
  const files = new Map<string, number>();
  for (const [, size, name] of listing.matchAll(/^ \S+ +(\d{1,15}) +(?:\.\/)?(\S*Packages)(?:\.[a-z0-9]+)?\r?$/gm)) {
    // The packed forms of a file stand beside it: an empty one is not empty any more once it is packed.
    if (name !== undefined) files.set(name, Math.min(files.get(name) ?? Number.POSITIVE_INFINITY, Number(size)));
  }
  return files;
}

function time(value: string | undefined): number | undefined {
  const at = Date.parse(value ?? '');
  return Number.isNaN(at) ? undefined : at;
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

/** Where a package comes from, as people say it: "Debian:bookworm-security". Pockets of Ubuntu differ in the suite only. */
export function originText({ origin, suite, codename }: Release, host: string): string {
  const archive = codename !== undefined && suite?.startsWith(`${codename}-`) ? suite : (codename ?? suite);
  return [origin ?? (host || 'local'), archive].filter((part) => part !== undefined).join(':');
}

/** True for archives that hold nothing but security updates: of Debian (up to 10 "buster/updates"), Ubuntu and its ESM. */
export function isSecurity({ label, suite, codename }: Release, archivePath: string): boolean {
  return (
    label === 'Debian-Security' ||
    [suite, codename].some((name) => /-security$/.test(name ?? '')) ||
    /-security\/?$/.test(archivePath)
  );
}
