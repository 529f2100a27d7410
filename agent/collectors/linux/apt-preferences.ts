/** Which version apt would take: apt_preferences(5), for the forms that administrators use. */
import type { CollectContext } from '../collector.ts';
import { codeOf, listOrNone } from '../text.ts';
import type { Release } from './apt-release.ts';
import { compareDebVersions } from './deb-version.ts';
import { allFields, paragraphs } from './deb822.ts';
import { glob } from './glob.ts';

/** A place a version can be had from. */
export interface Archive {
  readonly host: string;
  readonly component: string;
  readonly release: Release;
}

export interface Pin {
  /** Names or glob patterns; "*" alone is the general form. "src:" names the source package. */
  readonly packages: readonly string[];
  readonly pin:
    | { readonly by: 'release'; readonly conditions: readonly (readonly [key: string, value: string])[] }
    | { readonly by: 'origin'; readonly host: string }
    | { readonly by: 'version'; readonly pattern: string };
  readonly priority: number;
}

/** A version apt knows of, with every archive that offers it. `installed` = dpkg has it. */
export interface OfferedVersion {
  readonly version: string;
  readonly archives: readonly Archive[];
  readonly installed: boolean;
}

/** Reads `/etc/apt/preferences` and `/etc/apt/preferences.d`. What cannot be read or is not understood is noted. */
export async function readPreferences({
  machine,
  problem,
}: Pick<CollectContext, 'machine' | 'problem'>): Promise<Pin[]> {
  const directory = '/etc/apt/preferences.d';
  const names = (await listOrNone(machine, directory)).filter((name) => /^[\w-]+(\.pref)?$/.test(name));
  const pins: Pin[] = [];
  for (const path of [...names.map((name) => `${directory}/${name}`), '/etc/apt/preferences']) {
    try {
      const parsed = parsePreferences(await machine.readText(path));
      pins.push(...parsed.pins);
      if (parsed.notUnderstood > 0)
        problem('unsupported', `${path}: ${parsed.notUnderstood} entries are not understood`);
    } catch (error) {
      if (codeOf(error) !== 'not-found') problem(codeOf(error), `${path} cannot be read`);
    }
  }
  return pins;
}

/** `notUnderstood` counts entries that pin something in a form not known here, such as a regular expression. */
export function parsePreferences(text: string): { pins: Pin[]; notUnderstood: number } {
  const pins: Pin[] = [];
  let notUnderstood = 0;
  for (const paragraph of paragraphs(text.replace(/^#.*\n?/gm, ''))) {
    const fields = allFields(paragraph);
    const packages =
      fields
        .get('package')
        ?.split(/[\s,]+/)
        .filter(Boolean) ?? [];
    const pin = pinOf(fields.get('pin') ?? '');
    const priority = Number(fields.get('pin-priority') ?? Number.NaN);
    if (fields.get('package') === undefined && fields.get('pin') === undefined) continue;
    if (
      packages.length === 0 ||
      packages.some((name) => /^\/|\[/.test(name)) ||
      pin === undefined ||
      !Number.isInteger(priority)
    ) {
      notUnderstood += 1;
    } else {
      pins.push({ packages, pin, priority });
    }
  }
  return { pins, notUnderstood };
}

function pinOf(text: string): Pin['pin'] | undefined {
  const [, kind = '', rest = ''] = /^(\w+)\s*([\s\S]*)$/.exec(text.trim()) ?? [];
  const words = rest.trim();
  if (kind === 'origin') return { by: 'origin', host: words.replace(/^"(.*)"$/, '$1') };
  if (kind === 'version') return words === '' || words.startsWith('/') ? undefined : { by: 'version', pattern: words };
  if (kind !== 'release') return undefined;
  const conditions = words.split(',').map((part): [string, string] => {
    const [key = '', ...value] = part.trim().split('=');
    // A word alone names the version or the suite.
    return value.length === 0
      ? [/^\d/.test(key) ? 'v' : 'a', key]
      : [
          key.trim(),
          value
            .join('=')
            .trim()
            .replace(/^"(.*)"$/, '$1'),
        ];
  });
  return conditions.every(([key, value]) => /^[anolcvb]$/.test(key) && value !== '' && !value.startsWith('/'))
    ? { by: 'release', conditions }
    : undefined;
}

/**
 * The version apt would install, or undefined when it knows none it may take. `versions` are those on offer and the
 * installed one.
 */
export function candidateOf(
  entry: { readonly name: string; readonly source: string },
  versions: readonly OfferedVersion[],
  rules: { readonly pins: readonly Pin[]; readonly defaultRelease?: string },
): OfferedVersion | undefined {
  const installed = versions.find((version) => version.installed);
  let best: { version: OfferedVersion; priority: number } | undefined;
  for (const version of versions) {
    const priority = priorityOf(entry, version, rules);
    if (priority <= 0) continue;
    // Only a pin of 1000 and more may take a machine back to an older version.
    if (installed !== undefined && priority < 1000 && compareDebVersions(version.version, installed.version) < 0)
      continue;
    const newer =
      best === undefined ? 1 : priority - best.priority || compareDebVersions(version.version, best.version.version);
    if (newer > 0) best = { version, priority };
  }
  return best?.version;
}

function priorityOf(
  entry: { readonly name: string; readonly source: string },
  version: OfferedVersion,
  { pins, defaultRelease }: { readonly pins: readonly Pin[]; readonly defaultRelease?: string },
): number {
  const specific = pins.find((pin) => !isGeneral(pin) && names(pin, entry) && applies(pin, version));
  if (specific !== undefined) return specific.priority;
  const ofArchives = version.archives.map((archive) => {
    const general = pins.find((pin) => isGeneral(pin) && matches(pin, version.version, archive));
    if (general !== undefined) return general.priority;
    const { suite, codename, version: number, notAutomatic, butAutomaticUpgrades } = archive.release;
    if (defaultRelease !== undefined && [suite, codename, number].includes(defaultRelease)) return 990;
    return notAutomatic ? (butAutomaticUpgrades ? 100 : 1) : 500;
  });
  return Math.max(...ofArchives, ...(version.installed ? [100] : []), Number.NEGATIVE_INFINITY);
}

function isGeneral({ packages }: Pin): boolean {
  return packages.length === 1 && packages[0] === '*';
}

function names({ packages }: Pin, { name, source }: { readonly name: string; readonly source: string }): boolean {
  return packages.some((pattern) => {
    const [wanted, value] = pattern.startsWith('src:')
      ? [pattern.slice(4), source]
      : [pattern.replace(/:\w+$/, ''), name];
    return glob(wanted, value);
  });
}

function applies(pin: Pin, { version, archives }: OfferedVersion): boolean {
  return pin.pin.by === 'version'
    ? glob(pin.pin.pattern, version)
    : archives.some((archive) => matches(pin, version, archive));
}

function matches({ pin }: Pin, version: string, { host, component, release }: Archive): boolean {
  if (pin.by === 'version') return glob(pin.pattern, version);
  if (pin.by === 'origin') return glob(pin.host, host);
  return pin.conditions.every(([key, value]) => {
    switch (key) {
      case 'a':
        return glob(value, release.suite ?? '');
      case 'n':
        return glob(value, release.codename ?? '');
      case 'o':
        return glob(value, release.origin ?? '');
      case 'l':
        return glob(value, release.label ?? '');
      case 'v':
        return glob(value, release.version ?? '');
      case 'c':
        return glob(value, component);
      default:
        // b=: the architecture is the same for everything compared here.
        return true;
    }
  });
}
