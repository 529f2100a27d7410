/** What people do in the console, from the sign-in link to the audit log. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readSettingsFile } from '../../agent/setup/setup-input.ts';
import type { Device } from '../../server/api/contract.ts';
import { createTestAgent } from '../fakes/test-agent.ts';
import { type ConsoleFixture, hostileName, password, resultsDir, startConsole } from './console-fixture.ts';

let fixture: ConsoleFixture;
beforeAll(async () => {
  fixture = await startConsole();
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});
afterEach(() => {
  expect(fixture.complaints.splice(0)).toEqual([]);
});

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

/** The element that has the focus: its tag, and its name or text. */
async function focused(page: Page): Promise<string> {
  const parts: string[] = await page.evaluate(
    '[document.activeElement.tagName, document.activeElement.innerText ?? ""]',
  );
  return parts.join(' ').trim();
}

async function deviceById(page: Page, id: string): Promise<Device> {
  return (await (await page.request.get(`/api/v1/devices/${id}`)).json()) as Device;
}

test('nothing in the built page is inline', async () => {
  const html = await readFile(join(fixture.consoleDir, 'index.html'), 'utf8');
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|data:/);
  expect(html).toMatch(/assets\/index-[\w-]{8}\.js/);
});

test('from the one-time link to an edited record', async () => {
  await using context = await fixture.open();
  const page = await context.newPage();
  const { name, url } = await fixture.linkFor('technician');
  await page.goto(url);
  await heading(page, 'Kennwort festlegen').waitFor();
  expect(page.url()).not.toContain('#');
  expect(await page.getByLabel('Benutzername').inputValue()).toBe(name);

  await page.getByLabel('Neues Kennwort', { exact: true }).fill('zu kurz');
  await page.getByLabel('Neues Kennwort wiederholen').fill('zu kurz');
  await page.getByRole('button', { name: 'Kennwort festlegen' }).click();
  await page.getByText('Das Kennwort hat erst 7 von mindestens 12 Zeichen.').waitFor();
  await page.getByLabel('Neues Kennwort', { exact: true }).fill(password);
  await page.getByLabel('Neues Kennwort wiederholen').fill(`${password}?`);
  await page.getByText('Die beiden Kennwörter sind verschieden.').waitFor();
  await page.getByLabel('Neues Kennwort wiederholen').fill(password);
  await page.getByRole('button', { name: 'Kennwort festlegen' }).click();

  await heading(page, 'Übersicht').waitFor();
  await page.screenshot({ path: join(resultsDir, 'console-overview.png') });
  await page.getByRole('link', { name: 'Geräte', exact: true }).click();
  await page.getByRole('searchbox', { name: 'Suche' }).fill('PC-02');
  await page.getByText('1 Gerät gefunden').first().waitFor();
  await page.screenshot({ path: join(resultsDir, 'console-devices.png') });
  await page.getByRole('link', { name: 'was-pc-02' }).click();

  await heading(page, 'was-pc-02').waitFor();
  await expect.poll(() => focused(page)).toBe('H1 was-pc-02');
  await page.getByText(/^Dringend\. \d+ von \d+ Prüfungen/).waitFor();
  await page.getByText('Auf dem Laufwerk / sind nur noch 2 % frei').waitFor();
  await page.getByLabel('Inventarnummer').fill('INV-2026-0815');
  await page.getByLabel('Standort').fill('Rathaus, Zimmer 12');
  await page.getByRole('button', { name: 'Stammdaten speichern' }).click();
  await page.getByText('Die Stammdaten sind gespeichert.').first().waitFor();
  await page.screenshot({ path: join(resultsDir, 'console-device.png'), fullPage: true });
  expect((await deviceById(page, fixture.devices.full)).record).toEqual({
    inventoryNumber: 'INV-2026-0815',
    location: 'Rathaus, Zimmer 12',
    office: null,
    note: null,
  });
  await page.reload();
  await expect.poll(() => page.getByLabel('Inventarnummer').inputValue()).toBe('INV-2026-0815');

  await page.getByRole('button', { name: 'Abmelden' }).click();
  await heading(page, 'Anmelden').waitFor();
  await page.goto(url);
  await page.getByText('Dieser Anmeldelink gilt nicht mehr.').waitFor();
});

