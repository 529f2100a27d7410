/** A restic repository: read without a lock, so that nothing at the source changes. */
import { join, posix } from 'node:path';
import { z } from 'zod';
import { runProgram } from './programs.ts';
import { jsonOf, lineReader, RestoreError, type RestoreSource } from './restore-source.ts';

const snapshots = z.array(
  z.object({
    id: z.string().regex(/^[0-9a-f]{64}$/),
    time: z.string().max(64),
    paths: z.array(z.string().max(4096)).max(1000),
  }),
);
const node = z.object({
  struct_type: z.literal('node'),
  type: z.literal('file'),
  path: z.string().max(4096),
  size: z.int().min(0),
  mtime: z.iso.datetime({ offset: true }),
});

/** `cacheFolder` is thrown away with the test. */
export function resticSource(repository: string, cacheFolder: string): RestoreSource {
  const common = ['-r', repository, '--no-lock', '--cache-dir', join(cacheFolder, 'restic')];
  let snapshot = '';
  return {
    product: 'restic',
    list: async (onFile, signal) => {
      const answer = await runProgram('restic', ['snapshots', '--json', ...common], { good: [0], signal });
      const parsed = snapshots.safeParse(jsonOf(answer));
      if (!parsed.success) throw new RestoreError('restic snapshots gave an answer this version does not understand.');
      const newest = parsed.data.toSorted((a, b) => Date.parse(b.time) - Date.parse(a.time))[0];
      if (newest === undefined) throw new RestoreError(`${repository} holds no snapshot. There is nothing to restore.`);
      snapshot = newest.id;
      const lines = lineReader((line) => {
        const found = node.safeParse(jsonOf(line));
        if (!found.success) return;
        const { path, size, mtime } = found.data;
        onFile({ path, sizeBytes: size, modifiedAt: new Date(mtime) });
      });
      await runProgram('restic', ['ls', '--json', ...common, snapshot], { good: [0], signal, onStdout: lines.push });
      lines.end();
      return { name: `${snapshot.slice(0, 8)} ${newest.time}`, base: baseOf(newest.paths) };
    },
    restore: async (files, folder, signal) => {
      const includes = files.flatMap(({ path }) => ['--include', escaped(path)]);
      // 1: some files failed. Which ones shows itself when they are compared.
      await runProgram('restic', ['restore', snapshot, '--target', folder, ...includes, ...common], {
        good: [0, 1],
        signal,
      });
    },
  };
}

/** Characters that mean something in a pattern of restic (Go's filepath.Match). */
const escaped = (path: string): string => path.replace(/[\\*?[\]]/g, '\\$&');

/** Absolute paths are kept as they are; of a relative one restic keeps only the last name, below "/". */
function baseOf(paths: readonly string[]): string {
  const parents = new Set(paths.map((path) => posix.dirname(path)));
  const [only] = parents;
  return parents.size === 1 && only !== undefined ? only : '/';
}
