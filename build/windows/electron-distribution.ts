/** Electron for Windows: the real one as electron-builder downloads it, or a stand-in that is marked as one. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { standInMark } from '../../server/releases/stand-in.ts';
import { runTool } from '../run-tool.ts';
import { withIdentity } from '../windows-resources.ts';

/**
 * A folder that looks like an unpacked distribution of Electron. Needs gcc-mingw-w64-i686.
 */
export function makeStandInElectron(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'locales'), { recursive: true });
  mkdirSync(join(folder, 'resources'));
  const program = join(folder, 'electron.exe');
  runTool('i686-w64-mingw32-gcc', [
    ...['-Os', '-s', '-static', '-Wl,--no-insert-timestamp'],
    ...['-o', program, join(import.meta.dirname, 'stand-in-electron.c')],
  ]);
  // electron-builder changes the version information, and wants to find one.
  const identity = { version: '45.4.1', description: standInMark, fileName: 'electron.exe' };
  writeFileSync(program, withIdentity(readFileSync(program), identity));
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'resources.pak', 'locales/de.pak', 'locales/en-US.pak']) {
    writeFileSync(join(folder, name), `${standInMark}\n`);
  }
  writeFileSync(join(folder, 'version'), '45.4.1');
  return folder;
}
