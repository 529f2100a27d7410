/** A system with systemd of its own, over an overlay of this one; see boot.sh. Needs root. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';

const bootMs = 180_000;
const namespaces = ['-m', '-p', '-n', '-i', '-u', '-C'];

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface BootedSystem extends AsyncDisposable {
  /** Runs a program inside, by its absolute path or one of the usual folders. */
  run(file: string, args: readonly string[], options?: { timeoutMs?: number; input?: string }): Outcome;
  /** Like `run`; throws with what it said when it fails. Returns standard output without the last line break. */
  must(file: string, ...args: string[]): string;
  /** Starts a program inside that is to go on. */
  start(file: string, args: readonly string[]): ChildProcess;
  /** Its systemd, by the number it has outside. */
  firstProcess(): number;
  /** What a purged package has left of its own, one path a line. */
  leftOf(name: string): string;
  /** Until `found` says something else than undefined; what it waits for happens in other processes. */
  until<T>(what: string, found: () => T | undefined, timeoutMs: number): Promise<T>;
}

/** Throws when systemd does not come up. */
export async function bootSystem(): Promise<BootedSystem> {
  // Not /tmp: that may be memory, and an overlay cannot lie on another one.
  const folder = mkdtempSync('/var/tmp/kits-package-');
  const unshare = spawn(
    'unshare',
    [
      ...['--kill-child', '--pid', '--fork', '--mount', '--uts', '--ipc', '--net', '--cgroup'],
      ...['bash', join(import.meta.dirname, 'boot.sh'), folder],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const said: Buffer[] = [];
  unshare.stdout.on('data', (piece: Buffer) => said.push(piece));
  unshare.stderr.on('data', (piece: Buffer) => said.push(piece));
  const firstProcess = (): number => {
    const { pid = 0 } = unshare;
    const first = Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), 10);
    if (!(first > 0)) throw new Error('the namespace has no first process');
    return first;
  };
  const inside = (): string[] => ['-t', String(firstProcess()), ...namespaces, '--'];
  const environment = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C',
    DEBIAN_FRONTEND: 'noninteractive',
  };
  const system: BootedSystem = {
    run: (file, args, { timeoutMs = 60_000, input } = {}) => {
      const { status, stdout, stderr, error } = spawnSync('nsenter', [...inside(), file, ...args], {
        env: environment,
        encoding: 'utf8',
        timeout: timeoutMs,
        maxBuffer: 64 * 1024 * 1024,
        ...(input === undefined ? {} : { input }),
      });
      if (error !== undefined) throw new Error(`${file} ${args.join(' ')}: ${error.message}\n${stdout}${stderr}`);
      return { exitCode: status, stdout, stderr };
    },
    must: (file, ...args) => {
      const { exitCode, stdout, stderr } = system.run(file, args, { timeoutMs: 240_000 });
      if (exitCode !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${exitCode}:\n${stdout}${stderr}`);
      return stdout.trimEnd();
    },
    start: (file, args) =>
      spawn('nsenter', [...inside(), file, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] }),
    firstProcess,
    leftOf: (name) =>
      system.must(
        ...(['find', '/etc', '/usr', '/var/lib', '/var/log', '/run', '/root', '/home', '/opt'] as const),
        ...['-xdev', '-name', `*${name}*`, '-not', '-path', '/var/lib/dpkg/*'],
      ),
    until: async (what, found, timeoutMs) => {
      for (const start = performance.now(); ; await setTimeout(100)) {
        const value = found();
        if (value !== undefined) return value;
        if (performance.now() - start > timeoutMs)
          throw new Error(`${what} did not happen within ${timeoutMs / 1000} s`);
      }
    },
    [Symbol.asyncDispose]: async () => {
      if (unshare.exitCode === null && unshare.signalCode === null) {
        const ended = once(unshare, 'exit');
        // Its first process goes with it, and with that one everything inside.
        unshare.kill('SIGKILL');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
  try {
    await system.until(
      'the start of systemd',
      () => {
        if (unshare.exitCode !== null) throw new Error(`the namespace has ended:\n${Buffer.concat(said)}`);
        try {
          const { stdout } = system.run('systemctl', ['is-system-running'], { timeoutMs: 10_000 });
          return /^(running|degraded)$/.test(stdout.trim()) ? true : undefined;
        } catch (error) {
          // No first process yet, or one that is not systemd yet.
          if (process.env['KITS_DEBUG'] !== undefined) process.stderr.write(`${String(error)}\n`);
          return undefined;
        }
      },
      bootMs,
    );
  } catch (error) {
    await system[Symbol.asyncDispose]();
    throw new Error(`${(error as Error).message}\n${Buffer.concat(said)}`, { cause: error });
  }
  return system;
}
