/** The whole tray program on the stand-in for Electron: icon, window, messages between page and main process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { publishStatus } from '../../agent/status/publish-status.ts';
import { stateIcon } from '../../main/tray/state-icon.ts';
import { falseNotice, falseNoticeKinds, falseTitle, genuineNotice } from '../fixtures/false-notices.ts';
import { launchBrowser } from './browser.ts';
import { createService } from './service-process.ts';
import { startTrayApp, type TrayApp } from './tray-app.ts';
import { createDesk, type Desk } from './tray-desk.ts';
import { expectLockedDown, steps } from './tray-steps.ts';

let browser: Browser;
let desk: Desk;
let base: string;
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'kits-app-'));
  [browser, desk] = await Promise.all([launchBrowser(), createDesk()]);
});
afterAll(async () => {
  await browser.close();
  await desk[Symbol.asyncDispose]();
  rmSync(base, { recursive: true, force: true });
});

let homes = 0;
/** Each of them is another person at the same PC. */
function start(publicDir = desk.publicDir): Promise<TrayApp> {
  homes += 1;
  return startTrayApp({ browser, publicDir, folder: inject('trayDir'), home: join(base, `home-${homes}`) });
}

/** Right after sign-in an old file is no alarm yet; here that time is over. The clock of this process stands from then on. */
async function startLongAgo(publicDir = desk.publicDir): Promise<TrayApp> {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const app = await start(publicDir);
  await vi.advanceTimersByTimeAsync(4 * 60_000);
  return app;
}

test('a clerk at work', async () => {
  desk.write();
  await using app = await start();
  expect(app.seen.windows).toHaveLength(0);
  app.icon().press();
  const page = await app.window();
  for (const [name, step] of steps) {
    await step({ page, desk }).catch((error: unknown) => {
      throw new Error(`she ${name}: ${String(error)}`, { cause: error });
    });
  }
});

describe('the window', () => {
  test('comes with a second start, is gone when it is closed, and comes back when its page dies', async () => {
    desk.write();
    await using app = await start();
    app.appEvents.emit('second-instance', {}, ['kits-agent-tray']);
    const first = await app.window();
    await first.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
    app.appEvents.emit('second-instance', {}, ['kits-agent-tray']);
    expect(app.seen.windows).toHaveLength(1);
    const gone = first.waitForEvent('close');
    app.seen.windows[0]?.close();
    await gone;
    expect(app.seen.quit).toBe(0);
    app.icon().click('Hilfe und Verdacht melden');
    const second = await app.window();
    await second.getByRole('heading', { level: 1, name: 'Hilfe' }).waitFor();
    await second.goto('chrome://crash').catch(() => undefined);
    await expect.poll(() => app.seen.windows.length).toBe(3);
    const third = await app.window();
    await third.getByRole('heading', { level: 1, name: 'Hilfe' }).waitFor();
  });

  test('has one object to ask with, and nothing of Electron, Node or the preload', async () => {
    desk.write();
    await using app = await start();
    app.icon().press();
    const page = await app.window();
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await page.evaluate('Object.keys(window.kits).sort()')).toEqual(['on', 'request']);
    expect(
      await page.evaluate('[typeof require, typeof process, typeof module, typeof kitsToMain, typeof kitsDelivery]'),
    ).toEqual(Array(5).fill('undefined'));
    const refused = (call: string): Promise<string> =>
      page.evaluate(
        `(async () => { try { await ${call}; return 'taken'; } catch (error) { return error.message; } })()`,
      );
    expect(await refused(`kits.request('shell:open', 'https://evil.example')`)).toBe('unknown channel');
    expect(await refused(`kits.on('ipc', () => undefined)`)).toBe('unknown event');
    const malformed = await refused(`kits.request('notice:acknowledge', { noticeId: '../key' })`);
    expect(malformed).toContain('notice:acknowledge');
    expect(malformed).not.toContain(base);
    expect(await refused(`kits.request('notice:seen', { noticeId: Symbol('x') })`)).not.toBe('taken');
    // Arrives as a copy: what the page does to it changes nothing for anybody else.
    expect(await page.evaluate(`kits.request('view:get').then((view) => view.service)`)).toBe('running');
  });

  test('goes nowhere, opens nothing, asks the network for nothing, and is granted nothing', async () => {
    desk.write();
    await using app = await start();
    app.icon().press();
    const page = await app.window();
    await page.getByRole('heading', { level: 1, name: 'Status' }).waitFor();
    await expectLockedDown(page);
    expect(page.context().pages().length).toBe(1);
    expect(app.seen.network).toEqual([]);
    // The browser says what it refused: that is what should be seen here, and in no other test.
    const refusals = app.complaints
      .splice(0)
      .filter((said) => !/Content Security Policy|ERR_|Not allowed to load/.test(said));
    expect(refusals).toEqual([]);
  });
});

