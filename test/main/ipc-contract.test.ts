import { describe, expect, test, vi } from 'vitest';
import { requestChannels } from '../../main/ipc/channels.ts';
import { type AppApi, type Handlers, requests, type View } from '../../main/ipc/contract.ts';
import { serve } from '../../main/ipc/serve.ts';
import { appOrigin, createFrameTrust } from '../../main/ipc/trusted-frame.ts';
import { ipcRendererEvents, seen } from '../fakes/electron.ts';

const view: View = {
  at: '2026-11-23T09:40:00.000Z',
  noticesAt: '2026-11-23T09:40:00.000Z',
  language: 'de',
  service: 'unreadable',
  notices: [],
  refusedNotices: 0,
  requests: [],
  mailboxReachable: true,
};
const id = '0a4b0f6e-6f0c-4a54-9d2e-3f1a5c7d9e10';

function start(isTrusted = () => true, change: Partial<Handlers> = {}) {
  const registered = new Map<string, (event: never, value: unknown) => Promise<unknown>>();
  const warnings: string[] = [];
  const acknowledge = vi.fn(async () => undefined);
  const none = async () => undefined;
  serve({
    ipcMain: { handle: (channel, handler) => void registered.set(channel, handler as never) },
    handlers: {
      'view:get': async () => view,
      'check:start': none,
      'notice:seen': none,
      'notice:acknowledge': acknowledge,
      'notice:defer': none,
      'link:open': none,
      'language:choose': none,
      'suspicion:report': none,
      'sent:list': async () => [],
      'sent:get': none,
      'sent:export': none,
      ...change,
    },
    isTrusted,
    warn: (line) => warnings.push(line),
  });
  return {
    channels: () => [...registered.keys()],
    invoke: (channel: string, value: unknown) => registered.get(channel)!({} as never, value),
    acknowledge,
    warnings,
  };
}

describe('the contract of the window', () => {
  test('is served in full and nothing beside it', () => {
    expect(start().channels().sort()).toEqual([...requestChannels].sort());
    expect(Object.keys(requests).sort()).toEqual([...requestChannels].sort());
  });

  test('answers a request that fits', async () => {
    await expect(start().invoke('view:get', undefined)).resolves.toEqual(view);
  });

  test.each([
    ['another type', 'notice:acknowledge', { noticeId: 7 }],
    ['no id', 'notice:acknowledge', { noticeId: '../status.json', issuedAt: view.at }],
    ['no wording', 'notice:acknowledge', { noticeId: id }],
    ['nothing', 'notice:acknowledge', undefined],
    ['a path for a number', 'sent:get', { sequence: '1' }],
    ['a number no report has', 'sent:export', { sequence: 0 }],
    [
      'a time of its own for putting off',
      'notice:defer',
      { noticeId: id, issuedAt: view.at, until: '2099-01-01T00:00:00Z' },
    ],
    ['another language', 'language:choose', { language: '../de' }],
    ['an endless address', 'link:open', { noticeId: id, url: `https://${'x'.repeat(500)}` }],
    ['an endless text', 'suspicion:report', { text: 'x'.repeat(2001) }],
    ['an empty text', 'suspicion:report', { text: '' }],
    ['something where nothing belongs', 'check:start', { force: true }],
  ])('a malformed input never reaches the handler: %s', async (_name, channel, value) => {
    const handler = vi.fn(async () => undefined);
    const { invoke } = start(undefined, { [channel]: handler });
    await expect(invoke(channel, value)).rejects.toThrow(channel);
    expect(handler).not.toHaveBeenCalled();
  });

  test('the window gives no name of its own', async () => {
    const { invoke, acknowledge } = start();
    const wording = { noticeId: id, issuedAt: view.at };
    await invoke('notice:acknowledge', { ...wording, statedName: 'b.schmidt' });
    expect(acknowledge).toHaveBeenCalledExactlyOnceWith(wording);
  });

  test('an answer that does not fit never reaches the window', async () => {
    const { invoke } = start(undefined, { 'view:get': async () => ({ ...view, service: 'fine' }) as never });
    await expect(invoke('view:get', undefined)).rejects.toThrow('view:get');
  });

  test('an untrusted frame is refused before anything else', async () => {
    const { invoke, acknowledge, warnings } = start(() => false);
    await expect(invoke('notice:acknowledge', { noticeId: id })).rejects.toThrow('refused');
    expect(acknowledge).not.toHaveBeenCalled();
    expect(warnings).toEqual(['refused notice:acknowledge from an untrusted frame']);
  });

  test('a fault of the main process tells the window no path and no stack', async () => {
    const failing = async () => {
      throw new Error('EACCES: /var/lib/kits-agent/private/key');
    };
    const { invoke } = start(undefined, { 'view:get': failing });
    const error: unknown = await invoke('view:get', undefined).catch((caught: unknown) => caught);
    expect((error as Error).message).toBe('view:get: it failed');
  });
});

describe('who may ask', () => {
  const own = 'app://ui/index.html';
  test.each([
    ['our own main frame', { parent: null, url: own }, 1, true],
    ['a child frame', { parent: {}, url: own }, 1, false],
    ['a look-alike host', { parent: null, url: 'app://ui.evil/index.html' }, 1, false],
    ['another scheme', { parent: null, url: 'https://ui/index.html' }, 1, false],
    ['no address at all', { parent: null, url: '' }, 1, false],
    ['another window', { parent: null, url: own }, 2, false],
    ['a frame that is gone', null, 1, false],
  ])('%s', (_name, senderFrame, sender, expected) => {
    const trust = createFrameTrust();
    trust.add({ id: 1, once: vi.fn() });
    expect(trust.isTrusted({ sender: { id: sender }, senderFrame } as never)).toBe(expected);
  });

  test('a window that is gone is a stranger: its number may come back with another', () => {
    const trust = createFrameTrust();
    const once = vi.fn();
    trust.add({ id: 1, once });
    const asked = { sender: { id: 1 }, senderFrame: { parent: null, url: `${appOrigin}/index.html` } } as never;
    expect(trust.isTrusted(asked)).toBe(true);
    expect(once).toHaveBeenCalledExactlyOnceWith('destroyed', expect.any(Function));
    once.mock.calls[0]?.[1]();
    expect(trust.isTrusted(asked)).toBe(false);
  });
});

describe('the preload', () => {
  test('exposes one object that forwards names of the contract and hides the event', async () => {
    seen.reset();
    await import('../../main/preload.ts');
    expect([...seen.exposed.keys()]).toEqual(['kits']);
    const api = seen.exposed.get('kits') as AppApi;
    expect(Object.keys(api).sort()).toEqual(['on', 'request']);
    expect(await api.request('sent:get', { sequence: 3 })).toEqual({ channel: 'sent:get', args: [{ sequence: 3 }] });
    await expect(api.request('shell:open' as never, undefined as never)).rejects.toThrow('unknown channel');
    expect(() => api.on('ipc' as never, () => undefined)).toThrow('unknown event');

    const listener = vi.fn();
    const end = api.on('view:changed', listener);
    ipcRendererEvents.emit('view:changed', { sender: 'the way into the main process' }, view);
    expect(listener.mock.calls).toEqual([[view]]);
    end();
    ipcRendererEvents.emit('view:changed', {}, view);
    expect(listener).toHaveBeenCalledOnce();
  });
});
