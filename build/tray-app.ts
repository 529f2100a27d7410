/** The tray as Electron's packager takes it: its bundles and a package.json, and nothing of node_modules. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedVersionFile, productName } from '../main/app-identity.ts';
import { buildTray } from './build-tray.ts';
import { bundleForNode } from './bundle.ts';

/** Fills `folder/app` (what goes into app.asar) and `folder/resources` (what lies beside it). */
export async function stageTrayApp(folder: string, version: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const app = join(folder, 'app');
  mkdirSync(join(folder, 'resources'), { recursive: true });
  await buildTray(join(app, 'dist/tray'));
  const main = { outDir: join(app, 'dist/main'), fileName: 'index.mjs', format: 'es' } as const;
  await bundleForNode({ entry: 'main/index.ts', ...main, version, external: ['electron'] });
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
}
