import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Status } from '../../agent/contract/status.ts';
import { trayIcons } from '../../build/tray-icons.ts';
import { judgeStatus } from '../../main/agent-link/read-status.ts';
import { answerStart, claimSession } from '../../main/single-instance.ts';
import { stateIcon, trayThemes } from '../../main/tray/state-icon.ts';
import { sinceWords, trayView } from '../../main/tray/tray-view.ts';
import { startMain } from '../fakes/electron/start-main.ts';
import { seen } from '../fakes/electron.ts';

const now = new Date('2026-11-23T09:40:00Z');

function statusOf(change: Partial<Status> = {}): Status {
  return {
    contractVersion: 1,
    writtenAt: '2026-11-23T09:39:00Z',
    validUntil: '2026-11-23T09:59:00Z',
    agentVersion: '0.1.0',
    device: { hostname: 'pc-17', state: 'active' },
    overall: 'ok',
    verdicts: [],
    reporting: { waiting: 0, lastCollectedAt: '2026-11-23T09:39:00Z' },
    notices: [],
    handledRequests: [],
    ...change,
  };
}

describe('the status file', () => {
  test('counts while it is young', () => {
    expect(judgeStatus(JSON.stringify(statusOf()), now).kind).toBe('running');
  });

  test.each([
    ['the last valid instant', '2026-11-23T09:40:00Z', 'running'],
    ['a second later', '2026-11-23T09:39:59Z', 'silent'],
  ])('%s', (_name, validUntil, kind) => {
    expect(judgeStatus(JSON.stringify(statusOf({ validUntil })), now).kind).toBe(kind);
  });

  test('from the future is not believed', () => {
    const future = statusOf({ writtenAt: '2026-11-24T09:40:00Z', validUntil: '2026-11-24T10:00:00Z' });
    expect(judgeStatus(JSON.stringify(future), now).kind).toBe('silent');
  });

  test('of a newer service asks for a restart', () => {
    expect(judgeStatus(JSON.stringify({ ...statusOf(), contractVersion: 2 }), now).kind).toBe('newer');
  });

  test.each(['', '{', 'null', '[]', '{"contractVersion":1}', JSON.stringify({ ...statusOf(), overall: 'green' })])(
    'that says %j is unreadable',
    (content) => {
      expect(judgeStatus(content, now).kind).toBe('unreadable');
    },
  );
});

