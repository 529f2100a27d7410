/** Where apt gets packages from: sources.list(5) in both of its forms. */
import type { CollectContext } from '../collector.ts';
import { codeOf, listOrNone } from '../text.ts';
import { allFields, paragraphs } from './deb822.ts';

export interface AptSource {
  /** Without user, password and trailing slash. */
  readonly uri: string;
  readonly scheme: string;
  /** Empty for local sources. */
  readonly host: string;
  /** "bookworm-security"; a suite that ends with "/" is a directory of its own. */
  readonly suite: string;
  readonly components: readonly string[];
  /** Only these architectures, when given. */
  readonly architectures?: readonly string[];
  /** apt asks for no valid signature. */
  readonly trusted: boolean;
}

const maxSources = 500;

/** All enabled binary sources. Files that cannot be read are noted. */
export async function readAptSources({
  machine,
  problem,
}: Pick<CollectContext, 'machine' | 'problem'>): Promise<AptSource[]> {
  const directory = '/etc/apt/sources.list.d';
  const names = await listOrNone(machine, directory);
  const files = [
    '/etc/apt/sources.list',
    ...names.filter((name) => /^[\w.-]+\.(list|sources)$/.test(name)).map((name) => `${directory}/${name}`),
  ];
  const sources: AptSource[] = [];
  for (const path of files) {
    try {
      const text = await machine.readText(path);
      sources.push(...(path.endsWith('.sources') ? parseSourcesDeb822(text) : parseSourcesList(text)));
    } catch (error) {
      if (codeOf(error) !== 'not-found') problem(codeOf(error), `${path} cannot be read`);
    }
  }
  if (sources.length > maxSources) problem('truncated', `${sources.length - maxSources} package sources are left out`);
  return sources.slice(0, maxSources);
}

/** `deb [option=value …] uri suite [component …]`, one a line. */
export function parseSourcesList(text: string): AptSource[] {
  return text.split('\n').flatMap((raw) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)(.*)$/.exec(raw.replace(/#.*/, ''));
    if (match === null) return [];
    const [, options = '', uri = '', suite = '', components = ''] = match;
    const option = (name: string): string | undefined => new RegExp(`(?:^|\\s)${name}=(\\S+)`, 'i').exec(options)?.[1];
    return source(uri, suite, components, option('arch')?.replaceAll(',', ' '), [
      option('trusted'),
      option('allow-insecure'),
    ]);
  });
}

/** Paragraphs of a `.sources` file; each names several addresses and suites. */
export function parseSourcesDeb822(text: string): AptSource[] {
  const uncommented = text.replace(/^#.*\n?/gm, '');
  return paragraphs(uncommented).flatMap((paragraph) => {
    const fields = allFields(paragraph);
    const words = (name: string): string[] => fields.get(name)?.split(/\s+/).filter(Boolean) ?? [];
    if (!words('types').includes('deb') || /^(no|false|0|off|disable|without)$/i.test(fields.get('enabled') ?? ''))
      return [];
    return words('uris').flatMap((uri) =>
      words('suites').flatMap((suite) =>
        source(uri, suite, fields.get('components') ?? '', fields.get('architectures'), [
          fields.get('trusted'),
          fields.get('allow-insecure'),
        ]),
      ),
    );
  });
}

function source(
  written: string,
  suite: string,
  components: string,
  architectures: string | undefined,
  trusts: readonly (string | undefined)[],
): AptSource[] {
  const match = /^([a-z][a-z0-9+.-]*):(?:\/\/(?:[^@/]*@)?([^/]*))?(.*)$/i.exec(written);
  if (match === null) return [];
  const [, scheme = '', host = '', path = ''] = match;
  const only = architectures?.split(/\s+/).filter(Boolean);
  return [
    {
      uri: `${scheme.toLowerCase()}:${host === '' ? '' : `//${host}`}${path.replace(/\/+$/, '')}`,
      scheme: scheme.toLowerCase(),
      host: host.replace(/:\d+$/, '').toLowerCase(),
      suite,
      components: components.split(/\s+/).filter(Boolean),
      ...(only === undefined || only.length === 0 ? {} : { architectures: only }),
      trusted: trusts.some((value) => /^(yes|true|1|on|enable|with)$/i.test(value ?? '')),
    },
  ];
}

/** Name apt keeps what it fetched from an address under, in `/var/lib/apt/lists`. */
export function listName(uri: string): string {
  return uri
    .replace(/^[a-z][a-z0-9+.-]*:(\/\/)?/i, '')
    .replace(/[\\|{}[\]<>"^~_=!@#$%&*]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replaceAll('/', '_');
}

/** Beginning of the names of everything that belongs to a source: "deb.debian.org_debian_dists_bookworm_". */
export function listPrefix({ uri, suite }: Pick<AptSource, 'uri' | 'suite'>): string {
  if (!suite.endsWith('/')) return listName(`${uri}/dists/${suite}/`);
  return listName(suite === '/' ? `${uri}/` : `${uri}/${suite}`);
}
