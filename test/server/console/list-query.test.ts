/** The device list in the address: what goes in comes out, and what is not known is left out. */
import { describe, expect, test } from 'vitest';
import { overallStates } from '../../../agent/contract/status.ts';
import { deviceStates } from '../../../agent/contract/wire.ts';
import { deviceQuery, deviceSortKeys } from '../../../server/api/contract.ts';
import {
  type ListQuery,
  lights,
  listAddress,
  listRequest,
  narrowed,
  parseListQuery,
  sortedBy,
  sortKeys,
  states,
  wholeList,
} from '../../../server/console/list-query.ts';

const municipality = '6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b';
const full: ListQuery = {
  search: 'Büro & "Kasse" 100%',
  municipality,
  light: 'critical',
  state: 'pending',
  version: '1.5.0-rc.1',
  sort: 'lastHeardAt',
  order: 'desc',
  cursor: 'abc/+=',
};

test('the lists are those of the contract', () => {
  expect([...lights].sort()).toEqual([...overallStates].sort());
  expect(states).toEqual(deviceStates);
  expect(sortKeys).toEqual(deviceSortKeys);
});

describe('the address', () => {
  test('gives back every part', () => {
    expect(parseListQuery(listAddress(full).slice('/geraete'.length))).toEqual(full);
  });
  test('leaves out what is as usual', () => {
    expect(listAddress({})).toBe('/geraete');
    expect(listAddress({ light: 'attention' })).toBe('/geraete?ampel=attention');
    expect(parseListQuery('')).toEqual(wholeList);
  });
  test('ignores what it does not know', () => {
    const hostile = '?ampel=green&status=<b>&sortierung=password&richtung=up&gemeinde=..%2F..%2Ftokens';
    expect(parseListQuery(hostile)).toEqual(wholeList);
  });
  test('is cut to what the server takes', () => {
    const { search, cursor } = parseListQuery(`?suche=${'a'.repeat(999)}&ab=${'b'.repeat(999)}`);
    expect(search).toHaveLength(200);
    expect(cursor).toHaveLength(800);
  });
});

describe('the question to the server', () => {
  test('is one the server takes', () => {
    const asked = new URLSearchParams(listRequest(full).split('?')[1]);
    expect(deviceQuery.parse(Object.fromEntries(asked))).toEqual({ ...full, limit: 50 });
  });
  test('always says the order and never an empty filter', () => {
    expect(listRequest({ ...wholeList, search: '  ' })).toBe('devices?sort=hostname&order=asc');
  });
});

describe('a step in the list', () => {
  test('starts at the first page again', () => {
    expect(narrowed(full, { light: '' })).toEqual({ ...full, light: '', cursor: '' });
  });
  test('sorts up first, then down; time starts with the newest', () => {
    const byName = sortedBy({ ...wholeList, sort: 'light', cursor: 'x' }, 'hostname');
    expect(byName).toMatchObject({ sort: 'hostname', order: 'asc', cursor: '' });
    expect(sortedBy(byName, 'hostname').order).toBe('desc');
    expect(sortedBy(sortedBy(byName, 'hostname'), 'hostname').order).toBe('asc');
    expect(sortedBy(byName, 'lastHeardAt').order).toBe('desc');
  });
});
