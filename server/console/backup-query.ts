/** What the page of backups shows, kept in its address. Pure. A value of the address that is not known is left out. */
import type { BackupAge, BackupLight, BackupPresence, RestoreTestState, TwoSidedState } from '../api/contract.ts';
import { idOrNothing, oneOf, withoutDefaults } from './list-query.ts';

/** In the order in which people look for them. */
export const backupLights = [
  'critical',
  'attention',
  'unknown',
  'note',
  'exempt',
  'ok',
] as const satisfies readonly BackupLight[];
export const backupAges = [
  'upTo1Day',
  'upTo3Days',
  'upTo7Days',
  'upTo30Days',
  'older',
  'none',
] as const satisfies readonly BackupAge[];
export const backupPresences = ['none', 'hint', 'unknown', 'present'] as const satisfies readonly BackupPresence[];
export const twoSidedStates = ['disagree', 'unknown', 'silent', 'agree'] as const satisfies readonly TwoSidedState[];
export const restoreTestStates = ['due', 'unknown', 'exempt', 'inTime'] as const satisfies readonly RestoreTestState[];

export interface BackupPageQuery {
  readonly search: string;
  readonly municipality: string;
  readonly light: BackupLight | '';
  readonly age: BackupAge | '';
  readonly presence: BackupPresence | '';
  readonly product: string;
  readonly twoSided: TwoSidedState | '';
  readonly restoreTest: RestoreTestState | '';
  readonly reason: string;
  readonly cursor: string;
}

export const allBackups: BackupPageQuery = {
  search: '',
  municipality: '',
  light: '',
  age: '',
  presence: '',
  product: '',
  twoSided: '',
  restoreTest: '',
  reason: '',
  cursor: '',
};

/** The shape of the ids of products and of reasons. */
const code = /^[a-z][a-z0-9-]{0,59}$/;
const codeOrNothing = (value: string | null): string => (value !== null && code.test(value) ? value : '');

export function parseBackupQuery(search: string): BackupPageQuery {
  const given = new URLSearchParams(search);
  return {
    search: (given.get('suche') ?? '').slice(0, 200),
    municipality: idOrNothing(given.get('gemeinde')),
    light: oneOf(backupLights, given.get('stand')),
    age: oneOf(backupAges, given.get('alter')),
    presence: oneOf(backupPresences, given.get('vorhanden')),
    product: codeOrNothing(given.get('programm')).slice(0, 40),
    twoSided: oneOf(twoSidedStates, given.get('abgleich')),
    restoreTest: oneOf(restoreTestStates, given.get('probe')),
    reason: codeOrNothing(given.get('grund')),
    cursor: (given.get('ab') ?? '').slice(0, 800),
  };
}

export function backupAddress(query: Partial<BackupPageQuery>): string {
  const all = { ...allBackups, ...query };
  return `/sicherungen${withoutDefaults([
    ['suche', all.search, ''],
    ['gemeinde', all.municipality, ''],
    ['stand', all.light, ''],
    ['alter', all.age, ''],
    ['vorhanden', all.presence, ''],
    ['programm', all.product, ''],
    ['abgleich', all.twoSided, ''],
    ['probe', all.restoreTest, ''],
    ['grund', all.reason, ''],
    ['ab', all.cursor, ''],
  ])}`;
}

/** The same question to the server; the counts are asked for apart, because no filter but the municipality changes them. */
export function backupRequest(query: BackupPageQuery): string {
  return `backups${withoutDefaults([
    ['overview', 'false', ''],
    ['search', query.search.trim(), ''],
    ['municipality', query.municipality, ''],
    ['light', query.light, ''],
    ['age', query.age, ''],
    ['presence', query.presence, ''],
    ['product', query.product, ''],
    ['twoSided', query.twoSided, ''],
    ['restoreTest', query.restoreTest, ''],
    ['reason', query.reason, ''],
    ['cursor', query.cursor, ''],
  ])}`;
}

/** Another filter starts at the first page again. */
export function narrowedBackups(query: BackupPageQuery, change: Partial<Omit<BackupPageQuery, 'cursor'>>) {
  return { ...query, ...change, cursor: '' };
}
