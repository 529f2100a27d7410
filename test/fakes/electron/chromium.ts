/**
 * A screen for the stand-in: each `BrowserWindow` is a page in a real Chromium, with the preload in an isolated world of
 * its own, the custom scheme answered by the program's own handler, and every door of the session asked first.
 */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import type * as Electron from 'electron';
import type { Browser, BrowserContextOptions, CDPSession, Page, Request as PageRequest, Route } from 'playwright-core';
import { fromText, toText } from './page/clone.ts';
import { preventable, type Screen, type Shown, type seen as seenHere } from './seen.ts';
import type { FakeWindow } from './window.ts';

const world = 'electron preload';
const binding = 'kitsToMain';
/** Chromium knows no scheme of ours: `app://ui/x` is shown to it under a name that no machine can have. */
const suffix = '.scheme.invalid';

export interface ChromiumScreen extends Screen, AsyncDisposable {
  /** What the browser complained about: a violation of the security policy, an error in the page, a dialogue. */
  readonly complaints: string[];
  /** The page of a window, once it is there. */
  pageOf(window: FakeWindow): Page | undefined;
}

export interface ScreenOptions {
  readonly browser: Browser;
  /** The stand-in that is in use; another test may have another. */
  readonly seen: typeof seenHere;
  readonly context?: BrowserContextOptions;
}

export async function startScreen({ browser, seen, context: chosen = {} }: ScreenOptions): Promise<ChromiumScreen> {
  const context = await browser.newContext(chosen);
  // What is denied stays so only while the session that said it lasts.
  const whole = await browser.newBrowserCDPSession();
  context.setDefaultTimeout(10_000);
  const windows = new Map<Page, FakeWindow>();
  const complaints: string[] = [];
  await context.route('**/*', (route) => answer(route));

  async function answer(route: Route): Promise<void> {
    const request = route.request();
    const url = ownAddress(request.url());
    const page = pageOf(request);
    const contents = page === undefined ? undefined : windows.get(page)?.webContents;
    if (page === undefined || contents === undefined) return route.abort('blockedbyclient');
    const isMainFrame = request.frame() === page.mainFrame();
    if (request.isNavigationRequest() && !(isMainFrame && url === contents.url.split('#')[0])) {
      const event = preventable({ url, isMainFrame });
      contents.emit('will-frame-navigate', event);
      if (isMainFrame) contents.emit('will-navigate', event, url);
      // The page that is there stays.
      if (event.defaultPrevented) return route.abort('aborted');
    }
    if (await isCancelled(url)) return route.abort('blockedbyclient');
    const handler = seen.protocols.get(url.split(':')[0] ?? '');
    if (handler === undefined) {
      seen.network.push(url);
      return route.abort('internetdisconnected');
    }
    const response = await handler(new Request(url, { method: request.method() }));
    const body = Buffer.from(await response.arrayBuffer());
    await route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body });
  }

  const isCancelled = (url: string): Promise<boolean> =>
    new Promise((resolve) => {
      if (seen.session.beforeRequest === undefined) resolve(false);
      else seen.session.beforeRequest({ url }, ({ cancel }) => resolve(cancel === true));
    });

  function listen(page: Page, window: FakeWindow): void {
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss().catch((error: unknown) => complaints.push(String(error)));
    });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('popup', (popup) => {
      const wanted = window.webContents.opens?.({ url: ownAddress(popup.url()) } as Electron.HandlerDetails);
      if (wanted?.action !== 'deny') complaints.push('a page was allowed to open a window');
      popup.close().catch((error: unknown) => complaints.push(String(error)));
    });
    page.on('crash', () => {
      window.webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 });
    });
    page.on('close', () => windows.delete(page));
  }

  return {
    complaints,
    pageOf: (window) => [...windows].find(([, one]) => one === window)?.[0],

    async load(window, url) {
      const preload = mustBeLocked(window.options);
      const address = shownAddress(url, seen.schemes);
      const page = await context.newPage();
      windows.set(page, window);
      listen(page, window);
      const { width = 800, height = 600 } = window.options;
      await page.setViewportSize({ width, height });
      const cdp = await context.newCDPSession(page);
      await denyPermissions(whole, cdp, address, seen.session.check);
      const shown = await attachPreload({ page, cdp, window, preload, handlers: seen.handlers });
      window.webContents.page = shown;
      await page.goto(address);
      if (!window.isDestroyed()) window.emit('ready-to-show');
      return shown;
    },

    [Symbol.asyncDispose]: async () => {
      await context.close();
      await whole.detach();
    },
  };
}

/** Undefined for the first request of a page that another one opens: that one has no frame yet. */
function pageOf(request: PageRequest): Page | undefined {
  try {
    return request.frame().page();
  } catch {
    return undefined;
  }
}

/** Answers the preload. Throws what a careful reviewer would refuse; Electron itself would let it pass. */
function mustBeLocked({ webPreferences = {} }: Electron.BrowserWindowConstructorOptions): string {
  const { sandbox, contextIsolation, nodeIntegration, webSecurity, webviewTag, preload } = webPreferences;
  const isLocked = sandbox === true && contextIsolation === true && nodeIntegration === false && webviewTag === false;
  if (!isLocked || webSecurity !== true) throw new Error('the window is not locked down');
  if (preload === undefined) throw new Error('the window has no preload');
  return preload;
}

