import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TrustFile } from '../../agent/contract/keys.ts';
import { mailboxRequest, type Status } from '../../agent/contract/status.ts';
import { accountName } from '../../main/agent-link/account-name.ts';
import { createAgentLink } from '../../main/agent-link/agent-link.ts';
import { createOwnRequests, maxWaiting } from '../../main/agent-link/own-requests.ts';
import { readTrust, verifiedNotices } from '../../main/agent-link/read-notices.ts';
import { createNoticeMemory } from '../../main/notices/notice-memory.ts';
import { type Authority, authority, later, now } from '../agent/signing/authority.ts';

const id = '0a4b0f6e-6f0c-4a54-9d2e-3f1a5c7d9e10';
let folder: string;
let time: Date;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kits-link-'));
  time = new Date('2026-11-23T09:40:00Z');
});
afterEach(() => rmSync(folder, { recursive: true }));

const mailbox = () => join(folder, 'requests');
const memory = () => join(folder, 'own', 'requests.json');
const warnings: string[] = [];
const own = () =>
  createOwnRequests({ mailbox: mailbox(), memory: memory(), now: () => time, warn: (line) => warnings.push(line) });
const pass = (minutes: number) => {
  time = new Date(time.getTime() + minutes * 60_000);
};
const lines = () =>
  readFileSync(mailbox(), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => mailboxRequest.parse(JSON.parse(line)));

