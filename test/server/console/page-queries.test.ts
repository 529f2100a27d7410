/** Addresses of the pages of updates, controls and exceptions: there and back, and with nonsense in them. */
import { describe, expect, test } from 'vitest';
import {
  controlAddress,
  controlsAddress,
  exceptionAddress,
  parseControlQuery,
  parseExceptionQuery,
} from '../../../server/console/control-query.ts';
import {
  allPatches,
  narrowedPatches,
  parsePatchQuery,
  parseUpdateQuery,
  patchAddress,
  patchRequest,
  updateAddress,
} from '../../../server/console/patch-query.ts';

const id = '0f4ad3d0-7a2b-4f6e-9a10-6e1f0c7a51b2';
const searchOf = (address: string): string => new URL(address, 'http://konsole').search;

describe('updates', () => {
  const query = {
    search: 'open&ssl',
    municipality: id,
    security: 'true',
    state: 'waiting-for-restart',
    cursor: 'a/b=',
  } as const;
  test('a filter survives the way through the address', () => {
    expect(parsePatchQuery(searchOf(patchAddress(query)))).toEqual(query);
  });
  test('the usual list has a plain address', () => {
    expect(patchAddress({})).toBe('/aktualisierungen');
    expect(parsePatchQuery('')).toEqual(allPatches);
    expect(patchRequest(allPatches)).toBe('patches');
  });
  test('the server is asked for the same', () => {
    expect(patchRequest({ ...query, search: ' open&ssl ' })).toBe(
      `patches?search=open%26ssl&municipality=${id}&security=true&state=waiting-for-restart&cursor=a%2Fb%3D`,
    );
  });
  test('nonsense is left out', () => {
    expect(parsePatchQuery('?gemeinde=1%20or%201&sicherheit=vielleicht&status=constructor')).toEqual(allPatches);
    expect(parsePatchQuery(`?suche=${'x'.repeat(300)}`).search).toHaveLength(200);
  });
  test('another filter starts at the first page', () => {
    expect(narrowedPatches(query, { security: '' })).toEqual({ ...query, security: '', cursor: '' });
  });
  test('the id of an update may hold anything', () => {
    const address = updateAddress('libc6:amd64/../?a=b&gemeinde=x', id);
    expect(parseUpdateQuery(searchOf(address))).toEqual({ id: 'libc6:amd64/../?a=b&gemeinde=x', municipality: id });
    expect(parseUpdateQuery('')).toEqual({ id: '', municipality: '' });
  });
});

describe('controls', () => {
  test('control, municipality and result survive the way through the address', () => {
    const query = { control: 'SYS.2.1.A3', municipality: id, verdict: 'not-met' } as const;
    expect(parseControlQuery(searchOf(controlAddress(query)))).toEqual(query);
  });
  test('nonsense is left out', () => {
    expect(parseControlQuery('?gemeinde=x&ergebnis=toString')).toEqual({ control: '', municipality: '', verdict: '' });
  });
  test('all controls of all municipalities have a plain address', () => {
    expect(controlsAddress()).toBe('/vorgaben');
    expect(controlsAddress(id)).toBe(`/vorgaben?gemeinde=${id}`);
  });
});

describe('exceptions', () => {
  test('rule, device, municipality and state survive the way through the address', () => {
    const query = { rule: 'disk-encrypted', device: id, municipality: id, state: 'expired' } as const;
    expect(parseExceptionQuery(searchOf(exceptionAddress(query)))).toEqual(query);
  });
  test.each(['?regel=<script>', `?regel=${'a'.repeat(61)}`, '?geraet=../x', '?status=ewig', ''])(
    'nonsense is left out: %s',
    (search) => {
      expect(parseExceptionQuery(search)).toEqual({ rule: '', device: '', municipality: '', state: '' });
    },
  );
});
