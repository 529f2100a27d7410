/**
 * What an installer is told: where this PC reports to, and the token that decides to which municipality it belongs. From three
 * places, the later winning: a settings file beside the installer, the command line of the installer, options of the command.
 */
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { isLoopback } from '../report/server-client.ts';
import { machineFile } from '../settings/settings.ts';

/** An installation that was told something it cannot use; nothing has been changed. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

const thumbprint = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected the thumbprint of a key (43 characters)');
const token = z
  .string()
  .regex(/^[\x21-\x7e]{16,200}$/, 'expected an enrolment token as the KITS server shows it, without blanks');
const server = z
  .url({ protocol: /^https?$/, error: 'expected a URL such as "https://kits.example.de"' })
  .max(500)
  .refine((url) => URL.canParse(url) && isPermitted(new URL(url)), 'expected https, without user and password');
const input = z.strictObject({
  server: server.optional(),
  token: token.optional(),
  serverKey: thumbprint.optional(),
  recoveryKey: thumbprint.optional(),
});
const settingsFile = input.extend({
  /** Further keys of `agent.json`, such as `proxy`. */
  settings: machineFile.omit({ serverUrl: true, serverKey: true, recoveryKey: true }).optional(),
});
export type SetupInput = z.infer<typeof settingsFile>;

const maxFileBytes = 64 * 1024;
/** Spelling on the command line, and the key it stands for. */
const optionNames = { SERVER: 'server', TOKEN: 'token', SERVERKEY: 'serverKey', RECOVERYKEY: 'recoveryKey' } as const;

export interface InstallerLine {
  readonly values: Readonly<Partial<Record<(typeof optionNames)[keyof typeof optionNames], string>>>;
  /** `/SETTINGS=FILE`. */
  readonly settingsFile?: string;
}

/**
 * Options of the installer's command line. `/SERVER=https://…`, `/SERVER="https://…"` and `"/SERVER=https://…"` say the same; names
 * in either case. Throws `SetupError` for an option of this form that is not known: a misspelt one must not be ignored.
 */
export function parseInstallerLine(line: string): InstallerLine {
  const values: Partial<Record<keyof typeof optionNames, string>> = {};
  let settings: string | undefined;
  // The installer's own /D= takes the rest of the line, blanks and all.
  for (const word of words(line.replace(/\s\/D=.*$/is, ''))) {
    const [, name = '', value = ''] = /^\/([A-Za-z]+)=(.*)$/s.exec(word) ?? [];
    if (name === '') continue;
    const key = name.toUpperCase();
    if (key === 'SETTINGS') settings = value;
    else if (isOption(key)) values[key] = value;
    else {
      const known = [...Object.keys(optionNames), 'SETTINGS'].map((known) => `/${known}=`).join(', ');
      throw new SetupError(`The installer has no option /${name}=; known: ${known}. Nothing was changed.`);
    }
  }
  const given = Object.entries(values).map(([key, value]) => [optionNames[key as keyof typeof optionNames], value]);
  return { values: Object.fromEntries(given), ...(settings === undefined ? {} : { settingsFile: settings }) };
}

function isOption(key: string): key is keyof typeof optionNames {
  return Object.hasOwn(optionNames, key);
}

/** Words of a Windows command line; quotes hold blanks together wherever they stand in a word, and do not belong to it. */
function words(line: string): string[] {
  const found = line.matchAll(/(?:[^\s"]+|"[^"]*(?:"|$))+/g);
  return [...found].map(([word]) => word.replaceAll('"', ''));
}

/** A file beside the installer. Throws `SetupError`; its message never quotes the token. */
export function readSettingsFile(file: string): SetupInput {
  let content: string;
  try {
    if (statSync(file).size > maxFileBytes) throw new Error(`it is larger than ${maxFileBytes} bytes`);
    content = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SetupError(`${file} cannot be read: ${(cause as Error).message}. Nothing was changed.`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch {
    // What the parser says quotes the place, and beside it perhaps the token.
    throw new SetupError(`${file} is not valid JSON. Nothing was changed.`);
  }
  return checked(settingsFile, value, file);
}

/** What is known already, what a file says and what was given by hand, as one. Throws `SetupError`. */
export function setupInput(
  known: SetupInput,
  fromFile: SetupInput,
  byHand: Readonly<Record<string, string | undefined>>,
): SetupInput {
  // An empty value is what a package tool hands on for a variable nobody set.
  const given = Object.fromEntries(Object.entries(byHand).filter(([, value]) => value !== undefined && value !== ''));
  const together: SetupInput = { ...known, ...fromFile, ...checked(input, given, 'The command line') };
  const host = together.server === undefined ? '' : new URL(together.server).hostname;
  if (together.token !== undefined && together.server === undefined) {
    throw new SetupError('A token without a server: give the server as well. Nothing was changed.');
  }
  if (together.server !== undefined && together.serverKey === undefined && !isLoopback(host)) {
    throw new SetupError(
      'The thumbprint of the server key is missing; without it anybody on the way could pose as the server. Nothing was changed.',
    );
  }
  return together;
}

function isPermitted({ protocol, hostname, username, password }: URL): boolean {
  return username === '' && password === '' && (protocol === 'https:' || isLoopback(hostname));
}

function checked<T extends z.ZodType>(schema: T, value: unknown, where: string): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `  ${path.join('.') || '(all of it)'}: ${message}`);
  throw new SetupError(`${where} has values that cannot be used. Nothing was changed.\n${lines.join('\n')}`);
}
