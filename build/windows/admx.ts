/**
 * Group policy files (ADMX and ADML), generated from the schema of `agent.json`: every setting of the machine is a policy below
 * `HKLM\SOFTWARE\Policies\KITS\Agent`. Format: https://learn.microsoft.com/previous-versions/windows/desktop/policy/admx-schema
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { policyKey, policyValueName } from '../../agent/settings/group-policy.ts';
import { machineFile, ranges } from '../../agent/settings/settings.ts';
import { type MachineSetting, policyTexts } from './policy-texts.ts';

const fieldSchema = z.object({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  items: z.object({ enum: z.array(z.string()).optional() }).optional(),
});
const schema = z.object({ properties: z.record(z.string(), fieldSchema) });

type Element =
  | { readonly kind: 'text' }
  | { readonly kind: 'number'; readonly low: number; readonly high: number }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  /** `values`: what a line may say, where that is known. */
  | { readonly kind: 'lines'; readonly values: readonly string[] };
interface Policy {
  readonly key: MachineSetting;
  readonly element: Element;
}

const languages = {
  'de-DE': { title: 'KITS Agent', since: 'Windows 10 oder neuer' },
  'en-US': { title: 'KITS Agent', since: 'Windows 10 or newer' },
};
export type PolicyLanguage = keyof typeof languages;
export const policyLanguages = Object.keys(languages) as PolicyLanguage[];

/** One for each key of the schema, in its order. Throws for a key whose kind no policy can carry. */
export function policies(): Policy[] {
  const { properties } = schema.parse(z.toJSONSchema(machineFile, { io: 'input' }));
  return Object.entries(properties).map(([key, field]) => ({
    key: key as MachineSetting,
    element: elementOf(key, field),
  }));
}

function elementOf(key: string, { type, enum: values, items }: z.infer<typeof fieldSchema>): Element {
  if (values !== undefined) return { kind: 'choice', values };
  if (type === 'boolean') return { kind: 'choice', values: ['true', 'false'] };
  if (type === 'string') return { kind: 'text' };
  if (type === 'array' || type === 'object') return { kind: 'lines', values: items?.enum ?? [] };
  const range = Object.hasOwn(ranges, key) ? ranges[key as keyof typeof ranges] : undefined;
  if (type === 'number' && range !== undefined) return { kind: 'number', ...range };
  throw new Error(`agent.json has a setting "${key}" that no policy can carry: ${type ?? 'no type'}`);
}

export function admx(): string {
  const entries = policies().flatMap(({ key, element }) => {
    const name = policyValueName(key);
    return [
      `    <policy name="${name}" class="Machine" displayName="$(string.${name})" explainText="$(string.${name}_Explain)"` +
        ` presentation="$(presentation.${name})" key="${policyKey}">`,
      '      <parentCategory ref="KitsAgent" />',
      '      <supportedOn ref="SinceWindows10" />',
      '      <elements>',
      ...elementXml(name, element),
      '      </elements>',
      '    </policy>',
    ];
  });
  return document([
    '<policyDefinitions xmlns="http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions" revision="1.0" schemaVersion="1.0">',
    '  <policyNamespaces>',
    '    <target prefix="kits" namespace="KITS.Policies.Agent" />',
    '  </policyNamespaces>',
    '  <resources minRequiredRevision="1.0" fallbackCulture="en-US" />',
    '  <supportedOn>',
    '    <definitions>',
    '      <definition name="SinceWindows10" displayName="$(string.SinceWindows10)" />',
    '    </definitions>',
    '  </supportedOn>',
    '  <categories>',
    '    <category name="KitsAgent" displayName="$(string.KitsAgent)" />',
    '  </categories>',
    '  <policies>',
    ...entries,
    '  </policies>',
    '</policyDefinitions>',
  ]);
}

function elementXml(name: string, element: Element): string[] {
  const common = `id="${name}" valueName="${name}"`;
  switch (element.kind) {
    case 'text':
      return [`        <text ${common} required="true" maxLength="1023" />`];
    case 'number':
      return [`        <decimal ${common} required="true" minValue="${element.low}" maxValue="${element.high}" />`];
    case 'lines':
      return [`        <multiText ${common} required="true" />`];
    case 'choice':
      return [
        `        <enum ${common} required="true">`,
        ...element.values.map(
          (value) =>
            `          <item displayName="$(string.${name}_${value})"><value><string>${value}</string></value></item>`,
        ),
        '        </enum>',
      ];
  }
}

export function adml(language: PolicyLanguage): string {
  const texts = policyTexts[language];
  const { title, since } = languages[language];
  const strings = policies().flatMap(({ key, element }) => {
    const name = policyValueName(key);
    const { name: title, explain } = texts[key];
    const values = element.kind === 'lines' ? element.values.join(', ') : '';
    return [
      string(name, title),
      string(`${name}_Explain`, explain.replace('{values}', values)),
      ...(element.kind === 'choice' ? element.values.map((value) => string(`${name}_${value}`, value)) : []),
    ];
  });
  const presentations = policies().flatMap(({ key, element }) => {
    const name = policyValueName(key);
    return [
      `      <presentation id="${name}">`,
      `        ${presentationXml(name, element, xml(texts[key].label))}`,
      '      </presentation>',
    ];
  });
  return document([
    '<policyDefinitionResources xmlns="http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions" revision="1.0" schemaVersion="1.0">',
    `  <displayName>${xml(title)}</displayName>`,
    `  <description>${xml(title)}</description>`,
    '  <resources>',
    '    <stringTable>',
    string('KitsAgent', title),
    string('SinceWindows10', since),
    ...strings,
    '    </stringTable>',
    '    <presentationTable>',
    ...presentations,
    '    </presentationTable>',
    '  </resources>',
    '</policyDefinitionResources>',
  ]);
}

function presentationXml(name: string, element: Element, label: string): string {
  switch (element.kind) {
    case 'text':
      return `<textBox refId="${name}"><label>${label}</label></textBox>`;
    case 'number':
      return `<decimalTextBox refId="${name}" defaultValue="${element.low}">${label}</decimalTextBox>`;
    case 'lines':
      return `<multiTextBox refId="${name}">${label}</multiTextBox>`;
    case 'choice':
      return `<dropdownList refId="${name}" noSort="true">${label}</dropdownList>`;
  }
}

function string(id: string, text: string): string {
  return `      <string id="${id}">${xml(text)}</string>`;
}

function document(lines: readonly string[]): string {
  return ['<?xml version="1.0" encoding="utf-8"?>', ...lines, ''].join('\r\n');
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** `kits-agent.admx` and its languages, as they are copied into PolicyDefinitions. */
export function writePolicyDefinitions(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'kits-agent.admx'), admx());
  for (const language of policyLanguages) {
    mkdirSync(join(folder, language), { recursive: true });
    writeFileSync(join(folder, language, 'kits-agent.adml'), adml(language));
  }
}
