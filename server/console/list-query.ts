/**
 * What the device list shows, kept in the address so that it can be bookmarked, shared and gone back to. Pure.
 * The address comes from anywhere: a value that is not known is left out.
 */
import type { OverallState } from '../../agent/contract/status.ts';
import type { DeviceState } from '../../agent/contract/wire.ts';
import type { deviceSortKeys } from '../api/contract.ts';

export type SortKey = (typeof deviceSortKeys)[number];

/** In the order in which people look for them: worst first. */
export const lights = ['critical', 'attention', 'unknown', 'ok'] as const satisfies readonly OverallState[];
export const states = ['active', 'pending', 'quarantined', 'retired'] as const satisfies readonly DeviceState[];
export const sortKeys = [
  'hostname',
  'municipality',
  'light',
  'lastHeardAt',
  'osName',
] as const satisfies readonly SortKey[];

export interface ListQuery {
  readonly search: string;
  readonly municipality: string;
  readonly light: OverallState | '';
  readonly state: DeviceState | '';
  /** Of the agent. */
  readonly version: string;
  readonly sort: SortKey;
  readonly order: 'asc' | 'desc';
  readonly cursor: string;
}

export const wholeList: ListQuery = {
  search: '',
  municipality: '',
  light: '',
  state: '',
  version: '',
  sort: 'hostname',
  order: 'asc',
  cursor: '',
};

const uuidShape = /^[0-9a-f-]{36}$/;

/** The id, or nothing when it cannot be one. */
export function idOrNothing(value: string | null): string {
  return value !== null && uuidShape.test(value) ? value : '';
}

export function oneOf<T extends string>(known: readonly T[], value: string | null): T | '' {
  return known.find((entry) => entry === value) ?? '';
}

export function parseListQuery(search: string): ListQuery {
  const given = new URLSearchParams(search);
  return {
    search: (given.get('suche') ?? '').slice(0, 200),
    municipality: idOrNothing(given.get('gemeinde')),
    light: oneOf(lights, given.get('ampel')),
    state: oneOf(states, given.get('status')),
    version: (given.get('version') ?? '').slice(0, 40),
    sort: oneOf(sortKeys, given.get('sortierung')) || 'hostname',
    order: given.get('richtung') === 'desc' ? 'desc' : 'asc',
    cursor: (given.get('ab') ?? '').slice(0, 800),
  };
}

/** A query with what differs from the usual; empty when nothing does. */
export function withoutDefaults(entries: readonly (readonly [name: string, value: string, usual: string])[]): string {
  const query = new URLSearchParams();
  for (const [name, value, usual] of entries) if (value !== usual) query.set(name, value);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** The address of a list; what is as usual is left out. */
export function listAddress(query: Partial<ListQuery>): string {
  const all = { ...wholeList, ...query };
  return `/geraete${withoutDefaults([
    ['suche', all.search, ''],
    ['gemeinde', all.municipality, ''],
    ['ampel', all.light, ''],
    ['status', all.state, ''],
    ['version', all.version, ''],
    ['sortierung', all.sort, 'hostname'],
    ['richtung', all.order, 'asc'],
    ['ab', all.cursor, ''],
  ])}`;
}

/** The same question to the server. */
export function listRequest(query: ListQuery): string {
  return `devices${withoutDefaults([
    ['search', query.search.trim(), ''],
    ['municipality', query.municipality, ''],
    ['light', query.light, ''],
    ['state', query.state, ''],
    ['version', query.version, ''],
    ['sort', query.sort, ''],
    ['order', query.order, ''],
    ['cursor', query.cursor, ''],
  ])}`;
}

/** Another filter or order starts at the first page again: a cursor belongs to the question it was given for. */
export function narrowed(query: ListQuery, change: Partial<Omit<ListQuery, 'cursor'>>): ListQuery {
  return { ...query, ...change, cursor: '' };
}

/** A click on a column: first ascending (time: newest first), then the other way round. */
export function sortedBy(query: ListQuery, sort: SortKey): ListQuery {
  const first = sort === 'lastHeardAt' ? 'desc' : 'asc';
  const order = query.sort === sort ? (query.order === 'asc' ? 'desc' : 'asc') : first;
  return narrowed(query, { sort, order });
}
