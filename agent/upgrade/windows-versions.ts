/** Versions on Windows: a scheduled task names the executable it starts, and registering it anew replaces it in one step. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, win32 } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { compareVersions, isVersion } from '../contract/version-order.ts';
import { pathsOf } from '../platform/commands.ts';
import type { CommandOutcome } from '../platform/machine.ts';
import { runCommand } from '../platform/run-command.ts';
import { AgentRunning, lockDirectory } from '../store/sqlite.ts';
import { peopleWhoMayWrite } from './access-list.ts';
import { type InstalledVersions, SwitchFailed } from './installed-versions.ts';
import { executableIn, guardTask, serviceTask, taskXml } from './task-xml.ts';

const timeoutMs = 60_000;
/** Windows asks a program to end before it makes it. */
const [endLooks, endLookMs] = [120, 250];

export function windowsInstallRoot(): string {
  return win32.join(process.env['ProgramFiles'] ?? 'C:\\Program Files', 'KITS Agent');
}

export interface WindowsVersionsOptions {
  readonly root: string;
  readonly dataDir: string;
  readonly run?: (command: 'schtasks' | 'icacls', args: readonly string[]) => Promise<CommandOutcome>;
  readonly pause?: (ms: number) => Promise<void>;
}

export function createWindowsVersions(options: WindowsVersionsOptions): InstalledVersions {
  const { root, dataDir, pause = (ms) => setTimeout(ms) } = options;
  const run =
    options.run ??
    ((command, args) =>
      runCommand(pathsOf(command, 'win32'), args, { timeoutMs, signal: new AbortController().signal }));
  const versions = join(root, 'versions');
  const executable = (version: string): string => join(versions, version, 'kits-agent.exe');
  const privateDir = join(dataDir, 'private');
  const draft = join(privateDir, 'task.xml');
  // The service holds its data directory; the words of schtasks depend on the language of Windows.
  const isRunning = (): boolean => {
    try {
      lockDirectory(join(privateDir, 'lock.db')).release();
      return false;
    } catch (error) {
      return error instanceof AgentRunning;
    }
  };

  const named = async (task: string): Promise<string | undefined> => {
    const outcome = await run('schtasks', ['/query', '/tn', task, '/xml']);
    if (outcome.kind !== 'exited' || outcome.exitCode !== 0) return undefined;
    const path = executableIn(outcome.stdout) ?? '';
    const version = win32.basename(win32.dirname(path));
    // The file system does not tell upper from lower case, and neither does whoever registered it by hand.
    return isVersion(version) &&
      win32.normalize(path).toLowerCase() === win32.normalize(executable(version)).toLowerCase()
      ? version
      : undefined;
  };
  const register = async (task: typeof serviceTask | typeof guardTask, version: string): Promise<void> => {
    if (!isVersion(version)) throw new SwitchFailed(`"${version}" is not a version`);
    mkdirSync(dirname(draft), { recursive: true });
    writeFileSync(draft, `\ufeff${taskXml(task, executable(version), privateDir)}`, 'utf16le');
    try {
      const outcome = await run('schtasks', ['/create', '/tn', task, '/xml', draft, '/f']);
      if (outcome.kind !== 'exited' || outcome.exitCode !== 0)
        throw new SwitchFailed(words(`register "${task}"`, outcome));
    } finally {
      rmSync(draft, { force: true });
    }
  };

  return {
    root,
    objection: async () => {
      try {
        accessSync(root, constants.W_OK);
        writeFileSync(join(root, '.rights'), '');
        rmSync(join(root, '.rights'));
      } catch (error) {
        return `${root} cannot be written (${(error as NodeJS.ErrnoException).code}). Run the installer as administrator.`;
      }
      const saved = join(dataDir, 'private', 'rights.txt');
      const outcome = await run('icacls', [root, '/save', saved, '/q']);
      try {
        const people =
          outcome.kind === 'exited' && existsSync(saved)
            ? peopleWhoMayWrite(readFileSync(saved, 'utf16le'))
            : ['unreadable'];
        if (people.length === 0) return undefined;
        return (
          `${root} can be changed by people without administrator rights (${people.join(', ')}). Nothing was installed. ` +
          'Choose a folder below "Program Files".'
        );
      } finally {
        rmSync(saved, { force: true });
      }
    },
    present: () => {
      try {
        return readdirSync(versions)
          .filter((name) => isVersion(name) && existsSync(executable(name)))
          .sort(compareVersions);
      } catch {
        return [];
      }
    },
    executable,
    current: () => named(serviceTask),
    proven: () => named(guardTask),
    startServiceFrom: (version) => register(serviceTask, version),
    startGuardFrom: (version) => register(guardTask, version),
    isUp: () => true,
    isRunning: async () => isRunning(),
    restart: async () => {
      // Fails when it does not run.
      await run('schtasks', ['/end', '/tn', serviceTask]);
      // A task that is still ending is not started again; one that hangs takes its time.
      for (let looks = 0; looks < endLooks && isRunning(); looks += 1) await pause(endLookMs);
      const outcome = await run('schtasks', ['/run', '/tn', serviceTask]);
      if (outcome.kind !== 'exited' || outcome.exitCode !== 0)
        throw new SwitchFailed(words(`start "${serviceTask}"`, outcome));
    },
    wakeGuard: async () => {
      await run('schtasks', ['/run', '/tn', guardTask]);
    },
    remove: (version) => {
      if (!isVersion(version)) return;
      try {
        rmSync(join(versions, version), { recursive: true, force: true });
      } catch {
        // Its executable is in use.
      }
    },
  };
}

function words(what: string, outcome: CommandOutcome): string {
  const said =
    outcome.kind === 'exited' ? `exit code ${outcome.exitCode}, ${outcome.stderr.trim().slice(0, 200)}` : outcome.kind;
  return `Windows did not ${what}: ${said}. "taskschd.msc" shows the task and its last result.`;
}
