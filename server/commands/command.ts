/** What a command of `kits-server` gets, and how it reads its options. */
import { existsSync, mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { type Role, roles } from '../api/contract.ts';
import { type Actor, everything, type FleetContext } from '../fleet/scope.ts';
import { loadServerKeys } from '../keys.ts';
import { type Database, isOlder, openDatabase } from '../store/database.ts';
import { AlreadyRunning, lockDirectory } from '../store/sqlite.ts';

export const defaultPort = 7480;

/** The command line cannot be understood; the message says what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The data directory holds no database; the message names it. */
export class NoDatabase extends Error {
  override readonly name = 'NoDatabase';
  constructor(dataDir: string) {
    super(
      `There is no database in ${dataDir}, nor in a folder "server" in it. Give the directory of the server, or that of npm start, with --data-dir; a new one begins with ` +
        '"kits-server start" or "kits-server create-municipality NAME".',
    );
  }
}

/** The tables have to be brought up to date first, and a server is running on them. Nothing was changed. */
export class OlderDatabase extends Error {
  override readonly name = 'OlderDatabase';
  constructor(file: string, options: ErrorOptions) {
    super(
      `${file} belongs to a KITS server of an older version that is still running. Nothing was changed. ` +
        'End that server and start this version, then run the command again.',
      options,
    );
  }
}

export interface CommandInput {
  readonly options: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
  readonly out: (line: string) => void;
  /** The log and words for a person; never mixed with a result on standard output. */
  readonly err: (line: string) => void;
  /** Aborted by SIGTERM and SIGINT. */
  readonly signal: AbortSignal;
}

/** The result: one line for a person or a shell, or one JSON object with `--json`. */
export function print(input: CommandInput, line: string, json: Readonly<Record<string, unknown>>): void {
  input.out(input.options['json'] === true ? JSON.stringify(json) : line);
}

export function optionOf(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** Throws `UsageError`. */
export function neededOption(input: CommandInput, name: string): string {
  const value = optionOf(input, name);
  if (value === undefined || value === '') throw new UsageError(`--${name} is missing.`);
  return value;
}

/** The one word behind the command. Throws `UsageError`. */
export function subjectOf(input: CommandInput): string {
  const [subject, ...more] = input.positionals;
  if (subject === undefined) throw new UsageError('The name is missing.');
  if (more.length > 0) throw new UsageError(`Expected one name, not ${input.positionals.length}; put it in quotes.`);
  return subject;
}

/** Throws `UsageError` for anything but a whole number from `least` to `most`. */
export function numberOption(input: CommandInput, name: string, least: number, most: number): number | undefined {
  const value = optionOf(input, name);
  if (value === undefined) return undefined;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${name} ${value}: expected a whole number from ${least} to ${most}.`);
}

/** Throws `UsageError`. */
export function roleOption(input: CommandInput): Role {
  const value = neededOption(input, 'role');
  const role = roles.find((known) => known === value);
  if (role === undefined) throw new UsageError(`--role ${value}: expected one of ${roles.join(', ')}.`);
  return role;
}

/** Of the server, or of `npm start`, which keeps the server in a folder of it. */
export function dataDirOf(input: CommandInput): string {
  const dir = resolve(optionOf(input, 'data-dir') ?? join('.kits', 'server'));
  const inside = join(dir, 'server');
  const holdsServer = (folder: string): boolean =>
    existsSync(join(folder, 'kits.db')) || existsSync(join(folder, 'keys'));
  return !holdsServer(dir) && holdsServer(inside) ? inside : dir;
}

/**
 * Opens the database for one piece of work; also beside a running server. Throws `NoDatabase` unless a new one may be
 * made with its data directory and keys, and `OlderDatabase`.
 */
export async function withFleet(
  input: CommandInput,
  work: (context: FleetContext, actor: Actor) => Promise<void>,
  options: { readonly mayCreate?: boolean } = {},
): Promise<void> {
  const dataDir = dataDirOf(input);
  const file = join(dataDir, 'kits.db');
  if (!existsSync(file)) {
    if (options.mayCreate !== true) throw new NoDatabase(dataDir);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    // A database without its keys would look like one whose keys were lost.
    await loadServerKeys(dataDir, false);
    input.err(`There was no database in ${dataDir}; a new one is made.`);
  }
  const db = await openForCommand(dataDir, file);
  try {
    await work({ db, now: () => new Date() }, { name: `cli:${systemUser()}`, scope: everything });
  } finally {
    await db.destroy();
  }
}

/** Tables are made and changed only while no server works on them. */
async function openForCommand(dataDir: string, file: string): Promise<Database> {
  if (existsSync(file) && !isOlder(file)) return openDatabase(file);
  const lock = lockUnlessRunning(dataDir, file);
  try {
    return await openDatabase(file);
  } finally {
    lock.release();
  }
}

function lockUnlessRunning(dataDir: string, file: string): { release(): void } {
  try {
    return lockDirectory(join(dataDir, 'lock.db'));
  } catch (cause) {
    throw cause instanceof AlreadyRunning ? new OlderDatabase(file, { cause }) : cause;
  }
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry in the user database, as in some containers.
    return String(process.getuid?.() ?? 'unknown');
  }
}

/** By id or by name. Throws `UsageError` with the ones there are. */
export async function municipalityIdOf({ db }: FleetContext, idOrName: string): Promise<string> {
  const known = await db.selectFrom('municipalities').select(['id', 'name']).orderBy('name').execute();
  const wanted = idOrName.normalize('NFC').trim();
  const found = known.find(({ id, name }) => id === wanted || name === wanted);
  if (found !== undefined) return found.id;
  const there = known.length === 0 ? 'There is none yet' : `There are: ${known.map(({ name }) => name).join(', ')}`;
  throw new UsageError(
    `There is no municipality "${idOrName}". ${there}. Make it with: kits-server create-municipality "${idOrName}"`,
  );
}
