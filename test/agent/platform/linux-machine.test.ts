import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLinuxMachine } from '../../../agent/platform/linux-machine.ts';
import type { ReadError } from '../../../agent/platform/machine.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-machine-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: ReadError) => error.code,
  );
}

const machine = createLinuxMachine();

test('reads files of the kernel, which report a size of 0', async () => {
  expect(await machine.readText('/proc/meminfo')).toMatch(/^MemTotal:/);
});

test('a file that is too large is an error, not a part of it', async () => {
  const file = join(folder(), 'big');
  writeFileSync(file, 'x'.repeat(100_001));
  expect(await codeOf(machine.readText(file, { maxBytes: 100_000 }))).toBe('EFBIG');
  expect(await machine.readText(file, { maxBytes: 100_001 })).toHaveLength(100_001);
});

test('a file that grows past its first buffer is read to its end', async () => {
  const file = join(folder(), 'big');
  const text = 'ä€x'.repeat(70_000);
  writeFileSync(file, text);
  expect(await machine.readText(file)).toBe(text);
  // The kernel says 0 bytes, whatever there is.
  const maps = await machine.readText('/proc/self/smaps');
  expect(maps.length).toBeGreaterThan(10_000);
  for (const line of maps.trimEnd().split('\n')) expect(line).toMatch(/^([0-9a-f]+-[0-9a-f]+ |[A-Z]\w+:)/);
});

test('a pipe or a directory in the place of a file holds up nothing', async () => {
  const dir = folder();
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  expect(await codeOf(machine.readText(join(dir, 'pipe')))).toBe('EINVAL');
  expect(await codeOf(machine.readText(dir))).toMatch(/EISDIR|EINVAL/);
});

test('absent files and relative paths have their code', async () => {
  expect(await codeOf(machine.readText('/nowhere/at/all'))).toBe('ENOENT');
  expect(await codeOf(machine.list('/nowhere'))).toBe('ENOENT');
  expect(await codeOf(machine.stat('/nowhere'))).toBe('ENOENT');
  expect(await codeOf(machine.readText('etc/hostname'))).toBe('EINVAL');
});

test('links of a recorded tree lead to places inside it, never out', async () => {
  const secret = join(folder(), 'secret');
  writeFileSync(secret, 'outside');
  const recorded = recordedMachine({
    '/data/file': 'inside',
    '/absolute': { link: '/data/file' },
    '/relative': { link: '../../../../data/file' },
    '/outside': { link: secret },
    '/folder': { link: '/data' },
    '/deep/down/absolute': { link: '/data/file' },
    '/loop': { link: '/loop' },
  });
  expect(await recorded.readText('/absolute')).toBe('inside');
  expect(await recorded.readText('/relative')).toBe('inside');
  expect(await recorded.readText('/deep/down/absolute')).toBe('inside');
  expect(await recorded.readText('/folder/../folder/file')).toBe('inside');
  expect(await recorded.list('/folder')).toEqual(['file']);
  expect(await codeOf(recorded.readText('/outside'))).toBe('ENOENT');
  expect(await codeOf(recorded.readText('/loop'))).toBe('ELOOP');
  expect(await codeOf(recorded.readText('/../../../etc/hostname'))).toBe('ENOENT');
  expect(await recorded.readLink('/absolute')).toBe('/data/file');
});

test('a read leaves no file open', async () => {
  const file = join(folder(), 'file');
  writeFileSync(file, 'x');
  const open = async (): Promise<number> => (await machine.list('/proc/self/fd')).length;
  const before = await open();
  for (let times = 0; times < 50; times += 1) {
    await machine.readText(file);
    await codeOf(machine.readText('/proc'));
    await codeOf(machine.readText(file, { maxBytes: 0 }));
  }
  expect(await open()).toBeLessThan(before + 25);
});

test('local file systems have the size the kernel gives', async () => {
  const { sizeBytes, freeBytes } = await machine.volumeSize('/');
  const found = statfsSync('/');
  expect(sizeBytes).toBe(found.blocks * found.bsize);
  expect(freeBytes).toBeLessThanOrEqual(sizeBytes);
  expect(await codeOf(machine.volumeSize('/nowhere'))).toBe('ENOENT');
});

test('names come sorted, kinds and times as they are', async () => {
  const dir = folder();
  for (const name of ['b', 'a', 'C']) writeFileSync(join(dir, name), '12');
  symlinkSync(join(dir, 'a'), join(dir, 'z'));
  expect(await machine.list(dir)).toEqual(['C', 'a', 'b', 'z']);
  expect(await machine.stat(join(dir, 'z'))).toMatchObject({ kind: 'file', sizeBytes: 2 });
  expect((await machine.stat(dir)).kind).toBe('directory');
});
