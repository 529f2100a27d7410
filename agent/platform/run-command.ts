/** The only place that starts programs: absolute path, no shell, bounded output and time, nothing left behind. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import process from 'node:process';
import type { CommandOutcome } from './machine.ts';

const defaultMaxOutputBytes = 1024 * 1024;
const onWindows = process.platform === 'win32';
/** Not the caller's: that may be a share whose server is gone, or a folder somebody else writes into. */
const workingFolder = onWindows ? undefined : '/';

/** A fixed environment: answers in English where a program can, and nothing of the caller's leaks into the program. */
function environment(): NodeJS.ProcessEnv {
  if (!onWindows) return { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  const { SystemRoot = 'C:\\Windows', SystemDrive = 'C:', ProgramData, ProgramFiles, TEMP, TMP } = process.env;
  const system32 = `${SystemRoot}\\System32`;
  return {
    SystemRoot,
    windir: SystemRoot,
    SystemDrive,
    PATH: `${system32};${SystemRoot};${system32}\\Wbem`,
    PATHEXT: '.COM;.EXE',
    // Only Windows' own modules: a profile's modules could otherwise be loaded in their place.
    PSModulePath: `${system32}\\WindowsPowerShell\\v1.0\\Modules`,
    ProgramData,
    ProgramFiles,
    TEMP,
    TMP,
  };
}

/** The first of `paths` that can be executed is run. Never throws for what the program does; the outcome says it. */
export function runCommand(
  paths: readonly string[],
  args: readonly string[],
  options: {
    timeoutMs: number;
    signal: AbortSignal;
    maxOutputBytes?: number;
    /** Added to the fixed environment; for a program an administrator runs by hand with settings of its own. */
    environment?: Readonly<Record<string, string>>;
    cwd?: string;
    /** Takes standard output as it comes, without a bound; the outcome then has none of it. */
    onStdout?: (chunk: Buffer) => void;
  },
): Promise<CommandOutcome> {
  const { maxOutputBytes = defaultMaxOutputBytes } = options;
  const path = paths.find(isExecutable);
  if (path === undefined) return Promise.resolve({ kind: 'not-found' });
  return new Promise((resolve) => {
    const child = spawn(path, args, {
      env: { ...environment(), ...options.environment },
      cwd: options.cwd ?? workingFolder,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that what the program started ends with it. Windows knows no such groups.
      detached: !onWindows,
      windowsHide: true,
    });
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let size = 0;
    const finish = (outcome: CommandOutcome): void => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', abort);
      resolve(outcome);
    };
    // Does not wait for the end: a program the kernel holds, or one that left the group, must not hold this one.
    const cut = (outcome: CommandOutcome): void => {
      killTree(child);
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      finish(outcome);
    };
    const abort = (): void => cut({ kind: 'timeout' });
    const timer = setTimeout(abort, options.timeoutMs);
    options.signal.addEventListener('abort', abort, { once: true });
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        if (name === 'stdout' && options.onStdout !== undefined) {
          options.onStdout(chunk);
          return;
        }
        size += chunk.length;
        if (size > maxOutputBytes) cut({ kind: 'too-much-output' });
        else output[name].push(chunk);
      });
    }
    child.once('error', () => finish({ kind: 'not-found' }));
    child.once('close', (exitCode) =>
      finish({
        kind: 'exited',
        exitCode: exitCode ?? -1,
        stdout: Buffer.concat(output.stdout).toString('utf8'),
        stderr: Buffer.concat(output.stderr).toString('utf8'),
      }),
    );
    if (options.signal.aborted) abort();
  });
}

/** The same for the moment a process starts, when nothing else waits. */
export function runCommandNow(
  paths: readonly string[],
  args: readonly string[],
  options: { timeoutMs: number; maxOutputBytes?: number },
): CommandOutcome {
  const path = paths.find(isExecutable);
  if (path === undefined) return { kind: 'not-found' };
  const { status, stdout, stderr, error } = spawnSync(path, args, {
    env: environment(),
    ...(workingFolder === undefined ? {} : { cwd: workingFolder }),
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: options.timeoutMs,
    maxBuffer: options.maxOutputBytes ?? defaultMaxOutputBytes,
    windowsHide: true,
  });
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ETIMEDOUT') return { kind: 'timeout' };
  if (code === 'ENOBUFS') return { kind: 'too-much-output' };
  if (error !== undefined) return { kind: 'not-found' };
  return { kind: 'exited', exitCode: status ?? -1, stdout, stderr };
}

/** A program that is asked line by line. */
export interface Conversation {
  /** One line of text for one line; the next may be asked after the answer. Rejects when more than `maxBytes` come or the program ends. */
  ask(line: string, maxBytes: number): Promise<string>;
  /** At once and for good. */
  kill(): void;
  /** Never rejects. */
  readonly ended: Promise<void>;
}

/** Starts `file`; one that cannot be started is one that ends. Its words on standard error are not heard. */
export function startConversation(file: string, args: readonly string[]): Conversation {
  const child = spawn(file, args, {
    env: environment(),
    cwd: workingFolder,
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  });
  let asked: { resolve(line: string): void; reject(error: Error): void; maxBytes: number } | undefined;
  let pieces: Buffer[] = [];
  let size = 0;
  const refuse = (why: string): void => {
    asked?.reject(new Error(why));
    asked = undefined;
  };
  const kill = (): void => {
    child.kill('SIGKILL');
    // A program the kernel holds must not hold this one.
    child.stdin.destroy();
    child.stdout.destroy();
    child.unref();
  };
  const ended = new Promise<void>((resolve) => {
    for (const event of ['error', 'exit'] as const) child.once(event, () => resolve());
  });
  void ended.then(() => refuse('the program has ended'));
  // The end of the program says it all.
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (piece: Buffer) => {
    const end = piece.indexOf(0x0a);
    size += piece.length;
    pieces.push(piece);
    if (asked === undefined || size > asked.maxBytes || (end !== -1 && end !== piece.length - 1)) {
      refuse('the program says more than it was asked for');
      kill();
    } else if (end !== -1) {
      const line = Buffer.concat(pieces).toString('utf8').trimEnd();
      const { resolve } = asked;
      asked = undefined;
      pieces = [];
      size = 0;
      resolve(line);
    }
  });
  return {
    ask: (line, maxBytes) =>
      new Promise((resolve, reject) => {
        asked = { resolve, reject, maxBytes };
        child.stdin.write(`${line}\n`);
      }),
    kill,
    ended,
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there or not executable: the next candidate is tried.
    return false;
  }
}

function killTree(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (onWindows) {
    const { SystemRoot = 'C:\\Windows' } = process.env;
    const taskkill = `${SystemRoot}\\System32\\taskkill.exe`;
    const killer = spawn(taskkill, ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
    // Where the tree cannot be ended, at least the program itself is.
    for (const event of ['error', 'close']) killer.once(event, () => child.kill('SIGKILL'));
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}
