/** A Windows PC as the documents its PowerShell scripts wrote, its files, and what programs print on it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CommandName,
  type CommandOutcome,
  type Machine,
  ReadError,
  type Reader,
  type UpdateSearch,
  type WindowsReader,
} from '../../agent/platform/machine.ts';
import { createReader } from '../../agent/platform/reader.ts';

export interface RecordedFile {
  readonly content: string | Uint8Array;
  readonly modifiedAt?: string;
}

export interface RecordedWindows {
  readonly document: unknown;
  readonly offline?: UpdateSearch;
  readonly online?: UpdateSearch;
  /** Path in Windows' form → content; `denied` stands for a file only administrators may read. */
  readonly files?: Readonly<Record<string, RecordedFile | 'denied'>>;
  /** Path of a database in Windows' form → where the test put it, or its content. */
  readonly databases?: Readonly<Record<string, string | Uint8Array>>;
  readonly run?: (command: CommandName, args: readonly string[]) => CommandOutcome;
  readonly veeamSettings?: string;
}

const refuse = (path: string): never => {
  throw new ReadError(path, 'ENOENT');
};

export function recordedWindows(recorded: RecordedWindows): Machine {
  const { document, offline, online, run, veeamSettings } = recorded;
  const windows: WindowsReader = {
    readDocument: async () => {
      if (document instanceof Error) throw document;
      return document;
    },
    searchUpdates: async () => ({
      ...(offline === undefined ? {} : { offline }),
      ...(online === undefined ? {} : { online }),
    }),
    exportVeeamSettings: async () => veeamSettings,
  };
  const files = filesOf(recorded);
  return {
    platform: 'win32',
    kernel: { release: '10.0.26100', machine: 'x86_64', version: 'Windows 11 Pro' },
    hostname: 'recorded',
    privileged: true,
    windows,
    readText: async (path, bounds) => Buffer.from(files.read(path, bounds?.maxBytes)).toString('utf8'),
    readBytes: async (path, bounds) => files.read(path, bounds?.maxBytes),
    // biome-ignore lint/correctness/useYield: there is no file to give pieces of
    readUnpacked: async function* (path) {
      refuse(path);
    },
    list: async (path) => files.list(path),
    readLink: async (path) => refuse(path),
    stat: async (path) => (databaseAt(recorded, path) === undefined ? files.stat(path) : aFile),
    ipv4Addresses: () => [],
    volumeSize: async (path) => refuse(path),
    run: async (command, args) => run?.(command, args) ?? { kind: 'not-found' },
    reader: () => readerOf(recorded, files),
    runHook: async () => ({ kind: 'not-found' }),
    connect: async () => ({ reachable: false, failure: 'unreachable' }),
  };
}

const aFile = { kind: 'file' as const, sizeBytes: 4096, modifiedAt: new Date('2026-11-24T08:00:00.000Z') };

function databaseAt({ databases = {} }: RecordedWindows, path: string): string | Uint8Array | undefined {
  return Object.entries(databases).find(([known]) => known.toLowerCase() === path.toLowerCase())?.[1];
}

/** Windows knows no difference between large and small letters. */
function filesOf({ files = {} }: RecordedWindows) {
  const byPath = new Map(Object.entries(files).map(([path, file]) => [path.toLowerCase(), { path, file }]));
  const bytesOf = ({ content }: RecordedFile): Uint8Array =>
    typeof content === 'string' ? Buffer.from(content) : content;
  const find = (path: string): RecordedFile => {
    const found = byPath.get(path.toLowerCase());
    if (found === undefined) return refuse(path);
    if (found.file === 'denied') throw new ReadError(path, 'EACCES');
    return found.file;
  };
  return {
    read: (path: string, maxBytes = 4 * 1024 * 1024): Uint8Array => {
      const bytes = bytesOf(find(path));
      if (bytes.length > maxBytes) throw new ReadError(path, 'EFBIG');
      return bytes;
    },
    list: (path: string): string[] => {
      const folder = `${path.replace(/\\+$/, '')}\\`.toLowerCase();
      const names = [...byPath.values()]
        .filter((entry) => entry.path.toLowerCase().startsWith(folder))
        .map((entry) => entry.path.slice(folder.length).split('\\')[0] ?? '');
      return names.length === 0 ? refuse(path) : [...new Set(names)].sort();
    },
    stat: (path: string) => {
      const file = find(path);
      const { modifiedAt = '2026-11-24T08:00:00.000Z' } = file;
      return { kind: 'file' as const, sizeBytes: bytesOf(file).length, modifiedAt: new Date(modifiedAt) };
    },
  };
}

function readerOf(recorded: RecordedWindows, files: ReturnType<typeof filesOf>): Reader {
  const real = createReader();
  return {
    ...real,
    readText: async (path, bounds) => Buffer.from(files.read(path, bounds?.maxBytes)).toString('utf8'),
    readBytes: async (path, bounds) => files.read(path, bounds?.maxBytes),
    list: async (path) => files.list(path),
    stat: async (path) => files.stat(path),
    database: async (path, work, bounds) => {
      const file = databaseAt(recorded, path);
      if (file === undefined) return refuse(path);
      if (typeof file === 'string') return await real.database(file, work, bounds);
      const folder = mkdtempSync(join(tmpdir(), 'kits-database-'));
      try {
        const copy = join(folder, 'copy.db');
        writeFileSync(copy, file);
        return await real.database(copy, work, bounds);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}
