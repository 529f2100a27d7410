/**
 * Settings and where each one comes from: default < machine file (`agent.json`) < group policy (Windows) < server policy < local
 * administrator policy (`policy.json`), then clamped to a sane range. The local policy can only take away.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { type BackupSources, backupSources, noBackupSources } from '../backup/sources.ts';
import { sectionIds } from '../contract/facts/index.ts';
import {
  type BackupPolicy,
  backupPolicyWith,
  defaultBackupPolicy,
  defaultThresholds,
  type EmergencyContact,
  type Exception,
  infrastructureTarget,
  type Policy,
  type Thresholds,
  thresholdsWith,
} from '../contract/policy.ts';
import { type GroupPolicy, parsePolicyKey, queryPolicyKey } from './group-policy.ts';

/** A settings file that cannot be used; the message names file, key and what was expected. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const sections = z.array(z.enum(sectionIds)).max(64);
const thumbprint = (what: string) =>
  z.string().regex(/^[A-Za-z0-9_-]{43}$/, `expected the thumbprint of the ${what} key (43 characters)`);
const seconds = z.number('expected a number of seconds');
const minutes = z.number('expected a number of minutes');

/** What lies outside, whoever says it, is brought to the nearer end. */
export const ranges = {
  checkInSeconds: { low: 60, high: 86_400 },
  cheapRoundMinutes: { low: 15, high: 1440 },
  fullRoundMinutes: { low: 15, high: 10_080 },
  outboxMegabytes: { low: 8, high: 1024 },
  outboxDays: { low: 7, high: 400 },
  updateKilobytesPerSecond: { low: 16, high: 1_048_576 },
} as const;

/** `agent.json`. Unknown keys are an error: a misspelt key must not be ignored in silence. */
export const machineFile = z.strictObject({
  serverUrl: z.url({ protocol: /^https?$/, error: 'expected a URL such as "https://kits.example.de"' }).optional(),
  serverKey: thumbprint('server').optional(),
  recoveryKey: thumbprint('recovery').optional(),
  selfUpdate: z.boolean().optional(),
  releaseKey: thumbprint('release').optional(),
  updateKilobytesPerSecond: z.number('expected a number of KiB a second').optional(),
  proxy: z.url({ protocol: /^https?$/, error: 'expected a URL such as "http://proxy:3128"' }).optional(),
  caFile: z.string().min(1).optional(),
  checkInSeconds: seconds.optional(),
  cheapRoundMinutes: minutes.optional(),
  fullRoundMinutes: minutes.optional(),
  outboxMegabytes: z.number('expected a number of MiB').optional(),
  outboxDays: z.number('expected a number of days').optional(),
  withoutSections: sections.optional(),
  infrastructureTargets: z.array(infrastructureTarget).max(32).optional(),
  backup: backupSources.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).optional(),
});

/** `policy.json` of the local administrator. */
const localPolicy = z.strictObject({
  withoutSections: sections.optional(),
  /** Only switches it off. */
  selfUpdate: z.literal(false).optional(),
});

