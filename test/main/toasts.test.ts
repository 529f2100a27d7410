/** The main process with a stand-in for Electron: notices of the status file become toasts, and answers in the mailbox. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Notice } from '../../agent/contract/policy.ts';
import { type MailboxRequest, mailboxRequest, type Status } from '../../agent/contract/status.ts';
import { type Authority, authority, later, now } from '../agent/signing/authority.ts';
import { startMain } from '../fakes/electron/start-main.ts';

const argv = process.argv;
let folder: string;
let kits: Authority;

beforeEach(async () => {
  vi.resetModules();
  vi.useFakeTimers({ toFake: ['setInterval', 'Date'], now });
  folder = mkdtempSync(join(tmpdir(), 'kits-toasts-'));
  process.argv = [...argv, '--hidden', `--status-file=${join(folder, 'public', 'status.json')}`];
  kits = await authority();
  mkdirSync(join(folder, 'public'));
  writeFileSync(join(folder, 'public', 'requests'), '');
  const trust = { contractVersion: 1, writtenAt: now.toISOString(), trust: kits.trust, holder: kits.holder };
  writeFileSync(join(folder, 'public', 'trust.json'), JSON.stringify(trust));
});
afterEach(() => {
  vi.useRealTimers();
  process.argv = argv;
  rmSync(folder, { recursive: true });
});

async function publish(notices: readonly Notice[], change: Partial<Status> = {}): Promise<void> {
  const at = Date.now();
  const status: Status = {
    contractVersion: 1,
    writtenAt: new Date(at).toISOString(),
    validUntil: new Date(at + 365 * 86_400_000).toISOString(),
    agentVersion: '0.1.0',
    device: { hostname: 'pc-17', state: 'active' },
    overall: 'ok',
    verdicts: [],
    reporting: { waiting: 0 },
    notices: await Promise.all(notices.map((notice) => kits.signNotice(notice))),
    handledRequests: [],
    ...change,
  };
  writeFileSync(join(folder, 'public', 'status.json'), JSON.stringify(status));
}

async function start(prepare: (seen: typeof import('../fakes/electron.ts')['seen']) => void = () => undefined) {
  const fake = await import('../fakes/electron.ts');
  fake.seen.reset();
  fake.seen.userData = join(folder, 'user');
  prepare(fake.seen);
  await startMain();
  return fake;
}

const asked = (): MailboxRequest[] =>
  readFileSync(join(folder, 'public', 'requests'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => mailboxRequest.parse(JSON.parse(line)));
const kindsAsked = () => asked().map(({ kind }) => kind);
/** The next poll, and what it sets going. */
const poll = () => vi.advanceTimersByTimeAsync(15_000);

test('an urgent notice stands on the screen with its words and stays; a click opens the window at it', async () => {
  const notice = kits.noticeOf({ severity: 'urgent', mustAcknowledge: true });
  await publish([notice]);
  const { seen } = await start();
  const [toast] = seen.notifications;
  expect(toast?.options).toMatchObject({
    id: notice.id,
    title: 'KITS, dringend: Wartung am Freitag',
    body: notice.body.de,
    timeoutType: 'never',
    urgency: 'critical',
  });
  expect(toast?.options.actions?.map(({ text }) => text)).toEqual(['Zur Kenntnis genommen', 'Später']);
  toast?.emit('click');
  expect(seen.windows[0]?.url).toBe(`app://ui/index.html#notices/${notice.id}`);
  // Shown is not seen: the page says that, once somebody looks at it.
  expect(asked()).toEqual([]);
});

