/**
 * Settings and where each one comes from: default < machine file (`agent.json`) < server policy < local administrator
 * policy (`policy.json`), then clamped to a sane range. The local policy can only take away.
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
  infrastructureTarget,
  type Policy,
  type Thresholds,
  thresholdsWith,
} from '../contract/policy.ts';

/** A settings file that cannot be used; the message names file, key and what was expected. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const sections = z.array(z.enum(sectionIds)).max(64);
const seconds = (low: number, high: number) =>
  z.number('expected a number of seconds').transform((value) => ({ value, low, high }));
const minutes = (low: number, high: number) =>
  z.number('expected a number of minutes').transform((value) => ({ value, low, high }));

/** `agent.json`. Unknown keys are an error: a misspelt key must not be ignored in silence. */
const machineFile = z.strictObject({
  serverUrl: z.url({ protocol: /^https?$/, error: 'expected a URL such as "https://kits.example.de"' }).optional(),
  serverKey: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'expected the thumbprint of the server key (43 characters)')
    .optional(),
  proxy: z.url({ protocol: /^https?$/, error: 'expected a URL such as "http://proxy:3128"' }).optional(),
  caFile: z.string().min(1).optional(),
  checkInSeconds: seconds(60, 86_400).optional(),
  cheapRoundMinutes: minutes(15, 1440).optional(),
  fullRoundMinutes: minutes(15, 10_080).optional(),
  withoutSections: sections.optional(),
  infrastructureTargets: z.array(infrastructureTarget).max(32).optional(),
  backup: backupSources.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).optional(),
});

/** `policy.json` of the local administrator. */
const localPolicy = z.strictObject({ withoutSections: sections.optional() });

export interface Settings {
  readonly serverUrl?: string;
  readonly serverKey?: string;
  readonly proxy?: string;
  readonly caFile?: string;
  readonly checkInSeconds: number;
  readonly cheapRoundMinutes: number;
  readonly fullRoundMinutes: number;
  readonly withoutSections: readonly string[];
  readonly infrastructureTargets: readonly z.infer<typeof infrastructureTarget>[];
  readonly thresholds: Thresholds;
  readonly backup: BackupSources;
  readonly backupPolicy: BackupPolicy;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

export type Origin = 'default' | 'machine-file' | 'server-policy' | 'local-policy' | 'clamped';
export interface LoadedSettings {
  readonly settings: Settings;
  readonly origins: Readonly<Record<keyof Settings, Origin>>;
  /** What was changed to fit its range; goes into the section `agent`. */
  readonly problems: readonly string[];
  readonly files: { readonly machine: string; readonly localPolicy: string };
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
 * Reads the files. A missing machine file is fine (defaults), unless `required`: a file somebody named must be there.
 * Throws `SettingsError`; nothing is written in any case.
 */
export function loadSettings(options: { configFile?: string; policy?: Policy } = {}): LoadedSettings {
  const machinePath = options.configFile ?? defaultConfigFile();
  const localPath = join(machinePath, '..', 'policy.json');
  const machine = readJson(machinePath, machineFile, options.configFile !== undefined) ?? {};
  const local = readJson(localPath, localPolicy, false) ?? {};
  const central = options.policy?.settings ?? {};

  const problems: string[] = [];
  const origins: Partial<Record<keyof Settings, Origin>> = {};
  const pick = <K extends keyof Settings, T>(key: K, fallback: T, file: T | undefined, policy?: T): T => {
    origins[key] = policy !== undefined ? 'server-policy' : file !== undefined ? 'machine-file' : 'default';
    return policy ?? file ?? fallback;
  };
  const ranged = (
    key: keyof Settings,
    fallback: number,
    file: { value: number; low: number; high: number } | undefined,
    policy?: number,
  ): number => {
    const value = pick(key, fallback, file?.value, policy);
    const { low, high } = file ?? { low: -Infinity, high: Infinity };
    const clamped = Math.min(high, Math.max(low, Math.round(value)));
    if (clamped === value) return value;
    origins[key] = 'clamped';
    problems.push(`${key}: ${value} is outside ${low} to ${high}; ${clamped} is used`);
    return clamped;
  };

  const { serverUrl, serverKey, proxy, caFile } = machine;
  for (const key of ['serverUrl', 'serverKey', 'proxy', 'caFile'] as const) {
    origins[key] = machine[key] === undefined ? 'default' : 'machine-file';
  }
  const without = new Set([
    ...pick('withoutSections', [], machine.withoutSections, central.withoutSections),
    // Taking away adds up: neither the server nor a later edit of agent.json brings a section back.
    ...(machine.withoutSections ?? []),
    ...(local.withoutSections ?? []),
  ]);
  if (local.withoutSections !== undefined) origins.withoutSections = 'local-policy';

  const settings: Settings = {
    ...(serverUrl === undefined ? {} : { serverUrl }),
    ...(serverKey === undefined ? {} : { serverKey }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(caFile === undefined ? {} : { caFile }),
    checkInSeconds: ranged('checkInSeconds', 900, machine.checkInSeconds, central.checkInSeconds),
    cheapRoundMinutes: ranged('cheapRoundMinutes', 60, machine.cheapRoundMinutes),
    fullRoundMinutes: ranged('fullRoundMinutes', 240, machine.fullRoundMinutes, central.fullRoundMinutes),
    withoutSections: [...without].sort(),
    infrastructureTargets: pick(
      'infrastructureTargets',
      [],
      machine.infrastructureTargets,
      central.infrastructureTargets,
    ),
    thresholds: pick(
      'thresholds',
      defaultThresholds,
      undefined,
      central.thresholds === undefined ? undefined : thresholdsWith(central.thresholds),
    ),
    backup: pick('backup', noBackupSources, machine.backup),
    backupPolicy: pick(
      'backupPolicy',
      defaultBackupPolicy,
      undefined,
      central.backup === undefined ? undefined : backupPolicyWith(central.backup),
    ),
    logLevel: pick('logLevel', 'info', machine.logLevel),
  };
  return {
    settings,
    origins: origins as Record<keyof Settings, Origin>,
    problems,
    files: { machine: machinePath, localPolicy: localPath },
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
