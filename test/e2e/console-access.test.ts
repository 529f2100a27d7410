/** Each page of the console for everybody: axe in both themes and languages, narrow screens, large text. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type ConsoleFixture, show, startConsole } from './console-fixture.ts';
import { axeFaults, type Language, looks, pageFaults } from './page-checks.ts';

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

test.each(looks)(
  'nothing to find, to scroll sideways or too small to hit on any page: %s, %s',
  {
    timeout: 180_000,
  },
  async (colorScheme, language) => {
    await using context = await fixture.signedIn('admin', { colorScheme, language });
    const page = await context.newPage();
    const found: string[] = [];
    for (const [path, heading] of pages(fixture.devices.full)) {
      await show(page, path, heading[language]);
      found.push(...(await pageFaults(page, '.table-frame')));
    }
    await page.goto(`/geraete/${fixture.devices.full}`);
    await page.getByRole('button', { name: language === 'de' ? 'Umziehen' : 'Move' }).click();
    await page.getByRole('dialog').waitFor();
    found.push(...(await axeFaults(page)));
    await context.clearCookies();
    await show(page, '/anmelden', language === 'de' ? 'Anmelden' : 'Sign in');
    found.push(...(await pageFaults(page)));
    const { url } = await fixture.linkFor('viewer');
    await page.goto('about:blank');
    await show(page, url, language === 'de' ? 'Kennwort festlegen' : 'Choose a password');
    found.push(...(await pageFaults(page)));
    expect(found).toEqual([]);
  },
);

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