describe('what a person asks of the service', () => {
  test('is one line of the mailbox, sent again under the same id until the service names it', () => {
    writeFileSync(mailbox(), '');
    const requests = own();
    requests.ask({ kind: 'notice-acknowledged', noticeId: id });
    const [first] = lines();
    expect(first).toMatchObject({ kind: 'notice-acknowledged', noticeId: id });
    requests.settle([]);
    expect(lines()).toHaveLength(1);
    pass(1);
    requests.settle([]);
    pass(1);
    requests.settle([]);
    expect(lines()).toEqual([first, first]);
    pass(1);
    requests.settle([]);
    expect(lines()).toHaveLength(3);
    expect(requests.list()[0]?.handled).toBe(false);
    expect(requests.settle([first!.requestId])).toBe(true);
    expect(requests.list()[0]?.handled).toBe(true);
    pass(600);
    requests.settle([]);
    expect(lines()).toHaveLength(3);
  });

  test('outlives a restart of the tray, a mailbox that is missing, and a clock set back', () => {
    const before = own();
    before.ask({ kind: 'report-suspicion', text: 'Eine seltsame E-Mail\nmit zwei Zeilen' });
    expect(before.mailboxReachable()).toBe(false);
    expect(existsSync(mailbox())).toBe(false);
    writeFileSync(mailbox(), '');
    pass(-600);
    const after = own();
    after.settle([]);
    expect(after.mailboxReachable()).toBe(true);
    expect(lines()).toMatchObject([{ kind: 'report-suspicion', text: 'Eine seltsame E-Mail\nmit zwei Zeilen' }]);
  });

  test('is a line of its own behind what somebody left unfinished', () => {
    writeFileSync(mailbox(), '{"requestId":"half');
    own().ask({ kind: 'check-now' });
    const [half, line] = readFileSync(mailbox(), 'utf8').split('\n');
    expect(half).toBe('{"requestId":"half');
    expect(mailboxRequest.parse(JSON.parse(line!)).kind).toBe('check-now');
  });

  test('goes its way where nothing can be kept, and is refused where it cannot go either', () => {
    mkdirSync(memory(), { recursive: true });
    writeFileSync(mailbox(), '');
    const requests = own();
    requests.ask({ kind: 'report-suspicion', text: 'Seltsam' });
    pass(2);
    // Sent again, and not a word of it on the disk: the status is shown all the same.
    expect(requests.settle([])).toBe(true);
    expect(lines()).toHaveLength(2);
    expect(warnings.splice(0)).toHaveLength(2);
    rmSync(mailbox());
    expect(() => requests.ask({ kind: 'report-suspicion', text: 'Noch seltsamer' })).toThrow('neither be handed over');
    expect(requests.list()).toHaveLength(1);
    warnings.length = 0;
  });

  test('is not doubled by impatience', () => {
    writeFileSync(mailbox(), '');
    const requests = own();
    for (let click = 0; click < 5; click += 1) {
      requests.ask({ kind: 'check-now' });
      requests.ask({ kind: 'notice-seen', noticeId: id });
    }
    expect(lines().map(({ kind }) => kind)).toEqual(['check-now', 'notice-seen']);
  });

  test('a check nobody took up within the hour is given up, an acknowledgement never', () => {
    writeFileSync(mailbox(), '');
    const requests = own();
    requests.ask({ kind: 'check-now' });
    requests.ask({ kind: 'notice-acknowledged', noticeId: id });
    pass(60 * 24 * 40);
    requests.settle([]);
    expect(requests.list().map(({ kind }) => kind)).toEqual(['notice-acknowledged']);
  });

  test('is given up when its notice is gone or has another wording, and kept while nothing is known of notices', () => {
    writeFileSync(mailbox(), '');
    const requests = own();
    const issuedAt = '2026-11-23T08:00:00.000Z';
    requests.ask({ kind: 'notice-acknowledged', noticeId: id, issuedAt });
    requests.ask({ kind: 'report-suspicion', text: 'bleibt' });
    requests.settle([]);
    requests.settle([], [{ id, issuedAt }]);
    expect(requests.list()).toHaveLength(2);
    expect(requests.isSaid('notice-acknowledged', { id, issuedAt })).toBe(true);
    const correction = { id, issuedAt: '2026-11-23T09:00:00.000Z' };
    expect(requests.isSaid('notice-acknowledged', correction)).toBe(false);
    requests.settle([], [correction]);
    expect(requests.list().map(({ kind }) => kind)).toEqual(['report-suspicion']);
    requests.ask({ kind: 'notice-acknowledged', noticeId: id, issuedAt: correction.issuedAt });
    const { requestId } = lines().at(-1)!;
    // Taken on by the service: that stays said, also when the notice has ended.
    requests.settle([requestId], []);
    requests.settle([], []);
    expect(requests.isSaid('notice-acknowledged', correction)).toBe(true);
  });

  test('is bounded', () => {
    writeFileSync(mailbox(), '');
    const requests = own();
    for (let count = 0; count < maxWaiting; count += 1) requests.ask({ kind: 'report-suspicion', text: `${count}` });
    expect(() => requests.ask({ kind: 'report-suspicion', text: 'noch eine' })).toThrow('too many requests wait');
    const about = { kind: 'notice-acknowledged', noticeId: id, issuedAt: later(0) } as const;
    requests.ask(about);
    expect(requests.isSaid(about.kind, { id, issuedAt: later(0) })).toBe(true);
  });

  test.each(['', '{', '[]', '{"entries":[{"request":{"kind":"format-disk"}}]}'])(
    'starts anew from a memory that says %j',
    (content) => {
      mkdirSync(join(folder, 'own'));
      writeFileSync(memory(), content);
      expect(own().list()).toEqual([]);
    },
  );

  test('is for the eyes of its user alone', () => {
    writeFileSync(mailbox(), '');
    own().ask({ kind: 'report-suspicion', text: 'vertraulich' });
    expect(statSync(memory()).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'own')).mode & 0o777).toBe(0o700);
  });
});

