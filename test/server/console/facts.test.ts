/** Facts in words: every field and value of the contract has its words, and anything else is still shown. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { factSchemas } from '../../../agent/contract/facts/index.ts';
import { problemCodes } from '../../../agent/contract/report.ts';
import { fieldWords, sectionWords, valueWords } from '../../../agent/contract/words/facts.ts';
import { fieldName, pathName } from '../../../agent/contract/words/names.ts';
import {
  columnsOf,
  type FactLanguage,
  factValue,
  inline,
  inUsualOrder,
  problemSentence,
  sectionName,
} from '../../../server/console/facts.ts';
import { formatFor } from '../../../server/console/format.ts';
import { matches, sectionGist } from '../../../server/console/gist.ts';
import { textsFor } from '../../../server/console/texts.ts';
import { officeFacts } from '../../fakes/test-agent.ts';

const german: FactLanguage = {
  language: 'de',
  format: formatFor('de'),
  yes: 'ja',
  no: 'nein',
  none: 'keine Angabe',
};

interface Node {
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

/** Every field of a schema with the values it may take. */
function walk(node: Node, field: string, visit: (field: string, values: readonly string[]) => void): void {
  visit(field, node.enum ?? []);
  if (node.items !== undefined) walk(node.items, field, visit);
  for (const [name, child] of Object.entries(node.properties ?? {})) walk(child, name, visit);
}

describe('the words', () => {
  test.each(Object.entries(factSchemas))('of %s are complete', (section, schema) => {
    const missing: string[] = [];
    walk(z.toJSONSchema(schema) as Node, section, (field, values) => {
      if (field !== section && !(`${section}.${field}` in fieldWords) && !(field in fieldWords)) missing.push(field);
      // Names of processor architectures are proper names.
      for (const value of field === 'architecture' ? [] : values) {
        if (!(`${field}.${value}` in valueWords)) missing.push(`${field}.${value}`);
      }
    });
    expect(missing).toEqual([]);
    expect(sectionWords).toHaveProperty(section);
  });
  test.each(problemCodes)('for the problem %s', (code) => {
    expect(problemSentence(code, 'de')).toMatch(/\.$/);
    expect(problemSentence(code, 'en')).toMatch(/\.$/);
  });
  test('of a newer agent are shown as they are', () => {
    expect(sectionName('telepathy', 'de')).toBe('telepathy');
    expect(fieldName('telepathy', 'constructor', 'de')).toBe('constructor');
    expect(problemSentence('toString', 'de')).toBeUndefined();
  });
  test('a field may mean something else in one section', () => {
    expect(fieldName('usb', 'port', 'de')).toBe('Anschluss');
    expect(fieldName('infrastructure', 'port', 'de')).toBe('Port');
  });
});

describe('values', () => {
  test.each([
    ['totalBytes', 16_750_000_000, '15,6 GiB'],
    ['installedKiB', 2048, '2 MiB'],
    ['maxMhz', 4200, '4.200 MHz'],
    ['speedMbps', 1000, '1.000 Mbit/s'],
    ['speedMtps', 3200, '3.200 MT/s'],
    ['latencyMs', 20, '20 ms'],
    ['widthMm', 527, '527 mm'],
    ['preferredWidthPx', 1920, '1.920 px'],
    ['designCapacityMwh', 57_020, '57 Wh'],
    ['uptimeDays', 1, '1 Tag'],
    ['daysLeft', -3, '−3 Tage'],
    ['clockOffsetSeconds', -240, '−4 Minuten'],
    ['manufacturedYear', 2019, '2019'],
    ['screenLockSeconds', 600, '10 Minuten'],
    ['screenLockSeconds', 0, 'nie'],
    ['number', 26_100, '26100'],
    ['port', 3389, '3389'],
    ['pausedUntil', '2026-12-01', '01.12.2026'],
    ['signaturesOf', '2026-11-23', '23.11.2026'],
    ['since', '2026-11-12', '12.11.2026'],
    ['at', '2026-11-24T08:40:00Z', '24.11.2026, 09:40'],
    ['version', '2026-11-24', '2026-11-24'],
    ['state', 'waiting-for-restart', 'wartet auf Neustart'],
    ['cores', 4, '4'],
    ['readOnly', false, 'nein'],
    ['chassis', 'virtual-machine', 'Virtuelle Maschine'],
    ['validUntil', '2026-11-24T08:40:00Z', '24.11.2026, 09:40'],
    ['installedOn', '2026-11-24', '24.11.2026'],
    ['installedOn', 'kein Datum', 'kein Datum'],
    ['model', '<img src=x>', '<img src=x>'],
    ['oldestAt', null, 'keine Angabe'],
  ])('%s %s', (field, value, words) => {
    expect(factValue(field, value, german)).toBe(words);
  });
  test('on one line, with parts and lists', () => {
    expect(inline('network', 'addresses', [{ address: '192.0.2.7', family: 'ipv4', prefixLength: 24 }], german)).toBe(
      '192.0.2.7/24',
    );
    expect(inline('x', 'certificate', { daysLeft: 12, trusted: true }, german)).toBe(
      'Noch gültig: 12 Tage · Vertrauenswürdig: ja',
    );
    expect(inline('x', 'y', undefined, german)).toBe('');
  });
  test('a path says where a reading stands', () => {
    expect(pathName('storage', 'volumes[1].freeBytes', 'de')).toBe('Laufwerke 2, Frei');
    expect(pathName('storage', '', 'de')).toBe('');
  });
  test('columns are all that any row has, the name first and unknown ones last', () => {
    const rows = [{ a: 1, kind: 'ssd' }, { b: 2, a: 3, name: 'sda' }, 'no row', null, [1]];
    expect(columnsOf(rows)).toEqual(['name', 'kind', 'a', 'b']);
    // "installed" has a line for each of two sections and none of its own.
    expect(columnsOf([{ a: 1, installed: true, running: true }])).toEqual(['installed', 'running', 'a']);
  });
});

