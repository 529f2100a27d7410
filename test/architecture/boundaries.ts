/** Who may import whom. The first rule whose folder holds the file decides; design: docs/decisions/0002-tools.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { parseSync } from 'oxc-parser';

interface Boundary {
  readonly folder: string;
  /** What a value import may name: repository paths ("agent/contract/…") or packages. */
  readonly allowed: RegExp;
  /** What `import type` may name in addition; types are erased and bind nothing at run time. */
  readonly types?: RegExp;
}

export const boundaries: readonly Boundary[] = [
  { folder: 'agent/contract/words/', allowed: /^agent\/contract\/words\//, types: /^agent\/contract\// },
  { folder: 'agent/contract/', allowed: /^(agent\/contract\/|zod$)/ },
  { folder: 'agent/signing/', allowed: /^(agent\/contract\/|agent\/signing\/|node:crypto$|jose$|canonicalize$|zod$)/ },
  { folder: 'agent/rules/', allowed: /^agent\/(contract|rules)\// },
  {
    folder: 'agent/collectors/',
    // The list of collectors names the one for backups; the others know nothing of it.
    allowed: /^(agent\/(contract|collectors)\/|agent\/backup\/collector\.ts$|agent\/signing\/canonical\.ts$|zod$)/,
    types: /^agent\/(platform|backup)\//,
  },
  {
    folder: 'agent/backup/',
    allowed:
      /^(agent\/(contract|backup)\/|agent\/collectors\/|agent\/signing\/canonical\.ts$|zod$|@rgrove\/parse-xml$)/,
    types: /^agent\/platform\//,
  },
  { folder: 'agent/', allowed: /^(agent\/|node:|zod$|axios$|node-schedule$|systeminformation$)/ },
  { folder: 'main/', allowed: /^(main\/|agent\/(contract|signing)\/|node:|electron$|zod$)/ },
  { folder: 'renderer/', allowed: /^(renderer\/|preact(\/|$))/, types: /^(main\/ipc\/|agent\/contract\/)/ },
  {
    folder: 'server/console/',
    // Words of the contract, and which signs they may have, are nothing else: they bring neither zod nor a schema into the page.
    allowed: /^(server\/console\/|agent\/contract\/(words\/|printable\.ts$)|preact(\/|$))/,
    types: /^(server\/api\/contract\.ts$|agent\/contract\/)/,
  },
  {
    folder: 'server/',
    allowed:
      /^(server\/|agent\/(contract|signing|rules)\/|node:|zod$|fastify$|fastify-type-provider-zod$|@fastify\/|kysely(\/|$)|csv-parse(\/|$)|prom-client$)/,
  },
];

/** Each of these is named in exactly the file or folder given: replacing it stays a change in one place. */
export const adapters: Readonly<Record<string, RegExp>> = {
  axios: /^agent\/report\/server-client\.ts$/,
  'node-schedule': /^agent\/schedule\//,
  systeminformation: /^agent\/platform\/system-information\.ts$/,
  '@rgrove/parse-xml': /^agent\/backup\/xml\.ts$/,
  jose: /^agent\/signing\//,
  canonicalize: /^agent\/signing\/canonical\.ts$/,
  electron: /^main\//,
  'csv-parse': /^server\//,
  'prom-client': /^server\//,
  'node:child_process': /^agent\/platform\/run-command\.ts$/,
};

export interface Violation {
  readonly file: string;
  readonly target: string;
  readonly because: string;
}

/** Repository-relative source files below `root`, with forward slashes. */
export function sourceFiles(root: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|tsx|mjs)$/.test(file) && !file.includes('node_modules'))
      .map((file) => posix.join(folder, file.split(sep).join('/'))),
  );
}

/** Reads static imports, re-exports and dynamic imports with a real parser; a computed dynamic import is a violation itself. */
export function violationsOf(root: string, file: string): Violation[] {
  const source = readFileSync(join(root, file), 'utf8');
  const parsed = parseSync(file, source);
  if (parsed.errors.length > 0) throw new Error(`${file} cannot be parsed: ${parsed.errors[0]?.message}`);
  const imports: { target: string; typeOnly: boolean }[] = [];
  for (const entry of parsed.module.staticImports) {
    const typeOnly = entry.entries.length > 0 && entry.entries.every(({ isType }) => isType);
    imports.push({ target: entry.moduleRequest.value, typeOnly });
  }
  for (const entry of parsed.module.staticExports.flatMap(({ entries }) => entries)) {
    if (entry.moduleRequest !== null) imports.push({ target: entry.moduleRequest.value, typeOnly: entry.isType });
  }
  const violations: Violation[] = [];
  for (const entry of parsed.module.dynamicImports) {
    const literal = /^(['"])([^'"]+)\1$/.exec(source.slice(entry.moduleRequest.start, entry.moduleRequest.end))?.[2];
    if (literal === undefined)
      violations.push({ file, target: '(computed)', because: 'a computed import cannot be checked' });
    else imports.push({ target: literal, typeOnly: false });
  }
  const boundary = boundaries.find(({ folder }) => file.startsWith(folder));
  if (boundary === undefined) throw new Error(`${file} stands in no folder with a boundary`);
  for (const { target, typeOnly } of imports) {
    const path = target.startsWith('.') ? posix.join(dirname(file), target) : target;
    if (!boundary.allowed.test(path) && !(typeOnly && boundary.types?.test(path) === true) && !path.endsWith('.css')) {
      violations.push({ file, target: path, because: `${boundary.folder} may not import it` });
    }
    const adapter = Object.entries(adapters).find(([name]) => path === name || path.startsWith(`${name}/`));
    if (adapter !== undefined && !typeOnly && !adapter[1].test(file)) {
      violations.push({ file, target: path, because: `only ${adapter[1].source} may name it` });
    }
  }
  return violations;
}
