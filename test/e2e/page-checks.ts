/**
 * What each page has to hold for everybody, checked on a page that is open and settled: none of these loads it again.
 * Each answers one line for every fault, or nothing.
 */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

export type Language = 'de' | 'en';
export type ColorScheme = 'light' | 'dark';

/** Contrast depends on the theme alone and names on the language alone: two runs see each page in each of them. */
export const looks: readonly (readonly [ColorScheme, Language])[] = [
  ['light', 'de'],
  ['dark', 'en'],
];

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** WCAG 2.2 A and AA and axe's own advice, as the page looks now. */
export async function axeFaults(page: Page): Promise<string[]> {
  // Looking into frames takes a second page for each run; these pages have none, and their policy allows none.
  if (page.frames().length > 1) throw new Error(`${page.url()} has frames, into which axe would not look`);
  const axe = new AxeBuilder({ page })
    .options({ resultTypes: ['violations'] })
    .withTags(tags)
    .setLegacyMode(true);
  const { violations, passes } = await axe.analyze();
  if (passes.length === 0) throw new Error(`axe had nothing to look at on ${page.url()}`);
  return violations.map(({ id, nodes }) => `${page.url()} ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** Width of the window in CSS pixels, and size of the text in per cent. */
export interface Room {
  readonly width: number;
  readonly text: number;
}

/** A window of 1280 px at 400 %, one whose owner has doubled the text alone, and a tablet. */
export const rooms: readonly Room[] = [
  { width: 320, text: 100 },
  { width: 640, text: 200 },
  { width: 800, text: 100 },
];

export async function furnish(page: Page, { width, text }: Room): Promise<void> {
  await page.setViewportSize({ width, height: 800 });
  await page.evaluate(`document.documentElement.style.fontSize = '${text}%'`);
}

/**
 * Whether the page, or an element that `frames` selects, has to be scrolled sideways to be read in any of the rooms.
 * Leaves the page in its own size.
 */
export async function sidewaysFaults(page: Page, frames?: string, tried: readonly Room[] = rooms): Promise<string[]> {
  const before = page.viewportSize();
  const faults: string[] = [];
  for (const room of tried) {
    await furnish(page, room);
    const wide: string[] = await page.evaluate(`[document.documentElement, ...${selected(frames)}]
      .filter(({ scrollWidth, clientWidth }) => !(scrollWidth <= clientWidth))
      .map(({ tagName, className, scrollWidth, clientWidth }) =>
        tagName + ' ' + className + ' needs ' + scrollWidth + ' px and has ' + clientWidth)`);
    faults.push(...wide.map((fault) => `${page.url()} at ${room.width} px and ${room.text} %: ${fault}`));
  }
  await page.evaluate(`document.documentElement.style.fontSize = ''`);
  if (before !== null) await page.setViewportSize(before);
  return faults;
}

/** Links within a sentence are exempt (WCAG 2.5.8). */
const targets =
  'button, summary, select, input, textarea, nav a, tbody a, li > a, .totals a, .histogram a, .shares a, .row-link, .exception-link';

/** Everything to click or tap that is narrower or lower than 24 px; what is not drawn does not count. */
export async function targetFaults(page: Page): Promise<string[]> {
  const small: string[] = await page.evaluate(`${selected(targets)}
    .filter((element) => element.checkVisibility())
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 1 && (box.width < 24 || box.height < 24))
    .map(({ element, box }) => element.tagName + ' ' + element.innerText + ' ' + box.width + ' x ' + box.height)`);
  return small.map((fault) => `${page.url()} ${fault}`);
}

/** All of them. */
export async function pageFaults(page: Page, frames?: string): Promise<string[]> {
  return [...(await axeFaults(page)), ...(await targetFaults(page)), ...(await sidewaysFaults(page, frames))];
}

function selected(selector: string | undefined): string {
  return selector === undefined ? '[]' : `[...document.querySelectorAll(${JSON.stringify(selector)})]`;
}
