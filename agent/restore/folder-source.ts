/** A plain copy of files, as rsync, rsnapshot or robocopy leave it. */
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, opendir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { RestoreError, type RestoreSource } from './restore-source.ts';

export function folderSource(root: string): RestoreSource {
  return {
    product: 'files',
    list: async (onFile, signal) => {
      const found = await lstat(root).catch((cause: unknown) => {
        throw new RestoreError(`${root} cannot be read: ${(cause as Error).message}`, { cause });
      });
      if (!found.isDirectory()) throw new RestoreError(`${root} is no folder. Name the folder that holds the copy.`);
      const folders = [root];
      for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
        for await (const entry of await opendir(folder)) {
          if (signal.aborted)
            throw new RestoreError('The restore test was ended before it was done. Nothing was recorded.');
          const path = join(folder, entry.name);
          // Links are not followed: they could lead out of the copy, or in circles.
          if (entry.isDirectory()) folders.push(path);
          if (!entry.isFile()) continue;
          const { size, mtime } = await lstat(path);
          onFile({ path: relative(root, path), sizeBytes: size, modifiedAt: mtime });
        }
      }
      return { name: root, base: '/' };
    },
    restore: async (files, folder) => {
      for (const { path } of files) {
        const target = join(folder, path);
        await mkdir(dirname(target), { recursive: true });
        await copyFile(join(root, path), target, constants.COPYFILE_EXCL).catch((error: NodeJS.ErrnoException) => {
          // A bad sector, a file that is gone: it does not come back, which is what the test is for.
          if (error.code === 'ENOSPC') throw error;
        });
      }
    },
  };
}
