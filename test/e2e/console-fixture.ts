/**
 * The console as it ships, in a real browser: built by Vite, served by the real server under its real security headers,
 * with devices that enrolled and reported over HTTP.
 */
import { join } from 'node:path';
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { expect, inject } from 'vitest';
import type { Role } from '../../server/api/contract.ts';
import { createSignInLink, createUser } from '../../server/staff/users.ts';
import { createTestAgent, officeFacts } from '../fakes/test-agent.ts';
import { startTestServer } from '../fakes/test-server.ts';
import { launchBrowser, noteComplaints, rememberedLanguage } from './browser.ts';
import type { Language } from './page-checks.ts';

const root = join(import.meta.dirname, '../..');
export const resultsDir = join(root, 'test-results');

export const hostileName = '<img src=x onerror=alert(1)>';
export const password = 'vier Wörter am Fenster';

const gib = 1024 ** 3;

/** A drive with 2 % left: critical by the rules. */
function fullDrive(hostname: string) {
  const { storage } = officeFacts(hostname);
  return { ...storage, volumes: storage.volumes.map((volume) => ({ ...volume, freeBytes: 10 * gib })) };
}

/** `language`: what somebody chose before; without it German. */
export type ConsoleOptions = BrowserContextOptions & { readonly language?: Language };

type Cookies = Awaited<ReturnType<BrowserContext['cookies']>>;

export type ConsoleFixture = Awaited<ReturnType<typeof startConsole>>;

export async function startConsole() {
  const consoleDir = inject('consoleDir');
  const server = await startTestServer({ consoleDir });
  const browser = await launchBrowser();

  const enrolled = async (hostname: string, changes: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    const agent = await createTestAgent({ url: server.url, token: server.token, hostname });
    const { deviceId } = await agent.enrol();
    const { status } = await agent.report(agent.sections(changes));
    if (status !== 201) throw new Error(`the report of ${hostname} was answered with ${status}`);
    return deviceId;
  };

  const fine = await enrolled('was-pc-01');
  const full = await enrolled('was-pc-02', { storage: fullDrive('was-pc-02'), battery: undefined });
  const hostile = await enrolled(hostileName);

  let users = 0;
  /** A one-time link of a new user. */
  const linkFor = async (role: Role): Promise<{ name: string; url: string }> => {
    users += 1;
    const name = `${role} ${users}`;
    await createUser(server.context, 'test', { name, role, municipalityIds: [] });
    const { secret } = await createSignInLink(server.context, 'test', name);
    return { name, url: `${server.url}/anmelden#${secret}` };
  };

  /** Everything the browser complained about: a violation of the security policy, an error in the page. */
  const complaints: string[] = [];

  const open = async (options: ConsoleOptions = {}): Promise<BrowserContext> => {
    const { language, ...rest } = options;
    const context = await browser.newContext({
      baseURL: server.url,
      viewport: { width: 1280, height: 900 },
      ...(language === undefined ? {} : { storageState: rememberedLanguage(server.url, language) }),
      ...rest,
    });
    context.setDefaultTimeout(30_000);
    // The browser notes refused requests as errors; those are part of the tests.
    noteComplaints(context, complaints, /^Failed to load resource/);
    return context;
  };

  const sessions = new Map<Role, Cookies>();
  /** A browser in which somebody with this role is signed in; of each role there is one person, with one session. */
  const signedIn = async (role: Role, options: ConsoleOptions = {}): Promise<BrowserContext> => {
    const context = await open(options);
    const known = sessions.get(role);
    if (known !== undefined) {
      await context.addCookies(known);
      return context;
    }
    const link = (await linkFor(role)).url.split('#')[1];
    const answer = await context.request.post('/api/v1/session', { data: { link } });
    const { csrfToken } = (await answer.json()) as { csrfToken: string };
    const headers = { 'x-csrf-token': csrfToken };
    const changed = await context.request.put('/api/v1/session/password', { data: { password }, headers });
    expect(changed.ok()).toBe(true);
    sessions.set(role, await context.cookies());
    return context;
  };

  return {
    server,
    consoleDir,
    devices: { fine, full, hostile },
    complaints,
    linkFor,
    open,
    signedIn,
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await server.close();
    },
  };
}

/** Waits until nothing on the page is on its way any more. */
export async function settled(page: Page): Promise<void> {
  await expect.poll(() => page.locator('.loading, .content-old').count()).toBe(0);
}

/** Opens a page, waits for all of it, and unfolds whatever is folded. */
export async function show(page: Page, path: string, heading: string | RegExp = /./): Promise<void> {
  await page.goto(path);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  await settled(page);
  await page.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true');
}

/** A picture of the whole page for people to look at: test-results/console-NAME.png. */
export async function shot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(resultsDir, `console-${name}.png`), fullPage: true });
}
