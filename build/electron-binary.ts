/** Where Electron's program is, when it is there: the package alone installs without it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..');

export const howToGetElectron =
  'The Electron binary is not here. "node node_modules/electron/install.js" downloads it; where that is not allowed, unpack ' +
  'the archive of the same version and name its folder in ELECTRON_OVERRIDE_DIST_PATH. "npm run preview:tray" shows the window without.';

/** Looks where the package itself looks; undefined when nothing is there. It is never downloaded from here. */
export function electronBinary(): string | undefined {
  const folder = join(root, 'node_modules/electron');
  const elsewhere = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const pointer = join(folder, 'path.txt');
  const name = existsSync(pointer)
    ? readFileSync(pointer, 'utf8').trim()
    : process.platform === 'win32'
      ? 'electron.exe'
      : 'electron';
  const binary = join(elsewhere ?? join(folder, 'dist'), name);
  return existsSync(binary) ? binary : undefined;
}

/** A window needs a screen to be on. */
export function hasDesktop(): boolean {
  return process.platform !== 'linux' || Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
}