test('whoever is not signed in is sent to sign in, and back to where they wanted to go', async () => {
  await using context = await fixture.signedIn('technician');
  const page = await context.newPage();
  const { user } = (await (await page.request.get('/api/v1/session')).json()) as { user: string };
  await page.goto('/geraete?ampel=critical');
  await page.getByText('1 Gerät gefunden').first().waitFor();

  await context.clearCookies();
  await page.getByRole('link', { name: 'was-pc-02' }).click();
  await heading(page, 'Anmelden').waitFor();
  // The address follows the page with the next frame.
  await page.waitForURL(/zurueck=/);
  expect(new URL(page.url()).searchParams.get('zurueck')).toBe(`/geraete/${fixture.devices.full}`);
  await page.getByLabel('Benutzername').fill(user);
  await page.getByLabel('Kennwort').fill('falsch geraten');
  await page.getByRole('button', { name: 'Anmelden' }).click();
  await page.getByText('Benutzername oder Kennwort stimmt nicht.').waitFor();
  await page.getByLabel('Kennwort').fill(password);
  await page.keyboard.press('Enter');
  await heading(page, 'was-pc-02').waitFor();
});

test.each(['//evil.example/', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)'])(
  'signing in never leads to another host: %s',
  async (wanted) => {
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.goto(`/anmelden?zurueck=${encodeURIComponent(wanted)}`);
    await heading(page, 'Übersicht').waitFor();
    expect(page.url()).toBe(`${fixture.server.url}/`);
  },
);

test('with the keyboard alone: sign in, find a device, open it', async () => {
  await using context = await fixture.signedIn('technician');
  const page = await context.newPage();
  const { user } = (await (await page.request.get('/api/v1/session')).json()) as { user: string };
  await context.clearCookies();
  await page.goto('/anmelden');
  const tabTo = async (wanted: RegExp): Promise<void> => {
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press('Tab');
      const id: string = await page.evaluate(
        '(document.activeElement.labels?.[0] ?? document.activeElement).innerText ?? ""',
      );
      if (wanted.test(id.trim())) return;
    }
    throw new Error(`no tab stop ${wanted.source}`);
  };
  await heading(page, 'Anmelden').waitFor();
  await tabTo(/^Benutzername$/);
  await page.keyboard.type(user);
  await tabTo(/^Kennwort$/);
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await heading(page, 'Übersicht').waitFor();
  await expect.poll(() => focused(page)).toMatch(/^H1/);

  // From the top of the document the way past the navigation is the first stop.
  await page.reload();
  await heading(page, 'Übersicht').waitFor();
  await page.keyboard.press('Tab');
  await expect.poll(() => focused(page)).toBe('BUTTON Zum Inhalt springen');
  await page.keyboard.press('Enter');
  await expect.poll(() => focused(page)).toMatch(/^MAIN/);
  await page.reload();
  await tabTo(/^Geräte$/);
  await page.keyboard.press('Enter');
  await heading(page, 'Geräte').waitFor();
  await tabTo(/^Suche$/);
  await page.keyboard.type('pc-01');
  await page.getByText('1 Gerät gefunden').first().waitFor();
  await tabTo(/^was-pc-01$/);
  await page.keyboard.press('Enter');
  await heading(page, 'was-pc-01').waitFor();
  await tabTo(/^Ausmustern$/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await expect.poll(() => focused(page)).toBe('BUTTON Abbrechen');
  await page.keyboard.press('Escape');
  await expect.poll(() => focused(page)).toBe('BUTTON Ausmustern');
});

test("a stranger's name is text wherever it stands", async () => {
  await using context = await fixture.signedIn('technician');
  const page = await context.newPage();
  await page.goto('/geraete');
  await page.getByRole('link', { name: hostileName }).click();
  await heading(page, hostileName).waitFor();
  expect(await page.title()).toContain(hostileName);
  expect(await page.locator('img').count()).toBe(0);
  await page.getByRole('button', { name: 'Umziehen' }).click();
  await page.getByRole('dialog').getByText(hostileName).waitFor();
  expect(await page.locator('img').count()).toBe(0);
});

