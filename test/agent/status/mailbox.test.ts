/** The mailbox against whatever anybody who can log on may do to it; real files, a real unprivileged account. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Notice } from '../../../agent/contract/policy.ts';
import type { NoticeAnswer, Suspicion } from '../../../agent/contract/report.ts';
import { mailboxRequest } from '../../../agent/contract/status.ts';
import { createLog } from '../../../agent/log.ts';
import { createMailbox } from '../../../agent/status/mailbox.ts';
import { mailboxStart, readMailboxFile } from '../../../agent/status/mailbox-file.ts';
import { watchMailbox } from '../../../agent/status/mailbox-watch.ts';
import { noticeOf } from '../../fakes/office-words.ts';

interface Spoken {
  readonly class: string;
  readonly noticeAnswers?: readonly NoticeAnswer[];
  readonly suspicions?: readonly Suspicion[];
}

/** Starts with the notices told as delivered, so that a test sees only what it writes. */
async function mailbox(notices: Notice[] = []) {
  const dir = mkdtempSync(join(tmpdir(), 'kits-mailbox-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'requests');
  writeFileSync(file, '');
  chmodSync(file, 0o622);
  const memory = new Map<string, unknown>();
  const spoken: Spoken[] = [];
  const lines: { event: string }[] = [];
  const state = { passed: 0, enrolled: true, broken: false, notices };
  const open = () =>
    createMailbox({
      file,
      memory: { recall: (key) => memory.get(key), remember: (key, value) => void memory.set(key, value) },
      clock: {
        now: () => new Date('2026-11-24T09:00:00.000Z'),
        monotonicMs: () => state.passed,
        sinceBootMs: () => state.passed,
      },
      log: createLog('debug', (line) => lines.push(JSON.parse(line))),
      notices: () => state.notices,
      report: async (report) => {
        if (state.broken) throw new Error('disk full');
        if (!state.enrolled) return undefined;
        spoken.push(report);
        return {};
      },
    });
  const box = open();
  await box.look();
  spoken.length = 0;
  const answers = () => spoken.flatMap(({ noticeAnswers = [] }) => noticeAnswers);
  const write = (...requests: object[]) =>
    appendFileSync(file, requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
  return { dir, file, memory, spoken, lines, state, open, ...box, answers, write };
}

const seen = (noticeId: string, requestId = randomUUID()) => ({ requestId, kind: 'notice-seen', noticeId });
const checkNow = (requestId = randomUUID()) => ({ requestId, kind: 'check-now' });
const notice = noticeOf(randomUUID());

describe('a request', () => {
  test('that answers a notice is reported as stated, once, and named as handled', async () => {
    const { look, handled, spoken, write, open } = await mailbox([notice]);
    const requests = [
      seen(notice.id),
      { requestId: randomUUID(), kind: 'notice-acknowledged', noticeId: notice.id },
      { requestId: randomUUID(), kind: 'notice-not-shown', noticeId: notice.id },
    ];
    write(...requests);
    expect(await look()).toEqual({ checkNow: false, reported: true, handled: true });
    write(...requests);
    expect(await look()).toEqual({ checkNow: false, reported: false, handled: false });
    expect((await open().look()).handled).toBe(false);
    const told = { noticeId: notice.id, issuedAt: notice.issuedAt, at: '2026-11-24T09:00:00.000Z' };
    expect(spoken).toEqual([
      {
        class: 'acknowledgement',
        noticeAnswers: [
          { requestId: requests[0]!.requestId, kind: 'seen', ...told },
          { requestId: requests[1]!.requestId, kind: 'acknowledged', ...told },
          { requestId: requests[2]!.requestId, kind: 'not-shown', ...told },
        ],
      },
    ]);
    expect(handled()).toEqual(requests.map(({ requestId }) => requestId));
  });

  test('of each session counts by itself', async () => {
    const { look, answers, write } = await mailbox([notice]);
    write(seen(notice.id), seen(notice.id));
    await look();
    expect(answers()).toHaveLength(2);
  });

  test('about an earlier wording is taken on and says nothing to the correction', async () => {
    const { look, answers, handled, write } = await mailbox([notice]);
    const before = { ...seen(notice.id), issuedAt: new Date(Date.parse(notice.issuedAt) - 1000).toISOString() };
    const now = { ...seen(notice.id), issuedAt: notice.issuedAt };
    write(before, now);
    await look();
    expect(answers().map(({ requestId }) => requestId)).toEqual([now.requestId]);
    expect(handled()).toEqual([before.requestId, now.requestId]);
  });

  test('to defer does not outlive its notice', async () => {
    const { look, answers, write } = await mailbox([notice]);
    const defer = (until: string) => ({ requestId: randomUUID(), kind: 'notice-deferred', noticeId: notice.id, until });
    const before = new Date(Date.parse(notice.validUntil) - 1000).toISOString();
    write(defer(before), defer('9999-01-01T00:00:00.000Z'));
    await look();
    expect(answers().map(({ until }) => until)).toEqual([before, notice.validUntil]);
  });

  test('about a notice that is not here does not count as handled, and does when the notice has come', async () => {
    const { look, answers, handled, write, state } = await mailbox([]);
    const early = seen(notice.id);
    write(early);
    expect((await look()).handled).toBe(false);
    state.notices = [notice];
    write(early);
    await look();
    expect(answers().map(({ kind }) => kind)).toEqual(['delivered', 'seen']);
    expect(handled()).toEqual([early.requestId]);
  });

  test('that reports a suspicion is an incident of its own', async () => {
    const { look, spoken, write } = await mailbox();
    const requestId = randomUUID();
    write({ requestId, kind: 'report-suspicion', text: 'Anhang <script>geöffnet</script>' });
    await look();
    expect(spoken).toEqual([
      {
        class: 'incident',
        suspicions: [{ requestId, at: '2026-11-24T09:00:00.000Z', text: 'Anhang <script>geöffnet</script>' }],
      },
    ]);
  });

  test('that cannot be written down is not handled; the same one again is', async () => {
    const { look, handled, state, write, answers } = await mailbox([notice]);
    const request = seen(notice.id);
    write(request);
    state.broken = true;
    await expect(look()).rejects.toThrow('disk full');
    expect(handled()).toEqual([]);
    state.broken = false;
    // The place was not written down either: the line is still there to be read.
    await look();
    expect(handled()).toEqual([request.requestId]);
    expect(answers()).toHaveLength(1);
  });

  test('waits while there is nobody to report to; a check goes on', async () => {
    const { look, handled, state, write } = await mailbox([notice]);
    state.enrolled = false;
    const [said, check] = [seen(notice.id), checkNow()];
    write(said, check);
    expect(await look()).toEqual({ checkNow: true, reported: false, handled: true });
    expect(handled()).toEqual([check.requestId]);
    state.enrolled = true;
    write(said);
    await look();
    expect(handled()).toEqual([check.requestId, said.requestId]);
  });
});

test('a notice is told as delivered once, and again when it was corrected', async () => {
  const { look, answers, state } = await mailbox([]);
  state.notices = [notice];
  expect(await look()).toMatchObject({ handled: false });
  await look();
  const corrected = { ...notice, issuedAt: '2099-01-01T00:00:00.000Z' };
  state.notices = [corrected];
  await look();
  await look();
  expect(answers().map(({ kind, issuedAt }) => [kind, issuedAt])).toEqual([
    ['delivered', notice.issuedAt],
    ['delivered', corrected.issuedAt],
  ]);
});

describe('a name in an acknowledgement', () => {
  const named = noticeOf(randomUUID(), { mustAcknowledge: true, answers: 'named' });
  const acknowledged = (of: Notice, change: object = {}) => ({
    requestId: randomUUID(),
    kind: 'notice-acknowledged',
    noticeId: of.id,
    issuedAt: of.issuedAt,
    statedName: 'k.mueller',
    ...change,
  });

  test('is reported where the notice asks for it', async () => {
    const { look, answers, write } = await mailbox([named]);
    write(acknowledged(named), acknowledged(named, { statedName: undefined }));
    await look();
    expect(answers().map(({ kind, statedName }) => [kind, statedName])).toEqual([
      ['acknowledged', 'k.mueller'],
      ['acknowledged', undefined],
    ]);
  });

  test.each([
    ['a notice whose answers are counted', { answers: 'counted' }, {}],
    ['a notice that says nothing of it', {}, {}],
    ['an answer that names no wording', { answers: 'named' }, { issuedAt: undefined }],
    ['having seen it', { answers: 'named' }, { kind: 'notice-seen' }],
    ['putting it off', { answers: 'named' }, { kind: 'notice-deferred', until: '2026-11-24T12:00:00.000Z' }],
  ] as const)('goes nowhere with %s; the answer counts', async (_, kind, change) => {
    const notice = noticeOf(randomUUID(), { mustAcknowledge: true, ...kind });
    const { look, spoken, memory, lines, write, handled } = await mailbox([notice]);
    const request = acknowledged(notice, change);
    write(request);
    await look();
    expect(spoken.flatMap(({ noticeAnswers = [] }) => noticeAnswers)).toHaveLength(1);
    expect(handled()).toEqual([request.requestId]);
    expect(JSON.stringify([spoken, [...memory], lines])).not.toContain('k.mueller');
  });

  test('said to a wording that asked for it goes nowhere once the correction does not', async () => {
    const { look, spoken, write, state } = await mailbox([named]);
    const { answers: _, ...corrected } = { ...named, issuedAt: '2099-01-01T00:00:00.000Z' };
    state.notices = [corrected];
    write(acknowledged(named));
    await look();
    expect(JSON.stringify(spoken)).not.toContain('k.mueller');
  });

  test.each([
    ['nothing', ''],
    ['an endless one', 'x'.repeat(121)],
    ['a second line', 'k.mueller\nb.schmidt'],
    ['a terminal sequence', 'k\u001B[31mmueller'],
    ['another direction', 'k\u202Ereleum'],
    ['what cannot be seen', 'k\u200Bmueller'],
    ['a heap of accents', `k${'\u0335'.repeat(9)}`],
    ['half a character', 'k\uD800'],
    ['an object', { de: 'k.mueller' }],
  ])('%s is refused with its line', async (_, statedName) => {
    const { look, answers, write, handled } = await mailbox([named]);
    write(acknowledged(named, { statedName }));
    await look();
    expect([answers(), handled()]).toEqual([[], []]);
  });
});

describe('hostile lines', () => {
  test.each([
    ['no JSON', 'hello'],
    ['another kind', JSON.stringify({ requestId: randomUUID(), kind: 'run', command: 'reboot' })],
    ['no request id', JSON.stringify({ kind: 'check-now' })],
    ['an id that is none', JSON.stringify({ requestId: '../../etc/passwd', kind: 'check-now' })],
    ['a list', '[]'],
    ['a prototype', '{"__proto__":{"kind":"check-now"}}'],
    ['depth', '['.repeat(8000)],
    ['a text too long', JSON.stringify({ requestId: randomUUID(), kind: 'report-suspicion', text: 'x'.repeat(2001) })],
    ['a line too long', JSON.stringify({ ...checkNow(), padding: 'x'.repeat(16 * 1024) })],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00])],
  ])('%s are dropped and counted, the next line is read', async (_, line) => {
    const { look, handled, file, lines, spoken, write } = await mailbox();
    appendFileSync(file, line);
    appendFileSync(file, '\n\n');
    const request = checkNow();
    write(request);
    expect((await look()).checkNow).toBe(true);
    expect(handled()).toEqual([request.requestId]);
    expect(spoken).toEqual([]);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'mailbox-lines-dropped', dropped: 1 }));
  });

  test('half a line waits for its other half', async () => {
    const { look, handled, file } = await mailbox();
    const request = checkNow();
    const line = `${JSON.stringify(request)}\n`;
    appendFileSync(file, line.slice(0, 20));
    expect((await look()).handled).toBe(false);
    appendFileSync(file, line.slice(20));
    await look();
    expect(handled()).toEqual([request.requestId]);
  });

  test('a line without end does not hold up those behind it', async () => {
    const { look, handled, file, write } = await mailbox();
    appendFileSync(file, 'x'.repeat(70 * 1024));
    await look();
    appendFileSync(file, '\n');
    const request = checkNow();
    write(request);
    await look();
    expect(handled()).toEqual([request.requestId]);
  });

  test('a flood of checks and suspicions leaves room for an acknowledgement, and ends', async () => {
    const { look, handled, write, state, answers, spoken } = await mailbox([notice]);
    write(...Array.from({ length: 200 }, () => checkNow()));
    write(...Array.from({ length: 100 }, () => ({ requestId: randomUUID(), kind: 'report-suspicion', text: 'x' })));
    const mine = seen(notice.id);
    write(mine);
    await look();
    expect(handled()).toHaveLength(20 + 5 + 1);
    expect(answers().map(({ requestId }) => requestId)).toEqual([mine.requestId]);
    expect(spoken.flatMap(({ suspicions = [] }) => suspicions)).toHaveLength(5);
    state.passed += 60_000;
    write(...Array.from({ length: 200 }, () => checkNow()));
    await look();
    expect(handled()).toHaveLength(26 + 2);
  });

  test('answers come at a rate that a town hall does not reach; what is beyond is handled later', async () => {
    const { look, handled, write, state } = await mailbox([notice]);
    const requests = Array.from({ length: 300 }, () => seen(notice.id));
    write(...requests);
    await look();
    expect(handled()).toHaveLength(256);
    state.passed += 44 * 10_000;
    write(...requests);
    await look();
    expect(handled()).toHaveLength(300);
  });

  test('answers without end are cut off for each notice, and every report stays within the contract', async () => {
    const { look, write, answers, spoken, state } = await mailbox([notice]);
    for (let round = 0; round < 20; round += 1) {
      write(...Array.from({ length: 256 }, () => seen(notice.id)));
      state.passed += 256 * 10_000;
      await look();
    }
    expect(answers()).toHaveLength(1999);
    expect(Math.max(...spoken.map(({ noticeAnswers = [] }) => noticeAnswers.length))).toBeLessThanOrEqual(256);
  });

  test('only the last 500 ids are kept, and the status has room for them', async () => {
    const { look, handled, write, state } = await mailbox();
    let last = '';
    for (let round = 0; round < 30; round += 1) {
      const requests = Array.from({ length: 20 }, () => checkNow());
      last = requests.at(-1)!.requestId;
      write(...requests);
      state.passed += 20 * 30_000;
      await look();
    }
    expect(handled()).toHaveLength(500);
    expect(handled().at(-1)).toBe(last);
  });
});

