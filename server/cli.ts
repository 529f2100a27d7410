/** `kits-server <command>`: reads the command line, runs one command, explains what went wrong. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { printable } from '../agent/contract/printable.ts';
import { type CommandInput, UsageError } from './commands/command.ts';
import * as staff from './commands/staff.ts';
import { serverVersion } from './version.ts';

/** Exit codes are part of the interface. */
export const exitCodes = { done: 0, unexpected: 1, usage: 2, evidence: 3 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

interface Command {
  readonly usage: string;
  readonly does: string;
  readonly options?: NonNullable<ParseArgsConfig['options']>;
  /** A name or an id stands behind the command; otherwise further words are refused. */
  readonly takesSubject?: true;
  readonly run: (input: CommandInput) => Promise<void>;
}

const roleNames = 'admin|technician|viewer';

const commands: Readonly<Record<string, Command>> = {
  start: {
    usage: 'start [--data-dir DIR] [--port PORT] [--host HOST]',
    does: 'the server in the foreground; default port 7480 on 127.0.0.1',
    options: { port: { type: 'string' }, host: { type: 'string' } },
    // Loaded only here: the other commands need no HTTP server.
    run: async (input) => (await import('./commands/start.ts')).startCommand(input),
  },
  backup: {
    usage: 'backup FILE',
    does: 'writes a copy of the database, also while the server runs; the keys are not in it',
    takesSubject: true,
    run: async (input) => (await import('./commands/backup.ts')).backupCommand(input),
  },
  restore: {
    usage: 'restore FILE [--replace] [--other-installation]',
    does: 'puts a backup in the place of the database; the server must not be running',
    takesSubject: true,
    options: { replace: { type: 'boolean' }, 'other-installation': { type: 'boolean' } },
    run: async (input) => (await import('./commands/backup.ts')).restoreCommand(input),
  },
  'export-history': {
    usage: 'export-history DEVICE FILE',
    does: 'writes all that a device has signed, for anybody to check with kits-agent verify-chain',
    takesSubject: true,
    run: async (input) => (await import('./commands/history.ts')).exportHistoryCommand(input),
  },
  verify: {
    usage: 'verify [--device ID]',
    does: 'proves for each device that what is held is complete, unaltered and signed by it; names what is not',
    options: { device: { type: 'string' } },
    run: async (input) => (await import('./commands/history.ts')).verifyCommand(input),
  },
  'admit-wrong-time': {
    usage: 'admit-wrong-time --until TIME',
    does: 'tells all devices that times this server has stated up to TIME (ISO 8601) were wrong; its clock must be right now',
    options: { until: { type: 'string' } },
    run: async (input) => (await import('./commands/wrong-time.ts')).admitWrongTimeCommand(input),
  },
  retention: {
    usage:
      'retention [--report-days N] [--incident-days N] [--event-days N] [--delivery-days N] [--name-days N] [--today DATE]',
    does: 'shows how long what is kept, or changes it; N is a number of days or "forever"; --today lets a held sweep go on',
    options: {
      today: { type: 'string' },
      'report-days': { type: 'string' },
      'incident-days': { type: 'string' },
      'event-days': { type: 'string' },
      'delivery-days': { type: 'string' },
      'name-days': { type: 'string' },
    },
    run: async (input) => (await import('./commands/retention.ts')).retentionCommand(input),
  },
  'create-municipality': {
    usage: 'create-municipality NAME',
    does: 'adds a municipality and prints its id',
    takesSubject: true,
    run: staff.createMunicipalityCommand,
  },
  'create-token': {
    usage: 'create-token --municipality M [--uses N] [--expires DAYS]',
    does: 'prints an enrolment token; default: one device, 14 days',
    options: { municipality: { type: 'string' }, uses: { type: 'string' }, expires: { type: 'string' } },
    run: staff.createTokenCommand,
  },
  'create-user': {
    usage: `create-user NAME --role ${roleNames} [--municipality M]…`,
    does: 'adds a member of staff; without --municipality for all of them',
    takesSubject: true,
    options: { role: { type: 'string' }, municipality: { type: 'string', multiple: true } },
    run: staff.createUserCommand,
  },
  'disable-user': {
    usage: 'disable-user NAME',
    does: 'ends sessions and links of a member of staff and refuses new ones',
    takesSubject: true,
    run: staff.disableUserCommand,
  },
  'enable-user': {
    usage: 'enable-user NAME',
    does: 'lets a disabled member of staff sign in again',
    takesSubject: true,
    run: staff.enableUserCommand,
  },
  'create-api-token': {
    usage: `create-api-token --role ${roleNames} [--municipality M]`,
    does: 'prints a token for scripts (Authorization: Bearer …)',
    options: { role: { type: 'string' }, municipality: { type: 'string' } },
    run: staff.createApiTokenCommand,
  },
  'revoke-api-token': {
    usage: 'revoke-api-token ID',
    does: 'ends a token for scripts',
    takesSubject: true,
    run: staff.revokeApiTokenCommand,
  },
  'create-backup-token': {
    usage: 'create-backup-token --municipality M --name NAME',
    does: 'prints a token with which a backup server tells what it holds',
    options: { municipality: { type: 'string' }, name: { type: 'string' } },
    run: staff.createBackupTokenCommand,
  },
  'revoke-backup-token': {
    usage: 'revoke-backup-token ID',
    does: 'ends the token of a backup server; what it said counts no more',
    takesSubject: true,
    run: staff.revokeBackupTokenCommand,
  },
  'sign-in-link': {
    usage: 'sign-in-link NAME [--url URL]',
    does: 'prints a link that signs in once, within 30 minutes',
    takesSubject: true,
    options: { url: { type: 'string' } },
    run: staff.signInLinkCommand,
  },
  'publish-notice': {
    usage: 'publish-notice FILE [--municipality M]',
    does: 'delivers a notice, signed already or signed here with the online notice key',
    takesSubject: true,
    options: { municipality: { type: 'string' } },
    run: async (input) => (await import('./commands/notices.ts')).publishNoticeCommand(input),
  },
  'sign-notice': {
    usage: 'sign-notice FILE --key K [--passphrase-file P]',
    does: 'prints a notice signed with an offline key; needs no server',
    takesSubject: true,
    options: { key: { type: 'string' }, 'passphrase-file': { type: 'string' } },
    run: async (input) => (await import('./commands/notices.ts')).signNoticeCommand(input),
  },
  'create-release-key': {
    usage: 'create-release-key FILE [--passphrase-file P]',
    does: 'makes the offline key that signs releases of the agent; needs no server and belongs on none',
    takesSubject: true,
    options: { 'passphrase-file': { type: 'string' } },
    run: async (input) => (await import('./commands/releases.ts')).createReleaseKeyCommand(input),
  },
  'sign-release': {
    usage:
      'sign-release FILE --version V --platform win32|linux --sequence N --key K [--minimum-version V] [--valid-days N]',
    does: 'prints the manifest of a release, signed with the offline key; needs no server',
    takesSubject: true,
    options: {
      version: { type: 'string' },
      platform: { type: 'string' },
      sequence: { type: 'string' },
      key: { type: 'string' },
      'passphrase-file': { type: 'string' },
      'minimum-version': { type: 'string' },
      'valid-days': { type: 'string' },
    },
    run: async (input) => (await import('./commands/releases.ts')).signReleaseCommand(input),
  },
  'publish-release': {
    usage: 'publish-release MANIFEST FILE',
    does: 'takes a signed release in; nobody is offered it before roll-out',
    takesSubject: true,
    run: async (input) => (await import('./commands/releases.ts')).publishReleaseCommand(input),
  },
  'roll-out': {
    usage: 'roll-out SEQUENCE --percent N [--municipality M] [--ring early|regular|late]',
    does: 'offers a release to that share of the devices that update themselves; 0 takes it back',
    takesSubject: true,
    options: { percent: { type: 'string' }, municipality: { type: 'string' }, ring: { type: 'string' } },
    run: async (input) => (await import('./commands/releases.ts')).rollOutCommand(input),
  },
  'create-notice-key': {
    usage: 'create-notice-key FILE [--passphrase-file P] [--overlap-days N]',
    does: 'moves the signing of notices to an offline key; another one later needs --recovery-key K',
    takesSubject: true,
    options: {
      'passphrase-file': { type: 'string' },
      'overlap-days': { type: 'string' },
      'recovery-key': { type: 'string' },
      'recovery-passphrase-file': { type: 'string' },
    },
    run: async (input) => (await import('./commands/keys.ts')).createNoticeKeyCommand(input),
  },
  'create-recovery-key': {
    usage: 'create-recovery-key FILE [--passphrase-file P]',
    does: 'makes the offline key that names a new server key when the old one is lost; needs no server',
    takesSubject: true,
    options: { 'passphrase-file': { type: 'string' } },
    run: async (input) => (await import('./commands/keys.ts')).createRecoveryKeyCommand(input),
  },
  'rotate-key': {
    usage: 'rotate-key [--overlap-days N] [--recovery-key K [--passphrase-file P]]',
    does: 'replaces the key of the server; with --recovery-key also when the old one is lost or stolen',
    options: {
      'overlap-days': { type: 'string' },
      'recovery-key': { type: 'string' },
      'passphrase-file': { type: 'string' },
    },
    run: async (input) => (await import('./commands/keys.ts')).rotateKeyCommand(input),
  },
  version: {
    usage: 'version',
    does: 'prints the version',
    run: async (input) => {
      input.out(input.options['json'] === true ? JSON.stringify({ version: serverVersion }) : serverVersion);
    },
  },
};

const everywhere = {
  'data-dir': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

function help(): string {
  const width = Math.max(...Object.values(commands).map(({ usage }) => usage.length));
  return [
    'kits-server <command>',
    '',
    ...Object.values(commands).map(({ usage, does }) => `  ${usage.padEnd(width)}  ${does}`),
    '',
    'Everywhere: --data-dir DIR (default .kits/server), --json, --help. M is the name or the id of a municipality.',
    'Exit codes: 0 done, 1 unexpected, 2 usage, or the command cannot be carried out as it stands,\n            3 evidence that is not complete',
  ].join('\n');
}

/** Runs one command line; returns the exit code instead of ending the process. */
export async function main(
  argv: readonly string[],
  terminal: Pick<CommandInput, 'out' | 'err' | 'signal'>,
): Promise<ExitCode> {
  const streams = {
    ...terminal,
    out: (line: string) => terminal.out(printable(line)),
    err: (line: string) => terminal.err(printable(line)),
  };
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    (name === undefined ? streams.err : streams.out)(help());
    return name === undefined ? exitCodes.usage : exitCodes.done;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (command === undefined) throw new UsageError(`There is no command "${name}".`);
    const { values, positionals } = read(command, rest);
    if (values['help'] === true) {
      streams.out(`kits-server ${command.usage}\n${command.does}`);
      return exitCodes.done;
    }
    await command.run({ ...streams, options: values, positionals });
    return exitCodes.done;
  } catch (error) {
    return explain(error, streams.err, command?.usage);
  }
}

function read(
  command: Command,
  rest: readonly string[],
): Pick<CommandInput, 'positionals'> & { values: CommandInput['options'] } {
  try {
    return parseArgs({
      args: [...rest],
      options: { ...everywhere, ...command.options },
      allowPositionals: command.takesSubject === true,
    });
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

/** Errors whose message says what happened and what to do; by name, so that the server is loaded only to start it. */
const explained = new Set([
  'UsageError',
  'Refusal',
  'AlreadyRunning',
  'NewerDatabase',
  'OlderDatabase',
  'NoDatabase',
  'BackupRefused',
  'KeyFileError',
  'AddressUnavailable',
]);

function explain(error: unknown, err: (line: string) => void, usage: string | undefined): ExitCode {
  if (!(error instanceof Error)) {
    err(`kits-server: ${String(error)}`);
    return exitCodes.unexpected;
  }
  err(`kits-server: ${error.message}`);
  if (error.name === 'UsageError') {
    err(usage === undefined ? 'Run "kits-server --help" for the list.' : `Usage: kits-server ${usage}`);
  }
  if (error.name === 'EvidenceIncomplete') return exitCodes.evidence;
  if (explained.has(error.name)) return exitCodes.usage;
  err(error.stack ?? '');
  return exitCodes.unexpected;
}

if (import.meta.main) {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  // Whoever reads may have seen enough (`| head`); any other failure to write is one.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  // Not process.exit(): standard output may be a pipe that still has to take the result.
  process.exitCode = await main(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    signal: stop.signal,
  });
}