test('what is wrong with the status file is said by icon, menu and window, and passes by itself', async () => {
  await using app = await startLongAgo();
  desk.write();
  app.icon().press();
  const page = await app.window();
  const hours = (count: number): string => new Date(Date.now() + count * 3_600_000).toISOString();
  const whole = JSON.stringify(desk.statusOf());
  const states = [
    ['cut off', whole.slice(0, whole.length / 2), 'offline', 'ist nicht zu erreichen', 'Seine Angaben fehlen'],
    ['empty', '', 'offline', 'ist nicht zu erreichen', 'Seine Angaben fehlen'],
    ['damaged', whole.replaceAll('"ok"', '"fine"'), 'offline', 'ist nicht zu erreichen', 'Seine Angaben fehlen'],
    ['newer', JSON.stringify({ contractVersion: 2 }), 'unknown', 'wurde aktualisiert', 'wurde aktualisiert'],
    [
      'of a service that ended',
      JSON.stringify(desk.statusOf({ writtenAt: hours(-3), validUntil: hours(-2) })),
      'offline',
      'läuft nicht',
      'Der letzte Stand ist vom',
    ],
    [
      'from the future',
      JSON.stringify(desk.statusOf({ writtenAt: hours(30), validUntil: hours(31) })),
      'offline',
      'läuft nicht',
      'Der letzte Stand ist vom',
    ],
  ] as const;
  for (const [name, content, state, onIcon, inWindow] of states) {
    writeFileSync(join(desk.publicDir, 'status.json'), content);
    await expect.poll(() => app.icon().menu.join('\n'), { message: name }).toContain(onIcon);
    expect(app.icon().tooltip, name).toContain(onIcon);
    expect(app.icon().bitmap.equals(stateIcon(state, 16)), name).toBe(true);
    await page.getByText(inWindow).first().waitFor();
    expect(await page.getByText('Ihr PC ist in Ordnung.').count(), name).toBe(0);
    desk.write();
    await expect.poll(() => app.icon().menu[0], { message: name }).toBe('Ihr PC ist in Ordnung.');
    expect(app.icon().bitmap.equals(stateIcon('ok', 16)), name).toBe(true);
    await page.getByText('Ihr PC ist in Ordnung.').last().waitFor();
  }
});

test('a service that is killed is told from one that is well, and one that runs again is well', async () => {
  const service = createService(join(base, 'service'));
  service.start();
  await expect.poll(service.status).toBeDefined();
  await using app = await startLongAgo(service.publicDir);
  expect(app.icon().menu.join()).not.toContain('läuft nicht');
  await service.kill();
  const left = service.status()!;
  // An hour later.
  const earlier = new Date(Date.parse(left.writtenAt) - 3_600_000).toISOString();
  publishStatus(service.publicDir, { ...left, writtenAt: earlier, validUntil: earlier });
  await expect.poll(() => app.icon().menu.join()).toContain('Der KITS-Dienst läuft nicht.');
  app.icon().press();
  const page = await app.window();
  await page.getByText('Der letzte Stand ist vom').waitFor();
  // What she asks for meanwhile waits, and is the first thing the service does.
  app.icon().click('Jetzt prüfen');
  service.start();
  await expect.poll(() => app.icon().menu.join()).not.toContain('läuft nicht');
  await expect.poll(() => page.getByText('Der letzte Stand ist vom').count()).toBe(0);
});

/** Three parts, as the form of a status file has it. */
const compact = /^[\w-]+\.[\w-]+\.[\w-]+$/;

describe('a notice', () => {
  let app: TrayApp;
  let page: Page;
  beforeAll(async () => {
    desk.write();
    app = await start();
  });
  afterAll(() => app[Symbol.asyncDispose]());
  const toasts = () => app.seen.notifications.filter(({ shown }) => shown > 0);

  test('that is genuine comes as a toast and stands in the window', async () => {
    const said = { ...genuineNotice(new Date()), title: { de: 'Wartung am Freitag' } };
    desk.write({ notices: [await desk.kits.signNotice(said)] });
    await expect
      .poll(() =>
        toasts()
          .map(({ title }) => title)
          .join(),
      )
      .toContain('Wartung am Freitag');
    toasts()[0]?.click();
    page = await app.window();
    await page.getByRole('heading', { name: 'Wartung am Freitag' }).waitFor();
  });

  test.each(falseNoticeKinds)('%s is never shown', async (kind) => {
    const { before, jws } = await falseNotice(kind, desk.kits, new Date());
    const write = (notices: string[]): void =>
      // As it is: the service's own check would not let some of them out.
      writeFileSync(join(desk.publicDir, 'status.json'), JSON.stringify(desk.statusOf({ notices })));
    // Beside a genuine one: when that is on the screen, the others have been looked at as well.
    const genuine = (title: string): Promise<string> =>
      desk.kits.signNotice({ ...genuineNotice(new Date()), severity: 'info', title: { de: title } });
    write([...before, await genuine(`Vorher: ${kind}`)]);
    await page.getByRole('heading', { name: `Vorher: ${kind}` }).waitFor();
    const urgent = { ...genuineNotice(new Date()), title: { de: `Wartung: ${kind}` } };
    write([jws, await desk.kits.signNotice(urgent)]);
    if (compact.test(jws)) {
      await page.getByRole('heading', { name: `Wartung: ${kind}` }).waitFor();
      // One that is over was genuine once: there is nothing to warn of.
      const warned = page.getByText('weil ihre Echtheit nicht nachgewiesen ist.');
      await expect.poll(() => warned.count()).toBe(kind === 'that is over' ? 0 : 1);
    } else {
      // Not even the form of one: no service of ours wrote that file, and nothing in it counts.
      await expect.poll(() => app.icon().menu.join()).toContain('ist nicht zu erreichen');
    }
    const shown = compact.test(jws) ? 1 : 0;
    await expect.poll(() => page.getByRole('article').count()).toBe(shown);
    expect(await page.locator('body').innerText()).not.toContain(falseTitle);
    await expect.poll(() => toasts().filter(({ title }) => title.includes(`Wartung: ${kind}`)).length).toBe(shown);
    expect(JSON.stringify(app.seen.notifications.map(({ options }) => options))).not.toContain(falseTitle);
    expect(app.icon().menu.join('\n')).not.toContain(falseTitle);
  });
});
