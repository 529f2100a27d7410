/** What most commands take from their options: the data directory, the settings, the log. */
import { config } from 'zod';
import { createLog, type Log, type LogLevel } from '../log.ts';
import { defaultDataDir, type LoadedSettings, loadSettings } from '../settings/settings.ts';
import { type CommandInput, stringOption } from './command.ts';

// The agent checks each thing once: to compile a checker for it first (`new Function`) costs more than it saves.
config({ jitless: true });

export function dataDirOf(input: CommandInput): string {
  return stringOption(input, 'data-dir') ?? defaultDataDir();
}

/** Throws `SettingsError`. */
export function settingsOf(input: CommandInput): LoadedSettings {
  const configFile = stringOption(input, 'config');
  return loadSettings(configFile === undefined ? {} : { configFile });
}

export function logOf(input: CommandInput, fallback: LogLevel): Log {
  return createLog((stringOption(input, 'log-level') as LogLevel | undefined) ?? fallback, (line) =>
    input.err(line.trimEnd()),
  );
}
