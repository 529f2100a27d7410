/** `kits-agent <command>`. Each command loads only what it needs: an inventory must not pay for HTTP and signatures. */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { type CommandInput, type ExitCode, exitCodes, UsageError } from './commands/command.ts';
import { printable } from './contract/printable.ts';
import { logLevels } from './log.ts';
import { logFileOf } from './log-file.ts';
import { agentVersion } from './version.ts';

interface Command {
  readonly usage: string;
  readonly does: string;
  /** The name of a file stands behind the command; otherwise further words are refused. */
  readonly takesFile?: true;
  readonly options?: Readonly<Record<string, { type: 'string' | 'boolean'; multiple?: boolean }>>;
  readonly run: (input: CommandInput) => Promise<ExitCode>;
}

const commands: Readonly<Record<string, Command>> = {
  collect: {
    usage: 'collect [--section ID …] [--format kits]',
    does: 'prints one JSON report of this machine; needs no server and no data directory',
    options: { section: { type: 'string', multiple: true }, format: { type: 'string' } },
    run: async (input) => (await import('./commands/collect.ts')).collectCommand(input),
  },
  status: {
    usage: 'status [--json]',
    does: 'shows what the service last wrote for the person at the PC',
    run: async (input) => (await import('./commands/inspect.ts')).statusCommand(input),
  },
  enrol: {
    usage: 'enrol --server URL --token T [--server-key THUMBPRINT] [--recovery-key THUMBPRINT]',
    does: 'joins this machine to a KITS server; its key may be left out on this machine itself only; --token - reads the token from standard input',
    options: {
      server: { type: 'string' },
      token: { type: 'string' },
      'server-key': { type: 'string' },
      'recovery-key': { type: 'string' },
    },
    run: async (input) => (await import('./commands/report.ts')).enrolCommand(input),
  },
  'prepare-directories': {
    usage: 'prepare-directories',
    does: 'makes the data directory, or repairs it, with the rights that keep users out; for installers, as root',
    run: async (input) => (await import('./commands/prepare-directories.ts')).prepareDirectoriesCommand(input),
  },
  'set-up': {
    usage:
      'set-up [--managed] [--settings-file FILE] [--server URL] [--token T] [--server-key THUMBPRINT] [--recovery-key THUMBPRINT]',
    does: 'what an installer calls: makes the directories with their rights, writes the settings, leaves the token for the service',
    options: {
      managed: { type: 'boolean' },
      'settings-file': { type: 'string' },
      'settings-file-if-there': { type: 'string' },
      server: { type: 'string' },
      token: { type: 'string' },
      'server-key': { type: 'string' },
      'recovery-key': { type: 'string' },
    },
    run: async (input) => (await import('./commands/set-up.ts')).setUpCommand(input),
  },
  'start-tray': {
    usage: 'start-tray --program FILE',
    does: 'what an installer calls last on Windows: shows the tray to whoever is logged on',
    options: { program: { type: 'string' } },
    run: async (input) => (await import('./commands/start-tray.ts')).startTrayCommand(input),
  },
  'reset-identity': {
    usage: 'reset-identity [--discard-waiting]',
    does: 'removes key and enrolment, to prepare a disk image',
    options: { 'discard-waiting': { type: 'boolean' } },
    run: async (input) => (await import('./commands/report.ts')).resetIdentityCommand(input),
  },
  retire: {
    usage: 'retire [--keep-data]',
    does: 'tells the server, if it can, that this installation is removed; then removes identity and data',
    options: { 'keep-data': { type: 'boolean' } },
    run: async (input) => (await import('./commands/retire.ts')).retireCommand(input),
  },
  run: {
    usage: 'run [--once]',
    does: 'the service in the foreground',
    options: { once: { type: 'boolean' } },
    run: async (input) => (await import('./commands/report.ts')).runCommand(input),
  },
  report: {
    usage: 'report [--show [--sequence N] [--language de|en]]',
    does: 'collects and sends now; --show only shows what the last report said, and why each field is needed',
    options: { show: { type: 'boolean' }, sequence: { type: 'string' }, language: { type: 'string' } },
    run: async (input) =>
      input.options['show'] === true
        ? (await import('./commands/show-sent.ts')).showSent(input)
        : (await import('./commands/report.ts')).reportCommand(input),
  },
  doctor: {
    usage: 'doctor [--json] [--walk]',
    does: 'checks rights, key, name resolution, certificates and server; --walk: what to look at on a real Windows PC',
    options: { walk: { type: 'boolean' } },
    run: async (input) => (await import('./commands/inspect.ts')).doctorCommand(input),
  },
  'explain-settings': {
    usage: 'explain-settings [--json]',
    does: 'shows each setting and where it comes from',
    run: async (input) => (await import('./commands/inspect.ts')).explainSettingsCommand(input),
  },
  'restore-test': {
    usage: 'restore-test --source PLACE [--product restic|borg|files] [--sample N] [--original FOLDER] [--by NAME]',
    does: 'brings a sample back from a backup, compares it by hash with this PC, and changes neither',
    options: {
      source: { type: 'string' },
      product: { type: 'string' },
      sample: { type: 'string' },
      original: { type: 'string' },
      by: { type: 'string' },
    },
    run: async (input) => (await import('./commands/restore-test.ts')).restoreTestCommand(input),
  },
  'verify-chain': {
    usage: 'verify-chain FILE [--device-key THUMBPRINT] [--server-key THUMBPRINT]',
    does: 'proves that an exported history is complete, unaltered and signed by its device; needs no network',
    takesFile: true,
    options: { 'device-key': { type: 'string' }, 'server-key': { type: 'string' } },
    run: async (input) => (await import('./commands/verify-chain.ts')).verifyChainCommand(input),
  },
  activate: {
    usage: 'activate [--install-root FOLDER] [--from FILE] [--wait SECONDS]',
    does: 'makes this executable the version that runs here, and takes that back when it does not prove itself',
    options: { 'install-root': { type: 'string' }, from: { type: 'string' }, wait: { type: 'string' } },
    run: async (input) => (await import('./commands/upgrade.ts')).activateCommand(input),
  },
  guard: {
    usage: 'guard [--install-root FOLDER]',
    does: 'keeps the service running, and brings back the last version that did when a new one does not',
    options: { 'install-root': { type: 'string' } },
    run: async (input) => (await import('./commands/upgrade.ts')).guardCommand(input),
  },
  'self-test': {
    usage: 'self-test',
    does: 'tries whether this executable can work with the settings and the store of this machine; changes nothing',
    run: async (input) => (await import('./commands/upgrade.ts')).selfTestCommand(input),
  },
  version: {
    usage: 'version',
    does: 'prints the version',
    run: async (input) => {
      input.out(input.options['json'] === true ? JSON.stringify({ version: agentVersion }) : agentVersion);
      return exitCodes.done;
    },
  },
};

