/** The shared checks see the faults they are there for: each page below has one, and one has none. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from './browser.ts';
import { axeFaults, pageFaults, rooms, sidewaysFaults, targetFaults } from './page-checks.ts';

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
});
afterAll(() => browser.close());

const draw = (main: string, style = '') =>
  page.setContent(`<!doctype html><html lang="de"><head><title>Seite</title><style>${style}</style></head>
    <body><main><h1>Seite</h1>${main}</main></body></html>`);

test('a page in order has no fault and keeps its size', async () => {
  await draw('<p>Ein Satz mit einem <a href="#x">Verweis</a>.</p><button style="min-height: 24px">Prüfen</button>');
  expect(await pageFaults(page, 'p')).toEqual([]);
  expect(page.viewportSize()).toEqual({ width: 1280, height: 900 });
  expect(await page.evaluate('document.documentElement.style.fontSize')).toBe('');
});

test('axe: a name that is missing, and contrast that is poor in one theme only', async () => {
  await draw('<input><p>Text</p>', '@media (prefers-color-scheme: dark) { p { color: #777; background: #666 } }');
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await axeFaults(page)).toEqual([expect.stringMatching(/ label: <input>$/)]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await axeFaults(page)).toEqual([
    expect.stringMatching(/ color-contrast: <p>/),
    expect.stringMatching(/ label: /),
  ]);
  await page.emulateMedia({ colorScheme: null });
});

test('axe says when there is something it cannot look into', async () => {
  await draw('<iframe title="fremd" srcdoc="<input>"></iframe>');
  await expect(axeFaults(page)).rejects.toThrow('has frames');
});

test.each([
  ['at 320 px', '<div style="width: 330px">breit</div>', [320]],
  ['with large text', '<div style="width: 31rem">breit</div>', [320, 640]],
  [
    'in a frame',
    '<div class="frame" style="overflow: auto"><div style="width: 790px">breit</div></div>',
    [320, 640, 800],
  ],
])('sideways: %s', async (_name, main, widths) => {
  await draw(main);
  const found = await sidewaysFaults(page, '.frame');
  expect(found.map((fault) => Number(/at (\d+) px/.exec(fault)?.[1]))).toEqual(widths);
  if (main.includes('class="frame"')) expect(await sidewaysFaults(page)).toEqual([]);
  expect(rooms.map(({ width }) => width)).toEqual([320, 640, 800]);
});

test('targets: too small to hit, and none that is not drawn', async () => {
  const small = 'style="width: 30px; height: 20px; padding: 0; border: 0"';
  await draw(
    `<button ${small}>x</button><details><summary>Mehr von allem</summary><button ${small}>y</button></details>`,
    'summary { min-height: 24px }',
  );
  expect(await targetFaults(page)).toEqual([expect.stringMatching(/ BUTTON x 30 x 20$/)]);
  await page.evaluate('document.querySelector("details").open = true');
  expect(await targetFaults(page)).toHaveLength(2);
});
