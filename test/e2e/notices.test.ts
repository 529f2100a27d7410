/** Notices in the console: written, looked at as the clerk sees them, published, followed, replaced and recalled. */
import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createTestAgent, type TestAgent } from '../fakes/test-agent.ts';
import { type ConsoleFixture, settled, shot, show, startConsole } from './console-fixture.ts';
import { axeFaults, looks, pageFaults } from './page-checks.ts';

let fixture: ConsoleFixture;
let agent: TestAgent;
let noticeId: string;

beforeAll(async () => {
  fixture = await startConsole();
  agent = await createTestAgent({ ...fixture.server, hostname: 'was-pc-31' });
  await agent.enrol();
  await agent.report();
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});
afterEach(() => {
  expect(fixture.complaints.splice(0)).toEqual([]);
});

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

const body = 'Am Freitag ab 14 Uhr wird das Netz gewartet.\nBitte speichern Sie vorher Ihre Arbeit.';

async function fillIn(page: Page): Promise<void> {
  const form = page.getByRole('form', { name: 'Neue Mitteilung' });
  await form.getByLabel('Gemeinde').selectOption({ label: 'Wasungen' });
  await form.getByLabel('Überschrift auf Deutsch').fill('Wartung am Freitag');
  await form.getByLabel('Text auf Deutsch').fill(body);
  await form.getByLabel('Dringlichkeit').selectOption({ label: 'Dringend' });
  await form.getByLabel('Muss zur Kenntnis genommen werden').check();
  expect(await form.getByLabel('Antworten').inputValue()).toBe('counted');
}

