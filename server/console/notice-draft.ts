/** A notice while it is being written: what is in the form, what does not fit yet, and what goes to the server. Pure. */
import { shown } from '../../agent/contract/printable.ts';
import type { NoticeEntry, NoticeRequest } from '../api/contract.ts';
import { localOf, momentOf } from './calendar.ts';

export interface NoticeDraft {
  readonly municipality: string;
  readonly level: NoticeEntry['audience']['level'];
  readonly group: string;
  readonly device: string;
  readonly severity: NoticeEntry['severity'];
  readonly titleDe: string;
  readonly bodyDe: string;
  readonly titleEn: string;
  readonly bodyEn: string;
  readonly sender: string;
  /** One a line. */
  readonly links: string;
  /** Local time in Germany, YYYY-MM-DDTHH:MM; empty = at once. */
  readonly from: string;
  readonly until: string;
  readonly mustAcknowledge: boolean;
  /** Counts only where it must be acknowledged. */
  readonly answers: 'counted' | 'named';
}

/** As the contract has them. */
export const longest = { title: 120, body: 2000, sender: 120, link: 500, links: 5, days: 366 } as const;

const usualDays = 7;
const dayMs = 86_400_000;

export function emptyNotice(municipality: string, now: Date): NoticeDraft {
  return {
    municipality,
    level: 'municipality',
    group: '',
    device: '',
    severity: 'info',
    titleDe: '',
    bodyDe: '',
    titleEn: '',
    bodyEn: '',
    sender: 'KITS',
    links: '',
    from: '',
    until: `${localOf(new Date(now.getTime() + usualDays * dayMs)).slice(0, 10)}T18:00`,
    mustAcknowledge: false,
    answers: 'counted',
  };
}

/** What was said before, to be said better; its time begins anew. */
export function noticeAfter(before: NoticeEntry, now: Date): NoticeDraft {
  const { audience } = before;
  return {
    ...emptyNotice(before.municipality.id, now),
    level: audience.level,
    group: audience.level === 'group' ? audience.id : '',
    device: audience.level === 'device' ? audience.id : '',
    severity: before.severity,
    titleDe: before.title.de,
    bodyDe: before.body.de,
    titleEn: before.title.en ?? '',
    bodyEn: before.body.en ?? '',
    sender: before.sender,
    links: before.links.join('\n'),
    until: localOf(new Date(before.validUntil)),
    mustAcknowledge: before.mustAcknowledge,
    answers: before.answers ?? 'counted',
  };
}

export type NoticeFault =
  | 'missing'
  | 'long'
  | 'no-time'
  | 'past'
  | 'ends-first'
  | 'far'
  | 'hidden'
  | 'not-https'
  | 'too-many'
  | 'english';
export type NoticeFaults = ReadonlyMap<keyof NoticeDraft, NoticeFault>;

export function linksIn(draft: NoticeDraft): string[] {
  return draft.links
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

function isHttps(link: string): boolean {
  return /^https:\/\/[^\s]+$/.test(link) && URL.canParse(link) && link.length <= longest.link;
}

export function noticeFaults(draft: NoticeDraft, now: Date): NoticeFaults {
  const faults = new Map<keyof NoticeDraft, NoticeFault>();
  const text = (key: 'titleDe' | 'bodyDe' | 'titleEn' | 'bodyEn' | 'sender', most: number, needed: boolean): void => {
    if (needed && draft[key].trim() === '') faults.set(key, 'missing');
    if (draft[key].trim().length > most) faults.set(key, 'long');
    if (!(key.startsWith('body') ? shown.lines : shown.line).test(draft[key])) faults.set(key, 'hidden');
  };
  if (draft.municipality === '') faults.set('municipality', 'missing');
  if (draft.level === 'group' && draft.group === '') faults.set('group', 'missing');
  if (draft.level === 'device' && draft.device === '') faults.set('device', 'missing');
  text('titleDe', longest.title, true);
  text('bodyDe', longest.body, true);
  text('titleEn', longest.title, false);
  text('bodyEn', longest.body, false);
  text('sender', longest.sender, true);
  const english = [draft.titleEn.trim(), draft.bodyEn.trim()];
  if (english.includes('') && english.some(Boolean)) faults.set(english[0] === '' ? 'titleEn' : 'bodyEn', 'english');
  const links = linksIn(draft);
  if (links.length > longest.links) faults.set('links', 'too-many');
  if (!links.every(isHttps)) faults.set('links', 'not-https');
  if (!links.every((link) => shown.link.test(link))) faults.set('links', 'hidden');
  timeFaults(draft, now, faults);
  return faults;
}

function timeFaults({ from, until }: NoticeDraft, now: Date, faults: Map<keyof NoticeDraft, NoticeFault>): void {
  const begin = from === '' ? now.toISOString() : momentOf(from);
  const end = momentOf(until);
  if (begin === undefined) faults.set('from', 'no-time');
  if (end === undefined) {
    faults.set('until', until === '' ? 'missing' : 'no-time');
    return;
  }
  if (begin !== undefined && !(Date.parse(end) > Date.parse(begin))) faults.set('until', 'ends-first');
  if (!(Date.parse(end) > now.getTime())) faults.set('until', 'past');
  if (Date.parse(end) - now.getTime() > longest.days * dayMs) faults.set('until', 'far');
}

/** Of a draft without faults. */
export function noticeRequestOf(draft: NoticeDraft, replaces: string | undefined): NoticeRequest {
  const both = (de: string, en: string) => ({ de: de.trim(), ...(en.trim() === '' ? {} : { en: en.trim() }) });
  const from = momentOf(draft.from);
  return {
    audience: {
      municipality: draft.municipality,
      ...(draft.level === 'group' ? { group: draft.group } : {}),
      ...(draft.level === 'device' ? { device: draft.device } : {}),
    },
    severity: draft.severity,
    title: both(draft.titleDe, draft.titleEn),
    body: both(draft.bodyDe, draft.bodyEn),
    sender: draft.sender.trim(),
    links: linksIn(draft),
    ...(from === undefined ? {} : { validFrom: from }),
    validUntil: momentOf(draft.until) ?? '',
    mustAcknowledge: draft.mustAcknowledge,
    ...(draft.mustAcknowledge && draft.answers === 'named' ? { answers: draft.answers } : {}),
    ...(replaces === undefined ? {} : { replaces }),
  };
}

/** Whom it is for, as a question to the server; undefined until that is chosen. */
export function reachRequest({ municipality, level, group, device }: NoticeDraft): string | undefined {
  if (municipality === '') return undefined;
  const narrower = { municipality: '', group, device }[level];
  if (level !== 'municipality' && narrower === '') return undefined;
  return `notices/reach?municipality=${municipality}${level === 'municipality' ? '' : `&${level}=${narrower}`}`;
}