describe('the tray', () => {
  test('shows the answer first and its age', () => {
    const view = trayView({ kind: 'running', status: statusOf() }, now);
    expect(view.state).toBe('ok');
    expect(view.tooltip).toBe('Ihr PC ist in Ordnung.\nStand: 23.11.26, 10:39');
  });

  test('names the worst reason and its age', () => {
    const verdict = (ruleId: string, change: Partial<Status['verdicts'][number]>): Status['verdicts'][number] => ({
      ruleId,
      verdict: 'not-met',
      severity: 'warning',
      reason: 'late',
      values: {},
      evidence: [],
      title: { de: ruleId, en: ruleId },
      explanation: { de: '-', en: '-' },
      ...change,
    });
    const verdicts = [
      verdict('Nicht lesbar', { verdict: 'unknown', severity: 'critical' }),
      verdict('Neustart', { since: '2026-11-01T08:00:00Z' }),
      verdict('Erfüllt', { verdict: 'met', severity: 'critical' }),
      verdict('Sicherung', { severity: 'critical', since: '2026-11-14T08:00:00Z' }),
      verdict('Virenschutz', { severity: 'critical', since: '2026-11-20T08:00:00Z' }),
    ];
    const running = { kind: 'running', status: statusOf({ overall: 'critical', verdicts }) } as const;
    expect(trayView(running, now).tooltip).toBe('Ihr PC hat ein dringendes Problem.\nSicherung (seit 14.11., 9 Tage)');
    expect(trayView(running, now, 'en').tooltip).toBe(
      'Your PC has an urgent problem.\nSicherung (since 14/11, 9 days)',
    );
    const long = { ...running, status: statusOf({ overall: 'critical', verdicts: [verdict('x'.repeat(200), {})] }) };
    expect(trayView(long, now).tooltip).toHaveLength(127);
  });

  test.each([
    ['nobody knows', undefined, undefined],
    ['nonsense', 'neulich', undefined],
    ['the future', '2026-11-24T09:40:00Z', undefined],
    ['an hour ago', '2026-11-23T08:40:00Z', 'seit heute'],
    ['a day ago', '2026-11-22T08:40:00Z', 'seit 22.11., 1 Tag'],
  ])('says since when: %s', (_name, since, words) => {
    expect(sinceWords(since, now)).toBe(words);
  });

  test('a PC that is waking up is being checked, neither green nor an alarm', () => {
    expect(trayView({ kind: 'waking' }, now)).toEqual({
      state: 'unknown',
      tooltip: 'Der Zustand Ihres PCs wird geprüft.',
      lines: ['Der Zustand Ihres PCs wird geprüft.'],
    });
  });

  test('a silent service is offline, never green', () => {
    const view = trayView(judgeStatus(JSON.stringify(statusOf({ validUntil: '2026-11-23T09:00:00Z' })), now), now);
    expect(view.state).toBe('offline');
    expect(view.tooltip).toContain('läuft nicht');
  });

  test('each state has a shape of its own in every theme, with soft edges and colours no brighter than their alpha', () => {
    for (const theme of trayThemes) {
      const outlines = (['ok', 'attention', 'critical', 'unknown', 'offline'] as const).map((state) => {
        const bitmap = stateIcon(state, 32, theme);
        for (let at = 0; at < bitmap.length; at += 4) {
          expect(Math.max(...bitmap.subarray(at, at + 3))).toBeLessThanOrEqual(bitmap[at + 3]!);
        }
        return Buffer.from(bitmap.filter((_, index) => index % 4 === 3)).toString('hex');
      });
      expect(new Set(outlines).size).toBe(5);
      expect(outlines.some((alphas) => /(?!00|ff)[0-9a-f]{2}/.test(alphas))).toBe(true);
    }
  });

  test('the icons as files are PNG of the size in their name, and the same each time', () => {
    const files = trayIcons();
    expect(files.size).toBe(4 * 5 * 5);
    for (const [name, content] of files) {
      expect(content.subarray(1, 4).toString()).toBe('PNG');
      expect(content.readUInt32BE(16), name).toBe(Number(/-(\d+)\.png$/.exec(name)?.[1]));
    }
    expect(trayIcons()).toEqual(files);
  });

  test('each state has a shape of its own', () => {
    const shapes = (['ok', 'attention', 'critical', 'unknown', 'offline'] as const).map((state) =>
      Array.from(stateIcon(state, 16).filter((_, index) => index % 4 === 3)).join(),
    );
    expect(new Set(shapes).size).toBe(5);
  });
});

