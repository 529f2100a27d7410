/** Self-update over real HTTP: what is offered by whom comes onto the machine, and what never starts. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { longestReleaseMs, maxReleaseBytes } from '../../../agent/contract/release.ts';
import { createLog } from '../../../agent/log.ts';
import { runCommand } from '../../../agent/platform/run-command.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { type InstallOptions, installUpdate } from '../../../agent/update/install.ts';
import { isStale, readUpdate, updateFolder, writeUpdate } from '../../../agent/update/record.ts';
import { hashOf, installer, type Town, town } from './town.ts';

const content = installer(200_000);

const table: [string, string][] = [];
afterAll(() => {
  const rows = table.map(([attack, result]) => `| ${attack} | ${result} |`);
  process.stdout.write(`\n| attack | result |\n|---|---|\n${rows.join('\n')}\n`);
});

const file = (here: Town, bytes: Uint8Array = content): string =>
  join(updateFolder(here.dataDir), `${hashOf(bytes)}.bin`);
const facts = (here: Town) => here.agent.updater?.facts();

/** Offered, fetched and verified. */
async function ready(here: Town): Promise<void> {
  await here.publish(await here.sign(content), content);
  await here.checkIn();
  await here.agent.updater?.look();
  expect(facts(here)).toEqual({ state: 'ready', failures: 0, version: '7.0.0' });
}

function guard(here: Town, change: Partial<InstallOptions> = {}): Promise<'installed' | 'failed' | undefined> {
  return installUpdate({
    dataDir: here.dataDir,
    version: '0.1.0',
    platform: 'linux',
    pin: here.releaseKey.thumbprint,
    now: () => new Date(),
    log: createLog('error', () => undefined),
    run: (setup) => runCommand([setup], ['/S'], { timeoutMs: 20_000, signal: new AbortController().signal }),
    ...change,
  });
}

test('a release is fetched, verified, and installed silently when it is time', async () => {
  const here = await town();
  await ready(here);
  expect(hashOf(readFileSync(file(here)))).toBe(hashOf(content));
  const { sections } = await here.agent.round(['agent']);
  expect(sections[0]?.data).toMatchObject({ update: { state: 'ready', version: '7.0.0', failures: 0 } });
  here.makeItTime();
  await here.agent.updater?.look();
  expect(here.guardCalls).toBeGreaterThan(0);
  expect(await guard(here)).toBe('installed');
  expect(readFileSync(join(here.dataDir, 'started'), 'utf8')).toBe('/S\n');
  expect(readdirSync(updateFolder(here.dataDir)).filter((name) => name.startsWith('install-'))).toEqual([]);
});

test('outside its time nothing is installed, and what was withdrawn goes', async () => {
  const here = await town();
  await ready(here);
  const run = vi.fn();
  // A Wednesday morning.
  const now = (): Date => new Date('2026-11-25T09:00:00Z');
  expect(await guard(here, { run, now })).toBeUndefined();
  await here.server.context.db.updateTable('release_rollouts').set({ percent: 0 }).execute();
  await here.checkIn();
  expect(facts(here)?.state).toBe('none');
  expect(await guard(here, { run })).toBeUndefined();
  expect(run).not.toHaveBeenCalled();
});

test.each([
  ['held back while it waits', (_here: Town): void => undefined],
  [
    'held back once it is installed',
    (here: Town): void => {
      const { manifest: _, offeredAt: __, ...rest } = readUpdate(here.dataDir);
      writeUpdate(here.dataDir, { ...rest, state: 'installed' });
    },
  ],
])('the last word on releases runs out and is said to be stale: %s', async (_name, change) => {
  const here = await town();
  await ready(here);
  change(here);
  const before = facts(here);
  expect(before?.state).not.toBe('stale');
  const record = readUpdate(here.dataDir);
  expect(Date.parse(record.highestExpiresAt ?? '')).toBeGreaterThan(Date.now());
  writeUpdate(here.dataDir, { ...record, highestExpiresAt: new Date(Date.now() - 1000).toISOString() });
  expect(facts(here)).toEqual({ ...before, state: 'stale' });
  const { sections } = await here.agent.round(['agent']);
  expect(sections[0]?.data).toMatchObject({ update: { state: 'stale', version: '7.0.0' } });
  // A later one that holds ends it.
  await here.publish(await here.sign(content, { sequence: 11, version: '7.1.0' }), content);
  await here.checkIn();
  expect(facts(here)).toMatchObject({ state: 'waiting', version: '7.1.0' });
});

