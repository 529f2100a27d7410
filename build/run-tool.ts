/** Runs a program of the build and waits for it. */
import { spawnSync } from 'node:child_process';
import process from 'node:process';

/** Returns standard output. Throws with everything the program said when it cannot be started or fails. */
export function runTool(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>>; timeoutMs?: number } = {},
): string {
  const { cwd, env, timeoutMs = 300_000 } = options;
  const { status, signal, stdout, stderr, error } = spawnSync(file, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) throw new Error(`${file} could not be run: ${error.message}`, { cause: error });
  if (status !== 0) {
    throw new Error(
      `${file} ${args.join(' ')} failed (${signal ?? `exit code ${status}`}):\n${stdout}${stderr}`.trimEnd(),
    );
  }
  return stdout;
}
