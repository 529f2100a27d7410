/**
 * Tells systemd that the service still turns, so that one that hangs is started anew (sd_notify(3), WATCHDOG=1). Node has no
 * sockets of that kind; systemd's own program says it, a few times an hour.
 */
import process from 'node:process';
import { pathsOf } from './commands.ts';
import { runCommand } from './run-command.ts';

const timeoutMs = 10_000;
/** Of the time systemd waits: two may get lost. */
const share = 3;

export interface WatchdogOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly monotonicMs: () => number;
  /** Paths of systemd-notify. */
  readonly program?: readonly string[];
}

/**
 * To be called whenever a look at what is due has ended; says it when it is time to. Does nothing where no systemd waits for
 * it. Never rejects: a message that is not sent is what the watchdog is there for.
 */
export function createWatchdog({
  environment = process.env,
  monotonicMs,
  program = pathsOf('systemd-notify', 'linux'),
}: WatchdogOptions): () => Promise<void> {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: waits } = environment;
  const everyMs = Number(waits) / 1000 / share;
  let saidAt = -Infinity;
  return async () => {
    if (socket === undefined || !(everyMs > 0) || monotonicMs() - saidAt < everyMs) return;
    saidAt = monotonicMs();
    await runCommand(program, ['WATCHDOG=1'], {
      timeoutMs,
      signal: new AbortController().signal,
      environment: { NOTIFY_SOCKET: socket },
    });
  };
}
