/** A key that was made survives a crash: its name, too, has reached the disk before anybody relies on it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';

const calls = vi.hoisted(() => ({ done: [] as string[], names: new Map<number, string>() }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    openSync: (...args: Parameters<typeof fs.openSync>) => {
      const descriptor = fs.openSync(...args);
      calls.names.set(descriptor, String(args[0]));
      return descriptor;
    },
    fsyncSync: (descriptor: number) => {
      fs.fsyncSync(descriptor);
      calls.done.push(`sync ${calls.names.get(descriptor)}`);
    },
    renameSync: (...args: Parameters<typeof fs.renameSync>) => {
      fs.renameSync(...args);
      calls.done.push(`rename ${args[1]}`);
    },
  };
});

const dir = mkdtempSync(join(tmpdir(), 'kits-keys-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('file, then its name, then the folder of the name', async () => {
  const { loadServerKeys } = await import('../../server/keys.ts');
  await loadServerKeys(dir, false);
  const keys = join(dir, 'keys');
  const written = ['server-signing.pem', 'nonce.key', 'notice-signing.pem', 'announcements.jws'].flatMap((name) => [
    `sync ${join(keys, name)}.new`,
    `rename ${join(keys, name)}`,
    `sync ${keys}`,
  ]);
  expect(calls.done).toEqual([...written, `sync ${dir}`]);
});
