/** "Nearest wins": what holds for a device out of the policies that concern it. Pure; see docs/decisions/0005. */
import { isDeepStrictEqual } from 'node:util';
import type { Policy } from '../../agent/contract/policy.ts';
import type { PolicyLevel } from '../store/schema.ts';

export type Settings = Policy['settings'];

/** Which policy said it. */
export interface Origin {
  readonly level: PolicyLevel;
  /** Of the municipality, group or device; '' for the district. */
  readonly id: string;
  /** Of the municipality, group or device; '' for the district. */
  readonly name: string;
  /** Of that policy. */
  readonly version: number;
}

/** By the key of a setting; a member of an object is "object.member". */
export type Origins = Readonly<Record<string, Origin>>;

export interface PolicyLayer {
  readonly origin: Origin;
  /** Of a group among those of its municipality: the lower one wins. 0 elsewhere. */
  readonly position: number;
  readonly settings: Settings;
}

const levels: readonly PolicyLevel[] = ['district', 'municipality', 'group', 'device'];

/** For sorting: the nearest layer last. No two of one device are equal. */
export function widestFirst(left: PolicyLayer, right: PolicyLayer): number {
  return (
    levels.indexOf(left.origin.level) - levels.indexOf(right.origin.level) ||
    right.position - left.position ||
    (left.origin.id < right.origin.id ? 1 : -1)
  );
}

/**
 * The settings in force and where each comes from. `layers`: the widest first. A nearer layer wins key by
 * key: objects (thresholds) by each of their members, everything else as a whole, lists too.
 */
export function resolveSettings(layers: readonly PolicyLayer[]): { settings: Settings; origins: Origins } {
  const values = new Map<string, unknown>();
  const origins = new Map<string, Origin>();
  for (const { origin, settings } of layers) {
    for (const [key, value] of flatSettings(settings)) {
      values.set(key, value);
      origins.set(key, origin);
    }
  }
  return { settings: nested(values), origins: Object.fromEntries(origins) };
}

/** Each setting that is said, by its key; members of an object one by one. */
export function flatSettings(settings: Settings): (readonly [key: string, value: unknown])[] {
  return Object.entries(settings).flatMap(([key, value]): (readonly [string, unknown])[] =>
    isObject(value)
      ? Object.entries(value).flatMap(([member, inner]) => (inner === undefined ? [] : [[`${key}.${member}`, inner]]))
      : value === undefined
        ? []
        : [[key, value]],
  );
}

function nested(values: ReadonlyMap<string, unknown>): Settings {
  const settings: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const [key = '', member] = path.split('.', 2);
    if (member === undefined) settings[key] = value;
    else settings[key] = { ...(settings[key] as object | undefined), [member]: value };
  }
  return settings;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface SettingChange {
  readonly key: string;
  /** Null = not said. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Setting by setting; lists differ when any entry does. */
export function changedSettings(before: Settings, after: Settings): SettingChange[] {
  const old = new Map(flatSettings(before));
  const young = new Map(flatSettings(after));
  return [...new Set([...old.keys(), ...young.keys()])]
    .filter((key) => !isDeepStrictEqual(old.get(key), young.get(key)))
    .map((key) => ({ key, before: old.get(key) ?? null, after: young.get(key) ?? null }));
}
