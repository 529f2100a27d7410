/** Linux as collectors see it: bounded reads below a root, so that a recorded tree of another PC is read by the same code. */
import {
  closeSync,
  constants,
  fstatSync,
  open as openCallback,
  openSync,
  read as readCallback,
  statSync,
} from 'node:fs';
import { type FileHandle, open as openHandle, readdir, readlink, statfs } from 'node:fs/promises';
import { hostname, machine, release, version } from 'node:os';
import { posix } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { commandEnvironments, pathsOf } from './commands.ts';
import { connectTo } from './connect.ts';
import { ownIpv4Addresses } from './ipv4-addresses.ts';
import { type Machine, ReadError } from './machine.ts';
import { readUnpacked } from './read-unpacked.ts';
import { createReader } from './reader.ts';
import { runCommand } from './run-command.ts';
import { runHook } from './run-hook.ts';

const defaultMaxBytes = 4 * 1024 * 1024;
const smallestBuffer = 4096;
// Plain descriptors: a FileHandle for each of hundreds of small files costs several times as much.
const open = promisify(openCallback);
const read = promisify(readCallback);
/** O_NONBLOCK: a pipe somebody put in the place of a file must not hold up the round. */
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
/** As many links as the kernel follows. */
const maxLinks = 40;

/** What a recorded tree replaces. Without `root` everything is this machine's own. */
export type LinuxMachineOptions = { readonly root?: string } & Partial<
  Pick<
    Machine,
    'kernel' | 'hostname' | 'privileged' | 'run' | 'volumeSize' | 'connect' | 'ipv4Addresses' | 'reader' | 'runHook'
  >
>;

export function createLinuxMachine(options: LinuxMachineOptions = {}): Machine {
  const { root } = options;
  /** Path on this machine; inside a recorded tree links are followed by hand, so that none leads out of it. */
  const locate = async (path: string): Promise<string> => {
    if (!path.startsWith('/')) throw new ReadError(path, 'EINVAL');
    return root === undefined ? outsideSandbox(path) : followInside(root, path);
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
      yield* readUnpacked(
        path,
        await guarded(path, (real): Promise<FileHandle> => openHandle(real, readFlags)),
        maxBytes,
      );
    },
    list: (path) => guarded(path, async (real) => (await readdir(real)).sort()),
    readLink: (path) =>
      guarded(path, async () => {
        const parent = await locate(posix.dirname(path));
        return readlink(posix.join(parent, posix.basename(path)));
      }),
    stat: (path) =>
      guarded(path, async (real) => {
        // The kernel answers from memory; the way through the thread pool would cost ten times as much, 3,000 times over.
        const found = statSync(real, { throwIfNoEntry: false });
        if (found === undefined) throw new ReadError(path, 'ENOENT');
        return {
          kind: found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other',
          sizeBytes: found.size,
          modifiedAt: found.mtime,
          // Owners in a recorded tree are those of this machine and say nothing.
          ...(root === undefined ? { changeableByPeople: changeable(found) } : {}),
        };
      }),
    ipv4Addresses: options.ipv4Addresses ?? ownIpv4Addresses,
    volumeSize:
      options.volumeSize ??
      ((mountPoint) =>
        guarded(mountPoint, async (real) => {
          const found = await statfs(real);
          return { sizeBytes: found.blocks * found.bsize, freeBytes: found.bavail * found.bsize };
        })),
    run:
      options.run ??
      ((command, args, bounds) =>
        runCommand(pathsOf(command, 'linux'), args, { ...bounds, environment: commandEnvironments[command] ?? {} })),
    // A recorded tree belongs to who recorded it: the ids of its people mean nothing here.
    reader:
      options.reader ?? ((person) => createReader(root === undefined ? { ...(person && { person }) } : { locate })),
    runHook: options.runHook ?? runHook,
    connect: options.connect ?? connectTo,
  };
}

/**
 * The service runs in a sandbox in which every file system is mounted read-only; what the PC has mounted, and how, is what its
 * first process sees. Without the right to look there (root, CAP_SYS_PTRACE) the own view remains.
 */
function outsideSandbox(path: string): string {
  const [, table] = /^\/proc\/self\/(mountinfo|mounts)$/.exec(path) ?? [];
  if (table === undefined) return path;
  const outside = `/proc/1/${table}`;
  try {
    closeSync(openSync(outside, readFlags));
    return outside;
  } catch {
    return path;
  }
}

/** Accounts below are those of services (Debian policy 9.2). */
const firstPerson = 1000;

function changeable({ uid, gid, mode }: { uid: number; gid: number; mode: number }): boolean {
  return uid >= firstPerson || (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0);
}

/** Bounded by what comes, not by what stat says: files of the kernel report a size of 0 or of a page. */
async function readBounded(path: string, real: string, maxBytes: number): Promise<Uint8Array> {
  const descriptor = await open(real, readFlags);
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new ReadError(path, 'EINVAL');
    // One byte more than may be there, so that the end and the excess both show.
    let buffer = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(smallestBuffer, found.size)) + 1);
    let total = 0;
    for (;;) {
      const { bytesRead } = await read(descriptor, buffer, total, buffer.length - total, null);
      if (bytesRead === 0) return buffer.subarray(0, total);
      total += bytesRead;
      if (total > maxBytes) throw new ReadError(path, 'EFBIG');
      if (total < buffer.length) continue;
      const larger = Buffer.allocUnsafe(Math.min(maxBytes + 1, buffer.length * 2));
      buffer.copy(larger);
      buffer = larger;
    }
  } finally {
    closeSync(descriptor);
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