test('its buttons acknowledge it and put it off, and the toast goes', async () => {
  const first = kits.noticeOf({ severity: 'urgent', mustAcknowledge: true });
  const second = kits.noticeOf({ severity: 'urgent' });
  await publish([first, second]);
  const { seen } = await start();
  const toastOf = ({ id }: Notice) => seen.notifications.find(({ options }) => options.id === id)!;
  toastOf(first).press('Zur Kenntnis genommen');
  expect(asked()).toMatchObject([
    { kind: 'notice-seen', noticeId: first.id, issuedAt: first.issuedAt },
    { kind: 'notice-acknowledged', noticeId: first.id, issuedAt: first.issuedAt },
  ]);
  toastOf(second).press('Später');
  expect(asked().at(-1)).toMatchObject({
    kind: 'notice-deferred',
    noticeId: second.id,
    until: '2026-11-25T11:00:00.000Z',
  });
  expect(seen.notifications.every(({ closed }) => closed)).toBe(true);
  await poll();
  expect(seen.notifications).toHaveLength(2);
  vi.setSystemTime(new Date('2026-11-25T11:00:00Z'));
  await poll();
  await vi.waitFor(() => expect(seen.notifications).toHaveLength(3), 60_000);
  expect(seen.notifications[2]?.options.id).toBe(second.id);
  // Urgent and put off once: not again.
  expect(seen.notifications[2]?.options.actions).toEqual([]);
});

test('what is answered in the window takes its toast along', async () => {
  const [acknowledged, putOff] = [1, 2].map(() => kits.noticeOf({ severity: 'urgent', mustAcknowledge: true }));
  await publish([acknowledged!, putOff!]);
  const { seen, appEvents } = await start();
  appEvents.emit('second-instance', {}, ['kits-agent-tray']);
  const event = {
    sender: seen.windows[0]!.webContents,
    senderFrame: { parent: null, url: 'app://ui/index.html' },
  } as never;
  await seen.handlers.get('notice:acknowledge')!(event, {
    noticeId: acknowledged!.id,
    issuedAt: acknowledged!.issuedAt,
  });
  await seen.handlers.get('notice:defer')!(event, {
    noticeId: putOff!.id,
    issuedAt: putOff!.issuedAt,
    kind: 'one-hour',
  });
  await vi.waitFor(() => expect(seen.notifications.map(({ closed }) => closed)).toEqual([true, true]), 60_000);
  await poll();
  expect(seen.notifications).toHaveLength(2);
});

test('a long text or a link cannot be acknowledged without reading it', async () => {
  const change = { severity: 'urgent', mustAcknowledge: true } as const;
  await publish([
    kits.noticeOf({ ...change, body: { de: 'Lang. '.repeat(40) } }),
    kits.noticeOf({ ...change, links: ['https://kits.example.de/'] }),
    // The toast does not say with which name the answer goes.
    kits.noticeOf({ ...change, answers: 'named' }),
  ]);
  const { seen } = await start();
  expect(seen.notifications.map(({ options }) => options.actions?.map(({ text }) => text))).toEqual([
    ['Später'],
    ['Später'],
    ['Später'],
  ]);
});

test('anything but urgent shows no words where others may look on, and English to those who read it', async () => {
  await publish([kits.noticeOf({ title: { de: 'Vertraulich', en: 'Confidential' } })]);
  const { seen } = await start((state) => {
    state.languages = ['en-GB', 'de-DE'];
  });
  expect(seen.notifications[0]?.options).toMatchObject({ title: 'New notice from KITS', body: 'Click to read it.' });
  expect(JSON.stringify(seen.notifications[0]?.options)).not.toContain('Confidential');
  expect(seen.trays[0]?.menu).toContain('Notices (1)');
});

test('a locked screen shows an urgent notice neutrally, and its words after unlocking', async () => {
  const notice = kits.noticeOf({ severity: 'urgent' });
  await publish([notice]);
  const { seen, powerMonitor } = await start((state) => {
    state.idleState = 'locked';
  });
  expect(seen.notifications.map(({ options }) => options.title)).toEqual(['Neue Mitteilung von KITS']);
  // Whoever stands before a locked screen puts nothing off.
  expect(seen.notifications[0]?.options.actions).toEqual([]);
  seen.idleState = 'active';
  powerMonitor.emit('unlock-screen');
  await vi.waitFor(() => expect(seen.notifications).toHaveLength(2), 60_000);
  expect(seen.notifications[0]?.closed).toBe(true);
  expect(seen.notifications[1]?.options.title).toBe('KITS, dringend: Wartung am Freitag');
  expect(seen.notifications[1]?.options.actions?.map(({ text }) => text)).toEqual(['Später']);
});