const everywhere = {
  'data-dir': { type: 'string' },
  config: { type: 'string' },
  json: { type: 'boolean' },
  'log-level': { type: 'string' },
  'log-file': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

function help(): string {
  const width = Math.max(...Object.values(commands).map(({ usage }) => usage.length));
  return [
    'kits-agent <command>',
    '',
    ...Object.values(commands).map(({ usage, does }) => `  ${usage.padEnd(width)}  ${does}`),
    '',
    'Everywhere: --data-dir DIR, --config FILE, --json, --log-level debug|info|warn|error, --log-file FILE, --help',
    'Exit codes: 0 done, 1 unexpected, 2 usage or settings, 3 not enrolled, 4 refused by the server,',
    '            5 server not reachable (nothing lost: it is queued), 6 partly collected,\n            7 a restore test that failed, 8 a history that is not genuine',
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
    streams.out(help());
    return name === undefined ? exitCodes.usage : exitCodes.done;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (command === undefined) throw new UsageError(`There is no command "${name}".`);
    const { values, positionals } = read(command, rest);
    if (values['help'] === true) {
      streams.out(`kits-agent ${command.usage}\n${command.does}`);
      return exitCodes.done;
    }
    return await command.run({ ...streams, options: values, positionals });
  } catch (error) {
    return explain(error, streams.err, command?.usage);
  }
}

function read(
  command: Command,
  rest: readonly string[],
): { values: CommandInput['options']; positionals: readonly string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: withThumbprints(rest),
      options: { ...everywhere, ...command.options },
      allowPositionals: command.takesFile === true,
    });
    const level = values['log-level'];
    if (level !== undefined && !logLevels.some((known) => known === level)) {
      throw new UsageError(`--log-level ${level}: expected one of ${logLevels.join(', ')}`);
    }
    return { values, positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** One thumbprint in 64 begins with "-", which would be taken for an option where it stands behind its name. */
const thumbprintOptions: ReadonlySet<string | undefined> = new Set(['--server-key', '--recovery-key', '--device-key']);
function withThumbprints(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const name = joined.at(-1);
    const isThumbprint = /^-[A-Za-z0-9_-]{42}$/.test(arg);
    if (isThumbprint && thumbprintOptions.has(name)) joined[joined.length - 1] = `${name}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

/** By name, so that a command that never speaks to a server does not load the classes of one that does. */
const codesByError: Readonly<Record<string, ExitCode>> = {
  UsageError: exitCodes.usage,
  RestoreError: exitCodes.unexpected,
  SettingsError: exitCodes.usage,
  UnsafeDirectory: exitCodes.usage,
  SetupError: exitCodes.usage,
  KeyFileError: exitCodes.usage,
  AgentRunning: exitCodes.usage,
  NewerStore: exitCodes.unexpected,
  TrialFailed: exitCodes.unexpected,
  SwitchFailed: exitCodes.unexpected,
  NotInstalled: exitCodes.unexpected,
  ActivationRefused: exitCodes.usage,
  StoreUnavailable: exitCodes.usage,
  NotEnrolled: exitCodes.notEnrolled,
  ServerRefused: exitCodes.refused,
  ServerUnreachable: exitCodes.unreachable,
};

function explain(error: unknown, err: (line: string) => void, usage: string | undefined): ExitCode {
  if (!(error instanceof Error)) {
    err(`kits-agent: ${String(error)}`);
    return exitCodes.unexpected;
  }
  const code = codesByError[error.name];
  err(`kits-agent: ${error.message}`);
  if (error.name === 'UsageError') {
    err(usage === undefined ? 'Run "kits-agent --help" for the list.' : `Usage: kits-agent ${usage}`);
  }
  if (error.name === 'ServerUnreachable')
    err('Nothing is lost: reports wait in the queue and are sent when the server answers.');
  if (code === undefined) err(error.stack ?? '');
  return code ?? exitCodes.unexpected;
}

type Streams = Pick<CommandInput, 'out' | 'err'>;

function standardStreams(): Streams {
  // Whoever reads may have seen enough (`| head`); any other failure to write is one.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return { out: (line) => process.stdout.write(`${line}\n`), err: (line) => process.stderr.write(`${line}\n`) };
}

/** Installers and tasks of Windows have no streams anybody sees. What ends the process unforeseen is said there as well. */
function fileStreams(file: string, command: string): Streams {
  const append = logFileOf(file, command);
  process.on('uncaughtExceptionMonitor', (error) => append(error.stack ?? String(error)));
  return { out: append, err: append };
}

/** The process of the command line: signals, streams and the exit code. */
export async function runProcess(): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const args = process.argv.slice(2);
  const [command = ''] = args;
  const place = args.indexOf('--log-file');
  const logFile = place === -1 ? undefined : args[place + 1];
  const streams = logFile === undefined ? standardStreams() : fileStreams(logFile, command);
  // Not process.exit(): standard output may be a pipe that still has to take the report.
  process.exitCode = await main(args, { ...streams, signal: stop.signal });
  if (logFile !== undefined) streams.out(`ended with exit code ${process.exitCode}`);
}

if (import.meta.main) await runProcess();
