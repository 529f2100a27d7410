/** The tray in the real Electron. Started by `npm run test:electron`, which knows where the binary is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildTray } from '../../build/build-tray.ts';
import { createDesk, type Desk } from '../e2e/tray-desk.ts';
import { expectLockedDown, steps } from '../e2e/tray-steps.ts';

const root = join(import.meta.dirname, '../..');
let desk: Desk;
let app: ElectronApplication;
let page: Page;

const executablePath = process.env['KITS_ELECTRON'] ?? '';
const args = (): string[] => [
  root,
  `--status-file=${join(desk.publicDir, 'status.json')}`,
  `--user-data-dir=${join(desk.base, 'home')}`,
  // Chromium refuses its own sandbox to the system's administrator, who runs tests in containers.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

beforeAll(async () => {
  [desk] = await Promise.all([createDesk(), buildTray()]);
  desk.write();
  app = await _electron.launch({ executablePath, args: args() });
  page = await app.firstWindow();
});
afterAll(async () => {
  await app.close();
  await desk[Symbol.asyncDispose]();
});

test.each(steps)('the clerk %s', async (_name, step) => {
  await step({ page, desk });
});

test('its page is locked down', async () => {
  await expectLockedDown(page);
  expect(app.windows()).toHaveLength(1);
});

test('a second start ends by itself and brings the window back', async () => {
  const closed = page.waitForEvent('close');
  await app.evaluate(({ BrowserWindow }) => {
    for (const window of BrowserWindow.getAllWindows()) window.close();
  });
  await closed;
  const shown = app.waitForEvent('window');
  await once(spawn(executablePath, args(), { stdio: 'ignore' }), 'exit');
  page = await shown;
  await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
});
