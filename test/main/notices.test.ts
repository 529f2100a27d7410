import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TrustFile } from '../../agent/contract/keys.ts';
import type { Notice } from '../../agent/contract/policy.ts';
import { verifiedNotices } from '../../main/agent-link/read-notices.ts';
import { allowedLink } from '../../main/notices/allowed-link.ts';
import { createNoticeMemory } from '../../main/notices/notice-memory.ts';
import { maxPerDay, type Presence, toastsDue } from '../../main/notices/toast-plan.ts';
import { type Authority, authority, later, now } from '../agent/signing/authority.ts';

let folder: string;
let kits: Authority;
let trust: TrustFile;
let warnings: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kits-notices-'));
  kits = await authority();
  trust = { contractVersion: 1, writtenAt: now.toISOString(), trust: kits.trust, holder: kits.holder };
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = () => join(folder, 'notices.json');
const memory = () => createNoticeMemory(file(), (line) => warnings.push(line));
const sign = (notice: Notice) => kits.signNotice(notice);
const titles = ({ notices }: { notices: readonly Notice[] }) => notices.map(({ title }) => title.de);

describe('what was seen before is not undone', () => {
  const shown = async (notices: readonly Notice[], at = now) =>
    verifiedNotices(await Promise.all(notices.map(sign)), trust, at, memory());

  test('a notice is shown up to its end and not from then on; nothing but the time has changed', async () => {
    const said = kits.noticeOf({ title: { de: 'Freitag' } });
    const end = new Date(said.validUntil);
    expect(await shown([said], new Date(end.getTime() - 1))).toMatchObject({ notices: [{ id: said.id }], refused: 0 });
    expect(await shown([said], end)).toMatchObject({ notices: [], refused: 0 });
  });

  test('an older wording is refused, also after a restart of the tray', async () => {
    const first = kits.noticeOf({ title: { de: 'Freitag' }, issuedAt: later(-2) });
    const corrected = { ...first, title: { de: 'Samstag' }, issuedAt: later(-1) };
    expect(titles(await shown([first]))).toEqual(['Freitag']);
    expect(titles(await shown([corrected]))).toEqual(['Samstag']);
    expect(await shown([first])).toMatchObject({ notices: [], refused: 1 });
    expect(titles(await shown([corrected]))).toEqual(['Samstag']);
  });

  test('what was recalled does not come back in the wording from before', async () => {
    const said = kits.noticeOf({ issuedAt: later(-2) });
    await shown([said]);
    expect(titles(await shown([{ ...said, recalled: true, issuedAt: later(-1) }]))).toEqual([]);
    expect(await shown([said])).toMatchObject({ notices: [], refused: 1 });
  });

  test('what was replaced stays so when the newer notice is gone, and not before that one begins', async () => {
    const old = kits.noticeOf({ title: { de: 'alt' } });
    const newer = kits.noticeOf({ title: { de: 'neu' }, replaces: old.id, validFrom: later(1), validUntil: later(2) });
    expect(titles(await shown([old, newer]))).toEqual(['alt']);
    expect(titles(await shown([old, newer], new Date(later(1.5))))).toEqual(['neu']);
    expect(titles(await shown([old], new Date(later(3))))).toEqual([]);
  });

  test('a correction that replaces nothing any more gives the other one back', async () => {
    const old = kits.noticeOf({ title: { de: 'alt' } });
    const newer = kits.noticeOf({ title: { de: 'neu' }, replaces: old.id, issuedAt: later(-0.5) });
    expect(titles(await shown([old, newer]))).toEqual(['neu']);
    const { replaces: _none, ...corrected } = { ...newer, issuedAt: later(-0.2) };
    expect(titles(await shown([old, corrected])).sort()).toEqual(['alt', 'neu']);
  });

  test('a forged notice replaces nothing', async () => {
    const old = kits.noticeOf({ title: { de: 'alt' } });
    const forged = await kits.signNotice({ replaces: old.id }, kits.device);
    const signed = [await sign(old), forged];
    expect(titles(await verifiedNotices(signed, trust, now, memory()))).toEqual(['alt']);
  });
});