test('recalled, replaced, ended or acknowledged: the toast is taken back', async () => {
  const [recalled, ended, kept] = [1, 2, 3].map(() => kits.noticeOf({ severity: 'urgent' }));
  const old = kits.noticeOf({ severity: 'urgent' });
  await publish([recalled!, ended!, kept!, old]);
  const { seen } = await start();
  expect(seen.notifications).toHaveLength(4);
  const recall = await kits.signNotice({ ...recalled!, recalled: true, issuedAt: later(-0.5) });
  // Replaced for fewer people: here the old one is simply gone.
  await publish([kept!], { recalls: [recall] });
  await poll();
  const open = () => seen.notifications.filter(({ closed }) => !closed).map(({ options }) => options.id);
  await vi.waitFor(() => expect(open()).toEqual([kept!.id]), 60_000);
  await publish([recalled!, kept!]);
  await poll();
  await vi.waitFor(() => expect(seen.trays[0]?.menu).toContain('Mitteilungen (1)'), 60_000);
  expect(seen.notifications).toHaveLength(4);
});

test.each([
  ['has no notifications', false],
  ['refuses to show it', true],
])('a system that %s: said to KITS once, and what is urgent opens the window', async (_name, supported) => {
  const urgent = kits.noticeOf({ severity: 'urgent' });
  await publish([urgent]);
  const { seen } = await start((state) => {
    state.notificationsSupported = supported;
  });
  if (supported) seen.notifications[0]?.emit('failed', {}, 'the notification platform is unavailable');
  expect(asked()).toMatchObject([{ kind: 'notice-not-shown', noticeId: urgent.id, issuedAt: urgent.issuedAt }]);
  expect(seen.windows.map(({ url }) => url)).toEqual([`app://ui/index.html#notices/${urgent.id}`]);
  await poll();
  await poll();
  expect(kindsAsked()).toEqual(['notice-not-shown']);
  expect(seen.notifications).toHaveLength(supported ? 1 : 0);
});

test('what one session said never hides the notice from another user of the same PC', async () => {
  const notice = kits.noticeOf({ severity: 'urgent', mustAcknowledge: true });
  await publish([notice]);
  const first = await start();
  first.seen.notifications[0]?.press('Zur Kenntnis genommen');
  const handledRequests = asked().map(({ requestId }) => requestId);
  await publish([notice], { handledRequests });
  vi.resetModules();
  const second = await start((state) => {
    state.userData = join(folder, 'another-user');
  });
  expect(second.seen.notifications.map(({ options }) => options.id)).toEqual([notice.id]);
  vi.resetModules();
  const firstAgain = await start();
  expect(firstAgain.seen.notifications).toEqual([]);
});

test('a notice that is forged, for others or over raises no toast, beside one that does', async () => {
  const [header, , signature] = (await kits.signNotice()).split('.');
  const body = Buffer.from(JSON.stringify(kits.noticeOf({ severity: 'urgent' }))).toString('base64url');
  const genuine = kits.noticeOf({ severity: 'urgent' });
  await publish([], {
    notices: [
      await kits.signNotice(genuine),
      `${header}.${body}.${signature}`,
      await kits.signNotice({ severity: 'urgent' }, kits.device),
      await kits.signNotice({ severity: 'urgent', audience: { municipality: kits.holder.device } }),
      await kits.signNotice({ severity: 'urgent', validFrom: later(-9), issuedAt: later(-9), validUntil: later(-1) }),
    ],
  });
  const { seen } = await start();
  await poll();
  expect(seen.notifications.map(({ options }) => options.id)).toEqual([genuine.id]);
});

test('a toast goes when its notice ends, though the service says nothing new', async () => {
  const validUntil = new Date(now.getTime() + 60_000).toISOString();
  await publish([kits.noticeOf({ severity: 'urgent', validUntil })]);
  const { seen } = await start();
  for (let looks = 0; looks < 3; looks += 1) await poll();
  expect(seen.notifications.map(({ shown, closed }) => [shown, closed])).toEqual([[1, false]]);
  await poll();
  await vi.waitFor(() => expect(seen.notifications.map(({ closed }) => closed)).toEqual([true]), 60_000);
});
