/** What is entered in the editor of a policy, and the settings it stands for. Pure. */
import type { MemberField, SettingField } from '../api/contract.ts';

/** Fields of an entry of a list, as typed. */
export type Entry = Readonly<Record<string, string>>;
/**
 * As typed, '' = not set; `texts` has one entry a line. Choices, lists and single entries are arrays. For all that can
 * be empty and yet be set, `undefined` = not set.
 */
export type DraftValue = string | readonly string[] | readonly Entry[] | undefined;
export type Draft = Readonly<Record<string, DraftValue>>;

export type Fault = 'number' | 'missing' | 'long' | 'many' | 'day' | 'form';
/** By key; a field of an entry is "key[0].member". */
export type Faults = ReadonlyMap<string, Fault>;

type Values = Readonly<Record<string, unknown>>;

function valueAt(settings: Values, key: string): unknown {
  const [outer = '', member] = key.split('.', 2);
  const value = Object.hasOwn(settings, outer) ? settings[outer] : undefined;
  if (member === undefined || value === undefined) return value;
  return Object.hasOwn(value as object, member) ? (value as Values)[member] : undefined;
}

function typed(value: unknown): string {
  return value === undefined ? '' : String(value);
}

function entryOf(value: unknown, members: readonly MemberField[]): Entry {
  const given = value as Values;
  return Object.fromEntries(members.map(({ key }) => [key, typed(given[key])]));
}

export function draftOf(settings: object, fields: readonly SettingField[]): Draft {
  return Object.fromEntries(
    fields.map(({ key, kind, members }): [string, DraftValue] => {
      const value = valueAt(settings as Values, key);
      switch (kind) {
        case 'list':
          return [key, (value as readonly unknown[] | undefined)?.map((entry) => entryOf(entry, members))];
        case 'entry':
          return [key, value === undefined ? undefined : [entryOf(value, members)]];
        case 'choices':
          return [key, value as readonly string[] | undefined];
        case 'texts':
          return [key, (value as readonly string[] | undefined)?.join('\n')];
        default:
          return [key, typed(value)];
      }
    }),
  );
}

/** What a list or entry holds when it is first set. */
export function emptyEntry(members: readonly MemberField[]): Entry {
  return Object.fromEntries(members.map(({ key }) => [key, '']));
}

export function isSet(value: DraftValue): boolean {
  return value !== undefined && value !== '';
}

/** The settings the draft stands for, and what does not fit yet; settings with faults are left out. */
export function settingsOf(draft: Draft, fields: readonly SettingField[]): { settings: object; faults: Faults } {
  const settings: Record<string, unknown> = {};
  const faults = new Map<string, Fault>();
  for (const field of fields) {
    const value = settingOf(field, draft[field.key], faults);
    if (value === undefined) continue;
    const [outer = '', member] = field.key.split('.', 2);
    if (member === undefined) settings[outer] = value;
    else settings[outer] = { ...(settings[outer] as object | undefined), [member]: value };
  }
  return { settings, faults };
}

function settingOf(field: SettingField, value: DraftValue, faults: Map<string, Fault>): unknown {
  if (value === undefined) return undefined;
  const { key, members, maxItems } = field;
  if (typeof value === 'string') {
    if (field.kind !== 'texts')
      return scalarOf({ ...field, kind: field.kind as MemberField['kind'] }, value, key, faults);
    const lines = value
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    if (field.maxLength !== null && lines.some((line) => line.length > (field.maxLength ?? 0))) faults.set(key, 'long');
    if (maxItems !== null && lines.length > maxItems) faults.set(key, 'many');
    return lines;
  }
  if (maxItems !== null && value.length > maxItems) faults.set(key, 'many');
  if (field.kind === 'choices') return value;
  const entries = (value as readonly Entry[]).map((entry, index) =>
    Object.fromEntries(
      members.flatMap((member) => {
        const path = `${key}[${index}].${member.key}`;
        const given = scalarOf(member, entry[member.key] ?? '', path, faults);
        if (given === undefined && member.required && !faults.has(path)) faults.set(path, 'missing');
        return given === undefined ? [] : [[member.key, given]];
      }),
    ),
  );
  return field.kind === 'entry' ? entries[0] : entries;
}

function scalarOf(field: MemberField, typedIn: string, path: string, faults: Map<string, Fault>): unknown {
  const text = typedIn.trim();
  if (text === '') return undefined;
  switch (field.kind) {
    case 'number': {
      const number = numberOf(text, field);
      if (number === undefined) faults.set(path, 'number');
      return number;
    }
    case 'boolean':
      return text === 'true';
    case 'day':
      if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) faults.set(path, 'day');
      return text;
    default:
      if (field.maxLength !== null && text.length > field.maxLength) faults.set(path, 'long');
      else if (field.pattern !== null && !new RegExp(field.pattern).test(text)) faults.set(path, 'form');
      return text;
  }
}

/** Comma or point before at most two digits: "1.000" is not taken for one. */
function numberOf(text: string, { whole, minimum, maximum }: MemberField): number | undefined {
  if (!(whole ? /^\d{1,15}$/ : /^\d{1,15}([.,]\d{1,2})?$/).test(text)) return undefined;
  const number = Number(text.replace(',', '.'));
  return number >= (minimum ?? number) && number <= (maximum ?? number) ? number : undefined;
}
