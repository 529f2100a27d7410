/** A Borg repository: read past its lock, so that nothing at the source changes. */
import { join } from 'node:path';
import { z } from 'zod';
import { runProgram } from './programs.ts';
import { jsonOf, lineReader, RestoreError, type RestoreSource } from './restore-source.ts';

const listing = z.object({ archives: z.array(z.object({ name: z.string().min(1).max(500) })).max(1000) });
const item = z.object({
  type: z.literal('-'),
  path: z.string().max(4096),
  size: z.int().min(0),
  mtime: z.string().max(40),
});

/** `cacheFolder` is thrown away with the test. */
export function borgSource(repository: string, cacheFolder: string): RestoreSource {
  const env = {
    BORG_CACHE_DIR: join(cacheFolder, 'borg-cache'),
    BORG_SECURITY_DIR: join(cacheFolder, 'borg-security'),
    // The administrator has named the repository; a question would wait for an answer nobody gives.
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
    BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
  };
  let archive = '';
  return {
    product: 'borg',
    list: async (onFile, signal) => {
      const answer = await runProgram('borg', ['list', '--bypass-lock', '--json', '--last', '1', repository], {
        good: [0],
        signal,
        env,
      });
      const parsed = listing.safeParse(jsonOf(answer));
      if (!parsed.success) throw new RestoreError('borg list gave an answer this version does not understand.');
      const name = parsed.data.archives.at(-1)?.name;
      if (name === undefined) throw new RestoreError(`${repository} holds no archive. There is nothing to restore.`);
      archive = `${repository}::${name}`;
      const lines = lineReader((line) => {
        const found = item.safeParse(jsonOf(line));
        if (!found.success) return;
        const { path, size, mtime } = found.data;
        // Borg 1 writes local time without a zone, as Date takes it.
        onFile({ path, sizeBytes: size, modifiedAt: new Date(mtime) });
      });
      await runProgram('borg', ['list', '--bypass-lock', '--json-lines', archive], {
        good: [0],
        signal,
        env,
        onStdout: lines.push,
      });
      lines.end();
      return { name, base: '/' };
    },
    restore: async (files, folder, signal) => {
      const wanted = files.map(({ path }) => `pf:${path}`);
      // 1: warnings. What did not come back shows itself when it is compared.
      await runProgram('borg', ['extract', '--bypass-lock', archive, ...wanted], {
        good: [0, 1],
        signal,
        env,
        cwd: folder,
      });
    },
  };
}
