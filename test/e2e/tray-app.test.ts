/** The whole tray program on the stand-in for Electron: icon, window, messages between page and main process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildTray } from '../../build/build-tray.ts';
import { launchBrowser } from './browser.ts';
import { startTrayApp } from './tray-app.ts';
import { createDesk, type Desk } from './tray-desk.ts';

let browser: Browser;
let desk: Desk;
let base: string;
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'kits-app-'));
  [browser, desk] = await Promise.all([launchBrowser(), createDesk(), buildTray(join(base, 'tray'))]);
});
afterAll(async () => {
  await browser.close();
  await desk[Symbol.asyncDispose]();
  rmSync(base, { recursive: true });
});

let started = 0;
const start = () => {
  started += 1;
  return startTrayApp({
    browser,
    publicDir: desk.publicDir,
    folder: join(base, 'tray'),
    home: join(base, `${started}`),
  });
};

test('a page of the real program in a browser', async () => {
  desk.write();
  const app = await start();
  expect(app.icon().menu[0]).toBe('Ihr PC ist in Ordnung.');
  app.icon().click('Status anzeigen');
  const page = await app.window();
  await page.getByText('Ihr PC ist in Ordnung.').last().waitFor();
  expect(await page.evaluate('Object.keys(window.kits).sort().join()')).toBe('on,request');
});
