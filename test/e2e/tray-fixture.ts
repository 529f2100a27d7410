/** The window of the tray as it ships, in a real browser: built page, real handlers, real files of the service's directory. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, BrowserContextOptions } from 'playwright-core';
import { inject } from 'vitest';
import type { Status } from '../../agent/contract/status.ts';
import { startPreview } from '../../build/preview-server.ts';
import { createAgentLink } from '../../main/agent-link/agent-link.ts';
import { launchBrowser, noteComplaints, rememberedLanguage } from './browser.ts';
import type { Language } from './page-checks.ts';
import { createDesk } from './tray-desk.ts';

export type TrayFixture = Awaited<ReturnType<typeof startTrayWindow>>;

export async function startTrayWindow() {
  const desk = await createDesk();
  const { base, publicDir } = desk;
  const folder = inject('trayDir');
  /** What the browser complained about: a violation of the security policy, an error in the page, a dialogue. */
  const complaints: string[] = [];
  /** Addresses handed to the browser of the system. */
  const opened: string[] = [];
  const link = createAgentLink({
    publicDir,
    userDir: join(base, 'own'),
    now: () => new Date(),
    saveFile: async (name, content) => {
      writeFileSync(join(base, name), content);
      return join(base, name);
    },
    openLink: async (url) => void opened.push(url),
    accountName: 'k.mueller',
    systemLanguages: ['de-DE'],
    warn: (line) => complaints.push(line),
    asked: () => void refresh(),
  });
  const preview = await startPreview({ folder, link, port: 0 });
  async function refresh(): Promise<void> {
    preview.tell((await link.refresh()).view);
  }

  const browser = await launchBrowser();

  return {
    ...desk,
    opened,
    folder,
    complaints,
    url: preview.url,
    /** What the service does: writes its file; the window hears of it. */
    publish: async (change: Partial<Status> = {}): Promise<void> => {
      desk.write(change);
      await refresh();
    },
    refresh,
    open: async (options: BrowserContextOptions & { language?: Language } = {}): Promise<BrowserContext> => {
      const { language = 'de', ...rest } = options;
      const context = await browser.newContext({
        baseURL: preview.url,
        viewport: { width: 760, height: 720 },
        storageState: rememberedLanguage(preview.url.slice(0, -1), language),
        ...rest,
      });
      context.setDefaultTimeout(30_000);
      noteComplaints(context, complaints);
      return context;
    },
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await preview[Symbol.asyncDispose]();
      await desk[Symbol.asyncDispose]();
    },
  };
}
