/** Every setting of the contract can be read in the console: heading, unit, options, values, in both languages. */
import { expect, test } from 'vitest';
import { fieldWords, sectionWords } from '../../../agent/contract/words/facts.ts';
import { unitWords } from '../../../server/console/policy-texts.ts';
import {
  audienceName,
  byTopic,
  inOrder,
  optionName,
  originName,
  policyAddress,
  settingValue,
} from '../../../server/console/settings.ts';
import { speechFor } from '../../../server/console/speech.ts';
import { settingFields } from '../../../server/fleet/setting-fields.ts';

const languages = ['de', 'en'] as const;
const fieldOf = (key: string) => settingFields.find((field) => field.key === key)!;

test('each unit has its word', () => {
  const units = new Set(settingFields.flatMap((field) => [field, ...field.members]).flatMap(({ unit }) => unit ?? []));
  expect(units.size).toBeGreaterThan(3);
  expect([...units].filter((unit) => !Object.hasOwn(unitWords, unit))).toEqual([]);
});

test('each option has its word', () => {
  const options = settingFields
    .flatMap((field) => [field, ...field.members])
    .flatMap(({ key, options: some }) => some.map((option) => [key, option] as const));
  expect(options.length).toBeGreaterThan(20);
  const bare = options.filter(([key, option]) =>
    languages.every((language) => optionName(key, option, language) === option),
  );
  expect(bare).toEqual([]);
  expect(Object.keys(sectionWords)).toEqual(expect.arrayContaining([...fieldOf('withoutSections').options]));
  // A word of a fact is not taken for that of an option.
  expect(Object.keys(fieldWords)).not.toContain('kind.no-local-data');
});

test('each setting stands under one heading, none under the last resort', () => {
  const topics = byTopic(settingFields);
  const keys = topics.flatMap(({ fields }) => fields.map(({ key }) => key));
  expect(keys.toSorted()).toEqual(settingFields.map(({ key }) => key).toSorted());
  expect(topics.map(({ title }) => title.de)).not.toContain('Weitere Festlegungen');
  expect(byTopic([{ key: 'brandNew' }]).map(({ title }) => title.en)).toEqual(['Further settings']);
});

test('values are read aloud', () => {
  const de = speechFor('de');
  const said = (key: string, value: unknown) => settingValue(fieldOf(key), value, de);
  expect(said('thresholds.silentWarningHours', 0.5)).toBe('0,5 Stunden');
  expect(said('thresholds.storageFreeWarningPercent', 10)).toBe('10 %');
  expect(said('backup.warningsCount', false)).toBe('nein');
  expect(said('withoutSections', ['usb', 'printers'])).toBe('USB-Geräte, Drucker');
  expect(said('withoutSections', [])).toBe('leer');
  expect(said('infrastructureTargets', [{ name: 'Firewall', kind: 'gateway', host: 'fw', port: 1443 }])).toBe(
    'Firewall, Gateway oder Firewall, fw, 1443',
  );
  const declaration = { kind: 'no-local-data', owner: 'Hauptamt', reviewOn: '2027-01-31' };
  expect(said('backup.declaration', declaration)).toBe('Auf dem PC liegen keine Daten, Hauptamt, 31.01.2027');
  expect(said('checkInSeconds', null)).toBe('keine Vorgabe');
});

test('origins have names and addresses', () => {
  const de = speechFor('de');
  const group = { level: 'group', id: '8b6ce0c5-0000-4000-8000-000000000000', name: 'Bürgerbüro', version: 2 } as const;
  expect(originName(group, de)).toBe('Gruppe Bürgerbüro');
  expect(originName(null, de)).toBe('Voreinstellung');
  expect(audienceName({ level: 'district', name: '' }, de)).toBe('Landkreis');
  expect(policyAddress(group)).toBe(`/richtlinien/group-${group.id}`);
  expect(policyAddress({ level: 'district', id: '' })).toBe('/richtlinien/district');
});

test('changes stand in the order of the editor', () => {
  const changes = ['brandNew', 'withoutSections', 'checkInSeconds'].map((key) => ({ key }));
  expect(inOrder(changes, settingFields).map(({ key }) => key)).toEqual([
    'checkInSeconds',
    'withoutSections',
    'brandNew',
  ]);
});
