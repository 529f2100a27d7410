/** The tray as Electron's packager takes it: its bundles and a package.json, and nothing of node_modules. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedVersionFile, productName } from '../main/app-identity.ts';
import { buildTray } from './build-tray.ts';
import { bundleForNode } from './bundle.ts';
import { licenceText, trayPackages } from './licences.ts';

/** Fills `folder/app` (what goes into app.asar) and `folder/resources` (what lies beside it). */
export async function stageTrayApp(folder: string, version: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const app = join(folder, 'app');
  mkdirSync(join(folder, 'resources'), { recursive: true });
  const ofPage = await buildTray(join(app, 'dist/tray'), version);
  const main = { outDir: join(app, 'dist/main'), fileName: 'index.mjs', format: 'es' } as const;
  const ofMain = await bundleForNode({ entry: 'main/index.ts', ...main, version, external: ['electron'] });
  const { bundled } = trayPackages();
  const taken = [...new Set([...ofPage, ...ofMain].map(({ name }) => name))].sort();
  const named = bundled.map(({ name }) => name);
  if (taken.join() !== named.join()) {
    throw new Error(`the tray ships ${taken.join(', ')}, but its window names ${named.join(', ')} (build/licences.ts)`);
  }
  const manifest = {
    name: 'kits-agent-tray',
    productName,
    version,
    description: 'Status und Mitteilungen von KITS',
    author: { name: 'KITS' },
    main: 'dist/main/index.mjs',
    type: 'module',
  };
  writeFileSync(join(app, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  writeFileSync(join(folder, 'resources', installedVersionFile), `${version}\n`);
  writeFileSync(join(folder, 'resources/third-party-licences.txt'), licenceText(bundled));
}
