import { describe, expect, test } from 'vitest';
import { readBuild, securityUpdateAfter } from '../../../../agent/collectors/windows/build.ts';
import { buildRows, servicingLine } from '../../../../agent/collectors/windows/build-table.ts';
import { openDocument } from '../../../../agent/collectors/windows/document.ts';
import {
  accessDenied,
  type Document,
  germanDesktop,
  having,
  key,
  section,
} from '../../../fixtures/windows/documents.ts';

const year = [
  'f520e45e-7413-4a34-a497-d2765967d094',
  '1043add5-23b1-4afb-9a0f-64343c8f3f8d',
  '83d49986-add3-41d7-ba33-87c7bfb5c0fb',
];

function build(document: Document, now = new Date('2026-11-24T09:00:00Z')) {
  const problems: string[] = [];
  const problem = (code: string): void => void problems.push(code);
  return { facts: readBuild(openDocument(document, { problem }), { problem, now }), problems };
}
const versioned = (entries: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  having(germanDesktop(), { version: section({ key: key(entries) }), ...more });

describe('table', () => {
  const rows = Object.entries(buildRows).flatMap(([line, list]) => list.map((row) => ({ line, row })));

  test('every monthly security update came out on a second Tuesday', () => {
    for (const { line, row } of rows.filter((entry) => entry.row[3] === 'B')) {
      const date = new Date(`${row[0]}T00:00:00Z`);
      expect({ line, row, weekday: date.getUTCDay() }).toEqual({ line, row, weekday: 2 });
      expect(Math.ceil(date.getUTCDate() / 7), `${line} ${row[0]}`).toBe(2);
    }
  });

  test('each line is in the order of its days, each revision stands once, and only hotpatches fall back', () => {
    for (const list of Object.values(buildRows)) {
      const days = list.map(([day]) => day);
      expect(days).toEqual([...days].sort());
      expect(new Set(list.map(([, revision]) => revision)).size).toBe(list.length);
      const ordinary = list.filter((row) => row[3] !== 'H' && row[3] !== 'X').map(([, revision]) => revision);
      expect(ordinary).toEqual([...ordinary].sort((a, b) => a - b));
    }
    for (const line of Object.values(servicingLine)) expect(buildRows[line]?.length).toBeGreaterThan(0);
  });
});

test.each([
  [
    { CurrentBuild: '26100', UBR: 8655 },
    { number: 26100, revision: 8655, hotpatched: false, updateOfDay: '2026-06-09' },
  ],
  [
    { CurrentBuild: '26200', UBR: 9106 },
    { number: 26200, revision: 9106, hotpatched: true, updateOfDay: '2026-08-11' },
  ],
  [
    { CurrentBuild: 26300, UBR: '9168' },
    { number: 26300, revision: 9168, hotpatched: false, updateOfDay: '2026-08-11' },
  ],
  // Younger than the table, and never heard of: the day is not known, and none is invented.
  [
    { CurrentBuild: '26100', UBR: 9999 },
    { number: 26100, revision: 9999 },
  ],
  [
    { CurrentBuild: '27900', UBR: 1000 },
    { number: 27900, revision: 1000 },
  ],
])('build %j', (entries, expected) => {
  expect(build(versioned(entries))).toEqual({ facts: expected, problems: [] });
});

test.each([
  [{ UBR: 8655 }],
  [{ CurrentBuild: '26100' }],
  [{ CurrentBuild: 'sechsundzwanzig', UBR: 8655 }],
  [{ CurrentBuild: '26100', UBR: -3 }],
  [{ CurrentBuild: '5', UBR: 1 }],
  [{}],
])('no build out of %j', (entries) => {
  expect(build(versioned(entries))).toEqual({ facts: undefined, problems: ['unreadable'] });
});

test('a build that may not be read', () => {
  expect(build(having(germanDesktop(), { version: accessDenied }))).toEqual({ facts: undefined, problems: ['denied'] });
  expect(build(having(germanDesktop(), { version: undefined })).problems).toEqual(['not-found']);
});

describe('Extended Security Updates', () => {
  const ten = (licences: unknown, revision = 6456, now?: Date) =>
    build(
      versioned(
        { CurrentBuild: '19045', UBR: revision },
        { esu: licences === null ? accessDenied : section({ licences }) },
      ),
      now,
    ).facts?.esu;

  test.each([
    ['second year bought', [{ id: year[1], status: 1 }], 'licensed'],
    ['third year bought', [{ id: year[2]?.toUpperCase(), status: 1 }], 'licensed'],
    ['only the year that is over', [{ id: year[0], status: 1 }], 'not-licensed'],
    ['bought, not activated', [{ id: year[1], status: 0 }], 'not-licensed'],
    ['no licence', [], 'not-licensed'],
    ['another product', [{ id: '00000000-0000-0000-0000-000000000000', status: 1 }], 'not-licensed'],
    ['one licence without its list', { id: year[1], status: 1 }, 'licensed'],
    ['not readable', null, 'unknown'],
    ['garbage', 'x', 'unknown'],
  ])('%s', (_name, licences, expected) => {
    expect(ten(licences)).toBe(expected);
  });

  test('updates go on without a licence that can be seen: the way of private persons', () => {
    expect(ten([], 6466)).toBe('not-licensed');
    expect(ten([], 6467)).toBe('unknown');
    expect(ten([{ id: year[0], status: 1 }], 7663)).toBe('not-licensed');
  });

  test('a year ends with its last day', () => {
    const first = [{ id: year[0], status: 1 }];
    expect(ten(first, 6456, new Date('2026-10-13T23:59:59Z'))).toBe('licensed');
    expect(ten(first, 6456, new Date('2026-10-14T00:00:00Z'))).toBe('not-licensed');
    expect(ten([{ id: year[2], status: 1 }], 6456, new Date('2028-10-11T00:00:00Z'))).toBe('not-licensed');
  });

  test('no other build has them', () => {
    expect(build(germanDesktop()).facts).not.toHaveProperty('esu');
  });
});

test.each([
  ['two months behind', { number: 26100, revision: 8655, hotpatched: false }, 'KB5121003'],
  ['older than the table', { number: 26100, revision: 4000 }, 'KB5121003'],
  ['current', { number: 26100, revision: 9168, hotpatched: false }, undefined],
  ['hotpatched and current, with a lower revision', { number: 26100, revision: 9106, hotpatched: true }, undefined],
  ['hotpatched and behind', { number: 26100, revision: 8390, hotpatched: true }, 'KB5121003'],
  ['not in the table, perhaps a hotpatch', { number: 26100, revision: 9110 }, undefined],
  ['younger than the table', { number: 26100, revision: 10_200 }, undefined],
  ['unknown build', { number: 27_900, revision: 1 }, undefined],
])('%s', (_name, facts, article) => {
  expect(securityUpdateAfter(facts)?.[2]).toBe(article);
});
