/** What a status file is worth, by who could have written it: real files, owners and modes. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { placeOf } from '../../../agent/backup/source-place.ts';
import { createLinuxMachine } from '../../../agent/platform/linux-machine.ts';

const context = {
  machine: createLinuxMachine(),
  users: async () => [],
  profile: () => {
    throw new Error('there is no person');
  },
};

/** Below /var/lib, where nobody but root may write; these tests need root, as the test command does on Debian. */
function file(change: (folder: string, file: string) => void): string {
  const folder = mkdtempSync('/var/lib/kits-place-');
  onTestFinished(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  const inside = join(folder, 'unter');
  mkdirSync(inside, { mode: 0o755 });
  const path = join(inside, 'status.json');
  writeFileSync(path, '{}', { mode: 0o644 });
  change(inside, path);
  return path;
}

test.runIf(process.getuid?.() === 0).each([
  ['root alone', () => undefined, 'administrator'],
  ['a service account', (_folder: string, path: string) => chownSync(path, 34, 34), 'administrator'],
  ['a person who owns it', (_folder: string, path: string) => chownSync(path, 1000, 1000), 'user'],
  ['everybody', (_folder: string, path: string) => chmodSync(path, 0o646), 'user'],
  [
    'a group',
    (_folder: string, path: string) => {
      chownSync(path, 0, 100);
      chmodSync(path, 0o664);
    },
    'user',
  ],
  ['everybody who may replace it', (folder: string) => chmodSync(folder, 0o777), 'user'],
  ['a person who owns the folder', (folder: string) => chownSync(folder, 1000, 0), 'user'],
])('writable by %s', async (_name, change, writableBy) => {
  expect((await placeOf(context, file(change))).writableBy).toBe(writableBy);
});

test('in a place for everybody it is a person’s word, whoever owns it', async () => {
  for (const path of ['/tmp/x.json', '/var/tmp/x.json', '/home/domain-account/x.json']) {
    expect((await placeOf(context, path)).writableBy).toBe('user');
  }
});
