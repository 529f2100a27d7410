import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Status } from '../../agent/contract/status.ts';
import { judgeStatus } from '../../main/agent-link/read-status.ts';
import { stateIcon } from '../../main/tray/state-icon.ts';
import { trayView } from '../../main/tray/tray-view.ts';
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
    const view = trayView({ kind: 'running', status: statusOf() });
    expect(view.state).toBe('ok');
    expect(view.tooltip).toBe('KITS Agent: Ihr PC ist in Ordnung. Stand: 23.11.26, 10:39');
  });

  test('a silent service is offline, never green', () => {
    const view = trayView(judgeStatus(JSON.stringify(statusOf({ validUntil: '2026-11-23T09:00:00Z' })), now));
    expect(view.state).toBe('offline');
    expect(view.tooltip).toContain('läuft nicht');
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
    await import('../../main/index.ts');
    expect(fresh.sandboxed).toBe(true);
    expect(fresh.trays).toHaveLength(1);
    expect(fresh.trays[0]?.menu[0]).toBe('Ihr PC ist in Ordnung.');
    writeFileSync(join(folder, 'status.json'), JSON.stringify(statusOf({ overall: 'critical' })));
    await vi.advanceTimersByTimeAsync(15_000);
    await vi.waitFor(() => expect(fresh.trays[0]?.menu[0]).toBe('Ihr PC hat ein dringendes Problem.'));
  });

  test('a second instance ends without a second icon', async () => {
    const { seen: fresh } = await import('../fakes/electron.ts');
    fresh.hasLock = false;
    await import('../../main/index.ts');
    expect(fresh.quit).toBe(1);
    expect(fresh.trays).toHaveLength(0);
  });
});
