import { describe, expect, test } from 'vitest';
import { elementsNamed, parseXml } from '../../agent/backup/xml.ts';
import { sectionIds } from '../../agent/contract/facts/index.ts';
import { parsePolicyKey, policyValueName } from '../../agent/settings/group-policy.ts';
import { machineFile, ranges } from '../../agent/settings/settings.ts';
import { adml, admx, policies, policyLanguages } from '../../build/windows/admx.ts';

const definitions = parseXml(admx());
const keys = Object.keys(machineFile.shape);

test('there is one policy for each setting of the machine, under the key the agent reads', () => {
  const found = elementsNamed(definitions, 'policy');
  expect(found.map(({ attributes }) => attributes['name'])).toEqual(keys.map(policyValueName));
  expect(keys.length).toBeGreaterThan(10);
  for (const { attributes, children } of found) {
    expect(attributes).toMatchObject({ class: 'Machine', key: 'SOFTWARE\\Policies\\KITS\\Agent' });
    const elements = children.find(({ name }) => name === 'elements')?.children ?? [];
    expect(elements).toHaveLength(1);
    expect(elements[0]?.attributes['valueName']).toBe(attributes['name']);
  }
});

test('what the editor writes for each kind is what the agent reads', () => {
  const written: Readonly<Record<string, string>> = {
    text: 'REG_SZ',
    number: 'REG_DWORD',
    choice: 'REG_SZ',
    lines: 'REG_MULTI_SZ',
  };
  const values: Readonly<Record<string, string>> = {
    serverUrl: 'https://kits.example',
    serverKey: 'k'.repeat(43),
    recoveryKey: 'r'.repeat(43),
    selfUpdate: 'true',
    releaseKey: 'f'.repeat(43),
    proxy: 'http://proxy:3128',
    caFile: 'C:\\ca.pem',
    withoutSections: 'usb\\0printers',
    infrastructureTargets: '[{"name":"NAS","kind":"other","host":"nas","port":443}]',
    backup: '{"hooks":[]}',
    logLevel: 'warn',
  };
  const lines = policies().map(({ key, element }) => {
    const value = element.kind === 'number' ? `0x${element.low.toString(16)}` : (values[key] ?? '');
    return `    ${policyValueName(key)}    ${written[element.kind]}    ${value}`;
  });
  const { values: read, problems } = parsePolicyKey(lines.join('\r\n'), machineFile);
  expect(problems).toEqual([]);
  expect(Object.keys(read)).toEqual(keys);
});

test('ranges are those the agent keeps to, and lists name what there is', () => {
  for (const [key, { low, high }] of Object.entries(ranges)) {
    const [decimal] = elementsNamed(definitions, 'decimal').filter(
      ({ attributes }) => attributes['id'] === policyValueName(key),
    );
    expect(decimal?.attributes).toMatchObject({ minValue: String(low), maxValue: String(high) });
  }
  for (const id of sectionIds) expect(adml('de-DE')).toMatch(new RegExp(`WithoutSections_Explain">[^<]*\\b${id}\\b`));
});

describe.each(policyLanguages)('%s', (language) => {
  const resources = parseXml(adml(language));
  const strings = elementsNamed(resources, 'string');
  const presentations = elementsNamed(resources, 'presentation');

  test('has each word the policies refer to, once, and none beside them', () => {
    const wanted = [...admx().matchAll(/\$\(string\.(\w+)\)/g)].map(([, id]) => id);
    expect(strings.map(({ attributes }) => attributes['id']).sort()).toEqual([...new Set(wanted)].sort());
    for (const { text, attributes } of strings) {
      expect(text.length, attributes['id']).toBeGreaterThan(1);
      expect(text, attributes['id']).not.toMatch(/[{}]|undefined/);
    }
  });

  test('has a field for each element', () => {
    const wanted = [...admx().matchAll(/\$\(presentation\.(\w+)\)/g)].map(([, id]) => id);
    expect(presentations.map(({ attributes }) => attributes['id'])).toEqual(wanted);
    for (const { attributes, children } of presentations) {
      expect(children).toHaveLength(1);
      const kinds: Readonly<Record<string, string>> = {
        text: 'textBox',
        decimal: 'decimalTextBox',
        multiText: 'multiTextBox',
        enum: 'dropdownList',
      };
      const [element] = ['text', 'decimal', 'multiText', 'enum']
        .flatMap((kind) => elementsNamed(definitions, kind))
        .filter((found) => found.attributes['id'] === children[0]?.attributes['refId']);
      expect(element?.attributes['id']).toBe(attributes['id']);
      expect(children[0]?.name).toBe(kinds[element?.name ?? '']);
    }
  });
});
