/** Groups and policies in the console: from a new group to a policy, its preview, its history, and the page of a device. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createTestAgent } from '../fakes/test-agent.ts';
import { type ConsoleFixture, settled, shot, show, startConsole } from './console-fixture.ts';
import { axeFaults, looks, pageFaults } from './page-checks.ts';

let fixture: ConsoleFixture;
let deviceId: string;
let groupId: string;

beforeAll(async () => {
  fixture = await startConsole();
  for (const hostname of ['was-pc-21', 'was-pc-22']) {
    const agent = await createTestAgent({ ...fixture.server, hostname });
    deviceId = (await agent.enrol()).deviceId;
    expect((await agent.report()).status).toBe(201);
  }
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});
afterEach(() => {
  expect(fixture.complaints.splice(0)).toEqual([]);
});

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

describe('from a group to its policy', () => {
  test('a group is made and gets a device', async () => {
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.goto('/');
    await page.getByRole('link', { name: 'Gruppen' }).click();
    await heading(page, 'Gruppen').waitFor();
    await page.getByText('Es gibt noch keine Gruppe.').waitFor();
    for (const name of ['Notebooks', 'Bürgerbüro']) {
      await page.getByRole('heading', { level: 2, name: 'Gruppe anlegen' }).click();
      const form = page.getByRole('form', { name: 'Gruppe anlegen' });
      await form.getByLabel('Gemeinde').selectOption({ label: 'Wasungen' });
      await form.getByLabel('Name der Gruppe').fill(name);
      await form.getByRole('button', { name: 'Gruppe anlegen' }).click();
      await heading(page, name).waitFor();
      if (name === 'Notebooks') await page.getByRole('link', { name: 'Zu den Gruppen' }).click();
    }
    groupId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    await page.getByText('Die Gruppe hat noch kein Gerät.').waitFor();
    const add = page.getByRole('form', { name: 'Geräte aufnehmen' });
    await add.getByRole('searchbox').fill('was-pc-2');
    await expect.poll(() => add.getByRole('checkbox').count()).toBe(2);
    await add.getByLabel(/^was-pc-22/).check();
    await shot(page, 'group-add');
    await add.getByRole('button', { name: '1 Gerät aufnehmen' }).click();
    await page.getByText('1 Gerät ist aufgenommen.').first().waitFor();
    await page.getByRole('row', { name: /was-pc-22 In Ordnung/ }).waitFor();
    await settled(page);
    await shot(page, 'group');
    expect(await page.getByRole('checkbox', { name: /was-pc-22/ }).count()).toBe(0);

    await page.getByRole('link', { name: 'Zu den Gruppen' }).click();
    const moved = page.getByRole('button', { name: /^Nach oben ?: Bürgerbüro/ });
    await moved.click();
    await expect.poll(() => page.getByRole('row').nth(1).innerText()).toContain('Bürgerbüro');
    expect(await moved.isDisabled()).toBe(true);
    await settled(page);
    await shot(page, 'groups');
  });

  test('a policy is entered, faults are named, effects are shown before it is stored', {
    timeout: 180_000,
  }, async () => {
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.goto(`/gruppen/${groupId}`);
    await page.getByRole('link', { name: 'Richtlinie dieser Gruppe' }).click();
    await heading(page, 'Richtlinie: Gruppe Bürgerbüro').waitFor();
    await page.getByText('Sie erreicht 1 Gerät.').waitFor();
    const form = page.getByRole('form', { name: 'Richtlinie bearbeiten' });
    await form.getByRole('button', { name: 'Änderung prüfen' }).click();
    await page.getByText('Sie haben noch nichts geändert.').waitFor();

    await form.getByRole('heading', { name: 'Schutz' }).click();
    const lock = form.getByLabel('Nach welcher Zeit der Bildschirm spätestens gesperrt sein muss');
    await form.getByText('Ohne Eintrag: 900 Sekunden (Voreinstellung). Erlaubt: 30 bis 86.400.').waitFor();
    await lock.fill('1.200');
    await form.getByRole('heading', { name: 'Schutz' }).click();
    await form.getByRole('button', { name: 'Änderung prüfen' }).click();
    await page.getByText('Eine Eingabe passt noch nicht.', { exact: false }).waitFor();
    // It was folded away; the fault opens it.
    await page.getByText('Geben Sie eine Zahl im erlaubten Bereich ein.').waitFor();
    expect(await lock.getAttribute('aria-invalid')).toBe('true');
    expect(await axeFaults(page)).toEqual([]);
    await shot(page, 'policy-fault');
    await lock.fill('300');

    await form.getByRole('heading', { name: 'Melden und Erheben' }).click();
    const sections = form.getByRole('group', { name: 'Was nicht erhoben wird' });
    await sections.getByLabel('Hier festlegen').check();
    await sections.getByLabel('USB-Geräte').check();
    const targets = form.getByRole('group', { name: /^Ziele, deren Erreichbarkeit/ });
    await targets.getByLabel('Hier festlegen').check();
    await targets.getByLabel('Name, unter dem das Ziel erscheint').fill('Firewall Rathaus');
    await targets.getByLabel('Was das Ziel ist').selectOption({ label: 'Gateway oder Firewall' });
    await targets.getByLabel('Name oder Adresse im Netzwerk').fill('fw.wasungen.example');
    await form.getByRole('button', { name: 'Änderung prüfen' }).click();
    await page.getByText('Diese Angabe fehlt.').waitFor();
    await targets.getByLabel('Port, der geöffnet sein soll').fill('443');
    await form.getByRole('heading', { name: 'Sicherung' }).click();
    await form.getByLabel(/die mit Warnungen endete/).selectOption({ label: 'nein' });
    await shot(page, 'policy-form');

    await form.getByRole('button', { name: 'Änderung prüfen' }).click();
    await page.getByText('Auf 1 von 1 Geräten gilt danach etwas anderes.', { exact: false }).waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('effects');
    await page
      .getByText('spätestens gesperrt sein muss: 900 Sekunden (Voreinstellung) → 300 Sekunden (Gruppe Bürgerbüro)')
      .waitFor();
    await page.getByText('Firewall Rathaus, Gateway oder Firewall, fw.wasungen.example, 443').waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await shot(page, 'policy-effects');
    await page.getByLabel('Grund der Änderung (freiwillig)').fill('Beschluss vom 20.11.');
    await page.getByRole('button', { name: 'Richtlinie speichern' }).click();
    await page.getByText('Gespeichert als Fassung 1.', { exact: false }).first().waitFor();
    await page.getByRole('row', { name: /^1 .*nicht festgelegt → 300 Sekunden.*Beschluss vom 20\.11\./ }).waitFor();
    expect(await page.getByRole('heading', { name: 'Was sich ändert' }).count()).toBe(0);
  });

  test('somebody else stored one meanwhile: what was entered stays, nothing is overwritten', async () => {
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.goto(`/richtlinien/group-${groupId}`);
    const form = page.getByRole('form', { name: 'Richtlinie bearbeiten' });
    const lock = form.getByLabel('Nach welcher Zeit der Bildschirm spätestens gesperrt sein muss');
    await lock.fill('600');
    await form.getByRole('button', { name: 'Änderung prüfen' }).click();
    await page.getByRole('heading', { name: 'Was sich ändert' }).waitFor();
    const { csrfToken } = (await (await page.request.get('/api/v1/session')).json()) as { csrfToken: string };
    const stored = await page.request.put(`/api/v1/policies/group-${groupId}`, {
      headers: { 'x-csrf-token': csrfToken },
      data: { settings: { thresholds: { screenLockSeconds: 120 } }, expectedVersion: 1 },
    });
    expect(stored.status()).toBe(200);
    await page.getByRole('button', { name: 'Richtlinie speichern' }).click();
    await page.getByText(/Inzwischen hat technician \d die Fassung 2 gespeichert/).waitFor();
    expect(await lock.inputValue()).toBe('600');

    await page.reload();
    await page.getByRole('row', { name: /^2 / }).waitFor();
    await page.getByRole('button', { name: /^Wiederherstellen ?: Fassung 1/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Wiederherstellen' }).click();
    await page.getByText('Gespeichert als Fassung 3.', { exact: false }).first().waitFor();
    await page.getByRole('row', { name: /^3 wie Fassung 1/ }).waitFor();
    await expect.poll(() => lock.inputValue()).toBe('300');
    await settled(page);
    await shot(page, 'policy-history');
  });

  test('the device says what is in force and through what', async () => {
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.goto(`/geraete/${deviceId}`);
    const section = page.getByRole('region', { name: 'Richtlinie' });
    await section.getByRole('row', { name: /Bildschirm.*300 Sekunden Gruppe Bürgerbüro/ }).waitFor();
    await section.getByText('In den Gruppen:').waitFor();
    const before = await section.getByRole('row').count();
    await section.getByRole('button', { name: 'Auch die Voreinstellungen zeigen' }).click();
    await section.getByRole('row', { name: /vor dem Ende der Aktualisierungen.*180 Tage Voreinstellung/ }).waitFor();
    expect(await section.getByRole('row').count()).toBeGreaterThan(before + 20);
    await shot(page, 'device-policy');
    await section.getByRole('link', { name: 'Für dieses Gerät etwas festlegen' }).click();
    await heading(page, 'Richtlinie: Gerät was-pc-22').waitFor();
    await page
      .getByText('Ohne Eintrag: 300 Sekunden (Gruppe Bürgerbüro).', { exact: false })
      .waitFor({ state: 'attached' });
  });

  test('the list of policies shows who has one, and the record who did what', async () => {
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.goto('/richtlinien');
    await page.getByRole('row', { name: /^Landkreis nichts festgelegt/ }).waitFor();
    await page.getByRole('row', { name: /^Gemeinde Wasungen nichts festgelegt/ }).waitFor();
    await page.getByRole('row', { name: /^Gruppe Bürgerbüro Wasungen 4 Festlegungen/ }).waitFor();
    await page.getByText('Für kein einzelnes Gerät ist etwas festgelegt.', { exact: false }).waitFor();
    await settled(page);
    await shot(page, 'policies');
    await page.getByRole('link', { name: 'Landkreis', exact: true }).click();
    await page.getByText('Ändern kann sie nur die Administration', { exact: false }).waitFor();
    await page.getByText('Diese Richtlinie legt nichts fest.').waitFor();
    await page.goto('/protokoll');
    await page.getByRole('row', { name: /Richtlinie wiederhergestellt.*Fassung: 2 → 3.*gilt für: Gruppe/ }).waitFor();
    await page.getByRole('row', { name: /Geräte einer Gruppe geändert.*neu darin: was-pc-22/ }).waitFor();
  });

  test('whoever only reads sees all of it and changes nothing', async () => {
    await using context = await fixture.signedIn('viewer');
    const page = await context.newPage();
    await page.goto(`/richtlinien/group-${groupId}`);
    await page.getByText('Nach welcher Zeit der Bildschirm spätestens gesperrt sein muss').first().waitFor();
    await page.getByRole('row', { name: /^3 wie Fassung 1/ }).waitFor();
    expect(await page.getByRole('form').count()).toBe(0);
    expect(await page.getByRole('button', { name: /Wiederherstellen/ }).count()).toBe(0);
    await page.goto(`/gruppen/${groupId}`);
    await page.getByRole('row', { name: /was-pc-22/ }).waitFor();
    expect(await page.locator('main').getByRole('button').count()).toBe(0);
  });
});

const addresses = (): readonly string[] => [
  '/gruppen',
  `/gruppen/${groupId}`,
  '/richtlinien',
  `/richtlinien/group-${groupId}`,
  `/geraete/${deviceId}`,
];

describe('for everybody', () => {
  test.each(looks)(
    'nothing to find, to scroll sideways or too small to hit: %s, %s',
    {
      timeout: 180_000,
    },
    async (colorScheme, language) => {
      await using context = await fixture.signedIn('technician', { colorScheme, language });
      const page = await context.newPage();
      const found: string[] = [];
      for (const path of addresses()) {
        await show(page, path);
        found.push(...(await pageFaults(page)));
        await shot(page, `policies-${colorScheme}-${language}${path.replaceAll(/[^a-z]+/g, '-').slice(0, 30)}`);
      }
      expect(found).toEqual([]);
    },
  );
});