describe('from the text to the screens', () => {
  test('faults are named, then the preview shows both languages and how many devices it reaches', {
    timeout: 180_000,
  }, async () => {
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.goto('/');
    await page.getByRole('link', { name: 'Mitteilungen' }).click();
    await page.getByText('Es ist noch keine Mitteilung veröffentlicht.').waitFor();
    await page.getByRole('link', { name: 'Neue Mitteilung' }).click();
    await heading(page, 'Neue Mitteilung').waitFor();
    const form = page.getByRole('form', { name: 'Neue Mitteilung' });
    await form.getByRole('button', { name: 'Vorschau zeigen' }).click();
    await page.getByText('2 Eingaben passen noch nicht.', { exact: false }).first().waitFor();
    expect(await form.getByLabel('Überschrift auf Deutsch').getAttribute('aria-invalid')).toBe('true');
    await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-invalid")')).toBe('true');
    await fillIn(page);
    await form.getByLabel('Links').fill('http://www.kits.example');
    await form.getByLabel('Zeigen bis').fill('2020-01-01T10:00');
    await form.getByLabel('Überschrift auf Englisch').fill('Maintenance on Friday');
    await form.getByRole('button', { name: 'Vorschau zeigen' }).click();
    await page.getByText('Jede Zeile muss eine vollständige Adresse sein', { exact: false }).waitFor();
    await page.getByText('Das Ende muss in der Zukunft liegen.').waitFor();
    await page.getByText('Überschrift und Text gehören zusammen', { exact: false }).waitFor();
    await form.getByLabel('Antworten').selectOption({ label: 'mit Namen' });
    await form.getByText('Namen sind nur mit einem Grund zulässig', { exact: false }).waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await shot(page, 'notice-faults');
    await form.getByLabel('Links').fill('https://www.kits.example/wartung');
    const inAWeek = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
    await form.getByLabel('Zeigen bis').fill(`${inAWeek}T18:00`);
    await form.getByLabel('Text auf Englisch').fill('The network is maintained on Friday from 2 pm.');
    await form.getByRole('button', { name: 'Vorschau zeigen' }).click();

    await page.getByRole('heading', { level: 2, name: 'So erscheint die Mitteilung' }).waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('preview');
    await page.getByText('Diese Auswahl erreicht 4 Geräte.').waitFor();
    const english = page.getByRole('region', { name: 'Englisch' });
    expect(await english.innerText()).toContain('Maintenance on Friday');
    expect(await english.innerText()).toContain('https://www.kits.example/wartung');
    expect(await english.innerText()).toMatch(/is reported to KITS with the name/);
    expect(await axeFaults(page)).toEqual([]);
    await shot(page, 'notice-compose');

    // What is changed above has not been looked at yet.
    await form.getByLabel('Wer sie sieht').selectOption({ label: 'ein einzelnes Gerät' });
    expect(await page.getByRole('heading', { level: 2, name: 'So erscheint die Mitteilung' }).count()).toBe(0);
    await form.getByRole('searchbox').fill('was-pc-31');
    await form.getByLabel('Gerät', { exact: true }).selectOption({ label: 'was-pc-31' });
    await form.getByRole('button', { name: 'Vorschau zeigen' }).click();
    await page.getByText('Diese Auswahl erreicht 1 Gerät.').waitFor();

    await page.getByRole('button', { name: 'Veröffentlichen …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Mitteilung veröffentlichen' });
    await dialog.getByText('„Wartung am Freitag“ geht an 1 Gerät', { exact: false }).waitFor();
    await dialog.getByText('Wer sie zur Kenntnis nimmt, wird mit Namen gemeldet.', { exact: false }).waitFor();
    await dialog.getByRole('button', { name: 'Abbrechen' }).click();
    expect((await (await page.request.get('/api/v1/notices')).json()).items).toEqual([]);
    await page.getByRole('button', { name: 'Veröffentlichen …' }).click();
    await dialog.getByRole('button', { name: 'Jetzt veröffentlichen' }).click();
    await heading(page, 'Wartung am Freitag').waitFor();
    noticeId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    await page.getByRole('row', { name: /was-pc-31 Nicht erreichbar/ }).waitFor();
  });

  test('the page of a notice shows that it has arrived', async () => {
    const held = (await agent.checkIn()).answer?.notices;
    await agent.checkIn({ notices: held });
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.goto(`/mitteilungen/${noticeId}`);
    await page.getByRole('row', { name: /was-pc-31 Zugestellt/ }).waitFor();
    const { issuedAt } = await (await page.request.get(`/api/v1/notices/${noticeId}`)).json();
    const said = { noticeId, issuedAt, at: issuedAt, kind: 'acknowledged' };
    // The second one is as long as a name may be, and nothing to break it at: the page has to hold it as well.
    const noticeAnswers = ['k.mueller', 'W'.repeat(120)].map((statedName) => ({
      ...said,
      statedName,
      requestId: randomUUID(),
    }));
    await agent.report([], { body: { noticeAnswers }, envelope: { class: 'acknowledgement' } });
    await page.reload();
    const names = page.getByRole('region', { name: 'Wer sie zur Kenntnis genommen hat' });
    await names.getByRole('row', { name: /k\.mueller\s*angegeben, nicht nachgewiesen\s*was-pc-31/ }).waitFor();
    await names.getByText('90 Tage nach dem Ende der Mitteilung', { exact: false }).waitFor();
    await page.getByLabel('Zustellung').selectOption({ label: 'Nicht erreichbar' });
    await page.getByText('Kein Gerät in diesem Zustand.').waitFor();
    await page.getByLabel('Zustellung').selectOption({ label: 'Alle' });
    await settled(page);
    await shot(page, 'notice');
  });

  test('a better wording replaces it, and is recalled', async () => {
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.goto(`/mitteilungen/${noticeId}`);
    await page.getByRole('link', { name: 'Durch eine neue ersetzen' }).click();
    await page.getByText('Diese Mitteilung tritt an die Stelle von „Wartung am Freitag“', { exact: false }).waitFor();
    const form = page.getByRole('form', { name: 'Neue Mitteilung' });
    expect(await form.getByLabel('Text auf Deutsch').inputValue()).toBe(body);
    await form.getByLabel('Überschrift auf Deutsch').fill('Wartung erst am Samstag');
    await form.getByRole('button', { name: 'Vorschau zeigen' }).click();
    await page.getByRole('button', { name: 'Veröffentlichen …' }).click();
    await page.getByRole('button', { name: 'Jetzt veröffentlichen' }).click();
    await heading(page, 'Wartung erst am Samstag').waitFor();
    await page.getByRole('link', { name: 'Zu den Mitteilungen' }).click();
    await page
      .getByRole('row', { name: /Wartung am Freitag.*Fragt nach Namen.*Ersetzt.*1 von 1 zugestellt/ })
      .waitFor();
    await page.getByRole('button', { name: /^Zurücknehmen ?: Wartung erst am Samstag/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Zurücknehmen' }).click();
    await page.getByText('Die Mitteilung ist zurückgenommen.').first().waitFor();
    await page.getByRole('row', { name: /Wartung erst am Samstag.*Zurückgenommen.*Rücknahme bei 0 von 1/ }).waitFor();
    await settled(page);
    await shot(page, 'notices');
    await page.getByRole('form', { name: 'Mitteilungen filtern' }).getByLabel('Zustand').selectOption('scheduled');
    await page.getByText('Keine Mitteilung passt zu diesem Filter.').waitFor();
    await page.goto('/protokoll');
    await page.getByRole('row', { name: /Mitteilung zurückgenommen/ }).waitFor();
    await page
      .getByRole('row', { name: /Mitteilung veröffentlicht.*Antworten: mit Namen/ })
      .first()
      .waitFor();
  });

  test('whoever only reads sees them and changes nothing', async () => {
    await using context = await fixture.signedIn('viewer');
    const page = await context.newPage();
    await page.goto('/mitteilungen');
    await page.getByRole('row', { name: /Wartung am Freitag/ }).waitFor();
    expect(await page.getByRole('link', { name: 'Neue Mitteilung' }).count()).toBe(0);
    expect(await page.locator('main').getByRole('button').count()).toBe(0);
  });

  test('where the key is kept offline the console says how it is done', async () => {
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.route('**/api/v1/notices/signing', (route) => route.fulfill({ json: { key: 'offline' } }));
    await page.goto('/mitteilungen/neu');
    await page.getByText('kits-server sign-notice', { exact: false }).waitFor();
    expect(await page.getByRole('form').count()).toBe(0);
    expect(await axeFaults(page)).toEqual([]);
    await shot(page, 'notice-offline-key');
  });
});

const addresses = (): readonly string[] => ['/mitteilungen', '/mitteilungen/neu', `/mitteilungen/${noticeId}`];

describe('for everybody', () => {
  test.each([...looks, ['light', 'en'] as const])(
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
        await shot(page, `notices-${colorScheme}-${language}${path.replaceAll(/[^a-z]+/g, '-').slice(0, 30)}`);
      }
      expect(found).toEqual([]);
    },
  );
});
