import { describe, expect, test } from 'vitest';
import { localOf, momentOf } from '../../../server/console/calendar.ts';
import {
  emptyNotice,
  type NoticeDraft,
  noticeFaults,
  noticeRequestOf,
  reachRequest,
} from '../../../server/console/notice-draft.ts';

const now = new Date('2026-11-24T09:00:00Z');
const draft = (change: Partial<NoticeDraft> = {}): NoticeDraft => ({
  ...emptyNotice('m-1', now),
  titleDe: 'Wartung',
  bodyDe: 'Am Freitag.',
  ...change,
});
const faults = (change: Partial<NoticeDraft>) => [...noticeFaults(draft(change), now)];

test.each([
  ['2026-11-24T14:30', '2026-11-24T13:30:00.000Z'],
  ['2026-07-24T14:30', '2026-07-24T12:30:00.000Z'],
  // Comes twice: the first of the two.
  ['2026-10-25T02:30', '2026-10-25T00:30:00.000Z'],
])('the local time %s is %s', (local, instant) => {
  expect(momentOf(local)).toBe(instant);
  expect(localOf(new Date(instant))).toBe(local);
});

test.each(['', '2026-03-29T02:30', '2026-02-30T10:00', '2026-11-24', 'tomorrow', '2026-11-24T25:00'])(
  'there is no local time %j',
  (local) => {
    expect(momentOf(local)).toBeUndefined();
  },
);

describe('what does not fit', () => {
  test('a filled in draft has no fault', () => {
    expect(faults({})).toEqual([]);
    expect(faults({ links: ' https://a.example/b \n\nhttps://c.example', titleEn: 'x', bodyEn: 'y' })).toEqual([]);
  });
  test.each<[Partial<NoticeDraft>, [string, string]]>([
    [{ municipality: '' }, ['municipality', 'missing']],
    [{ level: 'group' }, ['group', 'missing']],
    [{ level: 'device' }, ['device', 'missing']],
    [{ titleDe: '  ' }, ['titleDe', 'missing']],
    [{ bodyDe: 'x'.repeat(2001) }, ['bodyDe', 'long']],
    [{ sender: '' }, ['sender', 'missing']],
    [{ titleEn: 'Maintenance' }, ['bodyEn', 'english']],
    [{ bodyEn: 'On Friday.' }, ['titleEn', 'english']],
    [{ titleDe: 'Wartung\u202e' }, ['titleDe', 'hidden']],
    [{ bodyDe: 'Ab 14\u200b Uhr' }, ['bodyDe', 'hidden']],
    [{ links: 'https://a.example/\u2066b' }, ['links', 'hidden']],
    [{ links: 'http://a.example' }, ['links', 'not-https']],
    [{ links: 'https://a.example b' }, ['links', 'not-https']],
    [{ links: 'https://a.example\n'.repeat(6) }, ['links', 'too-many']],
    [{ until: '' }, ['until', 'missing']],
    [{ until: '2026-11-24T10:00' }, ['until', 'past']],
    [{ until: '2027-11-26T10:00' }, ['until', 'far']],
    [{ from: '2026-11-26T10:00', until: '2026-11-26T10:00' }, ['until', 'ends-first']],
    [{ from: '2027-03-28T02:30', until: '2027-03-28T10:00' }, ['from', 'no-time']],
  ])('%j', (change, fault) => {
    expect(faults(change)).toEqual([fault]);
  });
});

test('goes to the server without what was not filled in', () => {
  expect(noticeRequestOf(draft({ until: '2026-12-01T18:00' }), undefined)).toEqual({
    audience: { municipality: 'm-1' },
    severity: 'info',
    title: { de: 'Wartung' },
    body: { de: 'Am Freitag.' },
    sender: 'KITS',
    links: [],
    validUntil: '2026-12-01T17:00:00.000Z',
    mustAcknowledge: false,
  });
  const named = { answers: 'named', until: '2026-12-01T18:00' } as const;
  expect(noticeRequestOf(draft({ ...named, mustAcknowledge: true }), undefined).answers).toBe('named');
  // Chosen before the tick was taken away again.
  expect(noticeRequestOf(draft(named), undefined)).not.toHaveProperty('answers');
  // A group that was chosen before the level was changed back is not meant any more.
  expect(noticeRequestOf(draft({ level: 'device', group: 'g', device: 'd' }), 'n').audience).toEqual({
    municipality: 'm-1',
    device: 'd',
  });
  expect(reachRequest(draft({ level: 'group', group: 'g' }))).toBe('notices/reach?municipality=m-1&group=g');
  expect(reachRequest(draft({ level: 'group' }))).toBeUndefined();
});
