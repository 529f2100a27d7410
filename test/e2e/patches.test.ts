/** What people do with updates, controls and exceptions: from the answer to the devices, the evidence and the decision. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Device } from '../../server/api/contract.ts';
import { ageInDays } from '../../server/console/calendar.ts';
import { createTestAgent, type TestAgent } from '../fakes/test-agent.ts';
import { type ConsoleFixture, settled, shot, show, startConsole } from './console-fixture.ts';
import { looks, pageFaults } from './page-checks.ts';
import { dayAgo, guardedDebian, lackingDebian, lackingWindows, patchedDebian } from './patched-devices.ts';

let fixture: ConsoleFixture;
let lacking: { agent: TestAgent; id: string };
let grabfeld: string;

async function device(hostname: string, token: string, changes: Readonly<Record<string, unknown>>) {
  const agent = await createTestAgent({ url: fixture.server.url, token, hostname });
  const { deviceId: id } = await agent.enrol();
  expect((await agent.report(agent.sections(changes))).status).toBe(201);
  return { agent, id };
}

beforeAll(async () => {
  fixture = await startConsole();
  grabfeld = await fixture.server.addMunicipality('Grabfeld');
  const { token } = fixture.server;
  lacking = await device('was-pc-11', token, { patches: lackingDebian(), security: guardedDebian() });
  await device('was-pc-12', token, { patches: patchedDebian(), security: guardedDebian() });
  await device('was-pc-13', token, { patches: undefined });
  await device('gra-pc-01', await fixture.server.addToken(grabfeld), { patches: lackingWindows() });
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});
afterEach(() => {
  expect(fixture.complaints.splice(0)).toEqual([]);
});

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

async function verdictOf(page: Page, ruleId: string): Promise<Device['verdicts'][number] | undefined> {
  const answer = (await (await page.request.get(`/api/v1/devices/${lacking.id}`)).json()) as Device;
  return answer.verdicts.find((verdict) => verdict.ruleId === ruleId);
}

describe('updates', () => {
  test('the answer, the list, and the devices that lack one', async () => {
    await using context = await fixture.signedIn('viewer');
    const page = await context.newPage();
    await page.goto('/');
    await page.getByRole('link', { name: 'Aktualisierungen' }).click();
    await heading(page, 'Aktualisierungen').waitFor();
    await page.getByText('Auf 2 von 7 Geräten fehlen Sicherheitsaktualisierungen.').waitFor();
    await page
      .getByText(/Von 1 Gerät ist nicht bekannt, ob welche fehlen\. 1 Gerät wartet auf einen Neustart/)
      .waitFor();
    await page.getByText('5 Aktualisierungen gefunden').first().waitFor();
    await shot(page, 'patches');
    const first = page.getByRole('row').nth(1);
    // Agents tell days in UTC, people here count them in their own: after midnight one is already over.
    const age = ageInDays(dayAgo(20), new Date());
    await page
      .getByRole('row', { name: new RegExp(`openssl:amd64.*Sicherheit.*\\(${age} Tage\\).*3\\.5\\.1-1\\+deb13u1`) })
      .waitFor();
    expect(await first.innerText()).toContain('Sicherheit');

    await page.getByLabel('Art', { exact: true }).selectOption('Nur Sicherheitsaktualisierungen');
    await expect.poll(() => page.getByRole('row', { name: /vim-tiny/ }).count()).toBe(0);
    expect(page.url()).toContain('sicherheit=true');
    await page.getByLabel('Gemeinde').selectOption('Grabfeld');
    await page.getByText('1 Aktualisierung gefunden').first().waitFor();
    await page.getByText('Auf 1 von 1 Geräten fehlen Sicherheitsaktualisierungen.').waitFor();
    await page.reload();
    await page.getByRole('row', { name: /Kumulatives Update.*KB5066791.*kritisch/ }).waitFor();
    await page.getByRole('searchbox').fill('gibt es nicht');
    await page.getByText('Keine Aktualisierung passt zu diesem Filter.').waitFor();
    await page.getByRole('button', { name: 'Filter zurücksetzen' }).click();

    await page.getByRole('link', { name: 'openssl:amd64' }).click();
    await heading(page, 'Aktualisierung openssl:amd64').waitFor();
    await page
      .getByRole('row', { name: new RegExp(`was-pc-11.*Fehlt.*3\\.5\\.1-1.*3\\.5\\.1-1\\+deb13u1.*\\(${age} Tage\\)`) })
      .waitFor();
    await settled(page);
    await shot(page, 'update');
    await page.getByRole('link', { name: 'was-pc-11' }).click();
    await heading(page, 'was-pc-11').waitFor();
  });

  test('a device shows what it lacks in words, and which programs changed', async () => {
    const sections = lacking.agent.sections({
      patches: lackingDebian(),
      security: guardedDebian(),
      software: {
        source: 'dpkg',
        packages: [
          { name: 'bash', version: '5.2.37-3', architecture: 'amd64' },
          ...Array.from({ length: 250 }, (_, index) => ({ name: `paket-${index}`, version: '1', architecture: 'all' })),
        ],
      },
    });
    expect((await lacking.agent.report(sections)).status).toBe(201);
    await using context = await fixture.signedIn('viewer');
    const page = await context.newPage();
    await page.goto(`/geraete/${lacking.id}`);
    const updates = page.locator('details.section').filter({ hasText: 'Suche vom' });
    await updates.getByText(/2 fehlen · 1 wartet auf Neustart · Suche vom/).click();
    await updates.getByRole('row', { name: /openssl:amd64 fehlt 3\.5\.1-1/ }).waitFor();
    await updates.getByText('Dienste mit veralteten Bibliotheken').waitFor();
    const security = page.locator('details.section').filter({ hasText: 'nftables' });
    await security.locator('summary').click();
    await security.getByText('Sicherer Start (Secure Boot)').waitFor();
    await security.getByText('10 Minuten', { exact: true }).waitFor();
    expect(await security.getByText(/undefined|\[object/).count()).toBe(0);

    const changes = page.locator('section', { has: page.getByRole('heading', { name: 'Änderungen an Programmen' }) });
    expect(await changes.getByText('paket-1', { exact: true }).isVisible()).toBe(false);
    await changes.getByText('250 neu, 1 aktualisiert, 1 entfernt').click();
    await changes.getByText('5.2.37-2 → 5.2.37-3').waitFor();
    await changes.getByText(/^und \d+ weitere, hier nicht einzeln aufgeführt$/).waitFor();
    await page.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true');
    await shot(page, 'patched-device');
  });
});

describe('controls', () => {
  test('coverage per municipality, down to the evidence, and why some cannot be measured', async () => {
    await using context = await fixture.signedIn('viewer');
    const page = await context.newPage();
    await page.goto('/vorgaben');
    await page
      .getByText(/^\d+ von \d+ Vorgaben lassen sich an den Geräten messen, (keine|\d+) davon (ist|sind) erfüllt\.$/)
      .waitFor();
    await page.getByRole('heading', { level: 2, name: 'IT-Grundschutz 2023' }).waitFor();
    await page.getByRole('row', { name: /CON\.3\.A6.*Ein Datensicherungskonzept ist ein Dokument/ }).waitFor();
    await shot(page, 'controls');
    const row = page.getByRole('row', { name: /^OPS\.1\.1\.3\.A15/ });
    expect(await row.innerText()).toContain('Nicht erfüllt');

    await page.getByLabel('Gemeinde').selectOption('Grabfeld');
    await page.getByText('Grundlage: ein Gerät.', { exact: false }).waitFor();
    await page
      .getByRole('row', { name: /^OPS\.1\.1\.3\.A15/ })
      .getByRole('link', { name: /^1 ?: Geräte zu/ })
      .first()
      .click();
    await heading(page, 'OPS.1.1.3.A15').waitFor();
    expect(page.url()).toContain(`gemeinde=${grabfeld}`);
    await page.getByRole('heading', { level: 2, name: /gra-pc-01/ }).waitFor();
    await page.getByText('Nachweis').first().click();
    await page
      .getByRole('row', { name: /KB5066791/ })
      .first()
      .waitFor();
    await shot(page, 'control');
    expect(await page.getByRole('link', { name: /Ausnahme eintragen/ }).count()).toBe(0);
    await page.getByLabel('Ergebnis').selectOption('Erfüllt');
    await page.getByText('Kein Gerät hat hier dieses Ergebnis.').waitFor();
  });
});

describe('exceptions', () => {
  test('from a red check to an exception, and back by withdrawing it', async () => {
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.goto(`/geraete/${lacking.id}`);
    const check = page.getByRole('listitem').filter({ hasText: 'Aktualisierungen eingespielt' });
    await check.getByText('Nicht bestanden').waitFor();
    await check.getByRole('link', { name: /Ausnahme eintragen/ }).click();
    await heading(page, 'Ausnahmen').waitFor();
    const form = page.getByRole('form', { name: 'Ausnahme eintragen' });
    await expect.poll(() => form.getByLabel('Gilt für').locator('option:checked').innerText()).toBe('was-pc-11');
    expect(await form.getByLabel('Prüfung').inputValue()).toBe('updates-installed');
    expect(await form.getByLabel('Gemeinde').inputValue()).toBe(fixture.server.municipalityId);
    await settled(page);
    await shot(page, 'exception-form');

    const end = form.getByLabel('Endet am');
    const latest = await end.getAttribute('max');
    await end.fill('2099-01-01');
    await form.getByLabel('Begründung').fill('Fachverfahren verträgt openssl erst ab Januar. Das Netz ist getrennt.');
    await form.getByLabel('Verantwortet von').fill('Leitung Hauptamt');
    await form.getByRole('button', { name: 'Ausnahme eintragen' }).click();
    expect(await page.evaluate('document.querySelector("input[type=date]").validity.rangeOverflow')).toBe(true);
    await end.fill(latest ?? '');
    await form.getByRole('button', { name: 'Ausnahme eintragen' }).click();
    await page.getByText('Die Ausnahme ist eingetragen.').first().waitFor();
    await page.getByRole('row', { name: /Aktualisierungen eingespielt.*gilt.*was-pc-11.*Leitung Hauptamt/ }).waitFor();
    expect(new URL(page.url()).search).toBe('');
    expect((await verdictOf(page, 'updates-installed'))?.verdict).toBe('exempt');
    await settled(page);
    await shot(page, 'exceptions');

    await page.goto(`/geraete/${lacking.id}`);
    await check.getByText('Ausgenommen').waitFor();
    expect(await check.innerText()).toMatch(
      /die Ausnahme endet am \d\d\.\d\d\.\d{4} \(genehmigt von: Leitung Hauptamt;/,
    );
    await check.getByRole('link', { name: /Ausnahme ansehen/ }).click();
    await page.getByRole('button', { name: /Zurücknehmen/ }).click();
    await page.getByRole('dialog').getByText('Aktualisierungen eingespielt').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Zurücknehmen' }).click();
    await page.getByText('Die Ausnahme ist zurückgenommen.').first().waitFor();
    expect((await verdictOf(page, 'updates-installed'))?.verdict).toBe('not-met');
    await page.goto('/ausnahmen?status=withdrawn');
    await page.getByRole('row', { name: /zurückgenommen von technician/ }).waitFor();
    expect(await page.getByRole('button', { name: /Zurücknehmen/ }).count()).toBe(0);
    await page.goto('/protokoll');
    await page.getByText('Ausnahme zurückgenommen').waitFor();
  });

  test('one for a whole municipality says that it takes a moment', async () => {
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.goto('/ausnahmen');
    await page.getByRole('heading', { level: 2, name: 'Ausnahme eintragen' }).click();
    const form = page.getByRole('form', { name: 'Ausnahme eintragen' });
    await form.getByLabel('Prüfung').selectOption('disk-encrypted');
    await form.getByLabel('Gemeinde').selectOption('Grabfeld');
    await form.getByLabel('Begründung').fill('Alle Geräte stehen im verschlossenen Archiv.');
    await form.getByLabel('Verantwortet von').fill('Bürgermeisteramt');
    await form.getByRole('button', { name: 'Ausnahme eintragen' }).click();
    await page
      .getByText(/in ein bis zwei Minuten zu sehen/)
      .first()
      .waitFor();
    await page.getByRole('row', { name: /gilt Alle Geräte der Gemeinde Grabfeld Bürgermeisteramt/ }).waitFor();
    expect(await form.isVisible()).toBe(false);
    await page.getByRole('heading', { level: 2, name: 'Ausnahme eintragen' }).click();
    expect(await form.getByLabel('Begründung').inputValue()).toBe('');
  });

  test('whoever only reads sees them and changes none', async () => {
    await using context = await fixture.signedIn('viewer');
    const page = await context.newPage();
    await page.goto('/ausnahmen');
    await settled(page);
    expect(await page.getByRole('form', { name: 'Ausnahme eintragen' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: /Zurücknehmen/ }).count()).toBe(0);
    await page.goto(`/geraete/${lacking.id}`);
    await page.getByText('Nicht bestanden').first().waitFor();
    expect(await page.getByRole('link', { name: /Ausnahme eintragen/ }).count()).toBe(0);
  });
});

const addresses = (): readonly string[] => [
  '/aktualisierungen',
  '/aktualisierungen/geraete?id=openssl%3Aamd64',
  '/vorgaben',
  '/vorgaben/geraete?id=OPS.1.1.3.A15',
  `/ausnahmen?regel=updates-installed&geraet=${lacking.id}`,
  `/geraete/${lacking.id}`,
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
        await shot(page, `patches-${colorScheme}-${language}${path.replaceAll(/[^a-z]+/g, '-').slice(0, 30)}`);
      }
      expect(found).toEqual([]);
    },
  );
});