describe('a notice is verified again before it is shown', () => {
  let kits: Authority;
  let trust: TrustFile;
  beforeEach(async () => {
    kits = await authority();
    trust = { contractVersion: 1, writtenAt: now.toISOString(), trust: kits.trust, holder: kits.holder };
  });

  const remembering = () => createNoticeMemory(join(folder, 'own', 'notices.json'), () => undefined);
  const verified = async (signed: readonly string[], keys: TrustFile | undefined, at = now) => {
    const { notices, refused } = await verifiedNotices(signed, keys, at, remembering());
    return { notices, refused };
  };

  test('genuine ones in the order of their urgency', async () => {
    const signed = await Promise.all(
      (['info', 'urgent', 'warning'] as const).map((severity) => kits.signNotice({ severity })),
    );
    const { notices, refused } = await verified(signed, trust);
    expect(notices.map(({ severity }) => severity)).toEqual(['urgent', 'warning', 'info']);
    expect(refused).toBe(0);
  });

  test('of the same urgency the one that began last first, in whatever order they lie there', async () => {
    const signed = await Promise.all([-3, -1, -2].map((days) => kits.signNotice({ validFrom: later(days) })));
    for (const order of [signed, signed.toReversed()]) {
      const { notices } = await verified(order, trust);
      expect(notices.map(({ validFrom }) => validFrom)).toEqual([later(-1), later(-2), later(-3)]);
    }
  });

  test('never what is forged, for others, expired, from the future, or no notice at all', async () => {
    const genuine = await kits.signNotice();
    const [header, , signature] = genuine.split('.');
    const forgedBody = Buffer.from(JSON.stringify(kits.noticeOf({ severity: 'urgent' }))).toString('base64url');
    const signed = [
      `${header}.${forgedBody}.${signature}`,
      await kits.signNotice({}, kits.device),
      await kits.signNotice({}, kits.server),
      await kits.signNotice({ audience: { municipality: id } }),
      await kits.signNotice({ issuedAt: later(2), validFrom: later(2) }),
      await kits.signPolicy(),
      'a.b.c',
    ];
    expect(await verified(signed, trust)).toEqual({ notices: [], refused: signed.length });
    // Nothing is wrong with one that has run out: nobody is warned of it.
    const over = await kits.signNotice({ issuedAt: later(-9), validFrom: later(-9), validUntil: later(-1) });
    expect(await verified([over], trust)).toEqual({ notices: [], refused: 0 });
  });

  test('nor what was recalled or is not yet due; without keys nothing is shown', async () => {
    const signed = [await kits.signNotice({ recalled: true }), await kits.signNotice({ validFrom: later(1) })];
    expect(await verified(signed, trust)).toEqual({ notices: [], refused: 0 });
    expect(await verified([await kits.signNotice()], undefined)).toEqual({ notices: [], refused: 1 });
  });

  test.each(['', '{}', 'null'])('keys that say %j are none', async (content) => {
    writeFileSync(join(folder, 'trust.json'), content);
    expect(await readTrust(join(folder, 'trust.json'))).toBeUndefined();
  });
});

test('keys are read from a file as long as any can be, and from no longer one', async () => {
  const { trust, holder } = await authority();
  const known: TrustFile = { contractVersion: 1, writtenAt: now.toISOString(), trust, holder };
  const file = join(folder, 'trust.json');
  writeFileSync(file, JSON.stringify(known).padEnd(256 * 1024));
  expect(await readTrust(file)).toEqual(known);
  writeFileSync(file, JSON.stringify(known).padEnd(256 * 1024 + 1));
  expect(await readTrust(file)).toBeUndefined();
});

