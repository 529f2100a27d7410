/** Linux as collectors see it: bounded reads below a root, so that a recorded tree of another PC is read by the same code. */
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readlink, stat, statfs } from 'node:fs/promises';
import { hostname, machine, release, version } from 'node:os';
import { posix } from 'node:path';
import process from 'node:process';
import { commandPaths } from './commands.ts';
import { connectTo } from './connect.ts';
import { type Machine, ReadError } from './machine.ts';
import { readUnpacked } from './read-unpacked.ts';
import { runCommand } from './run-command.ts';

const defaultMaxBytes = 4 * 1024 * 1024;
const chunkBytes = 64 * 1024;
/** As many links as the kernel follows. */
const maxLinks = 40;

/** What a recorded tree replaces. Without `root` everything is this machine's own. */
export type LinuxMachineOptions = { readonly root?: string } & Partial<
  Pick<Machine, 'kernel' | 'hostname' | 'privileged' | 'run' | 'volumeSize' | 'connect'>
>;

export function createLinuxMachine(options: LinuxMachineOptions = {}): Machine {
  const { root } = options;
  /** Path on this machine; inside a recorded tree links are followed by hand, so that none leads out of it. */
  const locate = async (path: string): Promise<string> => {
    if (!path.startsWith('/')) throw new ReadError(path, 'EINVAL');
    return root === undefined ? path : followInside(root, path);
  };
  const guarded = async <T>(path: string, work: (real: string) => Promise<T>): Promise<T> => {
    try {
      return await work(await locate(path));
    } catch (cause) {
      if (cause instanceof ReadError) throw cause;
      throw new ReadError(path, (cause as NodeJS.ErrnoException).code ?? 'EIO', { cause });
    }
  };
  const readBytes: Machine['readBytes'] = (path, { maxBytes = defaultMaxBytes } = {}) =>
    guarded(path, (real) => readBounded(path, real, maxBytes));

  return {
    platform: 'linux',
    kernel: options.kernel ?? { release: release(), machine: machine(), version: version() },
    hostname: options.hostname ?? hostname(),
    privileged: options.privileged ?? process.geteuid?.() === 0,
    readBytes,
    readText: async (path, bounds) => Buffer.from(await readBytes(path, bounds)).toString('utf8'),
    readUnpacked: async function* (path, { maxBytes }) {
      yield* readUnpacked(path, await guarded(path, openForReading), maxBytes);
    },
    list: (path) => guarded(path, async (real) => (await readdir(real)).sort()),
    readLink: (path) =>
      guarded(path, async () => {
        const parent = await locate(posix.dirname(path));
        return readlink(posix.join(parent, posix.basename(path)));
      }),
    stat: (path) =>
      guarded(path, async (real) => {
        const found = await stat(real);
        return {
          kind: found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other',
          sizeBytes: found.size,
          modifiedAt: found.mtime,
        };
      }),
    volumeSize:
      options.volumeSize ??
      ((mountPoint) =>
        guarded(mountPoint, async (real) => {
          const found = await statfs(real);
          return { sizeBytes: found.blocks * found.bsize, freeBytes: found.bavail * found.bsize };
        })),
    run: options.run ?? ((command, args, bounds) => runCommand(commandPaths[command], args, bounds)),
    connect: options.connect ?? connectTo,
  };
}

/** Bounded by what comes, not by what stat says: files of the kernel report a size of 0. */
async function readBounded(path: string, real: string, maxBytes: number): Promise<Uint8Array> {
  const handle = await openForReading(real);
  try {
    if (!(await handle.stat()).isFile()) throw new ReadError(path, 'EINVAL');
    return await readAll(path, handle, maxBytes);
  } finally {
    await handle.close();
  }
}

/** O_NONBLOCK: a pipe somebody put in the place of a file must not hold up the round. */
function openForReading(real: string): Promise<FileHandle> {
  return open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
}

async function readAll(path: string, handle: FileHandle, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const chunk = new Uint8Array(chunkBytes);
    const { bytesRead } = await handle.read(chunk, 0, chunkBytes);
    if (bytesRead === 0) return Buffer.concat(chunks, total);
    total += bytesRead;
    if (total > maxBytes) throw new ReadError(path, 'EFBIG');
    chunks.push(chunk.subarray(0, bytesRead));
  }
}

/** Resolves a path inside `root` the way the recorded machine would: absolute links start at the root, ".." ends there. */
async function followInside(root: string, path: string): Promise<string> {
  let rest = path.split('/').filter(Boolean);
  let done: string[] = [];
  let links = 0;
  while (rest.length > 0) {
    const [name = '', ...after] = rest;
    rest = after;
    if (name === '.') continue;
    if (name === '..') {
      done = done.slice(0, -1);
      continue;
    }
    const target = await linkTarget(posix.join(root, ...done, name));
    if (target === undefined) {
      done = [...done, name];
      continue;
    }
    links += 1;
    if (links > maxLinks) throw new ReadError(path, 'ELOOP');
    if (target.startsWith('/')) done = [];
    rest = [...target.split('/').filter(Boolean), ...rest];
  }
  return posix.join(root, ...done);
}

async function linkTarget(real: string): Promise<string | undefined> {
  try {
    return await readlink(real);
  } catch {
    // EINVAL: no link. Anything else shows itself when the path is opened.
    return undefined;
  }
}
