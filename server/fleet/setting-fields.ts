/** The settings of a policy as an editor needs them, made from the contract: a new one there shows by itself. */
import { z } from 'zod';
import { defaultBackupPolicy, defaultThresholds } from '../../agent/contract/policy.ts';
import { type MemberField, policySettings, type SettingField } from '../api/policy-contract.ts';

/** What of a JSON Schema (2020-12) these settings use. */
interface Described {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly maxItems?: number;
  readonly items?: Described;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly required?: readonly string[];
  readonly de?: string;
  readonly en?: string;
  readonly unit?: string;
}

/** In force where no policy says anything, by "object.member". An object of settings with defaults gets its line here. */
const presets: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  thresholds: defaultThresholds,
  backup: defaultBackupPolicy,
};

/** In the order of the contract; the members of an object one after the other. */
export const settingFields: readonly SettingField[] = fieldsOf(
  z.toJSONSchema(policySettings, { io: 'input' }) as unknown as Described,
);

/** Throws `TypeError` for a setting no editor is known for, or without a purpose. */
export function fieldsOf(settings: Described): SettingField[] {
  return Object.entries(settings.properties ?? {}).flatMap(([key, described]) =>
    described.properties === undefined
      ? [settingOf(key, described, null)]
      : Object.entries(described.properties).map(([member, inner]) =>
          settingOf(`${key}.${member}`, inner, presets[key]?.[member] ?? null),
        ),
  );
}

function settingOf(key: string, described: Described, preset: unknown): SettingField {
  const entry = described.properties === undefined ? described.items : described;
  if (entry?.properties === undefined) return { ...memberOf(key, described, false), members: [], preset };
  const { properties, required = [] } = entry;
  const members = Object.entries(properties).map(([name, inner]) => memberOf(name, inner, required.includes(name)));
  return { ...common(key, described, false), kind: entry === described ? 'entry' : 'list', members, preset };
}

function memberOf(key: string, described: Described, required: boolean): MemberField {
  return { ...common(key, described, required), kind: kindOf(key, described) };
}

function common(key: string, described: Described, required: boolean): Omit<MemberField, 'kind'> {
  const { de, en } = described;
  if (de === undefined || en === undefined) throw new TypeError(`the setting ${key} does not say what it is for`);
  return {
    key,
    label: { de, en },
    unit: described.unit ?? null,
    minimum: described.minimum ?? null,
    maximum: described.maximum ?? null,
    whole: described.type === 'integer',
    maxLength: described.maxLength ?? described.items?.maxLength ?? null,
    // A day has an editor of its own.
    pattern: described.format === 'date' ? null : (described.pattern ?? null),
    maxItems: described.maxItems ?? null,
    options: [...(described.enum ?? described.items?.enum ?? [])],
    required,
  };
}

function kindOf(key: string, { type, format, enum: options, items }: Described): MemberField['kind'] {
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'boolean') return 'boolean';
  if (type === 'string') return options !== undefined ? 'choice' : format === 'date' ? 'day' : 'text';
  if (type === 'array' && items?.type === 'string') return items.enum !== undefined ? 'choices' : 'texts';
  throw new TypeError(`no editor is known for the setting ${key}`);
}