describe('the memory', () => {
  test.each([
    ['nothing', ''],
    ['half a file', '{"entries":[{"id":"0a4b'],
    ['another shape', '{"entries":{},"today":7}'],
    ['a count that is none', '{"entries":[],"today":{"day":"2026-11-25","spoken":-1,"summarised":false}}'],
    ['endless text', JSON.stringify({ entries: [], filler: 'x'.repeat(2_000_000) })],
  ])('begins anew from %s, and can be written again', (_name, content) => {
    writeFileSync(file(), content);
    const known = memory();
    expect(known.spokenToday(now)).toEqual({ day: '2026-11-25', spoken: 0, summarised: false });
    known.spoke('notice', now);
    expect(memory().spokenToday(now).spoken).toBe(1);
    expect(warnings).toEqual([]);
  });

  test('counts how often a notice was put off, over corrections and restarts; what was said to an old wording is nothing', () => {
    const said = kits.noticeOf({ issuedAt: later(-2) });
    const corrected = { ...said, issuedAt: later(-1) };
    const deferral = { deferredAt: now.toISOString(), until: later(1) };
    const known = memory();
    known.absorb([said]);
    known.announced([said], 'neutral', now);
    known.defer(said, deferral);
    known.defer(said, deferral);
    const before = { id: said.id, issuedAt: said.issuedAt, deferrals: 2, deferral };
    expect(memory().of(said)).toEqual({ ...before, announced: { at: now.toISOString(), manner: 'neutral' } });
    known.absorb([corrected]);
    expect(memory().of(corrected)).toEqual({ id: said.id, issuedAt: corrected.issuedAt, deferrals: 2 });
    expect(known.of(said)).toBeUndefined();
    known.defer(said, deferral);
    known.announced([said], 'full', now);
    expect(known.of(corrected)).toEqual({ id: said.id, issuedAt: corrected.issuedAt, deferrals: 2 });
    // Announced once more, it is put off no longer.
    known.defer(corrected, deferral);
    known.announced([corrected], 'full', now);
    expect(memory().of(corrected)).toMatchObject({ deferrals: 3, announced: { manner: 'full' } });
    expect(memory().of(corrected)).not.toHaveProperty('deferral');
  });

  test('lives on without its file: a folder in its place, a folder that is not there', () => {
    mkdirSync(file());
    const known = memory();
    known.spoke('notice', now);
    expect(known.spokenToday(now).spoken).toBe(1);
    expect(warnings).toHaveLength(1);
  });

  test('is replaced and never written through a link, and is for its user alone', () => {
    const other = join(folder, 'other');
    writeFileSync(other, 'untouched');
    symlinkSync(other, file());
    memory().spoke('notice', now);
    expect(readFileSync(other, 'utf8')).toBe('untouched');
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  test('a day ends at midnight in Berlin, not in Greenwich', () => {
    const known = memory();
    known.spoke('summary', new Date('2026-11-25T22:59:00Z'));
    expect(known.spokenToday(new Date('2026-11-25T22:59:59Z'))).toMatchObject({ spoken: 1, summarised: true });
    expect(known.spokenToday(new Date('2026-11-25T23:00:00Z'))).toMatchObject({ spoken: 0, summarised: false });
  });

  test('keeps the newest of too many', () => {
    const known = memory();
    const many = Array.from({ length: 501 }, (_, n) => kits.noticeOf({ issuedAt: later(-600 + n) }));
    known.absorb(many);
    expect(known.newest(many[0]!.id)).toBeUndefined();
    expect(memory().newest(many[500]!.id)?.issuedAt).toBe(many[500]!.issuedAt);
  });
});

const free: Presence = { locked: 'no', presenting: 'no' };

/** The plan over a memory, as the tray uses them together. */
function person(presence: Presence = free) {
  const known = memory();
  const acknowledged = new Set<string>();
  const look = (notices: readonly Notice[], at = now, who = presence): string[] => {
    known.absorb(notices);
    const due = toastsDue({
      notices,
      remembered: known.of,
      isAcknowledged: ({ id, issuedAt }) => acknowledged.has(`${id} ${issuedAt}`),
      presence: who,
      today: known.spokenToday(at),
      now: at,
    });
    return due.map((one) => {
      if (one.kind === 'summary') {
        known.announced(one.notices, 'neutral', at);
        known.spoke('summary', at);
        return `summary ${one.notices.length}`;
      }
      known.announced([one.notice], one.manner, at);
      if (one.notice.severity !== 'urgent') known.spoke('notice', at);
      return `${one.manner} ${one.notice.title.de}`;
    });
  };
  return { known, look, acknowledge: ({ id, issuedAt }: Notice) => acknowledged.add(`${id} ${issuedAt}`) };
}

const named = (title: string, change: Partial<Notice> = {}) => kits.noticeOf({ title: { de: title }, ...change });
const minutes = (count: number) => new Date(now.getTime() + count * 60_000);

describe('which toasts are due', () => {
  test('each wording once, and again when it is corrected', () => {
    const { look } = person();
    const notice = named('Wartung');
    expect(look([notice])).toEqual(['full Wartung']);
    expect(look([notice], minutes(1))).toEqual([]);
    expect(look([{ ...notice, issuedAt: later(-0.5) }], minutes(2))).toEqual(['full Wartung']);
  });

  test('nothing for what this person acknowledged, but its correction', () => {
    const { look, acknowledge } = person();
    const notice = named('Wartung', { severity: 'urgent' });
    acknowledge(notice);
    expect(look([notice])).toEqual([]);
    expect(look([{ ...notice, issuedAt: later(-0.5) }])).toEqual(['full Wartung']);
  });

  test('what was put off comes back when its time has come, once, and never sooner', () => {
    const { look, known } = person();
    const notice = named('Neustart', { severity: 'warning' });
    look([notice]);
    known.defer(notice, { deferredAt: now.toISOString(), until: minutes(60).toISOString() });
    expect(look([notice], minutes(59))).toEqual([]);
    expect(look([notice], minutes(60))).toEqual(['full Neustart']);
    expect(look([notice], minutes(61))).toEqual([]);
  });

  test.each([
    ['the clock was set back behind the moment of putting off', -10],
    ['the PC slept past the time', 60 * 24 * 3],
    ['an hour before the deadline, whatever was chosen', 60 * 24 * 7 - 60],
  ])('it comes back when %s, and then once', (_name, at) => {
    const { look, known } = person();
    const notice = named('Neustart');
    look([notice]);
    known.defer(notice, { deferredAt: now.toISOString(), until: minutes(60).toISOString() });
    expect(look([notice], minutes(at))).toEqual(['full Neustart']);
    expect(look([notice], minutes(at + 0.25))).toEqual([]);
    expect(look([notice], minutes(at + 0.5))).toEqual([]);
  });

  test('a deadline that moves nearer ends the deferral', () => {
    const { look, known } = person();
    const notice = named('Neustart');
    look([notice]);
    known.defer(notice, { deferredAt: now.toISOString(), until: minutes(240).toISOString() });
    const sooner = { ...notice, issuedAt: later(-0.1), validUntil: minutes(120).toISOString() };
    expect(look([sooner], minutes(1))).toEqual(['full Neustart']);
  });

  test('several at once are one line with their number; what is urgent stands alone', () => {
    const { look } = person();
    const notices = [named('Eins'), named('Jetzt', { severity: 'urgent' }), named('Zwei', { severity: 'warning' })];
    expect(look(notices)).toEqual(['full Jetzt', 'summary 2']);
    expect(look(notices, minutes(1))).toEqual([]);
  });

  test('a day has an end: then one more line, then nothing but what is urgent, and tomorrow the rest', () => {
    const { look } = person();
    const held: Notice[] = [];
    const arrive = (title: string, change: Partial<Notice> = {}) => {
      held.push(named(title, change));
      return look(held, minutes(held.length));
    };
    for (let count = 1; count <= maxPerDay; count += 1) expect(arrive(`${count}`)).toEqual([`full ${count}`]);
    expect(arrive('zu viel')).toEqual(['summary 1']);
    expect(arrive('noch mehr')).toEqual([]);
    expect(arrive('Alarm', { severity: 'urgent' })).toEqual(['full Alarm']);
    expect(look(held, minutes(60 * 24))).toEqual(['full noch mehr']);
  });

  const hidden: [string, Presence][] = [
    ['a locked screen', { locked: 'yes', presenting: 'no' }],
    ['a presentation', { locked: 'no', presenting: 'yes' }],
  ];
  test.each(hidden)(
    '%s shows no words: what is urgent neutrally and once more afterwards, the rest waits',
    (_n, who) => {
      const { look } = person();
      const notices = [named('Jetzt', { severity: 'urgent' }), named('Später')];
      expect(look(notices, now, who)).toEqual(['neutral Jetzt']);
      expect(look(notices, minutes(1), who)).toEqual([]);
      expect(look(notices, minutes(2), free)).toEqual(['full Jetzt', 'full Später']);
      expect(look(notices, minutes(3), free)).toEqual([]);
    },
  );

  test('what is about to end does not wait for the screen to be unlocked', () => {
    const { look } = person();
    const notice = named('Bald vorbei', { validUntil: minutes(59).toISOString() });
    expect(look([notice], now, { locked: 'yes', presenting: 'unknown' })).toEqual(['neutral Bald vorbei']);
  });

  test.each<[string, Presence]>([
    ['a presentation cannot be told', { locked: 'no', presenting: 'unknown' }],
    ['the lock cannot be told', { locked: 'unknown', presenting: 'no' }],
  ])('where %s, only what is urgent says its words', (_name, who) => {
    const { look } = person(who);
    expect(look([named('Jetzt', { severity: 'urgent' }), named('Info')])).toEqual(['full Jetzt', 'neutral Info']);
  });
});

describe('a link of a notice opens', () => {
  const hosts = ['kits.example.de', 'www.bsi.bund.de'];
  test.each(['https://kits.example.de/neustart?id=7', 'https://www.bsi.bund.de/', 'https://www.bsi.bund.de'])(
    '%s',
    (link) => {
      expect(allowedLink(link, hosts)).toBe(new URL(link).href);
    },
  );
  test.each([
    'http://kits.example.de/',
    'https://kits.example.de.evil.example/',
    'https://evil.example/?https://kits.example.de/',
    'https://kits.example.de@evil.example/',
    'https://user:pw@kits.example.de/',
    'https://user@kits.example.de/',
    'https://:pw@kits.example.de/',
    'https://kits.example.de:8443/',
    'https://sub.kits.example.de/',
    'https://kits.example.de\\@evil.example/',
    'HTTPS://KITS.example.de/',
    'https://kits.example.de/a/../b',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'ms-msdt:/id',
    ' https://kits.example.de/',
    'nonsense',
    '',
  ])('never %s', (link) => {
    expect(allowedLink(link, hosts)).toBeUndefined();
  });
  test('nothing when no host is allowed', () => {
    expect(allowedLink('https://kits.example.de/', [])).toBeUndefined();
  });
});