describe('the file', () => {
  test('that somebody empties and fills anew is read from its beginning', async () => {
    const { look, handled, file, write } = await mailbox();
    const [one, two] = [checkNow(), checkNow()];
    write(one);
    await look();
    truncateSync(file);
    write(two);
    await look();
    expect(handled()).toEqual([one.requestId, two.requestId]);
  });

  test('that somebody overwrites beyond the place reached is read from its beginning', async () => {
    const { look, handled, file, write } = await mailbox();
    const one = checkNow();
    write(one);
    await look();
    const others = [checkNow(), checkNow(), checkNow()];
    truncateSync(file);
    write(...others);
    await look();
    expect(handled()).toEqual([one, ...others].map(({ requestId }) => requestId));
  });

  test('is shortened when it has been read past 64 KiB, in the same place with the same rights', async () => {
    const { look, handled, file, write } = await mailbox();
    const before = statSync(file);
    appendFileSync(file, `${'x'.repeat(1000)}\n`.repeat(80));
    const request = checkNow();
    write(request);
    await look();
    expect(handled()).toEqual([]);
    await look();
    expect(handled()).toEqual([request.requestId]);
    const after = statSync(file);
    expect([after.size, after.ino, after.mode]).toEqual([0, before.ino, before.mode]);
  });

  test('blown up to a terabyte costs one read, and is emptied', async () => {
    const { look, handled, file, write } = await mailbox();
    truncateSync(file, 1024 ** 4);
    await look();
    expect(statSync(file).size).toBe(0);
    const request = checkNow();
    write(request);
    await look();
    expect(handled()).toEqual([request.requestId]);
  });

  test('full of rubbish is complained of once a minute, with the number of lines', async () => {
    const { look, write, lines, state } = await mailbox();
    const dropped = () => lines.filter(({ event }) => event === 'mailbox-lines-dropped');
    for (let turn = 0; turn < 3; turn += 1) {
      write({ no: 'request' }, { no: 'request' });
      await look();
    }
    expect(dropped()).toEqual([expect.objectContaining({ dropped: 2 })]);
    state.passed += 60_000;
    await look();
    expect(dropped()).toHaveLength(1);
    write({ no: 'request' });
    await look();
    expect(dropped()[1]).toMatchObject({ dropped: 1 });
  });

  test('of notices that came and went nothing is kept', async () => {
    const { look, memory, state } = await mailbox([notice]);
    const kept = () => (memory.get('mailbox') as { notices: { id: string }[] }).notices.map(({ id }) => id);
    expect(kept()).toEqual([notice.id]);
    state.notices = [noticeOf(randomUUID())];
    await look();
    expect(kept()).toEqual([state.notices[0]?.id]);
  });

  test('gives whole lines, and counts what cannot be one: no text, too long, without end, or given up', async () => {
    const { file } = await mailbox();
    const good = JSON.stringify(checkNow());
    const longest = 'x'.repeat(16 * 1024);
    writeFileSync(file, Buffer.concat([Buffer.from(`${good}\n\n"`), Buffer.of(0xff), Buffer.from('"\n')]));
    expect(readMailboxFile(file, mailboxStart)).toMatchObject({ lines: [good], dropped: 1 });
    writeFileSync(file, `${longest}\n${longest}x\n${good}\n`);
    expect(readMailboxFile(file, mailboxStart)).toMatchObject({ lines: [longest, good], dropped: 1 });
    writeFileSync(file, `${good}\n${longest}`);
    const half = readMailboxFile(file, mailboxStart);
    expect(half).toMatchObject({ lines: [good], dropped: 0, place: { position: good.length + 1 } });
    appendFileSync(file, 'x');
    expect(readMailboxFile(file, half.place)).toMatchObject({ lines: [], dropped: 1 });
    writeFileSync(file, `${good}\n${'\n'.repeat(1024 * 1024)}`);
    expect(readMailboxFile(file, mailboxStart)).toEqual({ lines: [good], dropped: 1, place: mailboxStart });
    expect(statSync(file).size).toBe(0);
  });

  test('is never made anew when it is missing', async () => {
    const { look, file, lines, open } = await mailbox();
    rmSync(file);
    await look();
    await look();
    await open().look();
    expect(existsSync(file)).toBe(false);
    const said = expect.objectContaining({ event: 'mailbox-unusable', reason: 'missing' });
    expect(lines.filter(({ event }) => event === 'mailbox-unusable')).toEqual([said, said]);
  });

  const target = (dir: string) => join(dir, 'precious');
  test.each([
    ['a link', 'not-a-file', (file: string, dir: string) => symlinkSync(target(dir), file)],
    ['a second name of another file', 'linked', (file: string, dir: string) => linkSync(target(dir), file)],
    ['a directory', 'not-a-file', (file: string) => mkdirSync(file)],
    ['a pipe', 'not-a-file', (file: string) => void execFileSync('mkfifo', [file])],
    ['a device', 'not-a-file', (file: string) => symlinkSync('/dev/zero', file)],
  ])('that is %s is not read and not touched, and comes back', async (_, reason, replace) => {
    const { look, handled, dir, file, lines, write } = await mailbox();
    const request = checkNow();
    writeFileSync(target(dir), `${JSON.stringify(request)}\n`.repeat(2000));
    const before = readFileSync(target(dir));
    renameSync(file, `${file}.aside`);
    replace(file, dir);
    expect((await look()).handled).toBe(false);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'mailbox-unusable', reason }));
    expect(readFileSync(target(dir)).equals(before)).toBe(true);
    rmSync(file, { recursive: true });
    renameSync(`${file}.aside`, file);
    write(request);
    await look();
    expect(handled()).toEqual([request.requestId]);
  });

  test.runIf(process.getuid?.() === 0)('of another owner is not read (needs root to make one)', async () => {
    const { look, file, lines, write } = await mailbox();
    execFileSync('chown', ['65534', file]);
    write(checkNow());
    expect((await look()).checkNow).toBe(false);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'mailbox-unusable', reason: 'foreign-owner' }));
  });
});