test('a release that runs out while it is being installed, or fails for another reason, is not called stale', () => {
  const past = { highestSequence: 1, failures: 0, notBefore: 0, highestExpiresAt: '2026-01-01T00:00:00.000Z' };
  const now = new Date('2026-01-01T00:00:00.000Z');
  const stale = (change: object): boolean => isStale({ ...past, state: 'none', ...change }, now);
  expect(stale({})).toBe(true);
  expect(isStale({ ...past, state: 'none' }, new Date(Number.NaN))).toBe(true);
  expect(isStale({ ...past, state: 'none' }, new Date(now.getTime() - 1))).toBe(false);
  expect(stale({ state: 'failed', reason: 'expired' })).toBe(true);
  expect(stale({ state: 'failed', reason: 'hash' })).toBe(false);
  expect(stale({ state: 'installing' })).toBe(false);
  expect(stale({ highestExpiresAt: undefined })).toBe(false);
});

describe('a manifest that does not hold is refused', () => {
  const day = 86_400_000;
  const at = (ms: number): string => new Date(Date.now() + ms).toISOString();

  test.each([
    ['signed by another key', 'key', {}],
    ['an older version', 'older', { version: '0.0.9' }],
    ['the version that runs', 'older', { version: '0.1.0' }],
    ['for another system', 'audience', { platform: 'win32' as const }],
    ['expired (freeze)', 'expired', { issuedAt: at(-3 * day), expiresAt: at(-day) }],
    ['good for ever', 'expired', { expiresAt: at(longestReleaseMs + 2 * day) }],
    ['issued in the future', 'premature', { issuedAt: at(3 * day), expiresAt: at(9 * day) }],
    ['a step that is too large', 'older', { minimumVersion: '5.0.0' }],
    ['larger than any installer', 'payload', { size: maxReleaseBytes + 1 }],
    ['a path for a name', 'payload', { fileName: '../../setup.exe' }],
    ['no hash', 'payload', { sha256: '../../etc/passwd' }],
    ['a word more', 'payload', { arguments: '/D=C:\\' } as object],
  ])('%s', async (name, reason, change) => {
    const here = await town();
    const jws = await here.sign(content, change, name === 'signed by another key' ? await generateKey() : undefined);
    await here.offer(jws, content);
    await here.checkIn();
    await here.agent.updater?.look();
    expect(facts(here)).toMatchObject({ state: 'failed', reason, failures: 1 });
    expect(here.ranges).toEqual([]);
    table.push([`manifest: ${name}`, `refused: ${reason}`]);
  });

  test('with one character changed', async () => {
    const here = await town();
    const [head = '', payload = '', signature = ''] = (await here.sign(content)).split('.');
    const said = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), version: '9.0.0' };
    await here.offer(`${head}.${Buffer.from(JSON.stringify(said)).toString('base64url')}.${signature}`, content);
    await here.checkIn();
    expect(facts(here)).toMatchObject({ state: 'failed', reason: 'signature' });
    table.push(['manifest: changed after signing', 'refused: signature']);
  });

  test.each([
    ['an earlier manifest again (replay)', { version: '6.0.0', sequence: 9 }],
    ['a lower version under a higher number', { version: '6.0.0', sequence: 11 }],
  ])('%s', async (name, change) => {
    const here = await town();
    await ready(here);
    await here.offer(await here.sign(content, change), content);
    await here.checkIn();
    expect(facts(here)).toMatchObject({ state: 'failed', reason: 'older', version: '7.0.0' });
    table.push([`manifest: ${name}`, 'refused: older']);
  });

  test('three times, and the fourth waits for a day', async () => {
    const here = await town();
    await here.offer(await here.sign(content, {}, await generateKey()), content);
    for (let turn = 0; turn < 4; turn += 1) await here.checkIn();
    expect(facts(here)).toMatchObject({ failures: 3 });
    const { notBefore } = readUpdate(here.dataDir);
    expect(notBefore - Date.now()).toBeGreaterThan(23 * 3_600_000);
    table.push(['three failures in a row', 'a day of rest']);
  });
});

