/**
 * A process of its own for run.ts: the whole tray on the stand-in for Electron, its window opened again and again while
 * program and browser run. Sends the milliseconds from the click on the icon to the first content that was painted, those
 * of the page alone, and the size of the window's files on the wire.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { buildTray } from '../build/build-tray.ts';
import { uiFiles } from '../main/window/ui-files.ts';
import { launchBrowser } from '../test/e2e/browser.ts';
import { createDesk } from '../test/e2e/tray-desk.ts';
import { startScreen } from '../test/fakes/electron/chromium.ts';

const rounds = 20;

export interface WindowFigures {
  readonly clickToPaintMs: readonly number[];
  readonly pageToPaintMs: readonly number[];
  readonly gzipBytes: number;
}

const standIn = new URL('../test/fakes/electron.ts', import.meta.url).href;
registerHooks({ resolve: (name, context, next) => next(name === 'electron' ? standIn : name, context) });

const home = mkdtempSync(join(tmpdir(), 'kits-paint-'));
const folder = join(home, 'dist/tray');
await buildTray(folder);
const sizes = Object.values(uiFiles).map(({ name }) => gzipSync(readFileSync(join(folder, name))).length);
const desk = await createDesk();
desk.write();
const browser = await launchBrowser();
const { seen } = await import('../test/fakes/electron.ts');
const screen = await startScreen({ browser, seen });
Object.assign(seen, { userData: join(home, 'own'), appPath: home, screen });
process.argv.push(`--status-file=${join(desk.publicDir, 'status.json')}`, '--hidden');
const { startMain } = await import('../test/fakes/electron/start-main.ts');
await startMain();

const now = (): number => performance.timeOrigin + performance.now();
const clickToPaintMs: number[] = [];
const pageToPaintMs: number[] = [];
/** The first is the cold one. */
for (let round = 0; round <= rounds; round += 1) {
  const clickedAt = now();
  seen.trays.at(-1)?.click('Status anzeigen');
  const window = seen.windows.at(-1);
  if (window === undefined) throw new Error('the window was not opened');
  while (!window.isVisible()) await pause(5);
  const page = screen.pageOf(window);
  await page?.getByText('Ihr PC ist in Ordnung.').last().waitFor();
  const painted: { origin: number; after: number } | undefined = await page?.evaluate(`({
    origin: performance.timeOrigin, after: performance.getEntriesByName('first-contentful-paint')[0].startTime })`);
  if (painted === undefined) throw new Error('the window has no page');
  if (round > 0) {
    clickToPaintMs.push(painted.origin + painted.after - clickedAt);
    pageToPaintMs.push(painted.after);
  }
  window.close();
}
await browser.close();
await desk[Symbol.asyncDispose]();
rmSync(home, { recursive: true });
const figures: WindowFigures = {
  clickToPaintMs,
  pageToPaintMs,
  gzipBytes: sizes.reduce((sum, size) => sum + size, 0),
};
process.send?.(figures);
process.exit(0);