test('what the service kept, spoilt, is begun anew', async () => {
  const { look, handled, memory, write } = await mailbox();
  memory.set('mailbox', { place: { position: -1 }, handled: 'x' });
  const request = checkNow();
  write(request);
  await look();
  expect(handled()).toEqual([request.requestId]);
});

test('every kind of request the contract knows is answered', async () => {
  const { look, handled, write } = await mailbox([notice]);
  const requests = mailboxRequest.options.map(({ shape }) => ({
    requestId: randomUUID(),
    kind: shape.kind.value,
    noticeId: notice.id,
    until: notice.validUntil,
    text: 'x',
  }));
  write(...requests);
  await look();
  expect(handled()).toEqual(requests.map(({ requestId }) => requestId));
});

test('a change is noticed by itself, and what comes while one is looked at is looked at afterwards', async () => {
  const { file, write } = await mailbox();
  const log = createLog('debug', () => undefined);
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let calls = 0;
  const watch = watchMailbox(
    file,
    async () => {
      calls += 1;
      if (calls === 1) {
        write(checkNow());
        first.resolve();
      } else second.resolve();
    },
    { log, pauseMs: 1 },
  );
  onTestFinished(watch.stop);
  watch.renew();
  watch.renew();
  write(checkNow());
  await first.promise;
  await second.promise;
});