describe('the main process with a stand-in for Electron', () => {
  const argv = process.argv;
  let folder: string;

  beforeEach(() => {
    seen.reset();
    vi.resetModules();
    vi.useFakeTimers({ toFake: ['setInterval', 'Date'], now });
    folder = mkdtempSync(join(tmpdir(), 'kits-tray-'));
    seen.userData = folder;
    process.argv = [...argv, `--status-file=${join(folder, 'status.json')}`];
  });
  afterEach(() => {
    vi.useRealTimers();
    process.argv = argv;
    rmSync(folder, { recursive: true });
  });

  test('is sandboxed and shows the status of the service, also when it changes', async () => {
    writeFileSync(join(folder, 'status.json'), JSON.stringify(statusOf()));
    const { seen: fresh } = await import('../fakes/electron.ts');
    fresh.userData = folder;
    await startMain();
    expect(fresh.sandboxed).toBe(true);
    expect(fresh.trays).toHaveLength(1);
    expect(fresh.trays[0]?.menu[0]).toBe('Ihr PC ist in Ordnung.');
    writeFileSync(join(folder, 'status.json'), JSON.stringify(statusOf({ overall: 'critical' })));
    await vi.advanceTimersByTimeAsync(15_000);
    await vi.waitFor(() => expect(fresh.trays[0]?.menu[0]).toBe('Ihr PC hat ein dringendes Problem.'), 60_000);
  });

  test('opens its window on demand, locked down, and lets go of it when it is closed', async () => {
    writeFileSync(join(folder, 'status.json'), JSON.stringify(statusOf()));
    process.argv.push('--hidden');
    const { seen: fresh, appEvents } = await import('../fakes/electron.ts');
    fresh.userData = folder;
    await startMain();
    expect(fresh.windows).toHaveLength(0);
    expect(fresh.schemes).toEqual([{ scheme: 'app', privileges: { standard: true, secure: true } }]);

    fresh.trays[0]?.click('Mitteilungen');
    const window = fresh.windows[0]!;
    expect(window.url).toBe('app://ui/index.html#notices');
    expect(window.options.webPreferences).toMatchObject({
      contextIsolation: true,
      nodeIntegration: false,
      sandbox: true,
      webSecurity: true,
      webviewTag: false,
    });
    for (const way of ['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview']) {
      const preventDefault = vi.fn();
      window.webContents.emit(way, { preventDefault });
      expect(preventDefault, way).toHaveBeenCalledOnce();
    }
    expect(window.webContents.opens?.({ url: 'https://example.org/' } as never)).toEqual({ action: 'deny' });

    const ask = fresh.handlers.get('view:get')!;
    const frame = { parent: null, url: 'app://ui/index.html' };
    await expect(ask({ sender: window.webContents, senderFrame: frame } as never)).resolves.toMatchObject({
      service: 'running',
      status: { overall: 'ok' },
    });
    window.destroy();
    await expect(ask({ sender: window.webContents, senderFrame: frame } as never)).rejects.toThrow('refused');

    appEvents.emit('second-instance', {}, ['kits-agent-tray']);
    expect(fresh.windows).toHaveLength(2);
    appEvents.emit('second-instance', {}, ['kits-agent-tray']);
    expect(fresh.windows).toHaveLength(2);
  });

  test('no window comes up because an installer or a logon starts it once more', async () => {
    process.argv.push('--hidden');
    const { seen: fresh, appEvents } = await import('../fakes/electron.ts');
    fresh.userData = folder;
    await startMain();
    appEvents.emit('second-instance', {}, ['kits-agent-tray', '--hidden']);
    expect(fresh.windows).toHaveLength(0);
  });

  test('denies every permission and every address but its own', async () => {
    const { seen: fresh } = await import('../fakes/electron.ts');
    fresh.userData = folder;
    await startMain();
    const granted = vi.fn();
    fresh.session.request?.({} as never, 'notifications', granted, {} as never);
    expect(granted).toHaveBeenCalledWith(false);
    expect(fresh.session.check?.(null, 'media', 'app://ui', {} as never)).toBe(false);
    const isCancelled = (url: string): boolean | undefined => {
      let cancel: boolean | undefined;
      fresh.session.beforeRequest?.({ url }, (answer) => {
        cancel = answer.cancel;
      });
      return cancel;
    };
    expect(isCancelled('app://ui/index.js')).toBe(false);
    for (const url of ['https://kits.example.de/', 'http://127.0.0.1/', 'file:///etc/passwd', 'app://ui.evil/x']) {
      expect(isCancelled(url), url).toBe(true);
    }
  });

  test('a second instance ends without a second icon', async () => {
    const { seen: fresh } = await import('../fakes/electron.ts');
    fresh.userData = folder;
    fresh.hasLock = false;
    fresh.refused = answerStart;
    await startMain();
    expect(fresh.quit).toBe(1);
    expect(fresh.trays).toHaveLength(0);
  });

  test('each session of a user who is signed in twice has a tray of its own', async () => {
    const asked: string[] = [];
    const take = (wanted: string): boolean => {
      asked.push(wanted);
      return wanted !== folder;
    };
    expect(await claimSession({ folder, take, patienceMs: 100 })).toBe(true);
    expect(asked).toEqual([folder, join(folder, 'session-2')]);
  });

  test('a further start in a session is answered by the tray that runs there', async () => {
    const { seen: fresh, appEvents } = await import('../fakes/electron.ts');
    fresh.userData = folder;
    await startMain();
    const take = (_wanted: string, data: unknown): boolean => {
      appEvents.emit('second-instance', {}, ['kits-agent-tray', '--hidden'], '/', data);
      return false;
    };
    expect(await claimSession({ folder, take })).toBe(false);
    expect(existsSync(join(folder, 'session-2'))).toBe(false);
  });
});