test('sections stand in the usual order, unknown ones last', () => {
  const ids = ['agent', 'telepathy', 'cpu', 'system'].map((id) => ({ id }));
  expect(inUsualOrder(ids).map(({ id }) => id)).toEqual(['system', 'cpu', 'agent', 'telepathy']);
});

describe('the gist', () => {
  const t = textsFor('de');
  const facts = officeFacts('pc-1');
  test.each([
    ['system', 'Beispiel GmbH · Büro-PC 3 · Desktop'],
    ['os', 'Debian GNU/Linux 13 (trixie)'],
    ['memory', '16 GiB'],
    ['storage', '/: 300 GiB von 500 GiB frei'],
    ['network', '192.0.2.10'],
    ['software', '2 Einträge'],
  ] as const)('of %s', (id, words) => {
    expect(sectionGist(id, facts[id], t, german)).toBe(words);
  });
  test('of updates counts what is missing and says as of when', () => {
    const updates = [{ state: 'missing' }, { state: 'missing' }, { state: 'waiting-for-restart' }];
    const scan = { kind: 'index', succeededOn: '2026-11-20' };
    expect(sectionGist('patches', { source: 'apt', scan, updates }, t, german)).toBe(
      '2 fehlen · 1 wartet auf Neustart · Suche vom 20.11.2026',
    );
    expect(sectionGist('patches', { source: 'apt', scan: { kind: 'index' }, updates: [] }, t, german)).toBe(
      'keine fehlt · Tag der Suche unbekannt',
    );
  });
  test('of security names what protects', () => {
    const data = { antivirus: [{ name: 'ClamAV', state: 'on' }], firewall: { product: 'nftables', profiles: [] } };
    expect(sectionGist('security', data, t, german)).toBe('ClamAV · nftables');
  });
  test('of an empty list says so', () => {
    expect(sectionGist('printers', { printers: [] }, t, german)).toBe('keine vorhanden');
  });
  test.each([
    { data: undefined },
    { data: null },
    { data: 7 },
    { data: [{}] },
    { data: { volumes: 'no list', interfaces: 0 } },
    { data: { name: { a: 1 } } },
  ])('of nonsense is empty: $data', ({ data }) => {
    for (const id of ['storage', 'network', 'software', 'os', 'patches', 'security', 'telepathy']) {
      expect(sectionGist(id, data, t, german)).toBe('');
    }
  });
  test('of lists that hold no objects is empty', () => {
    expect(sectionGist('storage', { volumes: [null, 'x'] }, t, german)).toBe('');
    expect(sectionGist('network', { interfaces: [null, { addresses: 'x' }] }, t, german)).toBe('');
  });
  test('a row is found by any of its parts', () => {
    const row = { name: 'openssl', version: '3.5.1-1' };
    expect(matches(row, ' OpenSSL ', 'software', german)).toBe(true);
    expect(matches(row, '3.5.1', 'software', german)).toBe(true);
    expect(matches(row, 'libre', 'software', german)).toBe(false);
  });
});
