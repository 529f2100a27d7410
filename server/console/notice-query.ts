/** Addresses of the pages about notices. Pure; what comes from the address bar is checked. */
import type { NoticeState, noticeDeviceStates } from '../api/contract.ts';
import { idOrNothing, oneOf, withoutDefaults } from './list-query.ts';

export type NoticeWay = (typeof noticeDeviceStates)[number];

export const noticeStates = [
  'scheduled',
  'active',
  'ended',
  'replaced',
  'recalled',
] as const satisfies readonly NoticeState[];
export const noticeWays = ['unreachable', 'waiting', 'delivered'] as const satisfies readonly NoticeWay[];

export interface NoticeQuery {
  readonly municipality: string;
  readonly state: NoticeState | '';
}

export function parseNoticeQuery(search: string): NoticeQuery {
  const given = new URLSearchParams(search);
  return { municipality: idOrNothing(given.get('gemeinde')), state: oneOf(noticeStates, given.get('status')) };
}

export function noticesAddress({ municipality = '', state = '' }: Partial<NoticeQuery>): string {
  return `/mitteilungen${withoutDefaults([
    ['gemeinde', municipality, ''],
    ['status', state, ''],
  ])}`;
}

export function noticeAddress(id: string): string {
  return `/mitteilungen/${id}`;
}

/** `replaces`: the notice it is to stand in place of. */
export function composeAddress(replaces = ''): string {
  return `/mitteilungen/neu${withoutDefaults([['ersetzt', replaces, '']])}`;
}

export function replacedIn(search: string): string {
  return idOrNothing(new URLSearchParams(search).get('ersetzt'));
}
