/** Where a build puts what it has made. */
import { accessSync, constants, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Absolute, and there afterwards. Throws before anything is built, with a sentence, when nothing can be put there. */
export function outFolder(folder: string): string {
  const path = resolve(folder);
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK | constants.X_OK);
    // What a disk that is read-only or full has to say.
    const probe = join(path, `.probe-${process.pid}`);
    writeFileSync(probe, '.');
    rmSync(probe);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(
      `Nothing can be put into ${path} (${code ?? message}), so nothing was built. Name a folder with --out that the user of this ` +
        'build can reach and write to, all folders above it included.',
      { cause: error },
    );
  }
  return path;
}

/**
 * The same, and empty afterwards. Throws for a folder that holds something and not `mark`, the file by which a build knows its own
 * folder again: nobody's files are removed because of a slip on a command line.
 */
export function emptyOutFolder(folder: string, mark: string): string {
  const path = outFolder(folder);
  const names = readdirSync(path);
  if (names.length > 0 && !names.includes(mark)) {
    throw new Error(
      `${path} holds something that this build has not put there (${names.slice(0, 3).join(', ')}), so nothing was built or ` +
        'removed. Name a folder of its own with --out, or empty this one.',
    );
  }
  for (const name of names) rmSync(join(path, name), { recursive: true, force: true });
  // First: what breaks off later is known again as well.
  writeFileSync(join(path, mark), '[]\n');
  return path;
}
