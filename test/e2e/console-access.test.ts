/** Each page of the console for everybody: axe in both themes and languages, narrow screens, large text. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type ConsoleFixture, startConsole } from './console-fixture.ts';

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

type Language = 'de' | 'en';

/** Address and heading in both languages; `full` is the device with a full drive. */
const pages = (full: string): readonly (readonly [path: string, heading: Record<Language, string>])[] => [
  ['/', { de: 'Übersicht', en: 'Overview' }],
  ['/geraete', { de: 'Geräte', en: 'Devices' }],
  [`/geraete/${full}`, { de: 'was-pc-02', en: 'was-pc-02' }],
  ['/stammdaten', { de: 'Stammdaten übernehmen', en: 'Import device records' }],
  ['/anmeldung-tokens', { de: 'Anmelde-Token', en: 'Enrolment tokens' }],
  ['/protokoll', { de: 'Protokoll', en: 'Audit log' }],
  ['/geraete/nirgendwo', { de: 'Das gibt es hier nicht.', en: 'There is no such thing here.' }],
];

/** Opens a page and unfolds whatever is folded. */
async function show(page: Page, path: string, heading: string): Promise<void> {
  await page.goto(path);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  await expect.poll(() => page.locator('.loading, .content-old').count()).toBe(0);
  await page.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true');
}

async function violations(page: Page): Promise<string[]> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const found = await new AxeBuilder({ page }).withTags(tags).analyze();
  return found.violations.map(({ id, nodes }) => `${page.url()} ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

// Contrast depends on the theme alone and names on the language alone: two runs see each page in each of them.
test.each([
  ['light', 'de'],
  ['dark', 'en'],
] as const)('axe finds nothing on any page: %s, %s', { timeout: 120_000 }, async (colorScheme, language) => {
  const localStorage = [{ name: 'kits-language', value: language }];
  const storageState = { cookies: [], origins: [{ origin: fixture.server.url, localStorage }] };
  await using context = await fixture.signedIn('admin', { colorScheme, storageState });
  const page = await context.newPage();
  const found: string[] = [];
  for (const [path, heading] of pages(fixture.devices.full)) {
    await show(page, path, heading[language]);
    found.push(...(await violations(page)));
  }
  await page.goto(`/geraete/${fixture.devices.full}`);
  await page.getByRole('button', { name: language === 'de' ? 'Umziehen' : 'Move' }).click();
  await page.getByRole('dialog').waitFor();
  found.push(...(await violations(page)));
  await context.clearCookies();
  await show(page, '/anmelden', language === 'de' ? 'Anmelden' : 'Sign in');
  found.push(...(await violations(page)));
  const { url } = await fixture.linkFor('viewer');
  await page.goto('about:blank');
  await show(page, url, language === 'de' ? 'Kennwort festlegen' : 'Choose a password');
  found.push(...(await violations(page)));
  expect(found).toEqual([]);
});

/** How far the page, or a table in its frame, is wider than its place, in CSS pixels. */
async function overhang(page: Page): Promise<number> {
  return page.evaluate(`Math.max(
    ...[document.documentElement, ...document.querySelectorAll('.table-frame')].map(
      ({ scrollWidth, clientWidth }) => scrollWidth - clientWidth,
    ),
  )`);
}

test.each([
  ['320 px', 320, '100%'],
  ['200 % text', 640, '200%'],
  ['a tablet', 800, '100%'],
])('nothing has to be scrolled sideways: %s', { timeout: 60_000 }, async (_, width, fontSize) => {
  await using context = await fixture.signedIn('admin', { viewport: { width, height: 800 } });
  const page = await context.newPage();
  const wide: string[] = [];
  for (const [path, heading] of pages(fixture.devices.full)) {
    await show(page, path, heading.de);
    await page.evaluate(`document.documentElement.style.fontSize = '${fontSize}'`);
    const excess = await overhang(page);
    if (excess > 0) wide.push(`${path}: ${excess}`);
  }
  expect(wide).toEqual([]);
});

test('a row that is drawn as a card is still a row to a screen reader', async () => {
  await using context = await fixture.signedIn('viewer', { viewport: { width: 320, height: 800 } });
  const page = await context.newPage();
  await show(page, '/geraete', 'Geräte');
  const devtools = await context.newCDPSession(page);
  const { nodes } = await devtools.send('Accessibility.getFullAXTree');
  const count = (role: string): number => nodes.filter((node) => !node.ignored && node.role?.value === role).length;
  expect({ table: count('table'), row: count('row'), rowheader: count('rowheader'), cell: count('cell') }).toEqual({
    table: 1,
    row: 4,
    rowheader: 3,
    cell: 15,
  });
});

test('controls are large enough to hit', async () => {
  await using context = await fixture.signedIn('admin');
  const page = await context.newPage();
  const small: string[] = [];
  for (const [path, heading] of pages(fixture.devices.full)) {
    await show(page, path, heading.de);
    // Links within a sentence are exempt (WCAG 2.5.8).
    for (const target of await page.locator('button, summary, select, input, nav a, tbody a, .totals a').all()) {
      const box = await target.boundingBox();
      if (box !== null && box.width > 1 && (box.width < 24 || box.height < 24)) {
        small.push(`${path} ${await target.innerText()} ${box.width} x ${box.height}`);
      }
    }
  }
  expect(small).toEqual([]);
});

test('the four states differ in shape and in word, also in forced colours', async () => {
  await using context = await fixture.signedIn('viewer', { forcedColors: 'active' });
  const page = await context.newPage();
  await show(page, '/', 'Übersicht');
  const totals = page.locator('.totals li');
  expect(await totals.locator('.state').allInnerTexts()).toEqual(['Dringend', 'Achtung', 'Unbekannt', 'In Ordnung']);
  const shapes = await totals.locator('svg > :first-child').evaluateAll((all) => all.map(({ outerHTML }) => outerHTML));
  expect(new Set(shapes).size).toBe(4);
  // The shape must not vanish into the surface behind it.
  const fill = await page.evaluate('getComputedStyle(document.querySelector(".totals svg")).fill');
  const behind = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
  expect(fill).toMatch(/^rgb/);
  expect(fill).not.toBe(behind);
});
