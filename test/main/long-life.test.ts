/** A tray that runs for weeks: sleep, upgrades, panels that restart, a service that comes later. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readStatus } from '../../main/agent-link/read-status.ts';
import { watchPresence } from '../../main/notices/presence.ts';
import { createRenewal, versionIn } from '../../main/renewal.ts';
import { createWaking } from '../../main/waking.ts';
import { startMain } from '../fakes/electron/start-main.ts';

const start = new Date('2026-11-25T07:00:00Z');
const seconds = (count: number) => new Date(start.getTime() + count * 1000);

describe('after sleep', () => {
  test('silence is no alarm for three minutes, and then one', () => {
    const waking = createWaking(start);
    waking.woke(seconds(3600));
    expect(waking.isWaking(seconds(3600 + 179))).toBe(true);
    expect(waking.isWaking(seconds(3600 + 180))).toBe(false);
  });

  test('a sleep nobody announced shows in the looks that are missing', () => {
    const waking = createWaking(start);
    for (let second = 15; second <= 300; second += 15) waking.looked(seconds(second));
    expect(waking.isWaking(seconds(300))).toBe(false);
    waking.looked(seconds(3600));
    expect(waking.isWaking(seconds(3601))).toBe(true);
  });

  test('a clock set back gives no grace without end', () => {
    const waking = createWaking(start);
    waking.looked(seconds(-86_400));
    expect(waking.isWaking(seconds(-86_400 + 181))).toBe(false);
    expect(createWaking(start).isWaking(seconds(-1))).toBe(false);
  });

  test('the status is being checked, as long as the file is only old', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kits-waking-'));
    const file = join(folder, 'status.json');
    expect(await readStatus(file, start, true)).toEqual({ kind: 'waking' });
    writeFileSync(file, '{"half":');
    // Damage is no matter of time.
    expect(await readStatus(file, start, true)).toEqual({ kind: 'unreadable' });
    rmSync(folder, { recursive: true });
  });
});

describe('an upgrade', () => {
  function running(installed: () => string | undefined, options: { isOpen?: boolean; args?: string[] } = {}) {
    const restarts: string[][] = [];
    const renewal = createRenewal({
      own: '0.1.0',
      installed: async () => installed(),
      isWindowOpen: () => options.isOpen ?? false,
      args: options.args ?? ['--hidden', '--status-file=/x'],
      restart: (args) => restarts.push(args),
    });
    return { look: (at: number) => renewal.look(seconds(at)), restarts };
  }

  test('starts the program anew, hidden, once it has stood there for a minute', async () => {
    const { look, restarts } = running(() => '0.2.0');
    await look(0);
    await look(59);
    expect(restarts).toEqual([]);
    await look(60);
    await look(75);
    expect(restarts).toEqual([['--status-file=/x', '--hidden', '--renewed-for=0.2.0']]);
  });

  test('waits for an open window, half an hour at most', async () => {
    const { look, restarts } = running(() => '0.2.0', { isOpen: true });
    await look(0);
    await look(1799);
    expect(restarts).toEqual([]);
    await look(1800);
    expect(restarts).toHaveLength(1);
  });

  test('that another one follows at once is waited out', async () => {
    let version = '0.2.0';
    const { look, restarts } = running(() => version);
    await look(0);
    version = '0.3.0';
    await look(60);
    expect(restarts).toEqual([]);
    await look(120);
    expect(restarts[0]).toContain('--renewed-for=0.3.0');
  });

  test.each([
    ['the same version', '0.1.0', []],
    ['none that can be told', undefined, []],
    ['one that starting again did not bring', '0.2.0', ['--renewed-for=0.2.0']],
  ])('that is %s changes nothing', async (_name, version, args) => {
    const { look, restarts } = running(() => version, { args });
    for (const at of [0, 60, 3600]) await look(at);
    expect(restarts).toEqual([]);
  });

  test.each([
    ['0.2.0\n', '0.2.0'],
    ['1.10.3-rc.1', '1.10.3-rc.1'],
    ['', undefined],
    ['--inspect', undefined],
    ['0.2.0 --no-sandbox', undefined],
  ])('is told by the first line: %j', (content, version) => {
    expect(versionIn(content)).toBe(version);
  });
});

describe('who may be looking', () => {
  test('the events of the system count over the first answer, and nothing known stays unknown', () => {
    const listeners = new Map<string, () => void>();
    let state: 'active' | 'idle' | 'locked' | 'unknown' = 'unknown';
    const changed = vi.fn();
    const presence = watchPresence(
      { getSystemIdleState: () => state, on: (event, listener) => void listeners.set(event, listener) },
      changed,
    );
    expect(presence()).toEqual({ locked: 'unknown', presenting: 'unknown' });
    state = 'locked';
    expect(presence().locked).toBe('yes');
    state = 'idle';
    expect(presence().locked).toBe('no');
    listeners.get('lock-screen')?.();
    expect(presence().locked).toBe('yes');
    listeners.get('unlock-screen')?.();
    expect(presence().locked).toBe('no');
    expect(changed).toHaveBeenCalledTimes(2);
  });
});

describe('the icon', () => {
  const argv = process.argv;
  const { platform } = process;
  let folder: string;
  const on = (name: NodeJS.Platform) => Object.defineProperty(process, 'platform', { value: name });
  beforeEach(() => {
    vi.resetModules();
    folder = mkdtempSync(join(tmpdir(), 'kits-icon-'));
    process.argv = [...argv, '--hidden', `--status-file=${join(folder, 'status.json')}`];
  });
  afterEach(() => {
    process.argv = argv;
    on(platform);
    rmSync(folder, { recursive: true });
  });
  async function main(name: NodeJS.Platform) {
    on(name);
    const fake = await import('../fakes/electron.ts');
    fake.seen.reset();
    fake.seen.userData = folder;
    fake.seen.languages = ['en-US'];
    await startMain();
    return fake;
  }

  test('on Linux it is made anew where a panel may have lost it: after sleep, and when somebody looks for it', async () => {
    const { seen, powerMonitor, appEvents } = await main('linux');
    powerMonitor.emit('resume');
    appEvents.emit('second-instance', {}, ['kits-agent-tray']);
    expect(seen.trays.map(({ destroyed }) => destroyed)).toEqual([true, true, false]);
    expect(seen.trays[2]?.tooltip).toBe('The state of your PC is being checked.');
    seen.trays[2]?.click('Help and report a suspicion');
    expect(seen.windows[0]?.options.title).toBe('KITS Agent');
  });

  test('on Windows it stays, so that its place beside the clock does; toasts find their way back by a fixed id', async () => {
    const { seen, powerMonitor, appEvents } = await main('win32');
    powerMonitor.emit('resume');
    appEvents.emit('second-instance', {}, ['kits-agent-tray']);
    expect(seen.trays.map(({ destroyed }) => destroyed)).toEqual([false]);
    const { toastActivatorClsid, appUserModelId } = await import('../../main/app-identity.ts');
    expect([seen.clsid, seen.appUserModelId]).toEqual([toastActivatorClsid, appUserModelId]);
    expect(toastActivatorClsid).toMatch(/^\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}$/);
    for (const window of seen.windows) window.destroy();
    appEvents.emit('toast-activated', { type: 'action', actionIndex: 0, arguments: 'x' });
    expect(seen.windows.at(-1)?.isDestroyed()).toBe(false);
  });
});
