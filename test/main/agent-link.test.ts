import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TrustFile } from '../../agent/contract/keys.ts';
import { mailboxRequest } from '../../agent/contract/status.ts';
import { createAgentLink } from '../../main/agent-link/agent-link.ts';
import { createOwnRequests, maxWaiting } from '../../main/agent-link/own-requests.ts';
import { readTrust, verifiedNotices } from '../../main/agent-link/read-notices.ts';
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
const own = () => createOwnRequests({ mailbox: mailbox(), memory: memory(), now: () => time });
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

  test('is bounded', () => {
    writeFileSync(mailbox(), '');
    const requests = own();
    for (let count = 0; count < maxWaiting; count += 1) requests.ask({ kind: 'report-suspicion', text: `${count}` });
    expect(() => requests.ask({ kind: 'report-suspicion', text: 'noch eine' })).toThrow('too many requests wait');
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

  test('genuine ones in the order of their urgency', async () => {
    const signed = await Promise.all(
      (['info', 'urgent', 'warning'] as const).map((severity) => kits.signNotice({ severity })),
    );
    const { notices, refused } = await verifiedNotices(signed, trust, now);
    expect(notices.map(({ severity }) => severity)).toEqual(['urgent', 'warning', 'info']);
    expect(refused).toBe(0);
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
      await kits.signNotice({ issuedAt: later(-9), validFrom: later(-9), validUntil: later(-1) }),
      await kits.signNotice({ issuedAt: later(2), validFrom: later(2) }),
      await kits.signPolicy(),
      'a.b.c',
    ];
    expect(await verifiedNotices(signed, trust, now)).toEqual({ notices: [], refused: signed.length });
  });

  test('nor what was recalled or is not yet due; without keys nothing is shown', async () => {
    const signed = [await kits.signNotice({ recalled: true }), await kits.signNotice({ validFrom: later(1) })];
    expect(await verifiedNotices(signed, trust, now)).toEqual({ notices: [], refused: 0 });
    expect(await verifiedNotices([await kits.signNotice()], undefined, now)).toEqual({ notices: [], refused: 1 });
  });

  test.each(['', '{}', 'null'])('keys that say %j are none', async (content) => {
    writeFileSync(join(folder, 'trust.json'), content);
    expect(await readTrust(join(folder, 'trust.json'))).toBeUndefined();
  });
});

describe('without a service', () => {
  test('the window says so and what is asked waits', async () => {
    let asked = 0;
    const link = createAgentLink({
      publicDir: join(folder, 'nowhere'),
      memory: memory(),
      now: () => time,
      saveFile: async () => undefined,
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
