/** Bundles the programs, each into files that need nothing beside them but Node or Electron. */
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { build, type Plugin } from 'vite';
import { type LicensedPackage, packagesOf } from './licences.ts';

const root = join(import.meta.dirname, '..');

/** The version of this source; packages of every kind carry it. */
export function sourceVersion(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

export interface NodeBundle {
  /** Repository path of the entry. */
  readonly entry: string;
  readonly outDir: string;
  readonly fileName: string;
  readonly format: 'cjs' | 'es';
  readonly version: string;
  readonly external?: readonly string[];
  /** The entry starts by itself; else it is started by what it exports or by being loaded. */
  readonly isProgram?: boolean;
  /** What is imported dynamically goes into files of its own beside the entry: they are read when they are asked for. */
  readonly inParts?: boolean;
}

/** One file (or several, in parts), with everything but Node's own modules and `external` inside. Returns the packages that went into it. */
export async function bundleForNode({
  entry,
  outDir,
  fileName,
  format,
  version,
  external = [],
  isProgram = false,
  inParts = false,
}: NodeBundle): Promise<LicensedPackage[]> {
  const built = await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [stampVersion(version)],
    // Within one file every module would take itself for the one that was started.
    define: { 'import.meta.main': String(isProgram) },
    ssr: { noExternal: true, external: [...external], target: 'node' },
    build: {
      ssr: entry,
      outDir,
      emptyOutDir: false,
      target: 'node24',
      minify: true,
      rolldownOptions: {
        external: [...external],
        // Names without hashes: the same source gives the same names.
        output: {
          format,
          codeSplitting: inParts,
          entryFileNames: fileName,
          chunkFileNames: `[name]${extname(fileName)}`,
        },
      },
    },
  });
  if (Array.isArray(built) || !('output' in built)) throw new Error(`${entry} gave something else than one bundle`);
  return packagesOf(built.output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : [])));
}

/** Both version files (agent and server) say what is being built: an older or newer one can be made from the same source. */
function stampVersion(version: string): Plugin {
  return {
    name: 'stamp-version',
    enforce: 'pre',
    transform(code, id) {
      if (!/\/(agent|server)\/version\.ts$/.test(id)) return undefined;
      const stamped = code.replace(/Version = '[^']*'/, `Version = '${version}'`);
      if (!stamped.includes(`'${version}'`)) throw new Error(`${id} does not state a version the build can find`);
      return { code: stamped, map: null };
    },
  };
}

/** `kits-agent.cjs` and its parts: what the single executable runs. `outDir` has nothing else in it. */
export function bundleAgent(outDir: string, version: string): Promise<LicensedPackage[]> {
  const fileName = 'kits-agent.cjs';
  return bundleForNode({
    entry: 'agent/single-executable.ts',
    outDir,
    fileName,
    format: 'cjs',
    version,
    inParts: true,
  });
}