export interface Settings {
  readonly serverUrl?: string;
  readonly serverKey?: string;
  /** Thumbprint of the offline key that names a new server key when the old one is lost. */
  readonly recoveryKey?: string;
  /** The agent fetches and installs releases by itself. Off where Group Policy, opsi or apt see to that. */
  readonly selfUpdate: boolean;
  /** Thumbprint of the key that signs releases; no server holds it. Without it nothing is updated. */
  readonly releaseKey?: string;
  /** How fast a release is fetched at most. */
  readonly updateKilobytesPerSecond: number;
  readonly proxy?: string;
  readonly caFile?: string;
  readonly checkInSeconds: number;
  readonly cheapRoundMinutes: number;
  readonly fullRoundMinutes: number;
  /** How much may wait to be sent: size on disk, and days on which reports were made. */
  readonly outboxMegabytes: number;
  readonly outboxDays: number;
  readonly withoutSections: readonly string[];
  readonly infrastructureTargets: readonly z.infer<typeof infrastructureTarget>[];
  /** Where a link in a notice may lead. Decided by KITS alone, with its signature. */
  readonly linkHosts: readonly string[];
  readonly thresholds: Thresholds;
  /** Decided by KITS alone: no file of the machine can excuse it from a rule. */
  readonly exceptions: readonly Exception[];
  /** By KITS alone as well: a number somebody else could put there would be called in an emergency. */
  readonly contacts: readonly EmergencyContact[];
  readonly backup: BackupSources;
  readonly backupPolicy: BackupPolicy;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

export type Origin = 'default' | 'machine-file' | 'group-policy' | 'server-policy' | 'local-policy' | 'clamped';
/** A setting; those KITS decides key by key as "thresholds.name" and "backupPolicy.name". */
export type SettingKey =
  | Exclude<keyof Settings, 'thresholds' | 'backupPolicy'>
  | `thresholds.${keyof Thresholds}`
  | `backupPolicy.${keyof BackupPolicy}`;
export interface LoadedSettings {
  readonly settings: Settings;
  readonly origins: Readonly<Record<SettingKey, Origin>>;
  /** What was changed to fit its range; goes into the section `agent`. */
  readonly problems: readonly string[];
  readonly files: { readonly machine: string; readonly localPolicy: string };
  /** The same files under another policy of the server; without one when it is undefined. */
  with(policy: Policy | undefined): LoadedSettings;
}

export function defaultConfigFile(platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? join(programData(), 'agent.json') : '/etc/kits-agent/agent.json';
}

export function defaultDataDir(platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? programData() : '/var/lib/kits-agent';
}

function programData(): string {
  return join(process.env['ProgramData'] ?? 'C:\\ProgramData', 'KITS', 'Agent');
}

/**
 * Reads the files. A missing machine file is fine (defaults); a file somebody named must be there, unless it is `optional`.
 * Throws `SettingsError`; nothing is written in any case.
 */
export function loadSettings(
  options: { configFile?: string; optional?: boolean; policy?: Policy; queryPolicy?: () => string | undefined } = {},
): LoadedSettings {
  const machinePath = options.configFile ?? defaultConfigFile();
  const localPath = join(machinePath, '..', 'policy.json');
  const queried = (options.queryPolicy ?? (process.platform === 'win32' ? queryPolicyKey : () => undefined))();
  const sources: Sources = {
    group: parsePolicyKey(queried ?? '', machineFile),
    file: readJson(machinePath, machineFile, options.configFile !== undefined && options.optional !== true) ?? {},
    local: readJson(localPath, localPolicy, false) ?? {},
    files: { machine: machinePath, localPolicy: localPath },
  };
  return resolve(sources, options.policy);
}

interface Sources extends Pick<LoadedSettings, 'files'> {
  readonly file: z.infer<typeof machineFile>;
  readonly group: GroupPolicy<z.infer<typeof machineFile>>;
  readonly local: z.infer<typeof localPolicy>;
}

function resolve(sources: Sources, policy: Policy | undefined): LoadedSettings {
  const { file, group, local, files } = sources;
  const machine: z.infer<typeof machineFile> = { ...file, ...group.values };
  const fromMachine = (key: SettingKey): Origin => (Object.hasOwn(group.values, key) ? 'group-policy' : 'machine-file');
  const central = policy?.settings ?? {};
  const problems: string[] = [...group.problems];
  const origins: Partial<Record<SettingKey, Origin>> = {};
  const pick = <T>(key: SettingKey, fallback: T, file: T | undefined, policy?: T): T => {
    origins[key] = policy !== undefined ? 'server-policy' : file !== undefined ? fromMachine(key) : 'default';
    return policy ?? file ?? fallback;
  };
  const ranged = (key: keyof typeof ranges, fallback: number, policy?: number): number => {
    const value = pick(key, fallback, machine[key], policy);
    const { low, high } = ranges[key];
    const clamped = Math.min(high, Math.max(low, Math.round(value)));
    if (clamped === value) return value;
    origins[key] = 'clamped';
    problems.push(`${key}: ${value} is outside ${low} to ${high}; ${clamped} is used`);
    return clamped;
  };

  // Whom to report to and whom to believe is for the machine file alone: no policy can lead a device away.
  const { serverUrl, serverKey, recoveryKey, releaseKey, proxy, caFile } = machine;
  for (const key of ['serverUrl', 'serverKey', 'recoveryKey', 'releaseKey', 'proxy', 'caFile'] as const) {
    origins[key] = machine[key] === undefined ? 'default' : fromMachine(key);
  }
  const without = new Set([
    ...pick('withoutSections', [], machine.withoutSections, central.withoutSections),
    // Taking away adds up: neither the server nor a later edit of agent.json brings a section back.
    ...(file.withoutSections ?? []),
    ...(machine.withoutSections ?? []),
    ...(local.withoutSections ?? []),
  ]);
  if (local.withoutSections !== undefined) origins.withoutSections = 'local-policy';
  for (const name of Object.keys(defaultThresholds) as (keyof Thresholds)[]) {
    origins[`thresholds.${name}`] = central.thresholds?.[name] === undefined ? 'default' : 'server-policy';
  }
  for (const name of Object.keys(defaultBackupPolicy) as (keyof BackupPolicy)[]) {
    origins[`backupPolicy.${name}`] = 'default';
  }
  for (const name of Object.keys(central.backup ?? {}) as (keyof BackupPolicy)[]) {
    if (central.backup?.[name] !== undefined) origins[`backupPolicy.${name}`] = 'server-policy';
  }

  const selfUpdate = pick('selfUpdate', false, machine.selfUpdate) && local.selfUpdate !== false;
  if (local.selfUpdate === false) origins.selfUpdate = 'local-policy';

  const settings: Settings = {
    ...(serverUrl === undefined ? {} : { serverUrl }),
    ...(serverKey === undefined ? {} : { serverKey }),
    ...(recoveryKey === undefined ? {} : { recoveryKey }),
    selfUpdate,
    ...(releaseKey === undefined ? {} : { releaseKey }),
    updateKilobytesPerSecond: ranged('updateKilobytesPerSecond', 1024),
    ...(proxy === undefined ? {} : { proxy }),
    ...(caFile === undefined ? {} : { caFile }),
    checkInSeconds: ranged('checkInSeconds', 900, central.checkInSeconds),
    cheapRoundMinutes: ranged('cheapRoundMinutes', 60),
    fullRoundMinutes: ranged('fullRoundMinutes', 240, central.fullRoundMinutes),
    outboxMegabytes: ranged('outboxMegabytes', 64),
    outboxDays: ranged('outboxDays', 100),
    withoutSections: [...without].sort(),
    infrastructureTargets: pick(
      'infrastructureTargets',
      [],
      machine.infrastructureTargets,
      central.infrastructureTargets,
    ),
    backup: pick('backup', noBackupSources, machine.backup),
    linkHosts: pick('linkHosts', [], undefined, central.linkHosts),
    thresholds: thresholdsWith(central.thresholds),
    exceptions: pick('exceptions', [], undefined, central.exceptions),
    contacts: pick('contacts', [], undefined, central.contacts),
    backupPolicy: backupPolicyWith(central.backup),
    logLevel: pick('logLevel', 'info', machine.logLevel),
  };
  return {
    settings,
    origins: origins as Record<SettingKey, Origin>,
    problems,
    files,
    with: (other) => resolve(sources, other),
  };
}

function readJson<T extends z.ZodType>(file: string, schema: T, required: boolean): z.infer<T> | undefined {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (cause) {
    if (!required && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SettingsError(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  let value: unknown;
  try {
    // Windows editors put a byte order mark in front.
    value = JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new SettingsError(
      `${file} is not valid JSON: ${(cause as Error).message}. Correct the file; nothing was changed.`,
      {
        cause,
      },
    );
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const key = issue.path.join('.') || '(the whole file)';
    const known = issue.code === 'unrecognized_keys' ? `; known keys: ${Object.keys(shapeOf(schema)).join(', ')}` : '';
    return `  ${key}: ${issue.message}${known}`;
  });
  throw new SettingsError(`${file} has settings that cannot be used. Nothing was changed.\n${lines.join('\n')}`);
}

function shapeOf(schema: z.ZodType): object {
  return schema instanceof z.ZodObject ? schema.shape : {};
}
