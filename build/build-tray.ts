/** Builds what the tray's window is made of: the page, the preload, and for the preview the bridge. */
import { join } from 'node:path';
import { build } from 'vite';
import { sourceVersion } from './bundle.ts';
import { type LicensedPackage, packagesOf, trayPackages } from './licences.ts';

const root = join(import.meta.dirname, '..');

/** Returns the packages that went into the page. */
export async function buildTray(
  outDir: string = join(root, 'dist/tray'),
  version: string = sourceVersion(),
): Promise<LicensedPackage[]> {
  const { electron, bundled } = trayPackages();
  const packages = [...bundled, electron].map(({ name, version, licence }) => ({ name, version, licence }));
  const built = await build({
    configFile: join(root, 'renderer/vite.config.ts'),
    logLevel: 'warn',
    define: { builtWith: JSON.stringify({ version, packages }) },
    build: { outDir, emptyOutDir: true },
  });
  if (Array.isArray(built) || !('output' in built)) throw new Error('the page gave something else than one bundle');
  // A sandboxed preload can neither be a module nor load a second file.
  await bundle({ outDir, entry: 'main/preload.ts', format: 'cjs', fileName: 'preload.cjs' });
  return packagesOf(built.output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : [])));
}

/** `bridge.js` beside the page. */
export function buildPreviewBridge(outDir: string): Promise<void> {
  return bundle({ outDir, entry: 'renderer/preview/bridge.ts', format: 'iife', fileName: 'bridge.js' });
}

interface Bundle {
  readonly outDir: string;
  readonly entry: string;
  readonly format: 'cjs' | 'iife';
  readonly fileName: string;
}

async function bundle({ outDir, entry, format, fileName }: Bundle): Promise<void> {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir,
      emptyOutDir: false,
      target: 'es2023',
      lib: { entry, formats: [format], name: 'bundle', fileName: () => fileName },
      rolldownOptions: { external: ['electron'] },
    },
  });
}
