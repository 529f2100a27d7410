/**
 * Settings of Veeam Agent. Its Configurator writes them to a file only, and the file can hold credentials: it goes to a
 * folder only SYSTEM and administrators reach, is read once, and is deleted whatever happened. What an interrupted round
 * left behind goes with the next one.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from '../machine.ts';

const maxBytes = 1024 * 1024;
const limitMs = 60_000;

export function createVeeamExport(
  run: Machine['run'],
  privateDir: string,
): (signal: AbortSignal) => Promise<string | undefined> {
  const folder = join(privateDir, 'veeam-export');
  const file = join(folder, 'settings.xml');
  const clear = (): void => rmSync(folder, { recursive: true, force: true });
  return async (signal) => {
    clear();
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const outcome = await run('veeam-configurator', ['-export', `/f:${file}`], { timeoutMs: limitMs, signal });
      if (outcome.kind !== 'exited' || outcome.exitCode !== 0) return undefined;
      if ((await stat(file)).size > maxBytes) return undefined;
      return await readFile(file, 'utf8');
    } catch {
      // No file was written, or it cannot be read: the settings stay unknown, the events answer all the same.
      return undefined;
    } finally {
      clear();
    }
  };
}
