/** Both languages say the same things: every text is there twice, with the same shape. */
import { expect, test } from 'vitest';
import { fieldWords, problemWords, sectionWords, valueWords } from '../../../agent/contract/words/facts.ts';
import { auditAction, auditDetail, auditHostname, deviceEvent } from '../../../server/console/code-texts.ts';
import { formatFor } from '../../../server/console/format.ts';
import { textsFor } from '../../../server/console/texts.ts';

/** The kind of each part, by its path; a function counts with the number of values it takes. */
function shape(value: unknown, path = ''): string[] {
  if (typeof value === 'function') return [`${path}(${value.length})`];
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([name, part]) => shape(part, `${path}.${name}`));
}

test('every text is there in both languages, with the same parts', () => {
  expect(shape(textsFor('en'))).toEqual(shape(textsFor('de')));
  expect(shape(textsFor('de')).length).toBeGreaterThan(150);
});

test.each(Object.entries({ fieldWords, problemWords, sectionWords, valueWords }))(
  '%s: no word is empty',
  (_, words) => {
    for (const [name, { de, en }] of Object.entries(words)) expect(`${name}: ${de}, ${en}`).not.toMatch(/: ,|, $/);
  },
);

const facts = { language: 'de', format: formatFor('de'), yes: 'ja', no: 'nein', none: '–' } as const;

const names = new Map([
  ['m-1', 'Wasungen'],
  ['retired', 'Ausgemustert'],
]);

test('ids and codes in the audit log get their names, what people typed does not', () => {
  const detail =
    '{"hostname":"retired","state":["active","retired"],"municipality_id":["m-1","m-2"],"municipalities":[]}';
  expect(auditDetail(detail, facts, names)).toBe(
    'Gerät: retired · Status: active → Ausgemustert · Gemeinde: Wasungen → m-2 · Gemeinden: –',
  );
  expect(auditHostname(detail)).toBe('retired');
  expect(auditHostname('{"hostname":7}')).toBeUndefined();
  expect(auditHostname(null)).toBeUndefined();
});

test('details of the audit log are read aloud, a change as before and after', () => {
  expect(auditDetail('{"hostname":"pc-1","location":[null,"Zimmer 2"],"approvalRequired":true}', facts, names)).toBe(
    'Gerät: pc-1 · Standort: – → Zimmer 2 · Freigabe nötig: ja',
  );
  expect(auditDetail('{"expiresAt":"2026-11-24T08:40:00Z","neu":{"a":1}}', facts, names)).toBe(
    'gültig bis: 24.11.2026, 09:40 · neu: {"a":1}',
  );
});

test.each(['{"cut', 'plain words', '[1,2]', '7'])('details of another kind are shown as they are: %s', (detail) => {
  expect(auditDetail(detail, facts, names)).toBe(detail);
  expect(auditHostname(detail)).toBeUndefined();
});

test('a code that is new to the console is shown as it is', () => {
  expect(auditAction('device.change', 'de')).toBe('Gerät geändert');
  expect(auditAction('constructor', 'de')).toBe('constructor');
  expect(deviceEvent('clone-suspected', 'en')).toBe('Possible clone of another device');
  expect(deviceEvent('brand-new', 'en')).toBe('brand-new');
});
