/** The guard installs what was signed, is whole, and is due; for anything else no installer starts. */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { createLog } from '../../../agent/log.ts';
import type { CommandOutcome } from '../../../agent/platform/machine.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { type InstallOptions, installUpdate } from '../../../agent/update/install.ts';
import { readUpdate, type UpdateRecord, writeUpdate } from '../../../agent/update/record.ts';
import { offeredAt, type ReadyRelease, readyRelease, saturday, wednesday } from './ready-release.ts';

const done: CommandOutcome = { kind: 'exited', exitCode: 0, stdout: '', stderr: '' };
const install = (here: ReadyRelease, change: Partial<InstallOptions> = {}) =>
  installUpdate({
    dataDir: here.dataDir,
    version: '1.2.0',
    platform: 'linux',
    pin: here.key.thumbprint,
    now: () => saturday,
    log: createLog('error', () => undefined),
    run: async () => done,
    ...change,
  });

test.each([
  ['linux', 'setup'],
  ['win32', 'setup.exe'],
] as const)(
  'on %s the verified copy starts, in a folder nobody knew before, and is gone afterwards',
  async (platform, name) => {
    const here = await readyRelease();
    if (platform === 'win32') writeUpdate(here.dataDir, { ...here.record, manifest: await here.sign({ platform }) });
    const run = vi.fn(async (file: string) => {
      expect(readFileSync(file).equals(here.content)).toBe(true);
      expect(statSync(file).mode & 0o777).toBe(0o700);
      expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
      expect(dirname(dirname(file))).toBe(here.folder);
      expect(basename(file)).toBe(name);
      expect(readUpdate(here.dataDir).state).toBe('installing');
      return done;
    });
    expect(await install(here, { platform, run })).toBe('installed');
    expect(run).toHaveBeenCalledOnce();
    expect(readdirSync(here.folder).toSorted()).toEqual([basename(here.file), 'update.json'].toSorted());
    // Cut off before the installer ended it: the next look starts it again.
    expect(await install(here, { platform, run })).toBe('installed');
  },
);

test.each<[string, Partial<UpdateRecord>, Date?]>([
  ['nothing is offered', { manifest: undefined }],
  ['nobody knows since when', { offeredAt: undefined }],
  ['nothing was fetched', { state: 'waiting' }],
  ['it is being fetched', { state: 'downloading' }],
  ['it failed', { state: 'failed' }],
  ['it is here', { state: 'installed' }],
  ['it was withdrawn', { state: 'none' }],
  ['three failures are followed by a rest', { notBefore: saturday.getTime() + 1 }],
  ['somebody works', {}, wednesday],
])('no installer starts and nothing changes while %s', async (_name, change, now = saturday) => {
  const here = await readyRelease();
  const record = JSON.parse(JSON.stringify({ ...here.record, ...change })) as UpdateRecord;
  writeUpdate(here.dataDir, record);
  const run = vi.fn(async () => done);
  expect(await install(here, { run, now: () => now })).toBeUndefined();
  expect(run).not.toHaveBeenCalled();
  expect(readUpdate(here.dataDir)).toEqual(record);
});

const record = (here: ReadyRelease, change: Partial<UpdateRecord>): void =>
  writeUpdate(here.dataDir, { ...here.record, ...change });
const copyOf = (here: ReadyRelease): string =>
  join(here.folder, readdirSync(here.folder).find((name) => name.startsWith('install-')) ?? 'none', 'setup');

test.each<[string, string, (here: ReadyRelease) => void | Promise<void>, Partial<InstallOptions>?]>([
  ['others may enter the folder', 'folder-open-to-others', (here) => chmodSync(here.folder, 0o755)],
  ['another key signed', 'key', async (here) => record(here, { manifest: await here.sign({}, await generateKey()) })],
  ['it is for another system', 'audience', () => undefined, { platform: 'win32' }],
  ['it ran out', 'expired', async (here) => record(here, { manifest: await here.sign({ expiresAt: offeredAt }) })],
  ['a later number is known', 'older', (here) => record(here, { highestSequence: 11 })],
  ['a later version is known', 'older', (here) => record(here, { highestVersion: '1.3.1' })],
  ['it runs already', 'older', () => undefined, { version: '1.3.0' }],
  ['the file is gone', 'missing', (here) => rmSync(here.file)],
  ['the file has other bytes', 'hash', (here) => writeFileSync(here.file, Buffer.alloc(1000))],
  ['the installer says so', 'installer-exit-3', () => undefined, { run: async () => ({ ...done, exitCode: 3 }) }],
  ['the installer does not end', 'installer-timeout', () => undefined, { run: async () => ({ kind: 'timeout' }) }],
])('it is refused and counted when %s: %s', async (_name, reason, prepare, change = {}) => {
  const here = await readyRelease();
  await prepare(here);
  const run = vi.fn(change.run ?? (async () => done));
  expect(await install(here, { ...change, run })).toBe('failed');
  if (change.run === undefined) expect(run).not.toHaveBeenCalled();
  expect(readUpdate(here.dataDir)).toMatchObject({ state: 'failed', reason, failures: 1 });
  expect(readdirSync(here.folder).filter((name) => name.startsWith('install-'))).toEqual([]);
});

test('a copy that is swapped between its making and its check does not start', async () => {
  const here = await readyRelease();
  const points: string[] = [];
  const run = vi.fn(async () => done);
  const reached: InstallOptions['reached'] = (point) => {
    points.push(point);
    expect(existsSync(copyOf(here))).toBe(true);
    if (point === 'copied') writeFileSync(copyOf(here), Buffer.alloc(1000));
  };
  expect(await install(here, { run, reached })).toBe('failed');
  expect(run).not.toHaveBeenCalled();
  expect(points).toEqual(['copied']);
  expect(readUpdate(here.dataDir)).toMatchObject({ state: 'failed', reason: 'hash' });
});

test('what nobody foresaw is not called a failure of the release, and leaves no copy', async () => {
  const here = await readyRelease();
  const run = async (): Promise<CommandOutcome> => {
    throw new Error('unforeseen');
  };
  await expect(install(here, { run })).rejects.toThrow('unforeseen');
  expect(readUpdate(here.dataDir)).toMatchObject({ state: 'installing', failures: 0 });
  expect(readdirSync(here.folder).filter((name) => name.startsWith('install-'))).toEqual([]);
});
