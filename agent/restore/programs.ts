/** restic and borg as an administrator runs them: their passwords come from the caller's environment and stay there. */
import process from 'node:process';
import type { CommandOutcome } from '../platform/machine.ts';
import { runCommand } from '../platform/run-command.ts';
import { RestoreError } from './restore-source.ts';

const paths = {
  restic: ['/usr/bin/restic', '/usr/local/bin/restic', 'C:\\Program Files\\restic\\restic.exe'],
  borg: ['/usr/bin/borg', '/usr/local/bin/borg'],
} as const;

/** What the programs themselves read to reach a repository. */
const passedOn =
  /^(RESTIC|BORG|AWS|B2|AZURE|GOOGLE|RCLONE|ST|OS)_[A-Z0-9_]+$|^(HOME|TZ|SSH_AUTH_SOCK|USERPROFILE|APPDATA|LOCALAPPDATA)$/;
const limitMs = 4 * 3_600_000;

/** Runs to its end; an outcome other than one of `good` is a `RestoreError` with the program's last words. */
export async function runProgram(
  program: keyof typeof paths,
  args: readonly string[],
  options: {
    readonly good: readonly number[];
    readonly signal: AbortSignal;
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly onStdout?: (chunk: Buffer) => void;
  },
): Promise<string> {
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => passedOn.test(entry[0]));
  const outcome = await runCommand(paths[program], args, {
    timeoutMs: limitMs,
    signal: options.signal,
    maxOutputBytes: 64 * 1024 * 1024,
    environment: { ...Object.fromEntries(inherited), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.onStdout === undefined ? {} : { onStdout: options.onStdout }),
  });
  if (options.signal.aborted)
    throw new RestoreError('The restore test was ended before it was done. Nothing was recorded.');
  if (outcome.kind === 'exited' && options.good.includes(outcome.exitCode)) return outcome.stdout;
  throw new RestoreError(`${program} ${args[0] ?? ''} did not succeed: ${why(outcome)}`);
}

function why(outcome: CommandOutcome): string {
  switch (outcome.kind) {
    case 'not-found':
      return 'the program is not installed in the usual place. Install it, or test another source.';
    case 'timeout':
      return 'it took longer than four hours. Take a smaller sample.';
    case 'too-much-output':
      return 'it wrote too much.';
    case 'exited': {
      const words = outcome.stderr.trim().split('\n').filter(Boolean).slice(-3).join(' / ').slice(0, 600);
      const hint = /password|passphrase/i.test(words)
        ? ' The password comes from the environment of this command (RESTIC_PASSWORD_FILE, BORG_PASSCOMMAND …).'
        : '';
      return `exit code ${outcome.exitCode}${words === '' ? '' : ` (${words})`}.${hint}`;
    }
  }
}
