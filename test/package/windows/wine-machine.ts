/**
 * A Windows of wine's, made anew for each user: a prefix of the set-up that wine-setup.sh makes, with stand-ins for the programs wine
 * has in name only. What is seen here is how our programs and installers behave, not how Windows does.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '../../..');
/** Folder of the set-up; `machines` below it is the same folder inside and outside. */
export const wineDir = process.env['KITS_WINE_DIR'] ?? '/var/cache/kits-agent-wine';
const machines = join(wineDir, 'machines');
const standIns = ['schtasks', 'icacls', 'takeown'] as const;

export interface Ended {
  /** Only the lowest eight bits come through. */
  readonly code: number | null;
  readonly output: string;
}

export interface WineMachine extends AsyncDisposable {
  /** Path of the host for one below `C:\`, written with slashes. */
  at(path: string): string;
  /** `program` with exactly these words behind it, quotes and all. */
  run(program: string, words?: string, env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Puts a file of the host into `C:\media`; its path there. */
  bring(file: string, name?: string): string;
  /** What the registry of the machine holds, as wine keeps it; keys in small letters. */
  registry(): Promise<string>;
}

export async function createWineMachine(): Promise<WineMachine> {
  const template = join(machines, 'template');
  if (!existsSync(join(template, 'made'))) {
    rmSync(template, { recursive: true, force: true });
    mkdirSync(template, { recursive: true });
    await wine('/machines/template', ['wineboot', '-i'], {});
    await wineserver('/machines/template', '-w');
    writeFileSync(join(template, 'made'), '');
  }
  const home = mkdtempSync(join(machines, 'run-'));
  // Links, which are quick; but the registry is written in place where a file has two names.
  execFileSync('cp', ['-al', join(template, 'prefix'), join(home, 'prefix')]);
  for (const name of ['system.reg', 'user.reg', 'userdef.reg']) {
    rmSync(join(home, 'prefix', name));
    copyFileSync(join(template, 'prefix', name), join(home, 'prefix', name));
  }
  const inside = `/machines/${home.slice(machines.length + 1)}`;
  const drive = join(home, 'prefix/drive_c');
  for (const name of standIns) {
    const made = join(home, `${name}.exe`);
    const options = name === 'takeown' ? [] : ['-municode'];
    const source = join(import.meta.dirname, 'stand-ins', `${name}.c`);
    execFileSync('i686-w64-mingw32-gcc', ['-Os', '-s', '-static', ...options, '-o', made, source]);
    for (const folder of ['system32', 'syswow64']) {
      rmSync(join(drive, 'windows', folder, `${name}.exe`), { force: true });
      copyFileSync(made, join(drive, 'windows', folder, `${name}.exe`));
    }
  }
  mkdirSync(join(drive, 'media'));
  for (const name of ['7z.exe', '7z.dll']) {
    copyFileSync(join(root, 'node_modules/electron-winstaller/vendor', name), join(drive, 'media', name));
  }
  let runs = 0;
  const self: WineMachine = {
    at: (path) => join(drive, path),
    bring: (file, name) => {
      const target = name ?? file.replace(/^.*\//, '');
      copyFileSync(file, join(drive, 'media', target));
      return `C:\\media\\${target}`;
    },
    run: (program, words = '', env = {}) => {
      runs += 1;
      // A batch file hands on the line as it stands; wine would quote the words anew.
      writeFileSync(
        join(drive, 'media', `run-${runs}.bat`),
        `@echo off\r\n"${program}" ${words}\r\nexit /b %ERRORLEVEL%\r\n`,
      );
      return wine(inside, ['cmd', '/c', `C:\\media\\run-${runs}.bat`], env);
    },
    registry: async () => {
      // Written out when the last program has ended, or a moment later: asked for instead.
      await wine(inside, ['reg', 'export', 'HKLM\\SOFTWARE', 'C:\\media\\software.reg', '/y'], {});
      await wine(
        inside,
        ['reg', 'export', 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog', 'C:\\media\\events.reg', '/y'],
        {},
      );
      return ['software.reg', 'events.reg']
        .map((name) => readFileSync(join(drive, 'media', name), 'utf16le'))
        .join('\n')
        .replace(/\[([^\]\n]*)\]/g, (key) => key.toLowerCase());
    },
    [Symbol.asyncDispose]: async () => {
      await wineserver(inside, '-k');
      // Programs that were ended with it may still be writing.
      rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
  return self;
}

function environment(home: string): Record<string, string> {
  return {
    PATH: '/usr/bin:/bin',
    HOME: home,
    XDG_RUNTIME_DIR: home,
    WINEPREFIX: `${home}/prefix`,
    WINEDEBUG: '-all',
    LANG: 'C.UTF-8',
    // No PowerShell in name only, no menus; our stand-ins before wine's own programs.
    WINEDLLOVERRIDES: `mscoree,mshtml=;winemenubuilder.exe,powershell.exe=d;${standIns.map((name) => `${name}.exe`).join(',')}=n`,
    KITS_TEST_7ZIP: 'C:\\media\\7z.exe',
  };
}

/** Output goes through a file: Node in wine cannot write to a pipe. */
async function wine(home: string, words: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const file = join(machines, `${home.slice('/machines/'.length)}`, 'output');
  const output = openSync(file, 'w');
  try {
    const child = spawn('/usr/sbin/chroot', [join(wineDir, 'chroot'), 'wine', ...words], {
      cwd: machines,
      env: { ...environment(home), ...env },
      stdio: ['ignore', output, output],
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    return { code, output: readFileSync(file, 'utf8') };
  } finally {
    closeSync(output);
  }
}

async function wineserver(home: string, word: '-k' | '-w'): Promise<void> {
  const child = spawn('/usr/sbin/chroot', [join(wineDir, 'chroot'), '/usr/lib/wine/wineserver64', word], {
    env: environment(home),
    stdio: 'ignore',
  });
  await once(child, 'exit');
}
