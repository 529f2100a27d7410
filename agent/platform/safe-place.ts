/** Whether something stands where nobody but root can change it or put another in its place (Linux). */
import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Rights of group and others to write. */
export const writableByOthers = 0o022;

/**
 * A sentence when a folder above `path` could be changed by others than root, or by others than `owner`; what is not there
 * yet counts for nothing. A group counts as others: an access list hides behind its bits. So does a folder such as `/tmp`.
 */
export function unsafeParent(path: string, owner: number): string | undefined {
  const folder = resolve(path);
  return from(dirname(folder), folder, owner) ?? throughLinks(folder, owner);
}

/** The same for a folder that has to be there, itself included. */
export function unsafeFolder(path: string, owner: number): string | undefined {
  const folder = resolve(path);
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return `${folder} is not there or is no folder. Install the package again.`;
  }
  return from(folder, folder, owner) ?? throughLinks(folder, owner);
}

/** Examines `first` and every folder above it. */
function from(first: string, folder: string, owner: number): string | undefined {
  for (let place = first; ; place = dirname(place)) {
    let found: Stats | undefined;
    try {
      found = lstatSync(place, { throwIfNoEntry: false });
    } catch (error) {
      return `${place} cannot be examined (${(error as NodeJS.ErrnoException).code}).`;
    }
    const why = found === undefined ? undefined : whoElse(found, owner);
    if (why !== undefined) {
      const harm = place === folder ? 'change what lies in it' : `put another folder in the place of ${folder}`;
      return (
        `${place} ${why}, who could ${harm}. ` +
        `Choose a folder below one that belongs to root alone, or run "chown root:root ${place}" and "chmod go-w ${place}".`
      );
    }
    if (place === dirname(place)) return undefined;
  }
}

/** An administrator may have moved a folder to another disk behind a link of their own: then that place counts as well. */
function throughLinks(folder: string, owner: number): string | undefined {
  for (let place = dirname(folder); place !== dirname(place); place = dirname(place)) {
    try {
      const real = realpathSync(place);
      return real === place ? undefined : from(real, folder, owner);
    } catch {
      // Not there yet: the next one above.
    }
  }
  return undefined;
}

function whoElse(found: Stats, owner: number): string | undefined {
  if (found.isSymbolicLink() || found.isDirectory()) return whoMayChange(found, owner);
  return 'is no folder and belongs to somebody';
}

/** Who besides root and `owner` may change a file or folder, or put a link elsewhere; what its name can be followed by, as "/x belongs to …". */
export function whoMayChange(found: Stats, owner: number): string | undefined {
  if (found.uid !== 0 && found.uid !== owner) return `belongs to user ${found.uid}`;
  // The bits of a link say nothing.
  if (found.isSymbolicLink()) return undefined;
  if ((found.mode & 0o002) !== 0) return 'can be changed by every user';
  return (found.mode & 0o020) === 0 ? undefined : `can be changed by the group ${found.gid}`;
}
