/**
 * A notice from the console to the screen of a clerk and her answer back: the real server and the real service, each a
 * process of its own, the real console and the real tray program in Chromium. Nothing between them is replaced.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createSignInLink, createUser } from '../../server/staff/users.ts';
import { kill, preparePlace } from '../faults/town.ts';
import { reservedPort } from '../fixtures/reserved-port.ts';
import { launchBrowser } from './browser.ts';
import { password } from './console-fixture.ts';
import { createService } from './service-process.ts';
import { startTrayApp } from './tray-app.ts';

let browser: Browser;
let base: string;
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'kits-round-'));
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  rmSync(base, { recursive: true, force: true });
});

/** In the console; answers the address of the page on which its progress is followed. */
async function publish(page: Page, title: string, answers = 'nur gezählt'): Promise<string> {
  await page.goto('/mitteilungen/neu');
  const form = page.getByRole('form', { name: 'Neue Mitteilung' });
  await form.getByLabel('Gemeinde').selectOption({ label: 'Wasungen' });
  await form.getByLabel('Überschrift auf Deutsch').fill(title);
  await form.getByLabel('Text auf Deutsch').fill('Bitte speichern Sie Ihre Arbeit und starten Sie den PC neu.');
  await form.getByLabel('Dringlichkeit').selectOption({ label: 'Dringend' });
  await form.getByLabel('Muss zur Kenntnis genommen werden').check();
  await form.getByLabel('Antworten').selectOption({ label: answers });
  await form.getByRole('button', { name: 'Vorschau zeigen' }).click();
  await page.getByRole('button', { name: 'Veröffentlichen …' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Jetzt veröffentlichen' }).click();
  await page.getByRole('heading', { level: 1, name: title }).waitFor();
  return page.url();
}

/** Whether the console says, after a fresh look, that this many devices acknowledged. */
async function acknowledgedSays(page: Page, address: string): Promise<string> {
  await page.goto(address);
  const answers = page.getByRole('region', { name: 'Antworten an den Geräten' });
  return answers.locator('div', { hasText: 'Zur Kenntnis genommen' }).getByRole('definition').innerText();
}

test('published in the console, shown at the PC, acknowledged there, and seen so in the console', {
  timeout: 180_000,
}, async () => {
  let link = '';
  const place = await preparePlace({
    consoleDir: inject('consoleDir'),
    prepare: async ({ context }) => {
      await createUser(context, 'test', { name: 'technik', role: 'technician', municipalityIds: [] });
      link = (await createSignInLink(context, 'test', 'technik')).secret;
    },
  });
  const port = await reservedPort();
  const server = await place.startServer(port);
  const service = createService(place.agentDir);
  await service.enrol(server.url, place.token);
  service.start();
  await using context = await browser.newContext({ baseURL: server.url });
  context.setDefaultTimeout(30_000);
  const signedIn = await context.request.post('/api/v1/session', { data: { link } });
  const { csrfToken } = (await signedIn.json()) as { csrfToken: string };
  const headers = { 'x-csrf-token': csrfToken };
  await context.request.put('/api/v1/session/password', { data: { password }, headers });
  const console = await context.newPage();
  await expect.poll(() => service.status()?.reporting.lastAcceptedAt).toBeDefined();

  const { publicDir } = service;
  await using app = await startTrayApp({ browser, publicDir, folder: inject('trayDir'), home: join(base, 'home') });
  expect(app.seen.windows).toHaveLength(0);
  const address = await publish(console, 'Bitte heute neu starten');
  await expect.poll(() => service.status()?.notices.length).toBe(1);
  const toastOf = (title: string) => app.seen.notifications.find((toast) => toast.title.includes(title));
  await expect.poll(() => toastOf('Bitte heute neu starten')?.shown).toBe(1);
  toastOf('Bitte heute neu starten')?.click();
  const window = await app.window();
  await window.getByRole('heading', { name: 'Bitte heute neu starten' }).waitFor();
  expect(await acknowledgedSays(console, address)).toBe('an 0 Geräten');
  await window.getByRole('button', { name: /zur Kenntnis genommen$/ }).click();
  await window.getByText('Zur Kenntnis genommen.').waitFor();
  await expect.poll(() => acknowledgedSays(console, address)).toBe('an 1 Gerät');

  // The server is away at the moment she answers: it is said at the PC, and it arrives later.
  const second = await publish(console, 'Das Netz wird gewartet', 'mit Namen');
  await window.getByRole('heading', { name: 'Das Netz wird gewartet' }).waitFor();
  await expect.poll(() => toastOf('Das Netz wird gewartet')?.shown).toBe(1);
  await window
    .getByText(`Ihre Bestätigung wird mit dem Namen „\u2068${userInfo().username}\u2069“ an KITS gemeldet.`)
    .waitFor();
  await kill(server.child);
  await window.getByRole('button', { name: /Das Netz wird gewartet.* mit Namen zur Kenntnis genommen$/ }).click();
  await expect.poll(() => service.status()?.reporting.waiting).toBeGreaterThan(0);
  const db = new DatabaseSync(join(place.serverDir, 'kits.db'), { readOnly: true });
  const answers = db.prepare("SELECT notice_id FROM notice_answers WHERE kind = 'acknowledged'").all();
  db.close();
  expect(answers.map(({ notice_id }) => `/mitteilungen/${notice_id}`)).toEqual([new URL(address).pathname]);
  await place.startServer(port);
  // It would come by itself within a minute; she need not wait for that.
  await window.getByRole('link', { name: 'Status' }).click();
  await window.getByRole('button', { name: 'Jetzt prüfen' }).click();
  await expect.poll(() => acknowledgedSays(console, second)).toBe('an 1 Gerät');
  await window.getByText(/^Geprüft: /).waitFor();
  // She was told which name goes along, and the console says what it is worth.
  const names = console.getByRole('region', { name: 'Wer sie zur Kenntnis genommen hat' });
  const { username } = userInfo();
  await names.getByRole('row', { name: new RegExp(`^${username}\\s*angegeben, nicht nachgewiesen`) }).waitFor();
  expect(await (await context.request.get(address.replace('/mitteilungen/', '/api/v1/notices/'))).text()).not.toContain(
    username,
  );
  await window.getByRole('link', { name: 'Was wird übermittelt?' }).click();
  await window
    .getByRole('button', { name: /^Kenntnisnahme/ })
    .first()
    .click();
  await window
    .locator('summary')
    .filter({ hasText: /^Bericht: / })
    .click();
  await window
    .locator('dd')
    .filter({ hasText: 'Nur wenn die Mitteilung es vorher ankündigt' })
    .getByText(username, { exact: true })
    .waitFor();
});