describe('what the window may do with a notice', () => {
  const linked = 'https://kits.example.de/neustart';
  async function windowOf(
    change: Parameters<Authority['noticeOf']>[0] = {},
    hosts: string[] = [],
    name: string | null = 'k.mueller',
  ) {
    const kits = await authority();
    const notice = kits.noticeOf({ links: [linked, 'https://evil.example/'], ...change });
    time = now;
    writeFileSync(
      join(folder, 'trust.json'),
      JSON.stringify({ contractVersion: 1, writtenAt: later(0), trust: kits.trust, holder: kits.holder }),
    );
    const status: Status = {
      contractVersion: 1,
      writtenAt: later(0),
      validUntil: later(9),
      agentVersion: '0.1.0',
      device: { hostname: 'pc-17', state: 'active' },
      overall: 'ok',
      verdicts: [],
      reporting: { waiting: 0 },
      notices: [await kits.signNotice(notice)],
      linkHosts: hosts,
      handledRequests: [],
    };
    const publish = (more: Partial<Status> = {}) =>
      writeFileSync(join(folder, 'status.json'), JSON.stringify({ ...status, ...more }));
    publish();
    writeFileSync(mailbox(), '');
    const opened: string[] = [];
    const link = createAgentLink({
      publicDir: folder,
      userDir: join(folder, 'own'),
      now: () => time,
      saveFile: async () => undefined,
      openLink: async (url) => void opened.push(url),
      accountName: name ?? undefined,
      systemLanguages: ['fr-FR', 'en-GB', 'de-DE'],
      asked: () => undefined,
      warn: () => undefined,
    });
    return { link, notice, opened, publish };
  }

  test.each([
    ['three hours behind', -3],
    ['three hours ahead', 3],
    ['a year behind', -365 * 24],
  ])('a clock %s changes nothing about it: the server says what time it is', async (_, off) => {
    const inHours = (count: number): string => later(count / 24);
    const said = { severity: 'warning', validFrom: inHours(-0.1), validUntil: inHours(48) } as const;
    const { link, notice, publish } = await windowOf(said);
    publish({ writtenAt: inHours(off), validUntil: inHours(off + 9), serverTime: inHours(0) });
    time = new Date(inHours(off));
    const { view } = await link.refresh();
    expect(view).toMatchObject({ refusedNotices: 0, noticesAt: inHours(0), notices: [{ id: notice.id }] });
    expect(view.notices[0]?.deferralChoices[0]).toEqual({ kind: 'one-hour', until: inHours(1) });
    await link.handlers['notice:defer']({ noticeId: notice.id, issuedAt: notice.issuedAt, kind: 'one-hour' });
    const deferredUntil = async () => (await link.refresh()).view.notices[0]?.deferredUntil;
    expect(await deferredUntil()).toBe(inHours(1));
    // Put right meanwhile: an hour is an hour all the same.
    publish({ writtenAt: inHours(0.5), validUntil: inHours(9), serverTime: inHours(0.5) });
    time = new Date(inHours(0.9));
    expect(await deferredUntil()).toBe(inHours(1));
    time = new Date(inHours(1));
    expect(await deferredUntil()).toBeUndefined();
    time = new Date(inHours(48));
    publish({ writtenAt: inHours(48), validUntil: inHours(49), serverTime: inHours(48) });
    expect((await link.refresh()).view).toMatchObject({ refusedNotices: 0, notices: [] });
  });

  test('open its links on hosts the policy names, and no other, whatever the window asks', async () => {
    const { link, notice, opened } = await windowOf({}, ['kits.example.de']);
    const { view } = await link.refresh();
    expect(view.notices[0]?.openable).toEqual([linked]);
    await link.handlers['link:open']({ noticeId: notice.id, url: linked });
    for (const [noticeId, url] of [
      [notice.id, 'https://evil.example/'],
      [notice.id, 'https://kits.example.de/anderswo'],
      [id, linked],
    ] as const) {
      await expect(link.handlers['link:open']({ noticeId, url })).rejects.toThrow('may not be opened');
    }
    expect(opened).toEqual([linked]);
  });

  test('open nothing while no policy names a host', async () => {
    const { link, notice, opened } = await windowOf();
    await expect(link.handlers['link:open']({ noticeId: notice.id, url: linked })).rejects.toThrow('may not be opened');
    expect(opened).toEqual([]);
  });

  test('put it off as often as it may be, for a time of ours and not of the window, and never past its end', async () => {
    const { link, notice } = await windowOf({ severity: 'warning' });
    const defer = () =>
      link.handlers['notice:defer']({ noticeId: notice.id, issuedAt: notice.issuedAt, kind: 'one-hour' });
    for (const hour of [11, 12, 13]) {
      await defer();
      const { view } = await link.refresh();
      expect(view.notices[0]?.deferredUntil).toBe(`2026-11-25T${hour}:00:00.000Z`);
      time = new Date(`2026-11-25T${hour}:00:00Z`);
      expect((await link.refresh()).view.notices[0]).not.toHaveProperty('deferredUntil');
    }
    expect((await link.refresh()).view.notices[0]?.deferralChoices).toEqual([]);
    await expect(defer()).rejects.toThrow('cannot be put off');
    // Sent again until the service takes them on.
    expect(new Set(lines().map(({ requestId }) => requestId)).size).toBe(3);
  });

  test.each([
    ['has to be acknowledged', true, 'notice:acknowledge'],
    ['is only to be read', false, 'notice:seen'],
  ] as const)(
    'one that %s is open until that is done, and not while it is put off',
    async (_, mustAcknowledge, done) => {
      const { link, notice } = await windowOf({ mustAcknowledge, severity: 'warning' });
      const wording = { noticeId: notice.id, issuedAt: notice.issuedAt };
      const isOpen = async () => (await link.refresh()).view.notices[0]?.isOpen;
      expect(await isOpen()).toBe(true);
      await link.handlers['notice:defer']({ ...wording, kind: 'one-hour' });
      expect(await isOpen()).toBe(false);
      time = new Date(later(1 / 24));
      expect(await isOpen()).toBe(true);
      if (mustAcknowledge) await link.handlers['notice:seen'](wording);
      expect(await isOpen()).toBe(true);
      await link.handlers[done](wording);
      expect(await isOpen()).toBe(false);
    },
  );

  describe('whose answers are named', () => {
    const named = { mustAcknowledge: true, answers: 'named' } as const;

    test('sends the name it has shown, with the acknowledgement and with nothing else', async () => {
      const { link, notice } = await windowOf({ ...named, severity: 'warning' });
      const wording = { noticeId: notice.id, issuedAt: notice.issuedAt };
      expect((await link.refresh()).view).toMatchObject({ accountName: 'k.mueller', notices: [{ answers: 'named' }] });
      await link.handlers['notice:seen'](wording);
      await link.handlers['notice:defer']({ ...wording, kind: 'one-hour' });
      await link.handlers['notice:acknowledge'](wording);
      expect(lines().map((line) => [line.kind, 'statedName' in line ? line.statedName : undefined])).toEqual([
        ['notice-seen', undefined],
        ['notice-deferred', undefined],
        ['notice-acknowledged', 'k.mueller'],
      ]);
      const { requests } = (await link.refresh()).view;
      expect(requests.at(-1)).toMatchObject({ kind: 'notice-acknowledged', statedName: 'k.mueller' });
    });

    test('goes without where the account has no name to show', async () => {
      const { link, notice } = await windowOf(named, [], null);
      expect((await link.refresh()).view).not.toHaveProperty('accountName');
      await link.handlers['notice:acknowledge']({ noticeId: notice.id, issuedAt: notice.issuedAt });
      expect(lines()).toHaveLength(1);
      expect(lines()[0]).not.toHaveProperty('statedName');
    });

    test.each(['counted', undefined] as const)('and no name goes where they are %s', async (answers) => {
      const { link, notice } = await windowOf({ mustAcknowledge: true, ...(answers === undefined ? {} : { answers }) });
      await link.handlers['notice:acknowledge']({ noticeId: notice.id, issuedAt: notice.issuedAt });
      expect(readFileSync(mailbox(), 'utf8')).toContain('notice-acknowledged');
      expect(readFileSync(mailbox(), 'utf8')).not.toContain('k.mueller');
    });
  });

  test('the name is that of the account, or none', () => {
    expect(accountName()).toBe(userInfo().username);
    expect(accountName(() => 'WASUNGEN\\K. Mu\u0308ller')).toBe('WASUNGEN\\K. Müller');
    expect(accountName(() => 'k\u202ereleum')).toBeUndefined();
    expect(accountName(() => ' ')).toBeUndefined();
    expect(
      accountName(() => {
        throw new Error('ENOENT: no such user');
      }),
    ).toBeUndefined();
  });

  test('neither an unknown notice nor an earlier wording can be answered', async () => {
    const { link, notice } = await windowOf();
    const { issuedAt } = notice;
    for (const wording of [
      { noticeId: id, issuedAt },
      // Corrected since the window was drawn: the person has not read what this would answer.
      { noticeId: notice.id, issuedAt: later(-5) },
    ]) {
      await expect(link.handlers['notice:acknowledge'](wording)).rejects.toThrow('no such notice');
      await expect(link.handlers['notice:seen'](wording)).rejects.toThrow('no such notice');
      await expect(link.handlers['notice:defer']({ ...wording, kind: 'one-hour' })).rejects.toThrow('no such notice');
    }
    expect(lines()).toEqual([]);
  });

  test('the language is that of the system until somebody chooses', async () => {
    const { link } = await windowOf();
    expect((await link.refresh()).view.language).toBe('en');
    await link.handlers['language:choose']({ language: 'de' });
    const { link: after } = await windowOf();
    expect((await after.refresh()).view.language).toBe('de');
  });
});

describe('without a service', () => {
  test('the window says so and what is asked waits', async () => {
    let asked = 0;
    const link = createAgentLink({
      publicDir: join(folder, 'nowhere'),
      userDir: join(folder, 'own'),
      now: () => time,
      saveFile: async () => undefined,
      openLink: async () => undefined,
      accountName: 'k.mueller',
      systemLanguages: [],
      warn: () => undefined,
      asked: () => {
        asked += 1;
      },
    });
    await link.handlers['check:start']();
    expect(asked).toBe(1);
    const { view } = await link.refresh();
    expect(view).toMatchObject({ service: 'unreadable', notices: [], mailboxReachable: false });
    expect(view.requests).toMatchObject([{ kind: 'check-now', handled: false }]);
    expect(await link.handlers['sent:list']()).toEqual([]);
    expect(await link.handlers['sent:get']({ sequence: 1 })).toBeUndefined();
    expect(await link.handlers['sent:export']({ sequence: 1 })).toBeUndefined();
  });
});
