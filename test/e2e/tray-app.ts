/** The whole tray program: the real main process on the stand-in for Electron, its windows as real pages. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import { startScreen } from '../fakes/electron/chromium.ts';
import { startMain } from '../fakes/electron/start-main.ts';

export type TrayApp = Awaited<ReturnType<typeof startTrayApp>>;

export interface TrayAppOptions {
  readonly browser: Browser;
  readonly publicDir: string;
  /** The built page and preload, from `buildTray`. */
  readonly folder: string;
  /** A folder of this user's own, empty or of an earlier run. */
  readonly home: string;
  readonly context?: BrowserContextOptions;
}

/** Starts hidden, as at sign-in. At its end it throws when the browser complained about anything. */
export async function startTrayApp({ browser, publicDir, folder, home, context = {} }: TrayAppOptions) {
  const argv = process.argv;
  vi.resetModules();
  const electron = await import('../fakes/electron.ts');
  const { seen, appEvents, powerMonitor, nativeTheme } = electron;
  mkdirSync(join(home, 'dist'), { recursive: true });
  cpSync(folder, join(home, 'dist/tray'), { recursive: true });
  Object.assign(seen, { userData: join(home, 'own'), appPath: home, toastOutcome: 'show' });
  const screen = await startScreen({ browser, seen, context });
  seen.screen = screen;
  process.argv = [...argv, `--status-file=${join(publicDir, 'status.json')}`, '--hidden'];
  await startMain();
  const icon = () => {
    const tray = seen.trays.findLast(({ destroyed }) => !destroyed);
    if (tray === undefined) throw new Error('there is no icon beside the clock');
    return tray;
  };
  return {
    seen,
    appEvents,
    powerMonitor,
    nativeTheme,
    icon,
    /** The page of the one window, once it is shown. */
    window: async (): Promise<Page> => {
      const find = () => seen.windows.find((window) => !window.isDestroyed() && window.isVisible());
      await expect.poll(find).toBeDefined();
      const page = screen.pageOf(find()!);
      if (page === undefined) throw new Error('the window is shown without a page');
      return page;
    },
    complaints: screen.complaints,
    [Symbol.asyncDispose]: async () => {
      process.argv = argv;
      electron.app.quit();
      await screen[Symbol.asyncDispose]();
      expect(screen.complaints).toEqual([]);
    },
  };
}