/** Only a scheme that was registered as standard and secure has hosts, an origin, and what browsers keep for safe pages. */
function shownAddress(url: string, schemes: readonly Electron.CustomScheme[]): string {
  const [, name = '', host = '', rest = ''] = /^([a-z]+):\/\/([^/]+)(.*)$/.exec(url) ?? [];
  const { standard, secure } = schemes.find(({ scheme }) => scheme === name)?.privileges ?? {};
  if (standard !== true || secure !== true) throw new Error(`${url} is of no scheme that pages can live under`);
  return `https://${host}.${name}${suffix}${rest}`;
}

/** The address as the program knows it. */
function ownAddress(shown: string): string {
  const url = URL.parse(shown);
  if (url === null || !url.host.endsWith(suffix)) return shown;
  const names = url.host.slice(0, -suffix.length).split('.');
  return `${names.pop()}://${names.join('.')}${url.pathname}${url.search}${url.hash}`;
}

/** Electron's names, and what Chromium calls the same. */
const permissions = {
  'clipboard-sanitized-write': 'clipboard-write',
  'clipboard-read': 'clipboard-read',
  notifications: 'notifications',
  geolocation: 'geolocation',
} as const;

/** Chromium grants some of them by itself after a click; the program's own handler has the last word. */
async function denyPermissions(
  whole: CDPSession,
  cdp: CDPSession,
  address: string,
  check: (typeof seenHere)['session']['check'],
): Promise<void> {
  const { targetInfo } = await cdp.send('Target.getTargetInfo');
  const { origin } = new URL(address);
  for (const [asked, name] of Object.entries(permissions)) {
    const isGranted = check?.(null, asked as never, ownAddress(origin), {} as never) !== false;
    await whole.send('Browser.setPermission', {
      permission: { name },
      setting: isGranted ? 'granted' : 'denied',
      origin,
      ...(targetInfo.browserContextId === undefined ? {} : { browserContextId: targetInfo.browserContextId }),
    });
  }
}

interface Attached {
  readonly page: Page;
  readonly cdp: CDPSession;
  readonly window: FakeWindow;
  readonly preload: string;
  readonly handlers: (typeof seenHere)['handlers'];
}

async function attachPreload({ page, cdp, window, preload, handlers }: Attached): Promise<Shown> {
  const frames = new Map<number, string>();
  let current: number | undefined;
  const { frameTree } = await cdp.send('Page.getFrameTree');
  const mainFrame = frameTree.frame.id;
  cdp.on('Runtime.executionContextCreated', ({ context }) => {
    const { frameId } = (context.auxData ?? {}) as { frameId?: string };
    if (context.name !== world || frameId === undefined) return;
    frames.set(context.id, frameId);
    if (frameId === mainFrame) current = context.id;
  });
  cdp.on('Runtime.executionContextDestroyed', ({ executionContextId }) => {
    if (current === executionContextId) current = undefined;
  });

  const inPreload = (contextId: number | undefined, call: string, ...args: (string | number)[]): void => {
    if (contextId === undefined) return;
    const expression = `kitsDelivery.${call}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`;
    // A page that is gone meanwhile hears nothing, as in Electron.
    cdp.send('Runtime.evaluate', { expression, contextId }).catch(() => undefined);
  };

  async function invoke(contextId: number, payload: string): Promise<void> {
    const { id, channel, args } = JSON.parse(payload) as { id: number; channel: string; args: string };
    const isMain = frames.get(contextId) === mainFrame;
    const senderFrame = page.isClosed()
      ? null
      : { url: ownAddress(page.mainFrame().url()), parent: isMain ? null : { url: '' } };
    const event = { type: 'frame', sender: window.webContents, senderFrame };
    try {
      const handler = handlers.get(channel);
      if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
      const result = await handler(event as unknown as Electron.IpcMainInvokeEvent, ...(fromText(args) as unknown[]));
      inPreload(contextId, 'answer', id, toText(result));
    } catch (error) {
      inPreload(contextId, 'refuse', id, `Error invoking remote method '${channel}': ${String(error)}`);
    }
  }
  cdp.on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
    if (name === binding) void invoke(executionContextId, payload);
  });

  await cdp.send('Page.enable');
  await cdp.send('Runtime.enable');
  await cdp.send('Runtime.addBinding', { name: binding, executionContextName: world });
  // In this order: the page's end has to be there before the preload exposes anything.
  await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: pageSource() });
  await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: preloadSource(preload), worldName: world });
  return {
    send: (channel, payload) => inPreload(current, 'deliver', channel, toText(payload)),
    close: () => {
      page.close().catch(() => undefined);
    },
  };
}

function injected(name: string): string {
  const source = readFileSync(join(import.meta.dirname, 'page', name), 'utf8');
  return stripTypeScriptTypes(source).replaceAll(/^export /gm, '');
}

function pageSource(): string {
  return `(() => { 'use strict'; if (window !== window.top) return;\n${injected('bridge.ts')}\nreceiveExposed(); })()`;
}

/** A sandboxed preload is one script without modules, and `electron` is all it may require. */
function preloadSource(file: string): string {
  return `(() => { 'use strict'; if (window !== window.top) return;
${injected('clone.ts')}
${injected('bridge.ts')}
const { electron, delivery } = preloadElectron(globalThis.${binding}, toText, fromText);
globalThis.kitsDelivery = delivery;
const require = (name) => {
  if (name !== 'electron') throw new Error('module not found: ' + name);
  return electron;
};
const module = { exports: {} };
(function (exports, require, module) {
${readFileSync(file, 'utf8')}
})(module.exports, require, module);
})()`;
}
