/**
 * The icons beside the clock as PNG files, one for each state, theme and scale, as the tray draws them itself:
 * `node build/tray-icons.ts [FOLDER]`. For packages and documents; the same program writes the same bytes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { iconScales, stateIconRgba, trayThemes } from '../main/tray/state-icon.ts';
import { pngOf } from './icons.ts';

const states = ['ok', 'attention', 'critical', 'unknown', 'offline'] as const;

/** By name, such as "dark/critical-32.png". */
export function trayIcons(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const theme of trayThemes) {
    for (const state of states) {
      for (const scale of iconScales) {
        const size = 16 * scale;
        files.set(`${theme}/${state}-${size}.png`, pngOf(stateIconRgba(state, size, theme), size));
      }
    }
  }
  return files;
}

if (import.meta.main) {
  const folder = resolve(process.argv[2] ?? join(import.meta.dirname, '../dist/tray-icons'));
  for (const [name, content] of trayIcons()) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}
