/** Before the browser tests: the console and the window of the tray, each built once as they ship. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import type { TestProject } from 'vitest/node';
import { buildPreviewBridge, buildTray } from '../../build/build-tray.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The built console; nobody writes into it. */
    consoleDir: string;
    /** The built page and preload of the tray, with the bridge of the preview; nobody writes into it. */
    trayDir: string;
  }
}

const base = mkdtempSync(join(tmpdir(), 'kits-pages-'));

export async function setup(project: TestProject): Promise<void> {
  const outDir = join(base, 'console');
  const trayDir = join(base, 'tray');
  await build({
    configFile: join(import.meta.dirname, '../../server/console/vite.config.ts'),
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true },
  });
  await buildTray(trayDir);
  await buildPreviewBridge(trayDir);
  project.provide('consoleDir', outDir);
  project.provide('trayDir', trayDir);
}

export function teardown(): void {
  rmSync(base, { recursive: true, force: true });
}
