/** A Windows PC as the documents its PowerShell scripts wrote. */

import { type Machine, ReadError, type UpdateSearch, type WindowsReader } from '../../agent/platform/machine.ts';
import { createReader } from '../../agent/platform/reader.ts';

export interface RecordedWindows {
  readonly document: unknown;
  readonly offline?: UpdateSearch;
  readonly online?: UpdateSearch;
}

const refuse = (path: string): never => {
  throw new ReadError(path, 'ENOENT');
};

export function recordedWindows({ document, offline, online }: RecordedWindows): Machine {
  const windows: WindowsReader = {
    readDocument: async () => {
      if (document instanceof Error) throw document;
      return document;
    },
    searchUpdates: async () => ({
      ...(offline === undefined ? {} : { offline }),
      ...(online === undefined ? {} : { online }),
    }),
  };
  return {
    platform: 'win32',
    kernel: { release: '10.0.26100', machine: 'x86_64', version: 'Windows 11 Pro' },
    hostname: 'recorded',
    privileged: true,
    windows,
    readText: async (path) => refuse(path),
    readBytes: async (path) => refuse(path),
    // biome-ignore lint/correctness/useYield: there is no file to give pieces of
    readUnpacked: async function* (path) {
      refuse(path);
    },
    list: async (path) => refuse(path),
    readLink: async (path) => refuse(path),
    stat: async (path) => refuse(path),
    ipv4Addresses: () => [],
    volumeSize: async (path) => refuse(path),
    run: async () => ({ kind: 'not-found' }),
    reader: () => createReader(),
    runHook: async () => ({ kind: 'not-found' }),
    connect: async () => ({ reachable: false, failure: 'unreachable' }),
  };
}
