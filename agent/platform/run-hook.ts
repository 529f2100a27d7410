/** Programs the local administrator put into place: run only where nobody but root can have a say in what they do. */
import { lstatSync, type Stats } from 'node:fs';
import { posix } from 'node:path';
import type { HookOutcome, Machine } from './machine.ts';
import { runCommand } from './run-command.ts';
import { whoMayChange } from './safe-place.ts';

/** `restic snapshots --json` of some years of hourly backups. */
const maxOutputBytes = 16 * 1024 * 1024;
const executable = 0o111;

/**
 * Without arguments and in a fixed environment. The check holds until the start: where it passes, only root can change
 * any part of the path.
 */
export const runHook: Machine['runHook'] = async (path, options): Promise<HookOutcome> => {
  if (!posix.isAbsolute(path) || posix.normalize(path) !== path || path.endsWith('/')) {
    return { kind: 'unsafe', why: `${path} is not a plain absolute path` };
  }
  const parts = path.split('/').slice(1);
  for (let depth = 0; depth <= parts.length; depth += 1) {
    const place = `/${parts.slice(0, depth).join('/')}`;
    let found: Stats | undefined;
    try {
      found = lstatSync(place, { throwIfNoEntry: false });
    } catch (error) {
      return { kind: 'unsafe', why: `${place} cannot be examined (${(error as NodeJS.ErrnoException).code})` };
    }
    if (found === undefined) return { kind: 'not-found' };
    const why = objection(found, depth === parts.length ? 'file' : 'folder');
    if (why !== undefined) return { kind: 'unsafe', why: `${place} ${why}` };
  }
  return runCommand([path], [], { ...options, maxOutputBytes });
};

function objection(found: Stats, expected: 'file' | 'folder'): string | undefined {
  if (found.isSymbolicLink()) return 'is a symbolic link; name the place it leads to';
  if (expected === 'folder' ? !found.isDirectory() : !found.isFile()) return `is not a ${expected}`;
  const others = whoMayChange(found, 0);
  if (others !== undefined) return others;
  if (expected === 'file' && (found.mode & executable) === 0) return 'is not executable';
  return undefined;
}
