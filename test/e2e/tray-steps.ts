/**
 * What a clerk does in the window, step by step. The suite on the stand-in and the one on the real Electron take the same
 * steps, in this order: each begins where the one before has ended.
 */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { genuineNotice } from '../fixtures/false-notices.ts';
import { type Desk, verdictOf } from './tray-desk.ts';

export interface Clerk {
  readonly page: Page;
  readonly desk: Desk;
}

export const noticeTitle = 'Bitte heute neu starten';

/** Something is wrong, and there is something to acknowledge. */
export async function writeTroubled({ kits, write }: Desk): Promise<{ noticeId: string }> {
  const notice = kits.noticeOf({
    ...genuineNotice(new Date()),
    title: { de: noticeTitle, en: 'Please restart today' },
    mustAcknowledge: true,
  });
  const title = { de: 'Seit 9 Tagen keine erfolgreiche Sicherung', en: 'No successful backup for 9 days' };
  write({
    overall: 'critical',
    verdicts: [verdictOf('backup-recent', { verdict: 'not-met', severity: 'critical', title })],
    notices: [await kits.signNotice(notice)],
  });
  return { noticeId: notice.id };
}

const asked = ({ desk }: Clerk, kind: string) => desk.mailbox().findLast((request) => request.kind === kind);
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

async function goTo(page: Page, link: string, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: link, exact: true }).click();
  await heading(page, name).waitFor();
}

export const steps: readonly (readonly [name: string, step: (clerk: Clerk) => Promise<void>])[] = [
  [
    'reads that all is well, and what is wrong as soon as the service says it',
    async ({ page, desk }) => {
      desk.write();
      await page.getByText('Ihr PC ist in Ordnung.').last().waitFor();
      await writeTroubled(desk);
      await page.getByText('Ihr PC hat ein dringendes Problem.').last().waitFor();
      await page.getByText('Seit 9 Tagen keine erfolgreiche Sicherung').first().waitFor();
    },
  ],
  [
    'asks for a check and sees how far it is',
    async (clerk) => {
      const { page, desk } = clerk;
      desk.write();
      await page.getByRole('button', { name: 'Jetzt prüfen' }).click();
      await page.getByText('Die Prüfung ist angefordert …').waitFor();
      await expect.poll(() => asked(clerk, 'check-now')).toBeDefined();
      const { requestId } = asked(clerk, 'check-now')!;
      const now = new Date().toISOString();
      const reporting = { waiting: 0, lastCollectedAt: now, lastAcceptedAt: now };
      desk.write({ handledRequests: [requestId], reporting });
      await page.getByText(/^Geprüft: /).waitFor();
    },
  ],
  [
    'reads a notice and takes note of it',
    async (clerk) => {
      const { page, desk } = clerk;
      const { noticeId } = await writeTroubled(desk);
      await goTo(page, 'Mitteilungen (1)', 'Mitteilungen');
      await page.getByRole('heading', { name: noticeTitle }).waitFor();
      await expect.poll(() => asked(clerk, 'notice-seen')).toMatchObject({ noticeId });
      await page.getByRole('button', { name: `„${noticeTitle}“ zur Kenntnis genommen` }).click();
      await expect.poll(() => asked(clerk, 'notice-acknowledged')).toMatchObject({ noticeId });
    },
  ],
  [
    'looks at what was sent, field by field',
    async ({ page }) => {
      await goTo(page, 'Was wird übermittelt?', 'Was wird übermittelt?');
      await page
        .getByRole('button', { name: /^Vollständiger Bericht/ })
        .first()
        .click();
      await page.locator('details').first().waitFor();
      await page.getByText('Fenstertitel und besuchte Internetseiten').waitFor();
    },
  ],
  [
    'tells of something suspicious, and copies the name of the PC',
    async (clerk) => {
      const { page } = clerk;
      await goTo(page, 'Hilfe', 'Hilfe');
      await page.getByRole('button', { name: 'Kopieren' }).first().click();
      await page.getByText('Gerätename kopiert.').waitFor();
      await page.getByLabel('Was ist Ihnen aufgefallen?').fill('Ein unbekanntes Fenster');
      await page.getByLabel('Was ist Ihnen aufgefallen?').press('Tab');
      await page.keyboard.press('Enter');
      await expect.poll(() => asked(clerk, 'report-suspicion')).toMatchObject({ text: 'Ein unbekanntes Fenster' });
    },
  ],
  [
    'reads all of it in English',
    async ({ page }) => {
      await goTo(page, 'Über', 'Über');
      await page.getByRole('button', { name: 'English' }).click();
      await heading(page, 'About').waitFor();
      expect(await page.evaluate('document.documentElement.lang')).toBe('en');
      await page.getByRole('button', { name: 'Deutsch' }).click();
      await heading(page, 'Über').waitFor();
    },
  ],
];

/**
 * Has one object to ask with, and nothing of Electron or Node. Tries to leave, to open, to load and to run what is not the
 * window's own: the page stays as it is and where it is.
 */
export async function expectLockedDown(page: Page): Promise<void> {
  expect(await page.evaluate('Object.keys(window.kits).sort()')).toEqual(['on', 'request']);
  expect(await page.evaluate('[typeof require, typeof process, typeof module]')).toEqual(Array(3).fill('undefined'));
  const own = page.url();
  for (const way of [
    `location.href = 'https://evil.example/'`,
    `location.href = 'file:///etc/passwd'`,
    `Object.assign(document.createElement('a'), { href: 'https://evil.example/', target: '_top' }).click()`,
    `void window.open('https://evil.example/')`,
    `void fetch('https://evil.example/').catch(() => 0)`,
    `document.body.append(Object.assign(new Image(), { src: 'https://evil.example/x.png' }))`,
    `document.body.append(Object.assign(document.createElement('iframe'), { src: 'https://evil.example/' }))`,
    `document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.planted = 1' }))`,
  ]) {
    await page.evaluate(way);
  }
  const states = await page.evaluate(`Promise.all(
    ['clipboard-read', 'clipboard-write', 'notifications', 'geolocation'].map(async (name) =>
      (await navigator.permissions.query({ name })).state))`);
  expect(states).toEqual(Array(4).fill('denied'));
  await page.getByRole('navigation').getByRole('link', { name: 'Hilfe' }).click();
  await page.getByRole('heading', { level: 1, name: 'Hilfe' }).waitFor();
  expect(page.url().split('#')[0]).toBe(own.split('#')[0]);
  expect(await page.evaluate('typeof window.planted')).toBe('undefined');
}
