/** `kits-agent set-up`: what every installer calls once the files are there, before `activate`. */
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { writeAtomically } from '../platform/write-file.ts';
import { defaultConfigFile, loadSettings } from '../settings/settings.ts';
import { prepareLinuxDirectories } from '../setup/linux-directories.ts';
import { parseInstallerLine, readSettingsFile, type SetupInput, setupInput } from '../setup/setup-input.ts';
import { writeWaitingEnrolment } from '../setup/waiting-enrolment.ts';
import { secureWindowsDataDirectory } from '../setup/windows-rights.ts';
import { type CommandInput, type ExitCode, exitCodes, stringOption } from './command.ts';
import { dataDirOf } from './command-settings.ts';

/** The installer's own command line, as it stands: in the environment neither log nor process list show it. */
const lineVariable = 'KITS_SETUP_COMMAND_LINE';

/**
 * `--managed`: others bring new versions, and the settings file cannot switch the self-update on.
 *
 * Checks everything first, then makes the directories, writes `agent.json` (existing keys stay) and leaves the token for the
 * service. Throws `SetupError` or `SettingsError` before anything is changed.
 */
export async function setUpCommand(input: CommandInput): Promise<ExitCode> {
  const dataDir = dataDirOf(input);
  const configFile = stringOption(input, 'config') ?? defaultConfigFile();
  const line = parseInstallerLine(process.env[lineVariable] ?? '');
  const named = stringOption(input, 'settings-file') ?? line.settingsFile;
  const optional = stringOption(input, 'settings-file-if-there');
  const fromFile = named !== undefined && named !== '' ? readSettingsFile(named) : ifThere(optional);
  const existing = readExisting(configFile);
  const { serverUrl, serverKey, recoveryKey } = existing;
  const wanted = setupInput(definedOnly({ server: serverUrl, serverKey, recoveryKey }), fromFile, {
    ...line.values,
    ...definedOnly({
      server: stringOption(input, 'server'),
      token: stringOption(input, 'token'),
      serverKey: stringOption(input, 'server-key'),
      recoveryKey: stringOption(input, 'recovery-key'),
    }),
  });

  if (process.platform === 'win32') await secureWindowsDataDirectory(dataDir, input.out);
  else for (const line of prepareHere(dataDir)) input.out(line);
  const { server, token } = wanted;
  const settings = input.options['managed'] === true ? withoutSelfUpdate(wanted.settings, input) : wanted.settings;
  const merged = {
    ...existing,
    ...settings,
    ...definedOnly({ serverUrl: server, serverKey: wanted.serverKey, recoveryKey: wanted.recoveryKey }),
  };
  if (merged.selfUpdate === true && merged.releaseKey === undefined) {
    input.err('selfUpdate stays off: "releaseKey" is missing, so that no release can be verified.');
  }
  mkdirSync(dirname(configFile), { recursive: true });
  writeAtomically(configFile, `${JSON.stringify(merged, undefined, 2)}\n`, 0o644);
  if (token !== undefined && server !== undefined) {
    const { serverKey, recoveryKey } = wanted;
    writeWaitingEnrolment(dataDir, { server, token, ...definedOnly({ serverKey, recoveryKey }) });
  }
  input.out(
    `Settings: ${configFile}; server ${server ?? 'not set'}; ` +
      (token === undefined ? 'no token was given.' : 'the token waits for the service.'),
  );
  return exitCodes.done;
}

/** Beside a package that something else replaces, a second road would install over it. What an administrator has set stays. */
function withoutSelfUpdate(settings: SetupInput['settings'], input: CommandInput): SetupInput['settings'] {
  if (settings?.selfUpdate !== true) return settings;
  input.err(
    'selfUpdate was not taken over: this package is updated by whatever installed it (MSI, opsi, Group Policy, apt).',
  );
  const { selfUpdate: _, ...others } = settings;
  return others;
}

function ifThere(file: string | undefined): SetupInput {
  if (file === undefined) return {};
  try {
    closeSync(openSync(file, 'r'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
  }
  return readSettingsFile(file);
}

/** As it stands, after it has shown itself to be usable. */
function readExisting(
  configFile: string,
): Record<string, unknown> & { serverUrl?: string; serverKey?: string; recoveryKey?: string } {
  loadSettings({ configFile, optional: true });
  try {
    return JSON.parse(readFileSync(configFile, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Whoever tries it out without being root owns everything, and no place is safe from them. */
function prepareHere(dataDir: string): string[] {
  const owner = process.geteuid?.() ?? 0;
  return prepareLinuxDirectories(dataDir, owner === 0 ? {} : { owner, objection: () => undefined });
}

function definedOnly<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