describe('the device list', () => {
  test('keeps filter and order in the address', async () => {
    await using context = await fixture.signedIn('viewer');
    const page = await context.newPage();
    await page.goto('/geraete');
    const names = async () => page.getByRole('rowheader').allInnerTexts();
    await expect.poll(names).toHaveLength(3);
    await page.getByRole('columnheader', { name: 'Gerät' }).getByRole('button').click();
    await expect.poll(() => page.url()).toContain('richtung=desc');
    await expect.poll(async () => (await names())[0]).toContain('was-pc-02');
    const header = page.getByRole('columnheader', { name: 'Gerät' });
    expect(await header.getAttribute('aria-sort')).toBe('descending');
    expect(await page.getByRole('columnheader', { name: 'Zustand' }).getAttribute('aria-sort')).toBe('none');

    await page.getByLabel('Zustand').selectOption('Dringend');
    await expect.poll(names).toHaveLength(1);
    await page.getByRole('status').getByText('1 Gerät gefunden').waitFor();
    await page.reload();
    await page.getByText('1 Gerät gefunden').first().waitFor();
    expect(await page.getByLabel('Zustand').inputValue()).toBe('critical');
    await page.goBack();
    await expect.poll(names).toHaveLength(3);
    await page.getByRole('searchbox').fill('gibt es nicht');
    await page.getByText('Kein Gerät passt zu diesem Filter.').waitFor();
    await page.getByRole('button', { name: 'Filter zurücksetzen' }).click();
    await expect.poll(names).toHaveLength(3);
  });

  test('has further pages where the server says so', async () => {
    await using context = await fixture.signedIn('viewer');
    const page = await context.newPage();
    // The same server with shorter pages: the console follows whatever cursor it is given.
    await page.route('**/api/v1/devices?*', (route) => route.continue({ url: `${route.request().url()}&limit=2` }));
    await page.goto('/geraete?sortierung=hostname');
    await expect.poll(() => page.getByRole('rowheader').count()).toBe(2);
    await page.getByRole('link', { name: 'Nächste Seite' }).click();
    await expect.poll(() => page.getByRole('rowheader').count()).toBe(1);
    expect(await page.getByText('3 Geräte gefunden').count()).toBeGreaterThan(0);
    await page.getByRole('link', { name: 'Zur ersten Seite' }).click();
    await expect.poll(() => page.getByRole('rowheader').count()).toBe(2);
  });

  test('says when the server cannot be reached, and tries again', async () => {
    await using context = await fixture.signedIn('viewer');
    const page = await context.newPage();
    await page.route('**/api/v1/devices?*', (route) => route.abort('connectionrefused'));
    await page.goto('/geraete');
    await page.getByRole('alert').getByText('Der KITS-Server ist nicht zu erreichen.').waitFor();
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Erneut versuchen' }).click();
    await page.getByText('3 Geräte gefunden').first().waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });
});

test('a device page shows the facts behind the answer, and prints them unfolded', async () => {
  await using context = await fixture.signedIn('viewer');
  const page = await context.newPage();
  await page.goto(`/geraete/${fixture.devices.full}`);
  const verdict = page.getByRole('listitem').filter({ hasText: 'Freier Speicherplatz' });
  await verdict.locator('summary').click();
  await verdict.getByRole('row', { name: /Laufwerke 1, Frei.*10 GiB/ }).waitFor();
  const storage = page.locator('details.section').filter({ hasText: 'Speicher und Laufwerke' });
  await storage.getByText('/: 10 GiB von 500 GiB frei').click();
  await storage.getByRole('row', { name: /sda SSD 512 GiB nein/ }).waitFor();
  const battery = page.locator('details.section').filter({ hasText: 'Akku' });
  expect(await battery.locator('summary').innerText()).toContain('nicht vorhanden');
  await page.getByRole('row', { name: /Vollbericht/ }).waitFor();
  expect(await page.getByRole('button', { name: /Ausmustern|Umziehen|speichern/ }).count()).toBe(0);

  const network = page.getByRole('row', { name: /eno1.*192\.0\.2\.10\/24/ });
  expect(await network.isVisible()).toBe(false);
  await page.emulateMedia({ media: 'print' });
  expect(await network.isVisible()).toBe(true);
  await page.screenshot({ path: join(resultsDir, 'console-print.png'), fullPage: true });
  expect(await page.getByRole('navigation', { name: 'Hauptnavigation' }).isVisible()).toBe(false);
});

