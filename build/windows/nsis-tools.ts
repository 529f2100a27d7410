/**
 * What electron-builder needs to make an NSIS installer where it cannot download anything: Debian's makensis, and stand-ins for the
 * plugins of its script. For tests alone; a build for publishing uses electron-builder's own.
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runTool } from '../run-tool.ts';

const root = join(import.meta.dirname, '../..');
const standIns = join(root, 'test/package/windows/stand-ins');

/** Compiles and lays out everything below `folder`; the environment to run electron-builder with. */
export function standInNsis(folder: string): Record<string, string> {
  rmSync(folder, { recursive: true, force: true });
  const plugins = join(folder, 'resources/plugins/x86-unicode');
  const nsis = join(folder, 'nsis');
  const bin = join(folder, 'bin');
  for (const made of [plugins, nsis, bin]) mkdirSync(made, { recursive: true });
  const sources = readdirSync(standIns).filter((name) => /^(?!schtasks|icacls|takeown).*\.c$/.test(name));
  for (const source of sources) {
    runTool('i686-w64-mingw32-gcc', [
      ...['-Os', '-s', '-shared', '-static-libgcc', '-Wl,--no-insert-timestamp'],
      ...['-o', join(plugins, source.replace(/\.c$/, '.dll')), join(standIns, source)],
      ...['-L/usr/i686-w64-mingw32/lib/nsis', '-lpluginapi-x86-unicode', '-lshell32'],
    ]);
  }
  program(join(nsis, 'makensis'), 'exec /usr/bin/makensis "$@"');
  copyFileSync(join(folder, '../stand-in-electron/electron.exe'), join(nsis, 'elevate.exe'));
  const extract = join(import.meta.dirname, 'extract-uninstaller.ts');
  program(join(bin, 'wine'), `exec "${process.execPath}" "${extract}" "$1"`);
  return {
    ELECTRON_BUILDER_7ZIP_PATH: '/usr/bin/7za',
    ELECTRON_BUILDER_NSIS_DIR: nsis,
    ELECTRON_BUILDER_NSIS_RESOURCES_DIR: join(folder, 'resources'),
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
  };
}

function program(file: string, line: string): void {
  writeFileSync(file, `#!/bin/sh\n${line}\n`);
  chmodSync(file, 0o755);
}