describe('a file that is not the one', () => {
  const answers: readonly [string, string, (response: ServerResponse) => void][] = [
    ['wrong bytes', 'hash', (response) => void response.end(randomBytes(content.byteLength))],
    ['truncated', 'truncated', (response) => void response.end(content.subarray(0, 1000))],
    ['oversized', 'oversized', (response) => void response.end(Buffer.concat([content, randomBytes(5000)]))],
    ['endless', 'oversized', (response) => endless(response)],
    ['redirect', 'redirect', (response) => void response.writeHead(302, { location: 'https://example.org/' }).end()],
    ['a page of a proxy', 'truncated', (response) => void response.end('<html>Anmeldung</html>')],
  ];

  test.each(answers)('%s', async (name, reason, answer) => {
    const here = await town();
    await here.publish(await here.sign(content), content);
    await here.checkIn();
    here.instead = (request, response) => {
      request.resume();
      answer(response);
    };
    await here.agent.updater?.look();
    expect(facts(here)).toMatchObject({ state: 'failed', reason, failures: 1 });
    expect(existsSync(file(here))).toBe(false);
    const run = vi.fn();
    here.makeItTime();
    expect(await guard(here, { run })).toBeUndefined();
    expect(run).not.toHaveBeenCalled();
    table.push([`file: ${name}`, `refused: ${reason}`]);
    // The right one still comes through afterwards.
    here.instead = undefined;
    await here.agent.updater?.look();
    expect(facts(here)).toMatchObject({ state: 'ready' });
    expect(hashOf(readFileSync(file(here)))).toBe(hashOf(content));
  });

  function endless(response: ServerResponse): void {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', more);
    response.on('error', () => undefined);
    more();
  }
});

test('cut off in the middle, it goes on where it stopped', async () => {
  const here = await town();
  await here.publish(await here.sign(content), content);
  await here.checkIn();
  const half = 70_000;
  here.instead = (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-length': String(content.byteLength) });
    response.write(content.subarray(0, half), () => response.destroy());
  };
  await here.agent.updater?.look();
  expect(facts(here)).toMatchObject({ state: 'downloading', failures: 0 });
  here.instead = undefined;
  await here.agent.updater?.look();
  expect(facts(here)).toMatchObject({ state: 'ready' });
  const last = here.ranges.at(-1) ?? '';
  const from = Number(/^bytes=(\d+)-$/.exec(last)?.[1]);
  expect(from).toBeGreaterThan(0);
  expect(from).toBeLessThanOrEqual(half);
  expect(hashOf(readFileSync(file(here)))).toBe(hashOf(content));
  table.push(['download: cut off in the middle', `survived: went on at ${last}`]);
});

test('another file under the same name begins anew', async () => {
  const here = await town();
  await here.publish(await here.sign(content), content);
  await here.checkIn();
  here.instead = (request, response) => {
    request.resume();
    response.writeHead(206, { 'content-range': `bytes 0-9/${content.byteLength}` }).end('0123456789');
  };
  writeFileSync(join(updateFolder(here.dataDir), `${hashOf(content)}.bin.part`), randomBytes(1000));
  await here.agent.updater?.look();
  expect(facts(here)).toMatchObject({ state: 'failed', reason: 'range' });
  table.push(['download: another range than asked for', 'refused: range']);
});

describe('swapped before it starts', () => {
  const swap = (path: string): void => {
    chmodSync(path, 0o700);
    writeFileSync(path, '#!/bin/sh\ntouch /tmp/should-not-be\n');
  };

  test.each([
    ['the fetched file', 'size', (here: Town) => swap(file(here)), {}],
    [
      'the copy, after it was made',
      'size',
      () => undefined,
      (here: Town) => swap(join(updateFolder(here.dataDir), installFolder(here), 'setup')),
    ],
    [
      'the folder open to others',
      'folder-open-to-others',
      (here: Town) => chmodSync(updateFolder(here.dataDir), 0o777),
      {},
    ],
  ] as const)('%s', async (name, reason, before, after) => {
    const here = await town();
    await ready(here);
    here.makeItTime();
    before(here);
    const run = vi.fn();
    const reached: InstallOptions['reached'] = (point) => {
      if (point === 'copied' && typeof after === 'function') after(here);
    };
    expect(await guard(here, { run, reached })).toBe('failed');
    expect(run).not.toHaveBeenCalled();
    expect(facts(here)).toMatchObject({ state: 'failed', reason });
    table.push([`swapped: ${name}`, `refused: ${reason}`]);
  });

  const installFolder = (here: Town): string =>
    readdirSync(updateFolder(here.dataDir)).find((name) => name.startsWith('install-')) ?? '';

  test('an installer that fails counts', async () => {
    const here = await town();
    await ready(here);
    here.makeItTime();
    const run: InstallOptions['run'] = async () => ({ kind: 'exited', exitCode: 3, stdout: '', stderr: '' });
    expect(await guard(here, { run })).toBe('failed');
    expect(facts(here)).toMatchObject({ state: 'failed', reason: 'installer-exit-3', failures: 1 });
  });
});
