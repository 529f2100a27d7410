/** A PC as a tree of recorded files, read through the real Linux machine. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createLinuxMachine, type LinuxMachineOptions } from '../../agent/platform/linux-machine.ts';
import { type Machine, ReadError } from '../../agent/platform/machine.ts';

/** Absolute path on the recorded PC → content; `denied` stands for a file only root may read. */
export type RecordedTree = Readonly<Record<string, string | Uint8Array | { link: string } | { denied: true }>>;

const kernel = { release: '6.1.0-test-amd64', machine: 'x86_64', version: '#1 SMP' };

/** The tree lives until the end of the test that asks for it. */
export function recordedMachine(tree: RecordedTree, options: Omit<LinuxMachineOptions, 'root'> = {}): Machine {
  const root = mkdtempSync(join(tmpdir(), 'kits-tree-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const denied = new Set<string>();
  for (const [path, content] of Object.entries(tree)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(file, content);
    else if ('link' in content) symlinkSync(content.link, file);
    else {
      writeFileSync(file, '');
      denied.add(path);
    }
  }
  const machine = createLinuxMachine({
    root,
    kernel,
    hostname: 'recorded',
    privileged: true,
    ipv4Addresses: () => [],
    run: async () => ({ kind: 'not-found' }),
    volumeSize: async (mountPoint) => {
      throw new ReadError(mountPoint, 'ENOENT');
    },
    runHook: async () => ({ kind: 'not-found' }),
    connect: async () => ({ reachable: false, failure: 'unreachable' }),
    ...options,
  });
  // Tests may run as root, whom no file mode keeps out.
  const refuse = (path: string): void => {
    if (denied.has(path)) throw new ReadError(path, 'EACCES');
  };
  return {
    ...machine,
    readText: async (path, bounds) => {
      refuse(path);
      return machine.readText(path, bounds);
    },
    readBytes: async (path, bounds) => {
      refuse(path);
      return machine.readBytes(path, bounds);
    },
    reader: (person) => {
      const reader = machine.reader(person);
      return {
        ...reader,
        readText: async (path, bounds) => {
          refuse(path);
          return reader.readText(path, bounds);
        },
        readBytes: async (path, bounds) => {
          refuse(path);
          return reader.readBytes(path, bounds);
        },
        database: async (path, work, bounds) => {
          refuse(path);
          return reader.database(path, work, bounds);
        },
      };
    },
  };
}
