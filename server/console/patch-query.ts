/** What the updates page shows, kept in its address. Pure. A value of the address that is not known is left out. */
import { idOrNothing, oneOf, withoutDefaults } from './list-query.ts';

export const updateStates = ['missing', 'waiting-for-restart'] as const;
export type UpdateState = (typeof updateStates)[number];

export interface PatchQuery {
  readonly search: string;
  readonly municipality: string;
  readonly security: 'true' | 'false' | '';
  readonly state: UpdateState | '';
  readonly cursor: string;
}

export const allPatches: PatchQuery = { search: '', municipality: '', security: '', state: '', cursor: '' };

export function parsePatchQuery(search: string): PatchQuery {
  const given = new URLSearchParams(search);
  return {
    search: (given.get('suche') ?? '').slice(0, 200),
    municipality: idOrNothing(given.get('gemeinde')),
    security: oneOf(['true', 'false'] as const, given.get('sicherheit')),
    state: oneOf(updateStates, given.get('status')),
    cursor: (given.get('ab') ?? '').slice(0, 800),
  };
}

export function patchAddress(query: Partial<PatchQuery>): string {
  const all = { ...allPatches, ...query };
  return `/aktualisierungen${withoutDefaults([
    ['suche', all.search, ''],
    ['gemeinde', all.municipality, ''],
    ['sicherheit', all.security, ''],
    ['status', all.state, ''],
    ['ab', all.cursor, ''],
  ])}`;
}

/** The same question to the server. */
export function patchRequest(query: PatchQuery): string {
  return `patches${withoutDefaults([
    ['search', query.search.trim(), ''],
    ['municipality', query.municipality, ''],
    ['security', query.security, ''],
    ['state', query.state, ''],
    ['cursor', query.cursor, ''],
  ])}`;
}

/** Another filter starts at the first page again. */
export function narrowedPatches(query: PatchQuery, change: Partial<Omit<PatchQuery, 'cursor'>>): PatchQuery {
  return { ...query, ...change, cursor: '' };
}

/** The page of the devices that lack one update. Ids may hold anything, so they stand in the query. */
export function updateAddress(update: string, municipality = ''): string {
  return `/aktualisierungen/geraete${withoutDefaults([
    ['id', update, ''],
    ['gemeinde', municipality, ''],
  ])}`;
}

export function parseUpdateQuery(search: string): { id: string; municipality: string } {
  const given = new URLSearchParams(search);
  return { id: (given.get('id') ?? '').slice(0, 200), municipality: idOrNothing(given.get('gemeinde')) };
}
