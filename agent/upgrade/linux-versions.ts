/** Versions on Linux: a symbolic link says which one runs, another which one guards; systemd starts what stands behind them. */
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join, posix } from 'node:path';
import process from 'node:process';
import { compareVersions, isVersion } from '../contract/version-order.ts';
import { commandEnvironments, pathsOf } from '../platform/commands.ts';
import { runCommand } from '../platform/run-command.ts';
import { unsafeFolder } from '../platform/safe-place.ts';
import { syncFolder } from '../platform/write-file.ts';
import { type InstalledVersions, SwitchFailed } from './installed-versions.ts';

export const linuxInstallRoot = '/usr/lib/kits-agent';
const service = 'kits-agent.service';
const guard = 'kits-agent-guard.service';
/** A service may have a round to finish before it ends: systemd gives it 90 seconds. */
const restartTimeoutMs = 150_000;
const askTimeoutMs = 15_000;

export interface LinuxVersionsOptions {
  readonly root: string;
  readonly systemctl?: readonly string[];
  /** Whether systemd runs here; https://www.freedesktop.org/software/systemd/man/latest/sd_booted.html. */
  readonly isUp?: () => boolean;
  /** Who owns what is installed. */
  readonly owner?: number;
  /** Why nothing may be installed in the root; a sentence. Only tests, whose folders anybody can replace, name another check. */
  readonly objection?: (root: string, owner: number) => string | undefined;
}

export function createLinuxVersions(options: LinuxVersionsOptions): InstalledVersions {
  const { root, systemctl = pathsOf('systemctl', 'linux'), owner = 0, objection = unsafeFolder } = options;
  const isUp = options.isUp ?? (() => existsSync('/run/systemd/system'));
  const versions = join(root, 'versions');
  const executable = (version: string): string => join(versions, version, 'kits-agent');

  const ask = (timeoutMs: number, ...args: string[]): ReturnType<typeof runCommand> =>
    runCommand(systemctl, args, {
      timeoutMs,
      signal: new AbortController().signal,
      environment: commandEnvironments.systemctl ?? {},
    });

  /** The version a link leads to; a link that leads elsewhere leads to none. */
  const target = (name: string): string | undefined => {
    try {
      const [folder, version, ...rest] = readlinkSync(join(root, name)).split('/');
      return folder === 'versions' && version !== undefined && rest.length === 0 && isVersion(version)
        ? version
        : undefined;
    } catch {
      return undefined;
    }
  };
  const point = (name: string, version: string): void => {
    if (!isVersion(version)) throw new SwitchFailed(`"${version}" is not a version`);
    const draft = join(root, `.${name}.new`);
    rmSync(draft, { force: true });
    symlinkSync(posix.join('versions', version), draft);
    renameSync(draft, join(root, name));
    syncFolder(root);
  };

  return {
    root,
    objection: async () => {
      if (process.geteuid?.() !== owner) return 'Only root may install a version. Run it as root.';
      const why = objection(root, owner);
      return why === undefined ? undefined : `${why} Nothing was installed.`;
    },
    present: () => {
      try {
        return readdirSync(versions)
          .filter((name) => isVersion(name) && isExecutable(executable(name)))
          .sort(compareVersions);
      } catch {
        return [];
      }
    },
    executable,
    current: async () => target('current'),
    proven: async () => target('proven'),
    startServiceFrom: async (version) => point('current', version),
    startGuardFrom: async (version) => point('proven', version),
    isUp,
    isRunning: async () => {
      const outcome = await ask(askTimeoutMs, 'is-active', '--quiet', service);
      return outcome.kind === 'exited' && outcome.exitCode === 0;
    },
    restart: async () => {
      // After too many failures systemd refuses every start until it is told to forget them.
      await ask(askTimeoutMs, 'reset-failed', service);
      const outcome = await ask(restartTimeoutMs, 'restart', service);
      if (outcome.kind === 'exited' && outcome.exitCode === 0) return;
      const words = outcome.kind === 'exited' ? outcome.stderr.trim().slice(0, 200) : outcome.kind;
      throw new SwitchFailed(`systemd did not start ${service}: ${words}. "systemctl status ${service}" says more.`);
    },
    wakeGuard: async () => {
      if (isUp()) await ask(askTimeoutMs, 'start', '--no-block', guard);
    },
    remove: (version) => {
      if (isVersion(version)) rmSync(join(versions, version), { recursive: true, force: true });
    },
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return lstatSync(path).isFile();
  } catch {
    return false;
  }
}
