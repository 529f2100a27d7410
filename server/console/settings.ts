/** Settings of policies in words: names, values, and who decided them. Pure. */

import type { Words } from '../../agent/contract/words/facts.ts';
import { valueWords } from '../../agent/contract/words/facts.ts';
import type { PolicyOrigin, SettingField } from '../api/contract.ts';
import { sectionName } from './facts.ts';
import { optionWords, settingTopics, unitWords } from './policy-texts.ts';
import type { Speech } from './speech.ts';

export function unitName(unit: string | null, language: Speech['language']): string {
  if (unit === null) return '';
  return (Object.hasOwn(unitWords, unit) ? unitWords[unit]?.[language] : undefined) ?? unit;
}

/** `key`: of the setting, or of a field of an entry. What has a proper name is shown as it is. */
export function optionName(key: string, option: string, language: Speech['language']): string {
  if (key === 'withoutSections') return sectionName(option, language);
  const word = (words: Readonly<Record<string, Words>>): string | undefined =>
    Object.hasOwn(words, `${key}.${option}`) ? words[`${key}.${option}`]?.[language] : undefined;
  return word(optionWords) ?? word(valueWords) ?? option;
}

type Described = Pick<SettingField, 'key' | 'kind' | 'unit'> & { readonly members?: SettingField['members'] };

/** A value in one line; null = no policy says anything and there is no preset. */
export function settingValue(field: Described, value: unknown, speech: Speech): string {
  const { t, format, language } = speech;
  if (value === null || value === undefined) return t.notSpecified;
  switch (field.kind) {
    case 'number':
      // A number without a unit names something, as a port does.
      if (field.unit === null) return String(value);
      return `${format.number(value as number, 2)} ${unitName(field.unit, language)}`;
    case 'boolean':
      return value === true ? t.yes : t.no;
    case 'choice':
      return optionName(field.key, value as string, language);
    case 'day':
      return format.day(value as string);
    case 'choices':
    case 'texts':
      return (value as string[]).map((one) => optionName(field.key, one, language)).join(', ') || t.noEntries;
    case 'list':
      return (value as object[]).map((entry) => entryWords(field, entry, speech)).join('; ') || t.noEntries;
    case 'entry':
      return entryWords(field, value as object, speech);
    default:
      return String(value);
  }
}

function entryWords({ members = [] }: Described, entry: object, speech: Speech): string {
  const given = entry as Readonly<Record<string, unknown>>;
  return members
    .filter(({ key }) => given[key] !== undefined)
    .map((member) => {
      const words = settingValue(member, given[member.key], speech);
      return member.kind === 'boolean' ? `${member.label[speech.language]}: ${words}` : words;
    })
    .join(', ');
}

/** "Gruppe Bürgerbüro"; the district needs no name. */
export function audienceName({ level, name }: Pick<PolicyOrigin, 'level' | 'name'>, { t }: Pick<Speech, 't'>): string {
  return `${t.policyLevel[level]} ${name}`.trim();
}

export function originName(origin: PolicyOrigin | null, speech: Pick<Speech, 't'>): string {
  return origin === null ? speech.t.preset : audienceName(origin, speech);
}

/** As in the address and in the API. */
export function audienceKey({ level, id }: Pick<PolicyOrigin, 'level' | 'id'>): string {
  return level === 'district' ? level : `${level}-${id}`;
}

export function policyAddress(audience: Pick<PolicyOrigin, 'level' | 'id'>): string {
  return `/richtlinien/${audienceKey(audience)}`;
}

/** Settings under their headings, headings without any left out. */
export function byTopic<T extends { readonly key: string }>(
  fields: readonly T[],
): readonly { readonly title: Words; readonly fields: readonly T[] }[] {
  const topicOf = (key: string): number => settingTopics.findIndex(([, keys]) => keys.test(key));
  return settingTopics
    .map(([title], index) => ({ title, fields: fields.filter(({ key }) => topicOf(key) === index) }))
    .filter(({ fields: own }) => own.length > 0);
}

/** Changes in the order of the editor; what is new to this console comes last. */
export function inOrder<T extends { readonly key: string }>(
  changes: readonly T[],
  fields: readonly { readonly key: string }[],
): T[] {
  const order = new Map(fields.map(({ key }, index) => [key, index]));
  const place = ({ key }: T): number => order.get(key) ?? fields.length;
  return changes.toSorted((a, b) => place(a) - place(b));
}
