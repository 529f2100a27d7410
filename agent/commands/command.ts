/** What a command of `kits-agent` gets and gives. Imports nothing: it stands before every command. */

/** Exit codes are part of the interface: scripts and monitoring rely on them. */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  notEnrolled: 3,
  refused: 4,
  unreachable: 5,
  partial: 6,
  restoreTestFailed: 7,
  notGenuine: 8,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The command line cannot be understood; the message says what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface CommandInput {
  /** The words behind the command; only some commands take any. */
  readonly positionals?: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly out: (line: string) => void;
  /** The log and words for a person; never mixed with a result on standard output. */
  readonly err: (line: string) => void;
  /** Aborted by SIGTERM and SIGINT. */
  readonly signal: AbortSignal;
}

export function stringOption(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}