test('a new device: token, enrolment, approval, records from CSV, move, retirement, audit log', async () => {
  await using context = await fixture.signedIn('admin');
  const page = await context.newPage();
  await fixture.server.addMunicipality('Grabfeld', { approvalRequired: true });
  await fixture.server.addMunicipality('Rhönblick');

  await page.goto('/anmeldung-tokens');
  await page.getByLabel('Gemeinde').selectOption('Grabfeld');
  await page.getByRole('button', { name: 'Token anlegen' }).click();
  await page.getByRole('heading', { name: 'Das Token ist angelegt' }).waitFor();
  const token = await page.locator('code.secret').innerText();
  const downloads = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Einrichtungsdatei herunterladen' }).click();
  const setup = await downloads;
  expect(setup.suggestedFilename()).toBe('kits-agent-setup.json');
  // Read as an installer reads it.
  expect(readSettingsFile(await setup.path())).toEqual({
    server: fixture.server.url,
    serverKey: fixture.server.keyThumbprint,
    token,
  });
  const agent = await createTestAgent({ url: fixture.server.url, token, hostname: 'gra-pc-01' });
  expect((await agent.enrol()).state).toBe('pending');
  await page.reload();
  await page.getByRole('row', { name: /Grabfeld aufgebraucht/ }).waitFor();
  expect(await page.getByText(token).count()).toBe(0);

  await page.goto('/');
  await page.getByText('1 Gerät wartet auf Freigabe.').waitFor();
  await page.getByRole('link', { name: 'Geräte ansehen und freigeben' }).click();
  await page.getByRole('link', { name: 'gra-pc-01' }).click();
  await page.getByText('Unbekannt. ', { exact: false }).first().waitFor();
  await page.getByRole('button', { name: 'Freigeben' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Freigeben' }).click();
  await page.getByText('Das Gerät ist freigegeben.').first().waitFor();
  expect((await agent.report()).status).toBe(201);

  await page.goto('/stammdaten');
  await page
    .getByLabel('oder Zeilen hier einfügen')
    .fill('hostname;inventoryNumber;office\ngra-pc-01;INV-7;Bürgerbüro\nunbekannt-9;INV-8;');
  await page.getByRole('button', { name: 'Übernehmen' }).click();
  await page.getByText('1 Gerät aktualisiert. 1 Zeile wurde nicht übernommen:').waitFor();
  await page.getByRole('row', { name: /3.*unbekannt-9/ }).waitFor();
  await page.getByLabel('CSV-Datei').setInputFiles({
    name: 'ansi.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('hostname;office\ngra-pc-01;B\xfcrgerb\xfcro', 'latin1'),
  });
  await page.getByRole('button', { name: 'Übernehmen' }).click();
  await page.getByRole('alert').getByText('nicht in UTF-8 gespeichert').waitFor();

  await page.goto(`/geraete/${agent.state.deviceId}`);
  await expect.poll(() => page.getByLabel('Zuständiges Amt').inputValue()).toBe('Bürgerbüro');
  await page.getByRole('button', { name: 'Umziehen' }).click();
  await page.getByLabel('Neue Gemeinde').selectOption('Rhönblick');
  await page.getByRole('dialog').getByRole('button', { name: 'Umziehen' }).click();
  await page.getByText('Das Gerät ist umgezogen.').first().waitFor();
  await page.getByRole('button', { name: 'Ausmustern' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Ausmustern' }).click();
  await page.getByText('Dieses Gerät ist ausgemustert.').waitFor();
  expect(await deviceById(page, agent.state.deviceId)).toMatchObject({
    state: 'retired',
    municipality: { name: 'Rhönblick' },
  });
  await page.getByRole('button', { name: 'Wieder aufnehmen' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Wieder aufnehmen' }).click();
  await page.getByText('Das Gerät ist wieder aufgenommen.').first().waitFor();

  await page.goto('/protokoll');
  await page.getByRole('row', { name: /Gerät geändert Rhönblick gra-pc-01 .*Aktiv → Ausgemustert/ }).waitFor();
  await page
    .getByRole('row', { name: /Gemeinde: Grabfeld → Rhönblick/ })
    .first()
    .waitFor();
  await page.screenshot({ path: join(resultsDir, 'console-audit.png') });
});

test('a device takes the place of another; a token is taken back', async () => {
  await using context = await fixture.signedIn('admin');
  const page = await context.newPage();
  const { url, token } = fixture.server;
  for (const hostname of ['alt-pc', 'neu-pc']) await (await createTestAgent({ url, token, hostname })).enrol();
  await page.goto('/geraete?suche=neu-pc');
  await page.getByRole('link', { name: 'neu-pc' }).click();
  await page.getByRole('button', { name: 'Ersetzt anderes Gerät' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.getByRole('button', { name: 'Ersetzt anderes Gerät' }).isDisabled()).toBe(true);
  await dialog.getByLabel('Altes Gerät suchen').fill('alt-pc');
  await expect.poll(() => dialog.getByLabel('Altes Gerät', { exact: true }).locator('option').count()).toBe(2);
  await dialog.getByLabel('Altes Gerät', { exact: true }).selectOption({ index: 1 });
  await dialog.getByRole('button', { name: 'Ersetzt anderes Gerät' }).click();
  await page.getByText('Das andere Gerät ist ersetzt.').first().waitFor();
  await page.getByText('Ersetzt ein anderes Gerät').waitFor();

  await page.goto('/anmeldung-tokens');
  await page
    .getByRole('row', { name: /gültig/ })
    .getByRole('button')
    .first()
    .click();
  await page.getByRole('dialog').getByRole('button', { name: 'Widerrufen' }).click();
  await page.getByRole('row', { name: /widerrufen/ }).waitFor();
  expect((await (await createTestAgent({ url, token })).tryEnrol()).answered.status).toBe(401);
});

test('the language is remembered', async () => {
  await using context = await fixture.signedIn('viewer');
  const page = await context.newPage();
  await page.goto('/geraete');
  await heading(page, 'Geräte').waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('de');
  await page.getByRole('button', { name: 'English' }).click();
  await heading(page, 'Devices').waitFor();
  await page.reload();
  await heading(page, 'Devices').waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  await page.goto('/geraete/00000000-0000-4000-8000-000000000000');
  await page.getByRole('alert').getByText('There is no such thing here.').waitFor();
});