test('a directory that is not there yet is watched as soon as it is', async () => {
  const { dir } = await mailbox();
  const file = join(dir, 'later', 'requests');
  const changed = Promise.withResolvers<void>();
  const watch = watchMailbox(file, async () => changed.resolve(), {
    log: createLog('debug', () => undefined),
    pauseMs: 1,
  });
  onTestFinished(watch.stop);
  watch.renew();
  mkdirSync(join(dir, 'later'));
  watch.renew();
  writeFileSync(file, 'x\n');
  await changed.promise;
});

/** As the installer sets it up; what "nobody" can do is asked of the kernel, not of this code. */
describe.runIf(process.getuid?.() === 0)('somebody who can log on (needs root, to become somebody else)', () => {
  const nobody = 65_534;

  async function installed() {
    const box = await mailbox([notice]);
    const { dir, file } = box;
    chmodSync(dir, 0o755);
    mkdirSync(join(dir, 'private'), { mode: 0o700 });
    writeFileSync(join(dir, 'private', 'agent.db'), 'secret');
    writeFileSync(join(dir, 'status.json'), '{}');
    chmodSync(join(dir, 'status.json'), 0o644);
    const as = (script: string) =>
      spawnSync('/bin/sh', ['-c', script], {
        cwd: dir,
        uid: nobody,
        gid: nobody,
        encoding: 'utf8',
        env: { PATH: '/usr/bin:/bin' },
      });
    return { ...box, file, as };
  }

  test('can read the status and append a request, which arrives', async () => {
    const { as, look, answers } = await installed();
    expect(as('id -u').stdout.trim()).toBe(String(nobody));
    expect(as('cat status.json').stdout).toBe('{}');
    const request = seen(notice.id);
    expect(as(`echo '${JSON.stringify(request)}' >> requests`).status).toBe(0);
    await look();
    expect(answers().map(({ requestId }) => requestId)).toEqual([request.requestId]);
  });

  test.each([
    ['read what others ask for', 'cat requests'],
    ['replace the mailbox', 'mv status.json requests'],
    ['rename the mailbox', 'mv requests other'],
    ['remove the mailbox', 'rm -f requests'],
    ['put a link in its place', 'ln -sf /etc/passwd requests'],
    ['give it a second name', 'ln requests other'],
    ['change its rights', 'chmod 666 requests'],
    ['write the status', 'echo x >> status.json'],
    ['replace the status', 'rm -f status.json'],
    ['make files beside it', 'touch other'],
    ['list what is private', 'ls private'],
    ['read what is private', 'cat private/agent.db'],
  ])('cannot %s', async (_, script) => {
    const { as, dir, file } = await installed();
    const before = statSync(file);
    expect(as(script).status).not.toBe(0);
    const after = statSync(file);
    expect([after.ino, after.mode, after.nlink, after.size]).toEqual([before.ino, before.mode, 1, 0]);
    expect(readFileSync(join(dir, 'status.json'), 'utf8')).toBe('{}');
    expect(existsSync(join(dir, 'other'))).toBe(false);
  });

  test('can overwrite what waits there, which is survived: whoever is hit sends again', async () => {
    const { as, look, handled, write } = await installed();
    const lost = seen(notice.id);
    write(lost);
    expect(as(': > requests; printf "%s" "{\\"half" >> requests').status).toBe(0);
    await look();
    expect(handled()).toEqual([]);
    write({}, lost);
    await look();
    expect(handled()).toEqual([lost.requestId]);
  });
});
