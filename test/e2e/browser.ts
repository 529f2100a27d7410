/** The browser of these tests: what is needed of the real Chromium to draw pages, without its window. */
import { type Browser, type BrowserContext, chromium } from 'playwright-core';

/** One for each test file; tests share it and have contexts of their own. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium-headless-shell',
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/**
 * Writes down what the browser complains about in any page of the context: a violation of the security policy, an error
 * in the page, a dialogue (which hostile text may open). `expected`: messages of its console that are part of the tests.
 */
export function noteComplaints(context: BrowserContext, complaints: string[], expected?: RegExp): void {
  context.on('page', (page) => {
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss().catch((error: unknown) => complaints.push(String(error)));
    });
    page.on('console', (message) => {
      if (message.type() === 'error' && expected?.test(message.text()) !== true) complaints.push(message.text());
    });
  });
}

/** Storage of a browser in which somebody chose this language. */
export function rememberedLanguage(origin: string, language: 'de' | 'en') {
  return { cookies: [], origins: [{ origin, localStorage: [{ name: 'kits-language', value: language }] }] };
}
