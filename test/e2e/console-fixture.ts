/**
 * The console as it ships, in a real browser: built by Vite, served by the real server under its real security headers,
 * with devices that enrolled and reported over HTTP.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import type { Role } from '../../server/api/contract.ts';
import { createSignInLink, createUser } from '../../server/staff/users.ts';
import { createTestAgent, officeFacts } from '../fakes/test-agent.ts';
import { startTestServer } from '../fakes/test-server.ts';

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

export type ConsoleFixture = Awaited<ReturnType<typeof startConsole>>;

export async function startConsole() {
  const consoleDir = await mkdtemp(join(tmpdir(), 'kits-console-'));
  await build({
    configFile: join(root, 'server/console/vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: consoleDir, emptyOutDir: true },
  });
  const server = await startTestServer({ consoleDir });
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });

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
  const listen = (page: Page): void => {
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss().catch((error: unknown) => complaints.push(String(error)));
    });
    page.on('console', (message) => {
      // The browser notes refused requests as errors; those are part of the tests.
      const expected = /^Failed to load resource/.test(message.text());
      if (message.type() === 'error' && !expected) complaints.push(message.text());
    });
  };

  const open = async (options: BrowserContextOptions = {}): Promise<BrowserContext> => {
    const context = await browser.newContext({
      baseURL: server.url,
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    context.setDefaultTimeout(10_000);
    context.on('page', listen);
    return context;
  };

  const accounts = new Map<Role, string>();
  /** A browser in which somebody with this role is signed in. */
  const signedIn = async (role: Role, options: BrowserContextOptions = {}): Promise<BrowserContext> => {
    const context = await open(options);
    const known = accounts.get(role);
    if (known !== undefined) {
      await context.request.post('/api/v1/session', { data: { user: known, password } });
      return context;
    }
    const { name, url } = await linkFor(role);
    const link = url.split('#')[1];
    const answer = await context.request.post('/api/v1/session', { data: { link } });
    const { csrfToken } = (await answer.json()) as { csrfToken: string };
    await context.request.put('/api/v1/session/password', {
      data: { password },
      headers: { 'x-csrf-token': csrfToken },
    });
    accounts.set(role, name);
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
      await rm(consoleDir, { recursive: true, force: true });
    },
  };
}
